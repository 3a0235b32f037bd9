"""An issuer of OpenID Connect on loopback, as strict as real ones, that can be told to do wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT, SECRET = "ombud", "the secret of ombud"


class Issuer:
    """Knows one client, and gives codes to whoever a test says signed in."""

    def __init__(self, now):
        self.now = now
        self.keys = {"one": RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})}
        self.signs_with = "one"
        self.algorithm = "RS256"
        #: Laid over the document, the claims of the next token, and its header.
        self.document, self.claims, self.header = {}, {}, {}
        self.status = 200
        #: Puts another token in place of the one that was signed.
        self.forge = lambda token: token
        self.codes = {}
        self.asked = []

    def arrive(self, address, **claims):
        """Sign somebody in who was led to an address; give where they go back to."""
        query = {name: told[0] for name, told in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = (query, claims)
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    def told(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.document,
        }

    def token(self, form, basic):
        """Give a token for a code, once, to the client that asked for it and knows what it kept back."""
        query, claims = self.codes.pop(form.get("code"), (None, None))
        if basic != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if query is None or form.get("redirect_uri") != query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(challenge).decode().rstrip("=") != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        seconds = int(self.now().timestamp())
        told = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "subject-1",
            "iat": seconds,
            "exp": seconds + 300,
            "nonce": query["nonce"],
            **claims,
            **self.claims,
        }
        told = {name: value for name, value in told.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.signs_with, **self.header}
        key = self.keys[self.signs_with]
        signed = jwt.encode(header, told, key, algorithms=[self.algorithm])
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.forge(signed)}

    def another_key(self, kind="RSA"):
        """Sign with a new key from now on; the former one is gone."""
        made = (
            RSAKey.generate_key(2048, {"kid": "two"})
            if kind == "RSA"
            else ECKey.generate_key("P-256", {"kid": "two"})
        )
        self.keys, self.signs_with = {"two": made}, "two"
        self.algorithm = "RS256" if kind == "RSA" else "ES256"

    def unsigned(self, token):
        """Give a token that nobody signed."""
        _, body, _ = token.split(".")
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        return f"{head}.{body}."

    def signed_by_public_key(self, token):
        """Give a token signed with what everybody knows: the public key, taken for a shared secret."""
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        shared = OctKey.import_key(self.keys["one"].as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared, algorithms=["HS256"])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        issuer = self.server.issuer
        issuer.asked.append(self.path)
        if self.path == "/.well-known/openid-configuration":
            self._answer(issuer.status, issuer.told())
        elif self.path == "/keys":
            keys = [key.as_dict(private=False) for key in issuer.keys.values()]
            self._answer(200, {"keys": [*keys, {"kty": "OKP", "crv": "X25519", "x": "AA"}]})
        else:
            self._answer(404, {})

    def do_POST(self):
        self.server.issuer.asked.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: told[0] for name, told in parse_qs(body).items()}
        kind, _, told = self.headers.get("authorization", "").partition(" ")
        basic = None
        if kind == "Basic":
            name, _, secret = base64.b64decode(told).decode().partition(":")
            basic = (unquote_plus(name), unquote_plus(secret))
        self._answer(*self.server.issuer.token(form, basic))

    def _answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def issuing(now):
    """Run an issuer on a free port."""
    told = Issuer(now)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.issuer = told
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()
