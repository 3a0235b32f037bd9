"""A vendor's own document between a client and the sandbox: every difference is written down."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import requests.adapters
import yaml

from ombud.sandbox.serve import start_in_thread

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Violation:
    """One difference between the document and what went over the line."""

    call: str
    status: int
    place: str
    message: str


#: Where the vendor's document contradicts the vendor's server: why, and how such a difference looks.
KNOWN_FAULTS = {
    "An empty answer has no media type, the document lists one": lambda one: (
        one.status in {200, 201, 204} and one.message.startswith('The received media type ""')
    ),
    "The removed search answers 410, the document still describes it": lambda one: (
        one.status == 410 and "Unable to match the returned status code" in one.message
    ),
}


def amended(text: str) -> str:
    """Return the document with those faults put right that would crowd out every other difference.

    Recorded changes hold null where a value was absent, against "type: string"; and the document's own example
    of bulk histories tells the time as a number.
    """
    document = json.loads(text)
    schemas = document["components"]["schemas"]
    for name in ("from", "fromString", "to", "toString"):
        schemas["ChangeDetails"]["properties"][name]["nullable"] = True
    created = schemas["Changelog"]["properties"]["created"]
    schemas["Changelog"]["properties"]["created"] = {
        "oneOf": [created, {"type": "integer"}],
        "readOnly": True,
    }
    return json.dumps(document)


#: Where Zendesk's document contradicts Zendesk's server.
ZENDESK_FAULTS = {
    "An update's custom field is an id and a value; the document asks for a field's whole description": lambda one: (
        one.place == "request.body.ticket.custom_fields.N"
        and "must have required property" in one.message
    ),
    "An emptied custom field holds null, the document says text": lambda one: one.place.endswith(
        "ticket.custom_fields.N.value"
    ),
    "Recorded audits tell of tags as lists and of absent values as null, the document as text or numbers": lambda one: (
        one.place == "response.body.audit.events.N.value"
    ),
}


def amended_zendesk(text: str) -> str:
    """Return the document as JSON, with those faults put right that would crowd out every other difference.

    It marks next to nothing as nullable, while recorded tickets hold null wherever a value is absent; its address of a
    server is a pattern.
    """
    document = yaml.load(text, yaml.CSafeLoader)
    for schema in document["components"]["schemas"].values():
        for told in schema.get("properties", {}).values():
            if "type" in told:
                told["nullable"] = True
    document["servers"] = [{"url": "/"}]
    return json.dumps(document, default=str)


#: Vendor -> its document, what is put right in it, and its known faults.
DOCUMENTS = {
    "jira": ("jira-cloud-v3.examples-decoded.json", amended, KNOWN_FAULTS),
    "zendesk": ("zendesk-oas.yaml", amended_zendesk, ZENDESK_FAULTS),
}


@dataclass
class Proxy:
    """Prism in front of a server; `violations` fills up with every request that `requests` sends."""

    url: str
    faults: dict[str, Callable[[Violation], bool]]
    violations: list[Violation] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def note(self, response: requests.Response) -> None:
        """Write down what Prism says of one exchange, known faults aside."""
        address = urlsplit(response.url)
        call = f"{response.request.method} {address.path}"
        self.calls.append(call)
        told = response.headers.get("sl-violations", "[]")
        if not told.startswith("["):
            self.violations.append(Violation(call, response.status_code, "", told))
            return
        for one in json.loads(told):
            place = ".".join(
                "N" if str(step).isdigit() else str(step) for step in one.get("location", [])
            )
            found = Violation(call, response.status_code, place, one["message"])
            if not any(known(found) for known in self.faults.values()):
                self.violations.append(found)


def prism_program() -> str:
    """Return Prism's path, or skip saying how to get it."""
    installed = HERE.parent.parent / ".build" / "bin" / "prism"
    named = os.environ.get("OMBUD_PRISM", str(installed))
    if not Path(named).exists():
        pytest.skip(f"no Prism at {named}: run `make setup-test`, or name one in OMBUD_PRISM")
    return named


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def prism_proxy(shared, tmp_path_factory):
    """Give a function that puts Prism in front of a sandbox and returns the `Proxy` to talk to.

    Clients built on `requests` need nothing but the proxy's address; start one a module, it takes seconds.
    """
    folder = tmp_path_factory.mktemp("prism")
    program = prism_program()
    running: list[tuple[subprocess.Popen[bytes], threading.Thread]] = []
    proxies: list[Proxy] = []
    send = requests.adapters.HTTPAdapter.send

    def noted(self, request, *arguments, **named):
        response = send(self, request, *arguments, **named)
        for proxy in proxies:
            if response.url.startswith(proxy.url + "/"):
                proxy.note(response)
        return response

    def start(sandbox, vendor: str = "jira") -> Proxy:
        port = free_port()
        published, amend, _ = DOCUMENTS[vendor]
        document = folder / f"{vendor}.json"
        document.write_text(amend((shared / "specs" / published).read_text()))
        process = subprocess.Popen(
            [program, "proxy", "-h", "127.0.0.1", "-p", str(port), str(document), sandbox.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        running.append((process, listens(process)))
        proxies.append(Proxy(f"http://127.0.0.1:{port}", DOCUMENTS[vendor][2]))
        return proxies[-1]

    requests.adapters.HTTPAdapter.send = noted
    yield start
    requests.adapters.HTTPAdapter.send = send
    for process, reader in running:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        reader.join()
        process.stdout.close()


def listens(process: subprocess.Popen[bytes]) -> threading.Thread:
    """Wait until Prism listens, and go on reading its log: an unread pipe would stop it."""
    ready = threading.Event()
    log: list[bytes] = []

    def read() -> None:
        for line in process.stdout:
            if not ready.is_set():
                log.append(line)
            if b"Prism is listening" in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    if not ready.wait(timeout=120) or process.poll() is not None:
        pytest.fail("Prism did not come up: " + b"".join(log[-20:]).decode(errors="replace"))
    return reader


@pytest.fixture(scope="module")
def sandbox():
    """Give a sandbox of its own to every module."""
    with start_in_thread() as running:
        yield running
