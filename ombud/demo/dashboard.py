"""The dashboard over the demonstration's desks, on loopback, until somebody has seen enough."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from connectors.errors import ConfigurationError
from ombud.web.app import make_app
from ombud.web.dash.running import Running
from ombud.web.listen import Listening, bind
from sync.staff import Roster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.service import Service

#: Where it listens, unless something else does.
PORT: Final = 8100
_HOST: Final = "127.0.0.1"
#: Seconds that what is under way has to end.
_PATIENCE: Final = 10.0


@contextmanager
def dashboard(service: Service) -> Iterator[str]:
    """Serve the dashboard, and give an address that signs in once, as admin of the demonstration."""
    stopping = threading.Event()
    running = Running(service, {}, stopping=stopping)
    app = make_app(service, dict, {}, lambda _account: None, mounts=running.routes)
    try:
        socket = bind(_HOST, PORT)
    except ConfigurationError:
        socket = bind(_HOST, 0)
    door = Listening(app, socket)
    roster = Roster(service)
    admin = roster.add("demo", name="Demo admin", role="admin", by=None, groups=["*"])
    # What the page shows is there when the page is.
    running.keeper.refresh()
    running.start()
    door.start()
    try:
        yield f"{door.url}{roster.link(admin.id)}"
    finally:
        stopping.set()
        door.stop()
        door.join(_PATIENCE)
        running.stop(_PATIENCE)
