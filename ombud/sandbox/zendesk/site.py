"""What the wire needs besides the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ombud.sandbox.zendesk.hooks import Registry
from ombud.sandbox.zendesk.http import Request, forbidden, missing
from ombud.sandbox.zendesk.limits import Limits
from ombud.sandbox.zendesk.oauth import SignIn
from ombud.sandbox.zendesk.records import Ticket, User
from ombud.sandbox.zendesk.world import ZendeskWorld


@dataclass(slots=True)
class Site:
    """An account: its world, who may sign in, its limits, and jobs that were asked for.

    Attributes:
        registry: the webhooks.
        page_cap: the most rows an export's page carries.
    """

    world: ZendeskWorld
    sign_in: SignIn
    registry: Registry | None = None
    limits: Limits = field(default_factory=Limits)
    page_cap: int = 1000
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ticket(self, request: Request) -> Ticket:
        """Return the ticket that a path names."""
        name = request.parts["ticket"]
        found = self.world.tickets.get(int(name)) if name.isdigit() else None
        if found is None:
            raise missing()
        return found

    def caller(self, request: Request, *, admin: bool = False) -> User:
        """Return who asks: an agent, or an administrator where only they may."""
        assert request.user is not None
        if request.user.role == "end-user" or (admin and request.user.role != "admin"):
            raise forbidden(
                "You do not have access to this page. Please contact the account owner of this help desk for further help."
            )
        return request.user
