"""Sign in by OpenID Connect: authorization code with PKCE, state and nonce; nothing but the issuer is asked."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
import secrets
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ombud.dashboard_settings import safe_address
from ombud.model.instant import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.dashboard_settings import OidcSettings
    from ombud.model.facts import Instant

#: What an ID token may be signed by: what everybody can verify, and only the issuer can make.
ALGORITHMS: Final = ("RS256", "ES256")
#: Seconds that the issuer may take to answer.
PATIENCE: Final = 10.0
#: Seconds that clocks may be apart.
_LEEWAY: Final = 60
#: How long somebody may take at the issuer.
_LASTS: Final = 10 * MINUTE
_DISCOVERY_LASTS: Final = HOUR
#: The issuer's keys are asked for again at most so often, whoever sends tokens that nobody signed.
_KEYS_EVERY: Final = MINUTE
_KINDS: Final = frozenset({"RSA", "EC"})
_log = logging.getLogger(__name__)


class Unvouched(Exception):
    """Say why an issuer's word is not taken, for the log; whoever tries is told that it did not work."""


class Start(NamedTuple):
    """Hold how a sign-in begins: where the browser goes, and what it keeps until it comes back."""

    address: str
    kept: str


class Finish(NamedTuple):
    """Hold what an issuer says of somebody, and the path they wanted."""

    claims: Mapping[str, Any]
    path: str


class Oidc:
    """Lead people to an issuer and back."""

    def __init__(self, told: OidcSettings, secret: str | None, now: Callable[[], Instant]) -> None:
        """Prepare; the issuer is asked when somebody first signs in.

        Args:
            told: the issuer, and as what it knows us.
            secret: OMBUD_OIDC_SECRET; `None` where the issuer asks for none.
            now: tells the time.

        """
        self.told = told
        self._secret = secret
        self._now = now
        self._hosts: Final = {urlsplit(told.issuer).netloc, *told.hosts}
        self._http: Final = urlsplit(told.issuer).scheme == "http"
        # What a browser keeps was signed by this process; a start in between has people begin again.
        self._key: Final = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._document: tuple[Instant, Mapping[str, Any]] | None = None
        self._keys: tuple[Instant, KeySet] | None = None

    def start(self, redirect: str, path: str) -> Start:
        """Begin a sign-in; raises `Unvouched` where the issuer does not answer as it should.

        Args:
            redirect: where the issuer sends the browser back to; it knows it.
            path: what is wanted once signed in.

        """
        document = self._discovered()
        kept = {
            "state": secrets.token_urlsafe(32),
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
            "redirect": redirect,
            "path": path,
            "until": self._now() + _LASTS,
        }
        with self._client(redirect) as client:
            address, _ = client.create_authorization_url(
                document["authorization_endpoint"],
                state=kept["state"],
                nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )
        return Start(address, self._signed(kept))

    def finish(self, query: Mapping[str, str], kept: str) -> Finish:
        """Take somebody back from the issuer, who comes with a code, and ask it who they are.

        Args:
            query: of the address they came back to.
            kept: what their browser kept since they left.

        Raises:
            Unvouched: it is not they who left, or the issuer does not vouch for them.

        """
        told = self._opened(kept)
        if not hmac.compare_digest(query.get("state", "").encode(), told["state"].encode()):
            raise Unvouched("the state is another")
        if query.get("error"):
            raise Unvouched(f"the issuer says {query['error'][:100]!r}")
        if query.get("iss", self.told.issuer) != self.told.issuer:
            raise Unvouched("the answer is another issuer's")
        if not query.get("code"):
            raise Unvouched("there is no code")
        document = self._discovered()
        try:
            with self._client(told["redirect"]) as client:
                answer = client.fetch_token(
                    document["token_endpoint"],
                    grant_type="authorization_code",
                    code=query["code"],
                    code_verifier=told["verifier"],
                    timeout=PATIENCE,
                    allow_redirects=False,
                )
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise Unvouched(f"the code was not taken: {error}") from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unvouched("there is no ID token")
        return Finish(self._claims(token, told["nonce"]), told["path"])

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Give what an ID token says, once it is known to be the issuer's, for us, now, and for this sign-in."""
        try:
            try:
                found = jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                # Its key may be new.
                found = jwt.decode(token, self._key_set(fresh=True), algorithms=list(ALGORITHMS))
            claims = found.claims
            jwt.JWTClaimsRegistry(
                now=self._now() // SECOND,
                leeway=_LEEWAY,
                iss={"essential": True, "value": self.told.issuer},
                aud={"essential": True, "value": self.told.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise Unvouched(f"the ID token is not taken: {error}") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.told.client_id) != self.told.client_id:
            raise Unvouched("the ID token was made for another program")
        return claims

    def _discovered(self) -> Mapping[str, Any]:
        """Give the issuer's document about itself."""
        with self._lock:
            if self._document is not None and self._now() - self._document[0] < _DISCOVERY_LASTS:
                return self._document[1]
            issuer = self.told.issuer.rstrip("/")
            document = self._asked(f"{issuer}/.well-known/openid-configuration")
            if document.get("issuer") != self.told.issuer:
                raise Unvouched(f"the issuer calls itself {document.get('issuer')!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._check(document.get(name), name)
            self._document = (self._now(), document)
            return document

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        """Give the issuer's keys; with `fresh`, those of now."""
        document = self._discovered()
        with self._lock:
            age = None if self._keys is None else self._now() - self._keys[0]
            limit = _KEYS_EVERY if fresh else _DISCOVERY_LASTS
            if self._keys is None or age is None or age >= limit:
                told = self._asked(document["jwks_uri"]).get("keys")
                keys = [
                    each
                    for each in (told if isinstance(told, list) else [])
                    if isinstance(each, dict)
                    and each.get("kty") in _KINDS
                    and each.get("use", "sig") == "sig"
                ]
                if not keys:
                    raise Unvouched("the issuer has no keys")
                self._keys = (self._now(), KeySet.import_key_set({"keys": keys}))
            return self._keys[1]

    def _asked(self, address: str) -> dict[str, Any]:
        self._check(address, "address")
        try:
            answer = requests.get(
                address,
                headers={"accept": "application/json"},
                timeout=PATIENCE,
                allow_redirects=False,
            )
            told = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise Unvouched(f"{address} does not answer: {error}") from error
        if not isinstance(told, dict):
            raise Unvouched(f"{address} answers {answer.status_code}")
        return told

    def _check(self, address: object, name: str) -> None:
        """Refuse an address that is not the issuer's own, or none of those the settings name."""
        if (
            not isinstance(address, str)
            or not safe_address(address)
            or urlsplit(address).netloc not in self._hosts
            or (urlsplit(address).scheme == "http" and not self._http)
        ):
            raise Unvouched(
                f"the {name} {address!r} is not at {', '.join(sorted(self._hosts))}; "
                "name its host in [dashboard.oidc] hosts if it is right"
            )

    def _client(self, redirect: str) -> OAuth2Session:
        return OAuth2Session(
            self.told.client_id,
            self._secret,
            token_endpoint_auth_method=None if self._secret else "none",
            scope=" ".join(self.told.scopes),
            redirect_uri=redirect,
            code_challenge_method="S256",
        )

    def _signed(self, told: Mapping[str, Any]) -> str:
        body = base64.urlsafe_b64encode(json.dumps(told).encode())
        return f"{body.decode()}.{hmac.digest(self._key, body, 'sha256').hex()}"

    def _opened(self, kept: str) -> dict[str, Any]:
        body, _, seal = kept.partition(".")
        wanted = hmac.digest(self._key, body.encode(), "sha256").hex()
        if not hmac.compare_digest(seal.encode(), wanted.encode()):
            raise Unvouched("the browser did not leave from here, or long ago")
        try:
            told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        except (binascii.Error, ValueError) as error:
            raise Unvouched("what the browser kept cannot be read") from error
        if self._now() >= told["until"]:
            raise Unvouched("they were away for too long")
        return told
