"""A Jira that listens: the wire over a world, and the doors of its control plane."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ombud.sandbox.control import Control, Door, orders, plain_values, told
from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.end_state import end_state
from ombud.sandbox.http import Answer, Call
from ombud.sandbox.jira import wire
from ombud.sandbox.jira.hooks import Registry
from ombud.sandbox.jira.http import RefusedError
from ombud.sandbox.jira.site import Site
from ombud.sandbox.server import Server
from ombud.sandbox.world import World


class JiraServer(Server):
    """A Jira site on 127.0.0.1.

    Attributes:
        world: people, projects and issues.
        site: the wire's own state.
        registry, hooks: the webhooks, and what delivers to them.
        email, token: what a client signs in with.
        client_id, client_secret: of the OAuth client.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        port: int = 0,
        token: str | None = None,
        control_token: str | None = None,
        index_lag_seconds: float = 0,
        manual_hooks: bool = False,
    ) -> None:
        self.world = world or World()
        self.email = API_ACCOUNT.email
        self.token = token or secrets.token_urlsafe(24)
        self.registry = Registry.of(self.world, manual=manual_hooks)
        self.hooks = self.registry.hooks
        self.site = Site(self.world, {self.email: self.token}, registry=self.registry)
        self.client_id = self.site.gateway.client_id
        self.client_secret = self.site.gateway.client_secret
        super().__init__(_Jira(self.site), port=port, control_token=control_token)
        self.registry.base = self.url
        self.world.index.lag_seconds = index_lag_seconds
        self.world.open()
        self.control = Control(
            self.world.clock,
            self.world.journal,
            self.world.lock,
            self.faults,
            self.control_token,
            self.calls,
            _Doors(self.site).all(),
            self.hooks,
            self.world.tick,
        )

    def stop(self) -> None:
        """Stop answering, and delivering."""
        self.hooks.stop()
        super().stop()


class _Jira:
    """The wire as a server wants it."""

    brand = "AtlassianEdge"

    def __init__(self, site: Site) -> None:
        self._site = site

    def answer(self, call: Call) -> Answer:
        return wire.answer(self._site, call)

    def trouble(self, status: int, said: str) -> Answer:
        return RefusedError(status, [said]).answer()

    def traced(self, call: Call) -> dict[str, str]:
        return {"Atl-Traceid": call.id, "X-AREQUESTID": call.id}


class _Doors:
    """What people do, what the wire allows, and how everything stands."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def all(self) -> dict[tuple[str, str], Door]:
        return {
            ("POST", "act"): self._act,
            ("POST", "act-as-agent"): self._act,
            ("POST", "settings"): self._settings,
            ("GET", "state"): self._state,
            ("GET", "end-state"): lambda _call: plain_values(end_state(self._site.world)),
            ("GET", "automations"): lambda _call: self._site.world.automations.report(),
            ("POST", "automations"): self._automate,
        }

    def _automate(self, call: Call) -> Any:
        automations = self._site.world.automations
        automations.order(orders(call))
        return automations.report()

    def _act(self, call: Call) -> Any:
        acts = json.loads(call.body or b"null")
        return [self._one(dict(act)) for act in (acts if isinstance(acts, list) else [acts])]

    def _one(self, act: dict[str, Any]) -> Any:
        """Do one act: {"do", "actor", "issue", ...}, where `actor` is an account id or a person's name."""
        world = self._site.world
        what, actor = act.pop("do"), self._person(act.pop("actor", None))
        when = datetime.fromisoformat(act.pop("when")) if "when" in act else None
        if what == "create":
            made = world.create(
                act["project"], act.get("type", "Complaint"), act.get("fields", {}), actor, when
            )
            return {"issue": made.id, "key": made.key}
        if what == "deactivate":
            world.deactivate(actor)
            return {"account": actor}
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
        people = self._site.world.people
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
        statuses = self._site.world.statuses
        if named is None or named in statuses:
            return named
        return next(ident for ident, status in statuses.items() if status.name == named)

    def _settings(self, call: Call) -> Any:
        """Change what the wire allows: index lag, limits, page size, screens, permissions."""
        body = told(
            call,
            "index_lag_seconds",
            "limits",
            "page_cap",
            "withheld",
            "granted",
            "hidden",
            "off_screen",
        )
        site = self._site
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
        for account, names in body.get("granted", {}).items():
            site.granted[self._person(account)] = set(names)
        for account, names in body.get("hidden", {}).items():
            site.hidden[self._person(account)] = set(names)
        for project, fields in body.get("off_screen", {}).items():
            site.world.edit_screens[project] -= set(fields)
        return {"ok": True}

    def _state(self, call: Call) -> Any:
        """Dump the tickets, or the one asked for by `issue`."""
        world = self._site.world
        wanted = call.one("issue")
        found = [world.find(wanted)] if wanted else list(world.issues.values())
        return {
            "now": world.clock.now().isoformat(timespec="milliseconds"),
            "issues": [plain_values(asdict(issue)) for issue in found if issue is not None],
        }
