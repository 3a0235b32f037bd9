"""Wait on this machine for a person who comes back from signing in."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from connectors.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

#: Vendors want the address registered, so it is always the same one.
PORT: Final = 8917
_PATH: Final = "/callback"
#: Seconds that a person may take.
_PATIENCE: Final = 600.0
_PAGE: Final = (
    b"<!doctype html><title>Ombud</title><p>Ombud has got its answer. Go back to the terminal.\n"
)


def redirect_address(port: int = PORT) -> str:
    """Give the address to register with the vendor."""
    return f"http://localhost:{port}{_PATH}"


class _Patient(HTTPServer):
    late = False

    def handle_timeout(self) -> None:
        self.late = True


class Door:
    """Listen on the loopback address alone, for one visit; a context manager."""

    def __init__(self, port: int = PORT) -> None:
        """Take the port; raises `ConfigurationError` where another program has it."""
        self._came: list[str] = []
        came = self._came

        class _Visits(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                known = parts.path == _PATH and bool(parts.query)
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                # The code in the address shall go nowhere else.
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if known:
                    self.wfile.write(_PAGE)
                    came.append(self.path)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the address holds a code."""

        try:
            self._server = _Patient(("127.0.0.1", port), _Visits)
        except OSError as error:
            raise ConfigurationError(
                f"port {port} cannot be listened on: {error.strerror}. Name another with --port, or use --paste"
            ) from error
        self._server.timeout = _PATIENCE
        self.address = redirect_address(self._server.server_port)

    def wait(self) -> str:
        """Give the address that somebody came back to; an empty one where nobody came."""
        while not self._came and not self._server.late:
            self._server.handle_request()
        return self._came[0] if self._came else ""

    def __enter__(self) -> Self:
        """Give the door."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self._server.server_close()
