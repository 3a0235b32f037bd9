"""How the process fares: for a probe, for Prometheus, and for whoever opens the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from ombud.model.instant import SECOND, iso
from ombud.store import StoreError
from ombud.web.pages import page
from sync.completeness import completeness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from ombud.model.facts import Instant
    from ombud.web.ears import Ears
    from ombud.web.figures import Figures
    from ombud.web.shield import Inside
    from sync.live.pulse import Pulse
    from sync.service import Service

#: Sweeps that may be missed before an account counts as left behind.
_MISSED = 3


class State:
    """Answer what is asked about the process."""

    def __init__(
        self,
        service: Service,
        pulses: Mapping[str, Pulse],
        ears: Ears,
        figures: Figures,
        inside: Inside,
    ) -> None:
        """Prepare."""
        self._service = service
        self._pulses = pulses
        self._ears = ears
        self._figures = figures
        self._inside = inside

    def live(self, _request: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"live": True})

    def ready(self, request: Request) -> Response:
        """Say whether everything is at work; why not, to whoever may look inside."""
        told = self.reasons()
        body = told if self._inside(request) else {"ready": told["ready"]}
        return JSONResponse(body, status_code=200 if told["ready"] else 503)

    def metrics(self, _request: Request) -> Response:
        """Give the figures."""
        return Response(self._figures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def front(self, _request: Request) -> Response:
        """Show accounts, when they were looked through, what waits, and how complete our picture is."""
        service = self._service
        try:
            backlog = service.store.live.backlog()
            complete = {name: completeness(service, name).sentence() for name in self._pulses}
        except StoreError as error:
            return page("status.html", status=503, trouble=str(error), accounts=[])
        accounts = [
            {
                "name": name,
                "pulse": pulse,
                "swept": pulse.last_sweep,
                "hook": name in self._ears.accounts,
                "hints": backlog.hints.get(name, 0),
                "plans": backlog.plans.get(name, 0),
                "why": self._why(name, pulse),
                "complete": complete[name],
            }
            for name, pulse in self._pulses.items()
        ]
        return page("status.html", accounts=accounts, trouble="", zone=service.zone)

    def reasons(self) -> dict[str, Any]:
        """Say what is at work and what is not."""
        try:
            stopped = {
                name: stop.stopped_why
                for name in self._pulses
                if (stop := self._service.store.stopped(name)) is not None
            }
            database = "ok"
        except StoreError as error:
            stopped, database = {}, str(error)
        accounts = {
            name: {
                "ready": self._at_work(pulse),
                "last_sweep": iso(pulse.last_sweep),
                "resting_until": iso(pulse.resting)
                if pulse.resting > self._service.now()
                else None,
                "why": self._why(name, pulse),
                "writing": "stopped" if name in stopped else pulse.broken or "on",
            }
            for name, pulse in self._pulses.items()
        }
        ready = database == "ok" and all(each["ready"] for each in accounts.values())
        return {"ready": ready, "database": database, "accounts": accounts}

    def _at_work(self, pulse: Pulse) -> bool:
        """Tell whether an account is looked after: a helpdesk that is down is no fault of this process."""
        return pulse.held and (pulse.resting > 0 or not self._late(pulse))

    def _late(self, pulse: Pulse) -> bool:
        if pulse.last_sweep is None:
            return False
        patience: Instant = _MISSED * self._service.settings.serve.sweep_seconds * SECOND
        return self._service.now() - pulse.last_sweep > patience

    def _why(self, name: str, pulse: Pulse) -> str:
        if pulse.why or pulse.broken:
            return pulse.why or pulse.broken
        if not pulse.held:
            return "not begun yet"
        if self._late(pulse):
            return "its sweep is late"
        return "" if name in self._ears.accounts else "no hook: the sweep alone finds changes"
