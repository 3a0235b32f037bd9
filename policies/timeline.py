"""Turn the events of an example into facts: a history in a pack's own words, folded by the real fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ombud.model.complaint import Fold
from ombud.model.event import CREATED, KINDS, Cause, Event, Kind, Message, Ref, Side
from ombud.model.facts import STAGES, UNKNOWN, Complaint
from ombud.model.mapping import (
    DEFAULT_EVIDENCE,
    INHERENT,
    LANGUAGE,
    RECEIVED_AT,
    STATUS,
    FieldEvidence,
    FieldOf,
    Mapping,
    MessageEvidence,
    StageOf,
)
from policies.expression import Type
from policies.vocabulary import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Mapping as Map

    from ombud.model.event import Native
    from ombud.model.facts import Instant
    from ombud.model.mapping import EvidenceLine
    from policies.vocabulary import Field
    from policies.vocabulary import Path as Where

    Tell = Callable[[Where, str, str], None]

#: The ticket of every example.
REF: Final = Ref(account="examples", vendor="file", id="1")
#: The milestone that a message of a kind shows.
SHOWN_BY: Final = {
    "acknowledgement": "acknowledged",
    "response": "responded",
    "decision": "decision_told",
    "holding": "holding_sent",
}
#: Languages in which packs ship messages that say their kind: in any other an unmarked one may be anything.
LANGUAGES: Final = frozenset({"en", "de", "fr", "es", "ar"})
_WAITING: Final = (None, "complainant", "third_party")
_SIDES: Final = {
    "agent": (Side.agent, Side.complainant),
    "automation": (Side.automation, Side.complainant),
    "complainant": (Side.complainant, Side.agent),
}


def identity(vocabulary: Map[str, Field], milestones: Iterable[str], zone: str) -> Mapping:
    """Give the mapping under which a helpdesk speaks a pack's own words.

    A field's native id is its name, a status is named by its stage and by whom it waits for, a message
    shows the milestone of its kind, and "reached NAME" is the native field that shows any other milestone.
    """
    fields = {
        name: FieldOf(name, type=of.type.value, day_end=of.day_end)
        for name, of in vocabulary.items()
    }
    fields.setdefault(RECEIVED_AT, FieldOf(RECEIVED_AT, type=Type.instant.value))
    fields.setdefault(LANGUAGE, FieldOf(LANGUAGE))
    lines: dict[str, tuple[EvidenceLine, ...]] = {}
    shown = {milestone: kind for kind, milestone in SHOWN_BY.items()}
    for milestone in sorted(set(milestones) - INHERENT):
        field = _reached(milestone)
        fields[field] = FieldOf(field)
        evidence: list[EvidenceLine] = [FieldEvidence(field)]
        if milestone in shown:
            evidence.append(
                MessageEvidence(
                    by=Side.agent, to=Side.complainant, automatic=False, kind=shown[milestone]
                )
            )
        lines[milestone] = (*evidence, *DEFAULT_EVIDENCE.get(milestone, ()))
    return Mapping(
        stages={
            _status(stage, waiting): StageOf(stage, waiting)
            for stage in STAGES
            for waiting in _WAITING
        },
        fields=fields,
        milestones=lines,
        languages=dict.fromkeys(SHOWN_BY, LANGUAGES),
        zone=zone,
    )


def fold_events(
    told: Sequence[Map[str, Any]],
    unknown: Sequence[str],
    vocabulary: Map[str, Field],
    milestones: frozenset[str],
    zone: str,
    times: Sequence[Instant],
    tell: Tell,
) -> Complaint:
    """Fold an example's events; what is wrong with them is told, and the rest folded all the same.

    Args:
        told: the events as written, the first of which makes the ticket.
        unknown: fields of which nothing is known from the beginning.
        vocabulary: the pack's fields.
        milestones: the pack's milestones.
        zone: the desk's zone.
        times: when each event happens.
        tell: told of each problem by its path below the events.

    """
    mapping = identity(vocabulary, milestones, zone)
    events = list(_events(told, unknown, mapping, milestones, times, tell))
    return Fold(mapping, frozenset(mapping.fields)).fold(events)


def _events(
    told: Sequence[Map[str, Any]],
    unknown: Sequence[str],
    mapping: Mapping,
    milestones: frozenset[str],
    times: Sequence[Instant],
    tell: Tell,
) -> Iterable[Event]:
    held: dict[str, Native] = {}
    seq = 0
    for i, (each, at) in enumerate(zip(told, times, strict=True)):
        change = CREATED if i == 0 else f"change-{i:03d}"
        cause = Cause(each.get("cause", "person"))

        def event(
            kind: Kind,
            field: str | None = None,
            after: Native = None,
            message: Message | None = None,
            *,
            at: Instant = at,
            change: str = change,
            cause: Cause = cause,
            actor: str | None = each.get("actor"),
        ) -> Event:
            nonlocal seq
            seq += 1
            before = held.get(field) if field is not None else None
            if field is not None:
                held[field] = after
            name = CREATED if kind is Kind.created else f"event-{seq:03d}"
            return Event(
                id=name,
                ref=REF,
                change=change,
                seq=seq,
                happened=at,
                recorded=at,
                actor=actor,
                cause=cause,
                kind=kind,
                field=field,
                before=before,
                after=after,
                message=message,
            )

        if i == 0:
            yield event(Kind.created)
            for name in unknown:
                field = _reached(name) if name in milestones else name
                yield event(Kind.field, field, UNKNOWN)
        if "language" in each:
            # Known a moment before, as messages are heard before the changes of their instant.
            yield event(
                Kind.field, LANGUAGE, each["language"], at=at - 1, change=f"{change}-before"
            )
        if "said" in each:
            for j, kind in enumerate(each["said"]):
                if kind not in KINDS:
                    tell((i, "said", j), f'"{kind}" is no kind of message', nearest(kind, KINDS))
            yield event(Kind.message, message=_message(each))
        for name, value in each.get("set", {}).items():
            field = _reached(name) if name in milestones else name
            if name in milestones and value not in (True, "yes", each["when"]):
                tell(
                    (i, "set", name),
                    f'"{name}" is a milestone, which is reached when the event happens',
                    'Write "yes", and the time in "when"',
                )
            if field in mapping.fields:
                yield event(Kind.field, field, _native(value))
            elif name in INHERENT:
                tell((i, "set", name), f'"{name}" is told by the history itself', "Leave it out")
        stage = each.get("stage", "received" if i == 0 else None)
        if stage is not None:
            yield event(Kind.field, STATUS, _status(stage, each.get("waiting")))
        elif "waiting" in each:
            tell((i, "waiting"), "waits in no stage", 'Add "stage"')


def _message(told: Map[str, Any]) -> Message:
    by, to = _SIDES[told.get("by", "agent")]
    automatic = told.get("automatic", by is Side.automation)
    return Message(
        public=True,
        by=by,
        to=to,
        automatic=automatic,
        kinds=frozenset(told.get("said", ())),
        delivered=told.get("delivered"),
    )


def _status(stage: str, waiting: str | None) -> str:
    return stage if waiting is None else f"{stage}, waiting for {waiting}"


def _reached(milestone: str) -> str:
    return f"reached {milestone}"


def _native(value: object) -> Native:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
