"""The sandbox's own door under /_sandbox/: time, faults, people's acts, and what really happened.

Nothing here exists in Jira.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ombud.sandbox.faults import Faults
from ombud.sandbox.jira.http import Answer, RefusedError, Request
from ombud.sandbox.jira.site import Site

HEADER = "X-Sandbox-Token"


class Control:
    """Answer the control plane; every call needs the sandbox's token."""

    def __init__(self, site: Site, faults: Faults, token: str, calls: list[dict[str, Any]]) -> None:
        self.site, self.faults, self.token, self.calls = site, faults, token, calls
        self._doors: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "journal"): self._journal,
            ("GET", "calls"): self._calls,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("GET", "faults"): lambda _request: self.faults.report(),
            ("POST", "faults"): self._order,
            ("POST", "act"): self._act,
            ("POST", "act-as-agent"): self._act,
            ("POST", "settings"): self._settings,
            ("GET", "state"): self._state,
        }

    def answer(self, request: Request, token: str | None) -> Answer:
        """Answer one call; what cannot be understood is a 400 that says why."""
        if token is None or not secrets.compare_digest(token.encode(), self.token.encode()):
            return Answer(401, {"error": f"the {HEADER} header is missing or wrong"})
        door = self._doors.get((request.method, request.path.removeprefix("/_sandbox/")))
        if door is None:
            return Answer(
                404, {"error": "no such door", "doors": sorted(f"{m} {p}" for m, p in self._doors)}
            )
        try:
            with self.site.world.lock:
                return Answer(200, door(request))
        except RefusedError as refusal:
            return refusal.answer()
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            return Answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _journal(self, request: Request) -> Any:
        return self.site.world.journal.lines(int(request.one("after", "0") or 0))

    def _calls(self, request: Request) -> Any:
        return self.calls[int(request.one("after", "0") or 0) :]

    def _clock(self, _request: Request) -> Any:
        clock = self.site.world.clock
        return {"now": clock.now().isoformat(timespec="milliseconds"), "running": clock.running}

    def _set_clock(self, request: Request) -> Any:
        body = request.object("advance_seconds", "set")
        clock = self.site.world.clock
        if "set" in body:
            clock.set(datetime.fromisoformat(body["set"]))
        if "advance_seconds" in body:
            clock.advance(float(body["advance_seconds"]))
        return self._clock(request)

    def _order(self, request: Request) -> Any:
        orders = request.json()
        if not isinstance(orders, list):
            message = "faults are ordered as a list, an empty one for none"
            raise TypeError(message)
        self.faults.order(orders)
        return self.faults.report()

    def _act(self, request: Request) -> Any:
        acts = request.json()
        return [self._one(dict(act)) for act in (acts if isinstance(acts, list) else [acts])]

    def _one(self, act: dict[str, Any]) -> Any:
        """Do one act: {"do", "actor", "issue", ...}, where `actor` is an account id or a person's name."""
        world = self.site.world
        what, actor = act.pop("do"), self._person(act.pop("actor", None))
        when = datetime.fromisoformat(act.pop("when")) if "when" in act else None
        if what == "create":
            made = world.create(
                act["project"], act.get("type", "Complaint"), act.get("fields", {}), actor, when
            )
            return {"issue": made.id, "key": made.key}
        issue = world.find(str(act.pop("issue")))
        if issue is None:
            message = "no such ticket"
            raise KeyError(message)
        if what in ("transition", "edit"):
            entry = world.edit(
                issue.id,
                act.get("fields", {}),
                actor,
                when,
                to_status=self._status(act.get("to_status")),
                cause_author_absent=bool(act.get("author_absent", False)),
            )
            return {"issue": issue.id, "key": issue.key, "entry": entry.id if entry else None}
        if what == "comment":
            comment = world.comment(
                issue.id, actor, act["text"], public=act.get("public", True), when=when
            )
            return {"issue": issue.id, "key": issue.key, "comment": comment.id}
        if what == "delete":
            world.delete(issue.id, when, actor)
        elif what == "move":
            world.move(issue.id, act["project"], when, actor)
        elif what == "edit_comment":
            world.edit_comment(
                issue.id,
                act["comment"],
                actor,
                act.get("text"),
                public=act.get("public"),
                when=when,
            )
        elif what == "delete_comment":
            world.delete_comment(issue.id, act["comment"], actor, when)
        else:
            message = f"no such act: {what}"
            raise ValueError(message)
        return {"issue": issue.id, "key": issue.key}

    def _person(self, named: str | None) -> str:
        people = self.site.world.people
        if named is None:
            return next(
                ident
                for ident, person in people.items()
                if person.role == "agent" and person.active
            )
        if named in people:
            return named
        return next(ident for ident, person in people.items() if person.name == named)

    def _status(self, named: str | None) -> str | None:
        statuses = self.site.world.statuses
        if named is None or named in statuses:
            return named
        return next(ident for ident, status in statuses.items() if status.name == named)

    def _settings(self, request: Request) -> Any:
        """Change what the wire allows: index lag, limits, page size, screens, permissions."""
        body = request.object("index_lag_seconds", "limits", "page_cap", "withheld", "off_screen")
        site = self.site
        if "index_lag_seconds" in body:
            site.world.index.lag_seconds = float(body["index_lag_seconds"])
        if "page_cap" in body:
            site.page_cap = int(body["page_cap"])
        for name, value in body.get("limits", {}).items():
            if name.startswith("_") or not hasattr(site.limits, name):
                message = f"no such limit: {name}"
                raise ValueError(message)
            setattr(site.limits, name, value)
        for account, names in body.get("withheld", {}).items():
            site.withheld[self._person(account)] = set(names)
        for project, fields in body.get("off_screen", {}).items():
            site.world.edit_screens[project] -= set(fields)
        return {"ok": True}

    def _state(self, request: Request) -> Any:
        """Dump the tickets, or the one asked for by `issue`."""
        world = self.site.world
        wanted = request.one("issue")
        found = [world.find(wanted)] if wanted else list(world.issues.values())
        return {
            "now": world.clock.now().isoformat(timespec="milliseconds"),
            "issues": [_plain(asdict(issue)) for issue in found if issue is not None],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
