"""Listen: a socket of our own, uvicorn in a thread, nobody waited for who says nothing."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp

#: Connections at a time; more are refused.
MOST: Final = 1_000
#: Seconds that the head of a request may take.
PATIENCE: Final = 10.0
#: Seconds that a connection is kept after an answer.
KEEP_ALIVE: Final = 20
#: Seconds that what is under way has to end.
GRACE: Final = 8
_BACKLOG: Final = 2_048
_log = logging.getLogger(__name__)


class Patient(H11Protocol):
    """Hang up on whoever does not get to the end of a request's head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._seen: Any = None
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End watching."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        # Between two requests uvicorn hangs up by itself, as long as not a byte has come.
        cycle: Any = self.cycle
        idle = cycle is None or cycle.response_complete
        if idle and cycle is self._seen and self.timeout_keep_alive_task is None:
            self.transport.abort()
            return
        self._seen = cycle
        self._watch = self.loop.call_later(PATIENCE, self._look)


def bind(host: str, port: int) -> socket.socket:
    """Take a port; raises `ConfigurationError` where that cannot be."""
    where = f"{host}:{port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ConfigurationError(
            f"{host!r} is no address of this machine: {error.strerror}. Set [serve] host, or --host"
        ) from error
    taken = socket.socket(family, kind)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        raise ConfigurationError(f"cannot listen at {where}: {_why(error)}") from error
    taken.setblocking(False)
    return taken


def _why(error: OSError) -> str:
    told = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return f"{told}. Ports below 1024 are the system's: take 8100, and put a proxy before it"
    return f"{told}. Is another `ombud serve` running? Stop it, or take another port with --port"


class Listening:
    """Serve an application from a thread of its own."""

    def __init__(self, app: ASGIApp, taken: socket.socket) -> None:
        """Prepare to serve at a socket that is taken."""
        self._socket = taken
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Patient,
                ws="none",
                lifespan="on",
                # Paths of hooks are secret, and our own figures say more.
                access_log=False,
                log_config=None,
                # Whoever asks is whoever is connected: what a proxy says of others is not believed.
                proxy_headers=False,
                server_header=False,
                limit_concurrency=MOST,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
            )
        )
        #: Set once nothing is served any more, for whatever reason.
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)

    @property
    def started(self) -> bool:
        """Tell whether requests are answered."""
        return self._server.started and not self.ended.is_set()

    @property
    def url(self) -> str:
        """Give the address."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException:  # noqa: BLE001 (uvicorn exits by SystemExit)
            _log.exception("the door fell shut")
        finally:
            self.ended.set()

    def stop(self) -> None:
        """Take nothing new, and end once what is under way has been answered."""
        self._server.should_exit = True

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(seconds)
