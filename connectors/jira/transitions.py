"""Find a way back through a workflow: a direct transition, else at most three steps, each looked at afresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.jira.site import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.jira.site import Site

    Json = Mapping[str, Any]

#: Steps a way back may take: every step runs the workflow's own functions.
MOST_STEPS: Final = 3


@dataclass(slots=True)
class Ways:
    """Move issues along transitions that the workflow allows; there is no other way to set a status."""

    site: Site

    def back(self, issue: str, here: str, targets: Sequence[str], key: str) -> str:
        """Move an issue to the best status that can be reached; give what a person should know of it.

        Args:
            issue: its id.
            here: the status it stands in.
            targets: statuses that will do, the best first.
            key: our key, marked on every step.

        Raises:
            HelpdeskError: refused where no way leads back.

        """
        seen = {here}
        for _ in range(MOST_STEPS):
            offered = [each for each in self._offered(issue) if to_of(each) not in seen]
            direct = [each for target in targets for each in offered if to_of(each) == target]
            if direct:
                best = min(direct, key=lambda each: (bool(needs(each)), targets.index(to_of(each))))
                return self._take(issue, best, key)
            passable = [each for each in offered if not needs(each)]
            if not passable:
                break
            self._take(issue, passable[0], key)
            seen.add(to_of(passable[0]))
        raise HelpdeskError(
            Kind.refused,
            self.site.account,
            "POST /rest/api/3/issue/{id}/transitions",
            detail="no allowed transition leads back",
            remedy="Offer one in the workflow, or use flag instead of block",
        )

    def _offered(self, issue: str) -> list[Json]:
        answer = self.site.client.get(
            f"/rest/api/3/issue/{issue}/transitions",
            {"expand": "transitions.fields"},
            operation="GET /rest/api/3/issue/{id}/transitions",
        ).json()
        return [each for each in answer["transitions"] if each.get("isAvailable", True)]

    def _take(self, issue: str, step: Json, key: str) -> str:
        body: dict[str, object] = {
            "transition": {"id": str(step["id"])},
            "historyMetadata": mark(key),
        }
        fields = step.get("fields") or {}
        if "resolution" in fields and not fields["resolution"].get("required"):
            body["fields"] = {"resolution": None}
        self.site.client.send(
            "POST",
            f"/rest/api/3/issue/{issue}/transitions",
            body,
            operation="POST /rest/api/3/issue/{id}/transitions",
        )
        return "" if "resolution" in fields else "its resolution may still be set"


def to_of(transition: Json) -> str:
    """Give the status a transition leads to; names are not unique, ids are."""
    return str(transition["to"]["id"])


def needs(transition: Json) -> list[str]:
    """Give the fields a transition's screen asks for."""
    fields = transition.get("fields") or {}
    return sorted(
        name
        for name, told in fields.items()
        if told.get("required") and not told.get("hasDefaultValue")
    )
