"""The export of events: what happened to all tickets since a second, told as audits are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connectors.zendesk.history import instant_in
from connectors.zendesk.site import SYSTEM
from ombud.model.instant import SECOND

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from connectors.zendesk.site import Site

    Json = Mapping[str, Any]

#: More pages than this are dearer than asking for audits: the account was away for long.
_MOST_PAGES: Final = 30
#: Seconds for which a ticket that is not listed is waited for.
_FOR_GOOD: Final = 3_600
#: What an event of the stream is made of, besides the property that changed.
_FRAME: Final = frozenset(
    {"id", "via", "via_reference_id", "event_type", "previous_value", "added_tags", "removed_tags"}
)
_WRITTEN: Final = frozenset({"Create", "Change"})


@dataclass(slots=True)
class Tail:
    """Hold what came since the last sweep, by ticket; `whole` says that it is everything."""

    until: int
    whole: bool = True
    audits: dict[str, list[Json]] = field(default_factory=dict)

    def since(self, listed: Container[str]) -> int:
        """Give the second from which the next sweep has to read: what a ticket did that was not listed is told again.

        A ticket that was touched within the last minute is withheld as a whole, with all that it did before; the
        stream withholds that minute alone. Whatever is not listed for an hour is gone from the listing for good.
        """
        held = [
            instant_in(audits[0]["created_at"]) // SECOND
            for name, audits in self.audits.items()
            if name not in listed
        ]
        return max(min([self.until, *held]), self.until - _FOR_GOOD)


def tail(site: Site, since: int) -> Tail:
    """Read the stream from a second on, that second included: a page for a thousand events.

    The last minute is withheld here too. What updates say of themselves is not in the stream, so our own cannot be
    recognised in it but by their author.
    """
    found = Tail(since)
    start = since
    for _ in range(_MOST_PAGES):
        told = site.client.get(
            "/api/v2/incremental/ticket_events",
            {"start_time": start, "include": "comment_events"},
            operation="GET /api/v2/incremental/ticket_events",
        ).json()
        for line in told["ticket_events"]:
            found.audits.setdefault(str(line["ticket_id"]), []).append(audit_of(line))
        found.until = start = max(int(told.get("end_time") or start), start)
        if told.get("end_of_stream") or not told["ticket_events"]:
            return found
    found.whole = False
    return found


def audit_of(line: Json) -> Json:
    """Tell a line of the stream as the audit it stands for."""
    rule = {"channel": "rule", "source": {"rel": None}}
    return {
        "id": line["id"],
        "ticket_id": line["ticket_id"],
        "created_at": line["created_at"],
        "author_id": line.get("updater_id") or SYSTEM,
        "via": rule if _by_rule(line) else {"channel": str(line.get("via") or "").lower()},
        "metadata": {"custom": {}},
        "events": [
            {**each, **({"via": rule} if _by_rule(child) else {})}
            for child in line["child_events"]
            for each in _events(child)
        ],
    }


def _by_rule(told: Json) -> bool:
    return str(told.get("via") or "").lower() == "rule"


def _events(child: Json) -> list[dict[str, Any]]:
    kind = str(child["event_type"])
    if kind == "Comment":
        public = child.get("public", child.get("comment_public", False))
        return [
            {
                "id": child["id"],
                "type": kind,
                "public": public,
                "body": child.get("body"),
                "author_id": child.get("author_id"),
            }
        ]
    if kind not in _WRITTEN:
        return [{key: value for key, value in child.items() if key != "via"} | {"type": kind}]
    changed = {key: value for key, value in child.items() if key not in _FRAME}
    custom = changed.pop("custom_ticket_fields", None) or {}
    return [
        {
            "id": child["id"],
            "type": kind,
            "field_name": str(name),
            "value": value,
            "previous_value": _before(child, name, value),
        }
        for name, value in {**changed, **custom}.items()
    ]


def _before(child: Json, name: object, value: object) -> object:
    """Give what a property held before; of tags the stream tells those that came."""
    added = child.get("added_tags")
    if name == "tags" and added and isinstance(value, list):
        return [each for each in value if each not in added]
    return child.get("previous_value")
