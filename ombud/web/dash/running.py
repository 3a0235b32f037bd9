"""The dashboard as `ombud serve` runs it: its routes, and the threads that keep the book in step and send reports."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from ombud.store import StoreError
from ombud.web.dash.guard import Guard
from ombud.web.dash.routes import Dashboard
from sync.book import Bookkeeper, GivenUp
from sync.reports.said import saying
from sync.reports.schedule import send_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import BaseRoute

    from sync.live.pulse import Pulse
    from sync.reports.schedule import Sent
    from sync.service import Service

#: Seconds between two looks at what changed.
_EVERY: Final = 5.0
#: Seconds between two looks at what is to be sent by the clock.
_SENDING: Final = 30.0
_log = logging.getLogger(__name__)


class Running:
    """Hold everything the dashboard takes, from the first request to the last."""

    def __init__(
        self, service: Service, pulses: Mapping[str, Pulse], *, stopping: threading.Event
    ) -> None:
        """Open the book; nothing is judged yet.

        Args:
            service: what everything is asked of.
            pulses: how each account fares.
            stopping: set once everything is to end.

        """
        self.guard = Guard(service)
        self.keeper = Bookkeeper(service, stopping=stopping)
        self._dash = Dashboard(service, self.keeper, self.guard, pulses)
        self._stopping = stopping
        self._service = service
        self._thread = threading.Thread(target=self._keep, name="book", daemon=True)
        # A channel that hangs holds up nothing but this.
        self._sending = threading.Thread(target=self._send, name="reports", daemon=True)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Give every route."""
        return list(self._dash.routes)

    def start(self) -> None:
        """Begin to keep the book; pages say how far it is."""
        self._thread.start()
        self._sending.start()

    def stop(self, patience: float) -> None:
        """Let go of the book and of the audit trail, once `stopping` is set."""
        for each in (self._thread, self._sending):
            if each.is_alive():
                each.join(patience)
        self.guard.close()
        self.keeper.close()

    def _keep(self) -> None:
        while True:
            try:
                self.keeper.refresh()
            except GivenUp:
                return
            except StoreError as error:
                _log.warning("the book is not in step: %s", error)
            except Exception:  # noqa: BLE001 (logged whole)
                # Figures that are not in step must not take the door down; the pages say up to when they know.
                _log.exception("the book is not in step")
            if self._stopping.wait(_EVERY):
                return

    def send(self) -> list[Sent]:
        """Send the reports that are due, once the book was in step; give how each fared.

        Raises:
            StoreError: the database cannot be read or written.

        """
        if self.keeper.book.cutoff is None:
            return []
        say = saying(self._service, self.keeper.book, self.keeper.about)
        return send_due(self._service, say, self._service.now())

    def _send(self) -> None:
        while not self._stopping.wait(_SENDING):
            try:
                self.send()
            except StoreError as error:
                _log.warning("no report was sent: %s", error)
            except Exception:  # noqa: BLE001 (logged whole)
                _log.exception("no report was sent")
