"""A Zendesk that listens: the wire over a world, and the doors of its control plane."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Any

from ombud.sandbox.control import Control, orders, plain_values, told
from ombud.sandbox.end_state import end_state
from ombud.sandbox.http import Answer, Call
from ombud.sandbox.server import Server
from ombud.sandbox.zendesk import automations, desk, wire
from ombud.sandbox.zendesk.hooks import Registry
from ombud.sandbox.zendesk.http import refused
from ombud.sandbox.zendesk.oauth import SignIn
from ombud.sandbox.zendesk.site import Site
from ombud.sandbox.zendesk.world import ZendeskWorld


class ZendeskServer(Server):
    """A Zendesk account on 127.0.0.1.

    Attributes:
        world: users, fields and tickets.
        site: the wire's own state.
        registry, hooks: the webhooks, and what delivers to them.
        email, token: an API token.
        client_id, client_secret: of the OAuth client.
        subdomain: what stands before the vendor's own domain.
    """

    subdomain = desk.SUBDOMAIN

    def __init__(
        self,
        world: ZendeskWorld | None = None,
        *,
        port: int = 0,
        token: str | None = None,
        control_token: str | None = None,
        manual_hooks: bool = False,
    ) -> None:
        self.world = world or ZendeskWorld()
        self.email = desk.ADMIN.email
        self.token = token or secrets.token_urlsafe(24)
        sign_in = SignIn(self.email, self.token, self.world.users[desk.ADMIN.id])
        self.client_id, self.client_secret = sign_in.client_id, sign_in.client_secret
        self.registry = Registry.of(self.world, manual=manual_hooks)
        self.hooks = self.registry.hooks
        self.site = Site(self.world, sign_in, registry=self.registry)
        super().__init__(_Zendesk(self.site), port=port, control_token=control_token)
        self.world.open()
        self.control = Control(
            self.world.clock,
            self.world.journal,
            self.world.lock,
            self.faults,
            self.control_token,
            self.calls,
            {
                ("POST", "act"): self._act,
                ("POST", "settings"): self._settings,
                ("GET", "state"): self._state,
                ("GET", "end-state"): lambda _call: plain_values(end_state(self.world)),
                ("GET", "automations"): lambda _call: automations.report(self.world),
                ("POST", "automations"): self._automate,
            },
            self.hooks,
            self.world.tick,
        )

    def stop(self) -> None:
        """Stop answering, and delivering."""
        self.hooks.stop()
        super().stop()

    def _automate(self, call: Call) -> Any:
        automations.order(self.world, orders(call))
        return automations.report(self.world)

    def _act(self, call: Call) -> Any:
        """Do one act or several: {"do": "create" | "update" | "delete" | "merge", "actor", "ticket", "values"}."""
        acts = json.loads(call.body or b"null")
        return [self._one(dict(act)) for act in (acts if isinstance(acts, list) else [acts])]

    def _one(self, act: dict[str, Any]) -> Any:
        author, values = int(act["actor"]), dict(act.get("values", {}))
        if act["do"] == "deactivate":
            self.world.deactivate(author)
            return {"user": author}
        if "custom_fields" in values:
            values["custom_fields"] = {int(k): v for k, v in values["custom_fields"].items()}
        if act["do"] == "create":
            return {"ticket": self.world.create(values, author).id}
        number = int(act["ticket"])
        if act["do"] == "update":
            return {"ticket": number, "audit": self.world.update(number, values, author).id}
        if act["do"] == "delete":
            self.world.delete(number, author)
        elif act["do"] == "macro":
            self.world.apply_macro(number, int(act["macro"]), author)
        elif act["do"] == "merge":
            self.world.merge(number, int(act["into"]), author)
        else:
            message = f"no such act: {act['do']}"
            raise ValueError(message)
        return {"ticket": number}

    def _settings(self, call: Call) -> Any:
        """Change what the wire allows: limits, page size, required fields, conditions of a form."""
        body = told(call, "limits", "page_cap", "required", "conditions")
        for name, value in body.get("limits", {}).items():
            if name.startswith("_") or not hasattr(self.site.limits, name):
                message = f"no such limit: {name}"
                raise ValueError(message)
            setattr(self.site.limits, name, value)
        if "page_cap" in body:
            self.site.page_cap = int(body["page_cap"])
        for number in body.get("required", ()):
            self.world.fields[int(number)].required = True
        for number, conditions in body.get("conditions", {}).items():
            self.world.forms[int(number)].conditions = conditions
        return {"ok": True}

    def _state(self, call: Call) -> Any:
        """Dump the tickets, or the one asked for by `ticket`."""
        wanted = call.one("ticket")
        tickets = [self.world.tickets[int(wanted)]] if wanted else list(self.world.tickets.values())
        return {
            "now": self.world.clock.now().isoformat(timespec="milliseconds"),
            "tickets": [plain_values(asdict(each)) for each in tickets],
        }


class _Zendesk:
    """The wire as a server wants it."""

    brand = "cloudflare"

    def __init__(self, site: Site) -> None:
        self._site = site

    def answer(self, call: Call) -> Answer:
        return wire.answer(self._site, call)

    def trouble(self, status: int, said: str) -> Answer:
        error = "UpdateConflict" if status == 409 else "InternalError"
        return refused(status, error, said).answer()

    def traced(self, call: Call) -> dict[str, str]:
        return {"x-request-id": call.id, "x-zendesk-api-version": "v2"}
