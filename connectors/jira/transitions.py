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
#: Jira's answer where a validator, or a field that the screen asks for, bars a way.
_BARRED: Final = 400


@dataclass(slots=True)
class Ways:
    """Move issues along transitions that the workflow allows; there is no other way to set a status."""

    site: Site

    def back(self, issue: str, here: str, targets: Sequence[str], key: str) -> None:
        """Move an issue to the best status that can be reached.

        Of two ways to one status the one that asks for nothing is taken; a way that a validator or a screen
        bars is passed over, for only trying shows that it is barred.

        Args:
            issue: its id.
            here: the status it stands in.
            targets: statuses that will do, the best first.
            key: our key, marked on every step.

        Raises:
            HelpdeskError: refused where no way leads back.

        """
        seen = {here}
        barred: HelpdeskError | None = None
        for _ in range(MOST_STEPS):
            offered = [each for each in self._offered(issue) if to_of(each) not in seen]
            direct = [each for target in targets for each in offered if to_of(each) == target]
            open_ = [each for each in offered if each not in direct and not needs(each)]
            ways = [*sorted(direct, key=lambda each: bool(needs(each))), *open_]
            taken: Json | None = None
            for step in ways:
                try:
                    self._take(issue, step, key)
                except HelpdeskError as error:
                    if error.status != _BARRED:
                        raise
                    barred = barred or error
                else:
                    taken = step
                    break
            if taken is None:
                break
            if to_of(taken) in targets:
                return
            seen.add(to_of(taken))
        if barred is not None:
            raise barred
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

    def _take(self, issue: str, step: Json, key: str) -> None:
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
