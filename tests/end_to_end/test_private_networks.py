"""A helpdesk behind a private certificate authority or a proxy: reached as told, and not otherwise."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors import load_manifest
from connectors.errors import HelpdeskError
from connectors.jira import connect
from ombud.sandbox.serve import start_in_thread
from ombud.settings import Account


class Relay(BaseHTTPRequestHandler):
    """Hand every request on to the sandbox: as a web server in front of it, or as a proxy."""

    protocol_version = "HTTP/1.1"
    passed: list[str]

    def _hand_on(self):
        address = urlsplit(self.path)
        self.server.passed.append(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        path = address.path + (f"?{address.query}" if address.query else "")
        connection.request(self.command, path, self.rfile.read(length) or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_POST = do_PUT = _hand_on  # noqa: N815

    def log_message(self, *_):
        """Keep quiet."""


def authority(name):
    """Make a certificate authority, and a certificate of its for 127.0.0.1."""
    now = datetime(2020, 1, 1, tzinfo=UTC)
    later = datetime(2080, 1, 1, tzinfo=UTC)

    def certificate(subject, key, issuer, signer, *extensions):
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(later)
        )
        for extension, critical in extensions:
            made = made.add_extension(extension, critical)
        return made.sign(signer, hashes.SHA256())

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    identity = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    anchor = certificate(
        name,
        root,
        name,
        root,
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (identity, False),
    )
    served = certificate(
        "127.0.0.1",
        leaf,
        name,
        root,
        (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identity), False),
    )
    plain = serialization.Encoding.PEM
    private = leaf.private_bytes(
        plain, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return anchor.public_bytes(plain), served.public_bytes(plain) + private


@pytest.fixture
def sandbox():
    with start_in_thread() as server:
        yield server


@pytest.fixture
def relay(sandbox):
    relay = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    relay.daemon_threads = True
    relay.passed, relay.behind = [], urlsplit(sandbox.url).port
    thread = threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield relay
    relay.shutdown()
    thread.join()
    relay.server_close()


def connected(sandbox, url, **settings):
    return connect(
        "desk",
        Account(vendor="jira", url=url, **settings),
        {"EMAIL": sandbox.email, "TOKEN": sandbox.token},
        manifest=load_manifest("jira"),
        clock=sandbox.world.clock,
        sleep=sandbox.world.clock.advance,
    )


@pytest.fixture
def private(relay, tmp_path):
    """Serve the sandbox under a certificate of a private authority; give its address and the authority's file."""
    anchor, served = authority("Private authority")
    (tmp_path / "ca.pem").write_bytes(anchor)
    (tmp_path / "served.pem").write_bytes(served)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "served.pem")
    relay.socket = context.wrap_socket(relay.socket, server_side=True)
    relay.handle_error = lambda *_: None
    return f"https://127.0.0.1:{relay.server_address[1]}", str(tmp_path / "ca.pem")


def test_a_private_authority_is_trusted_where_it_is_named(sandbox, private):
    url, ca = private
    assert connected(sandbox, url, ca=ca).check()[0].ok


def test_an_authority_that_nobody_named_is_refused(sandbox, private):
    url, _ = private
    (told,) = connected(sandbox, url).check()
    assert told.ok is False
    assert "certificate" in f"{told.why} {told.remedy}".lower()


def test_another_authority_is_refused(sandbox, private, tmp_path):
    url, _ = private
    other, _ = authority("Somebody else")
    (tmp_path / "other.pem").write_bytes(other)
    with pytest.raises(HelpdeskError, match="certificate"):
        connected(sandbox, url, ca=str(tmp_path / "other.pem")).list_statuses()


def test_a_proxy_that_is_named_is_used(sandbox, relay):
    proxy = f"http://127.0.0.1:{relay.server_address[1]}"
    connector = connected(sandbox, sandbox.url, proxy=proxy)
    assert connector.list_statuses()
    assert relay.passed
    assert all(path.startswith(sandbox.url) for path in relay.passed)


def test_a_proxy_of_the_environment_is_not_used(sandbox, relay, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{relay.server_address[1]}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{relay.server_address[1]}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert connected(sandbox, sandbox.url).list_statuses()
    assert relay.passed == []
