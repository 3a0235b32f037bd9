"""Who looks at the dashboard, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sync.staff import EVERY

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sync.persons import Person

_LOOKING: Final = frozenset({"read", "export"})
#: The decision log, the list of the staff, and who looked at what.
_LOGS: Final = frozenset({"log_read"})
_DECIDING: Final = frozenset(
    {
        "waive_request",
        "waive_approve",
        "dispute_decide",
        "triage_decide",
        "action_edit",
        "document_edit",
        "rollout_change",
        "kill_switch",
        "token_make",
        "report_schedule",
        "snapshot_make",
        "survey_import",
    }
)
_RUNNING: Final = frozenset({"staff_manage"})
#: Everything that anybody may be allowed.
ACTIONS: Final = _LOOKING | _LOGS | _DECIDING | _RUNNING
MAY: Final = {
    "viewer": _LOOKING,
    "auditor": _LOOKING | _LOGS,
    "compliance": _LOOKING | _LOGS | _DECIDING,
    "admin": ACTIONS,
}
#: Scope of an API token -> what it lets through of what its owner may.
SCOPES: Final = {
    "read": frozenset({"read"}) | _LOGS,
    "export": frozenset({"export"}),
    # A token makes no tokens and no staff: whoever finds one must not be able to stay.
    "write": _DECIDING - {"token_make"},
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Hold who asks.

    Attributes:
        id: identifier among the staff.
        name: what they are called.
        login: what they sign in as.
        person: who they are, for everything they do: the same as under their helpdesk accounts.
        role: viewer, compliance, admin or auditor.
        groups: restricted groups they may see; "*" among them is every group.
        zone: zone of the times they are shown.
        scopes: of the API token they ask with; `None` for a browser's session.

    """

    id: str
    name: str
    login: str
    person: Person
    role: str
    groups: frozenset[str]
    zone: ZoneInfo
    scopes: frozenset[str] | None = None

    def may(self, action: str) -> bool:
        """Tell whether they may do something; raises `ValueError` for what nobody could be allowed."""
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no action; actions are {', '.join(sorted(ACTIONS))}")
        if self.scopes is not None and not any(action in SCOPES[each] for each in self.scopes):
            return False
        return action in MAY[self.role]

    def sees(self, group: str | None) -> bool:
        """Tell whether they may see what is restricted to a group; `None` is not restricted."""
        return group is None or EVERY in self.groups or group in self.groups
