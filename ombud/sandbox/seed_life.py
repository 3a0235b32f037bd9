"""The life of a complaint as a table of weekdays and steps, which a pattern may bend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DESK_ZONE = ZoneInfo("Europe/Berlin")
#: Weekdays without business inside the default horizon; Saturday 26 December needs no line.
HOLIDAYS = (date(2026, 12, 25), date(2027, 1, 1))
#: Mondays from which four weeks and a day hold no holiday.
QUIET_MONDAYS = tuple(date(2026, 10, 12) + timedelta(weeks=n) for n in range(6))
DST_MONDAY = (date(2026, 10, 19),)
#: The Monday whose second week holds Friday 25 December.
BEFORE_CHRISTMAS = (date(2026, 12, 14),)
CHRISTMAS_MONDAY = (date(2026, 12, 21),)

STATUS = {
    "open": "10001",
    "acknowledged": "10002",
    "assessed": "10003",
    "investigating": "10004",
    "waiting": "10005",
    "responded": "10006",
    "decided": "10007",
    "done": "10010",
}
FIELD = {
    "severity": "customfield_10040",
    "channel": "customfield_10041",
    "root_cause": "customfield_10042",
    "action": "customfield_10043",
    "product": "customfield_10044",
    "category": "customfield_10045",
    "remedy": "customfield_10046",
    "safety": "customfield_10047",
    "summary": "customfield_10048",
    "offer": "customfield_10049",
    "outcome": "customfield_10050",
    "approver": "customfield_10051",
    "subject": "customfield_10052",
    "received": "customfield_10053",
    "complainant": "customfield_10055",
    "reason": "customfield_10064",
    "owner": "assignee",
    "labels": "labels",
}
CHOICE = {
    "severity": {"low": "10201", "medium": "10202", "high": "10203", "critical": "10204"},
    "channel": {"phone": "10211", "email": "10212", "web": "10213", "letter": "10214"},
    "root_cause": {"billing": "10221", "delivery": "10222", "product": "10223", "unknown": "10226"},
    "category": {"billing": "10231", "quality": "10232", "delivery": "10233", "conduct": "10234"},
    "safety": {"yes": "10241", "no": "10242", "unknown": "10243"},
    "outcome": {"upheld": "10251", "partly": "10252", "refused": "10253", "withdrawn": "10254"},
}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens at a weekday and a wall-clock time of the desk: "Mon 10:00", "1:Tue 16:59:59.999".

    The number before the colon counts weeks from the pattern's Monday. `by` is a part played: agent, other,
    customer, robot, app or nobody. A step without `text` creates or edits; with it, it is a comment.
    A step that is not `pinned` may happen some seconds later than the table says, never past the next step.
    """

    name: str
    at: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    text: str | None = None
    by: str = "agent"
    public: bool = True
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Life:
    """The steps of one complaint; every method returns another life."""

    steps: tuple[Step, ...]

    def at(self, **times: str) -> Life:
        """Move steps to other times and pin them there."""
        return Life(
            tuple(
                replace(step, at=times[step.name], pinned=True) if step.name in times else step
                for step in self._named(*times)
            )
        )

    def without(self, *names: str) -> Life:
        """Leave steps out."""
        return Life(tuple(step for step in self._named(*names) if step.name not in names))

    def set(self, name: str, **fields: Any) -> Life:
        """Change what a step writes; None takes a field away from the step."""
        return self._with(
            name, lambda old: {k: v for k, v in (old | fields).items() if v is not None}
        )

    def bare(self, name: str, *fields: str) -> Life:
        """Take fields away from what a step writes."""
        return self._with(name, lambda old: {k: v for k, v in old.items() if k not in fields})

    def say(self, name: str, **changes: Any) -> Life:
        """Change who does a step, whether it is public, or what it says."""
        return Life(
            tuple(
                replace(step, **changes) if step.name == name else step
                for step in self._named(name)
            )
        )

    def edit(self, name: str, at: str, to: str | None = None, **fields: Any) -> Life:
        """Add a step that writes fields and perhaps moves the ticket, in one changelog entry."""
        return Life((*self.steps, Step(name, at, fields, to)))

    def comment(
        self, name: str, at: str, text: str, *, by: str = "agent", public: bool = True
    ) -> Life:
        """Add a comment."""
        return Life((*self.steps, Step(name, at, text=text, by=by, public=public)))

    def first(self, name: str) -> Life:
        """Put a step before all others that share its instant."""
        chosen = next(step for step in self.steps if step.name == name)
        return Life((chosen, *(step for step in self.steps if step.name != name)))

    def _with(self, name: str, change: Any) -> Life:
        return Life(
            tuple(
                replace(step, fields=change(dict(step.fields))) if step.name == name else step
                for step in self._named(name)
            )
        )

    def _named(self, *names: str) -> tuple[Step, ...]:
        unknown = set(names) - {step.name for step in self.steps}
        if unknown:
            message = f"no such step: {sorted(unknown)}"
            raise KeyError(message)
        return self.steps


@dataclass(frozen=True, slots=True)
class Pattern:
    """A life, the rules it breaks and the rules it nearly breaks, each with the step that is the occurrence.

    "receipt" stands for the instant of receipt, "-" for a standing condition.
    """

    name: str
    life: Life
    breaks: tuple[tuple[str, str], ...] = ()
    nearly: tuple[tuple[str, str], ...] = ()
    mondays: tuple[date, ...] = QUIET_MONDAYS


def moment(monday: date, at: str) -> datetime:
    """Return the UTC instant of a table's time in the week (or weeks after) that begins on `monday`."""
    week, _, rest = at.partition(":") if at[0].isdigit() else ("0", "", at)
    day, clock = rest.split(" ")
    local = datetime.combine(
        monday + timedelta(weeks=int(week), days=_DAYS.index(day)),
        time.fromisoformat(clock),
        DESK_ZONE,
    )
    return local.astimezone(UTC)


def _loose(name: str, at: str, **more: Any) -> Step:
    return Step(name, at, pinned=False, **more)


_RECEIPT = {
    "channel": "email",
    "product": "a product",
    "remedy": "a remedy",
    "complainant": "customer",
    "severity": "medium",
    "owner": "agent",
}
_CLOSING = {
    "outcome": "upheld",
    "root_cause": "billing",
    "action": "an action",
    "approver": "other",
}


def _table(*times: str) -> Life:
    created, hello, ack, assess, start, summary, answer, respond, decide, tell, close = times
    return Life(
        (
            Step("created", created, _RECEIPT, by="customer"),
            _loose("hello", hello, text="We have received your complaint and will look into it."),
            _loose("ack", ack, to="acknowledged"),
            _loose("assess", assess, to="assessed", fields={"category": "billing", "safety": "no"}),
            _loose("start", start, to="investigating"),
            _loose("summary", summary, fields={"summary": "a summary"}),
            _loose("answer", answer, text="#response Here is what we found and what we offer."),
            _loose("respond", respond, to="responded", fields={"offer": "an offer"}),
            _loose("decide", decide, to="decided"),
            _loose("tell", tell, text="#decision This is what we have decided."),
            _loose("close", close, to="done", fields=_CLOSING),
        )
    )


#: Medium severity, received on Monday at ten; nothing is late and nothing is missing.
ORDINARY = _table(
    "Mon 10:00",
    "Mon 14:00",
    "Mon 14:30",
    "Tue 11:00",
    "Tue 12:00",
    "Thu 15:00",
    "1:Mon 10:00",
    "1:Mon 11:00",
    "1:Tue 10:00",
    "1:Tue 12:00",
    "1:Wed 10:00",
)
HIGH = ORDINARY.set("created", severity="high")
LOW = ORDINARY.set("created", severity="low")
#: Critical severity, received on Monday at ten; acknowledged and assessed long before two in the afternoon.
CRITICAL = _table(
    "Mon 10:00",
    "Mon 10:30",
    "Mon 11:00",
    "Mon 11:30",
    "Mon 12:00",
    "Mon 16:00",
    "Tue 10:00",
    "Tue 11:00",
    "Wed 10:00",
    "Wed 12:00",
    "Thu 10:00",
).set("created", severity="critical")
