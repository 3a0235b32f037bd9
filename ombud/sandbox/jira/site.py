"""A Jira site: a world, the accounts that may sign in, and what is remembered between requests."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.jira.hooks import Registry
from ombud.sandbox.jira.http import RefusedError, Request, missing
from ombud.sandbox.jira.limits import Limits
from ombud.sandbox.jira.oauth import Gateway
from ombud.sandbox.jira.render import View
from ombud.sandbox.records import Issue, Person
from ombud.sandbox.world import World

PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
    "CREATE_ISSUES": "Create Issues",
    "DELETE_ISSUES": "Delete Issues",
    "EDIT_OWN_COMMENTS": "Edit Own Comments",
    "DELETE_OWN_COMMENTS": "Delete Own Comments",
    "EDIT_ALL_COMMENTS": "Edit All Comments",
    "DELETE_ALL_COMMENTS": "Delete All Comments",
    "ASSIGNABLE_USER": "Assignable User",
    "ASSIGN_ISSUES": "Assign Issues",
    "CLOSE_ISSUES": "Close Issues",
    "LINK_ISSUES": "Link Issues",
    "MODIFY_REPORTER": "Modify Reporter",
    "MOVE_ISSUES": "Move Issues",
    "RESOLVE_ISSUES": "Resolve Issues",
    "SCHEDULE_ISSUES": "Schedule Issues",
    "SET_ISSUE_SECURITY": "Set Issue Security",
    "BULK_CHANGE": "Make bulk changes",
    "USER_PICKER": "Browse users and groups",
    "ADMINISTER_PROJECTS": "Administer Projects",
    "VIEW_READONLY_WORKFLOW": "View Read-Only Workflow",
    "ADMINISTER": "Administer Jira",
}
_ADMINISTRATION = {"ADMINISTER", "ADMINISTER_PROJECTS"}


@dataclass(slots=True)
class Site:
    """Everything the wire needs besides the request.

    Attributes:
        tokens: API token by e-mail address.
        withheld: permissions an account lacks; a customer has none.
        granted: permissions of administrators that an account has been given.
        hidden: projects that an account may not browse.
        registry: the webhooks.
        page_cap: the most rows a search page carries when many fields are asked for.
        gateway: sign-in by OAuth, and the way to the site through it.
        snapshots: orders of running searches that cannot be walked by position.
    """

    world: World
    tokens: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, set[str]] = field(default_factory=dict)
    granted: dict[str, set[str]] = field(
        default_factory=lambda: {API_ACCOUNT.account_id: {"ADMINISTER"}}
    )
    hidden: dict[str, set[str]] = field(default_factory=dict)
    registry: Registry | None = None
    limits: Limits = field(default_factory=Limits)
    page_cap: int = 100
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    gateway: Gateway = field(default_factory=Gateway)
    snapshots: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.tokens:
            self.tokens = {API_ACCOUNT.email: secrets.token_urlsafe(24)}

    def sign_in(self, authorization: str | None) -> Person | None:
        """Return who signed the request; nobody without a header, a 401 with a wrong one."""
        if authorization is None:
            return None
        scheme, _, rest = authorization.partition(" ")
        email = token = ""
        if scheme.lower() == "basic":
            try:
                email, _, token = base64.b64decode(rest).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                email = ""
        known = self.tokens.get(email)
        if known is not None and secrets.compare_digest(known.encode(), token.encode()):
            person = self.person(email)
            if person is not None:
                return person
        raise RefusedError(
            401,
            ["Client must be authenticated to access this resource."],
            headers={
                "WWW-Authenticate": 'OAuth realm="sandbox"',
                "X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
            },
            bare=True,
        )

    def person(self, email: str) -> Person | None:
        """Return the active account with an e-mail address."""
        return next(
            (each for each in self.world.people.values() if each.email == email and each.active),
            None,
        )

    def allows(self, person: Person | None, permission: str) -> bool:
        """Tell whether an account holds a permission."""
        if person is None or person.role == "customer":
            return False
        given = permission in self.granted.get(person.account_id, ())
        if permission in _ADMINISTRATION and person.role != "app" and not given:
            return False
        return permission not in self.withheld.get(person.account_id, ())

    def sees(self, person: Person | None, project: str) -> bool:
        """Tell whether an account may browse a project."""
        return self.allows(person, "BROWSE_PROJECTS") and (
            person is None or project not in self.hidden.get(person.account_id, ())
        )

    def who(self, request: Request) -> Person:
        """Return the signed-in caller, or answer 401."""
        if request.person is None:
            raise RefusedError(
                401,
                ["You are not authenticated. Authentication required to perform this operation."],
                headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
            )
        return request.person

    def issue(self, request: Request, permission: str | None = None) -> Issue:
        """Return the ticket a path names, if the caller may see it; `permission` is asked for on top."""
        found = self.world.find(request.parts["issue"])
        if found is None or not self.sees(request.person, found.project):
            raise missing()
        if permission is not None and not self.allows(request.person, permission):
            text = {
                "EDIT_ISSUES": "You do not have permission to edit issues in this project.",
                "ADD_COMMENTS": "You do not have the permission to comment on this issue.",
                "DELETE_ISSUES": "You do not have permission to delete issues in this project.",
            }.get(permission, "You do not have permission to perform this operation.")
            raise RefusedError(400 if permission == "ADD_COMMENTS" else 403, [text])
        return found

    def view(self, request: Request) -> View:
        """Return the printer for a request."""
        return View(self.world, request)

    def names(self, fields: Iterable[str]) -> dict[str, Any]:
        """Return the printed names of fields."""
        return {name: self.world.fields[name].name for name in fields if name in self.world.fields}
