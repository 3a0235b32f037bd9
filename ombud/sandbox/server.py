"""The HTTP server around a helpdesk: loopback only, keep-alive, with faults on order."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from ombud.sandbox.control import Control
from ombud.sandbox.faults import Fault, Faults
from ombud.sandbox.http import Answer, Call

_LARGEST_BODY = 10 * 1024 * 1024
_WEB_PAGE = (
    b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"
)
_LINE_TIMEOUT_SECONDS = 60


class Helpdesk(Protocol):
    """What a server serves: the wire of one vendor over a world of its own."""

    #: How the vendor's servers name themselves.
    brand: str

    def answer(self, call: Call) -> Answer:
        """Answer a request as the vendor would."""
        ...

    def trouble(self, status: int, said: str) -> Answer:
        """Say in the vendor's own form that something is wrong."""
        ...

    def traced(self, call: Call) -> dict[str, str]:
        """Give the headers by which the vendor names a request."""
        ...


class Server:
    """A sandbox that listens on 127.0.0.1.

    Attributes:
        url: where the helpdesk answers.
        control_token: what the control plane wants in its header.
        calls: every request the wire answered: method, path, status, who, its id.
    """

    def __init__(self, helpdesk: Helpdesk, *, port: int, control_token: str | None) -> None:
        self.helpdesk = helpdesk
        self.control_token = control_token or secrets.token_urlsafe(24)
        self.faults = Faults()
        self.calls: list[dict[str, Any]] = []
        self.control: Control
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.sandbox = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Answer until stopped."""
        self._http.serve_forever(poll_interval=0.05)

    def start(self) -> Self:
        """Answer in a thread of its own, and return at once."""
        self._thread = threading.Thread(target=self.serve, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and let the port go."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    sandbox: Server

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(*arguments)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke; anything else is worth a trace."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def get_request(self) -> Any:
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._open_lock:
            left = list(self._open)
        for connection in left:
            _cut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _LINE_TIMEOUT_SECONDS
    server: _Listener

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_PATCH(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the list of calls is the log."""

    def version_string(self) -> str:
        return self.server.sandbox.helpdesk.brand

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Tell the time in every answer by the helpdesk's own clock."""
        now = self.server.sandbox.control.clock.now().timestamp()
        return super().date_time_string(now if timestamp is None else timestamp)

    def _handle(self) -> None:
        sandbox = self.server.sandbox
        address = urlsplit(self.path)
        body = self._body()
        if body is None:
            self._send(sandbox.helpdesk.trouble(413, "Request body too large."), {})
            self.close_connection = True
            return
        call = Call(
            self.command,
            address.path,
            parse_qs(address.query, keep_blank_values=True),
            body,
            {name.title(): value for name, value in self.headers.items()},
            base=sandbox.url,
            id=secrets.token_hex(8),
        )
        if address.path.startswith("/_sandbox/"):
            self._send(sandbox.control.answer(call), {})
            return
        fault = sandbox.faults.strike(f"{self.command} {self.path}")
        made = self._answer(sandbox, call, fault)
        status = made.status if made is not None else None
        sandbox.calls.append(
            {
                "id": call.id,
                "method": self.command,
                "path": self.path,
                "status": status,
                "account": call.who,
                "fault": fault.kind if fault else None,
            }
        )
        if made is None:
            self._cut()
        else:
            self._send(
                made,
                sandbox.helpdesk.traced(call),
                cut=fault is not None and fault.kind == "cut_body",
            )

    def _answer(self, sandbox: Server, call: Call, fault: Fault | None) -> Answer | None:
        """Answer a request under a fault; None where the line goes dead."""
        kind = fault.kind if fault else None
        if fault is None or kind in ("lost_reply", "cut_body", "delay") or fault.commit:
            if fault is not None and fault.seconds:
                time.sleep(fault.seconds)
            try:
                made = sandbox.helpdesk.answer(call)
            except Exception as error:  # noqa: BLE001 - a bug of ours looks like a vendor's: 500
                self.server.handle_error(self.connection, self.client_address)
                said = f"Internal server error: {type(error).__name__}"
                made = sandbox.helpdesk.trouble(500, said)
            if fault is None or kind in ("cut_body", "delay"):
                return made
        if kind in ("lost_reply", "drop"):
            return None
        if kind == "non_json":
            return Answer(
                fault.status if fault.status != 500 else 200,
                _WEB_PAGE,
                {"Content-Type": "text/html"},
            )
        if kind == "conflict_409":
            said = "It has been updated by another request. Please try again."
            return sandbox.helpdesk.trouble(409, said)
        ordered = sandbox.helpdesk.trouble(fault.status, "Ordered failure.")
        body = ordered.body if fault.body is None else fault.body.encode()
        return Answer(fault.status, body, dict(fault.headers))

    def _send(self, made: Answer, traced: dict[str, str], *, cut: bool = False) -> None:
        content = made.content()
        self.send_response(made.status)
        headers = {"Content-Type": "application/json;charset=UTF-8"} if content else {}
        for name, value in (headers | made.headers | traced).items():
            self.send_header(name, value)
        if made.status != 204:
            self.send_header("Content-Length", str(len(content)))
        if cut:
            content = content[: len(content) // 2]
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        if cut:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        _cut(self.connection)

    def _body(self) -> bytes | None:
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        return None if length > _LARGEST_BODY else self.rfile.read(length)

    def _chunks(self) -> bytes | None:
        parts: list[bytes] = []
        total = 0
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            total += size
            if total > _LARGEST_BODY:
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
