"""What native fields, statuses and messages mean: a digested value; changing it needs no new reading."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.event import CALL, Nature, Side, digest
from ombud.model.facts import STAGES, UNKNOWN, Value
from ombud.model.instant import instant_of

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

    from ombud.model.event import Message, Native

#: The native field that holds the status, whatever a vendor calls it.
STATUS: Final = "status"
#: The canonical field that names legal receipt.
RECEIVED_AT: Final = "received_at"
#: The canonical field that says why a ticket is no complaint.
DECLASSIFIED_REASON: Final = "declassified_reason"
#: The canonical field that names the language in which a complainant is answered.
LANGUAGE: Final = "language"


@dataclass(frozen=True, slots=True)
class StageOf:
    """Say what stage a native status is, and whom the complaint waits for in it.

    Attributes:
        stage: one of `STAGES`.
        waiting: "complainant", "third_party", or `None`.
        name: what people call the status.

    """

    stage: str
    waiting: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class FieldOf:
    """Say which native field carries a canonical one.

    Attributes:
        id: native field id.
        values: native value -> canonical value; empty takes values as they are.
        name: what people call the field.
        keep: keep the words of a text field (else only a keyed digest is kept).
        type: the vocabulary's type: text, choice, person, number, instant or flag.
        day_end: whether a date without a time means the end of its day: the later, so the safer, reading
            of what stops a clock.
        names: native value -> what people call it, where that is another word than the canonical one.

    """

    id: str
    values: Map[str, str] = field(default_factory=dict)
    name: str = ""
    keep: bool = False
    type: str = "text"
    day_end: bool = False
    names: Map[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageEvidence:
    """Ask for a message: whose, to whom, by hand or not, of which kind. `None` asks for nothing."""

    by: Side | None = None
    to: Side | None = None
    automatic: bool | None = None
    kind: str | None = None

    def matches(self, message: Message) -> bool | None:
        """Tell whether a message is such evidence; `None` where its author or addressee cannot be told.

        What did not arrive is evidence of nothing, and a logged call only where a kind is asked for.
        """
        if message.key is not None or message.delivered is False:
            return False
        if self.kind is None:
            if CALL in message.kinds:
                return False
        elif self.kind not in message.kinds:
            return False
        if self.automatic is not None and message.automatic is not self.automatic:
            return False
        by = _side(self.by, message.by)
        to = _side(self.to, message.to) if message.public is not None or self.to is None else None
        if by is False or to is False:
            return False
        return None if by is None or to is None else True


def _side(asked: Side | None, told: Side | None) -> bool | None:
    if asked is None or told is asked:
        return True
    if asked is Side.complainant and told is Side.representative:
        return True
    return None if told is None and asked is Side.agent else False


@dataclass(frozen=True, slots=True)
class StageEvidence:
    """Ask for the entering of a stage."""

    stage: str


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """Ask for the entering of a native status."""

    status: str


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Ask for a canonical field to be filled in, or to have one value."""

    field: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Say what complaints share with a problem ticket they stem from.

    Attributes:
        links: native link kinds that name the problem, from the complaint's end.
        fields: canonical fields that are the problem's where the complaint's own are empty.

    """

    links: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


EvidenceLine = MessageEvidence | StageEvidence | StatusEvidence | FieldEvidence

#: What shows a milestone where a mapping says nothing of it. Stages with no status of their own show nothing.
DEFAULT_EVIDENCE: Final[Map[str, tuple[EvidenceLine, ...]]] = {
    "acknowledged": (
        MessageEvidence(by=Side.agent, to=Side.complainant, automatic=False),
        StageEvidence("acknowledged"),
    ),
    "assessed": (StageEvidence("assessed"),),
    "responded": (StageEvidence("responded"),),
    "decided": (StageEvidence("decided"),),
    "closed": (StageEvidence("closed"),),
}
#: Milestones the fold itself knows, for every mapping.
INHERENT: Final = frozenset({"received", "recorded", "reopened", "last_update"})


@dataclass(frozen=True)
class Mapping:
    """Hold the meaning of one helpdesk's words.

    Attributes:
        stages: native status -> stage and waiting.
        fields: canonical field -> native field.
        milestones: milestone -> evidence, any of which will do.
        markers: message kind -> literal texts, whatever their language.
        languages: message kind -> languages for which it has markers; a kind that is not in it serves any language.
        macros: native id of a macro or template -> message kind.
        tags: tag set together with a message -> message kind.
        kind_field: native field that names a message's kind in the same change, native value -> kind.
        problem: what complaints share with the problem they stem from.
        splits: native link kinds that name the ticket a complaint was split from, whose receipt it inherits.
        links: native link kinds that join two tickets into one case.
        refs: native fields that name the same complaint in another account, and that account.
        zone: IANA zone of the desk, for dates without a time.

    """

    stages: Map[str, StageOf] = field(default_factory=dict)
    fields: Map[str, FieldOf] = field(default_factory=dict)
    milestones: Map[str, tuple[EvidenceLine, ...]] = field(default_factory=dict)
    markers: Map[str, tuple[str, ...]] = field(default_factory=dict)
    links: frozenset[str] = frozenset()
    refs: Map[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    languages: Map[str, frozenset[str]] = field(default_factory=dict)
    macros: Map[str, str] = field(default_factory=dict)
    tags: Map[str, str] = field(default_factory=dict)
    kind_field: FieldOf | None = None
    problem: Problem = Problem()
    splits: frozenset[str] = frozenset()

    @cached_property
    def staged(self) -> frozenset[str]:
        """Give the stages some native status maps to."""
        return frozenset(stage.stage for stage in self.stages.values())

    @cached_property
    def evidence(self) -> Map[str, tuple[EvidenceLine, ...]]:
        """Give each milestone's evidence, the defaults filled in where they can show anything."""
        lines = dict(self.milestones)
        for name, default in DEFAULT_EVIDENCE.items():
            usable = tuple(
                line
                for line in default
                if not isinstance(line, StageEvidence) or line.stage in self.staged
            )
            if name not in lines and usable:
                lines[name] = usable
        return lines

    @cached_property
    def names(self) -> frozenset[str]:
        """Give every name a rule may ask for: canonical fields and milestones with evidence."""
        return frozenset(self.fields) | frozenset(self.evidence) | INHERENT

    @cached_property
    def milestone_stages(self) -> frozenset[str]:
        """Give the stages that no status maps to but whose milestone has evidence: entered by that evidence."""
        return frozenset(
            stage for stage in STAGES if stage not in self.staged and stage in self.evidence
        )

    @cached_property
    def native_fields(self) -> frozenset[str]:
        """Give the native fields this mapping reads."""
        return frozenset(each.id for each in self.fields.values()) | self.refs.keys()

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """Give the native fields whose present values are held against their history."""
        return tuple(sorted(self.native_fields | {STATUS}))

    @cached_property
    def digest(self) -> str:
        """Give the digest of all that is said here; what is not said adds nothing to it."""
        return digest(
            json.dumps(
                {
                    **self._said_of_messages(),
                    "stages": {k: [v.stage, v.waiting] for k, v in self.stages.items()},
                    "fields": {
                        k: [v.id, dict(v.values), v.keep, v.type, v.day_end]
                        for k, v in self.fields.items()
                    },
                    "milestones": {
                        k: [repr(line) for line in v] for k, v in self.milestones.items()
                    },
                    "markers": {k: list(v) for k, v in self.markers.items()},
                    "links": sorted(self.links),
                    "refs": dict(self.refs),
                    "zone": self.zone,
                },
                sort_keys=True,
            )
        )

    @cached_property
    def spoken(self) -> str:
        """Give the names by which people are told of fields and their values; no verdict depends on them."""
        told = {k: [v.name, dict(v.names)] for k, v in self.fields.items()}
        return json.dumps(told, sort_keys=True)

    def _said_of_messages(self) -> dict[str, object]:
        told: dict[str, object] = {
            "languages": {kind: sorted(each) for kind, each in self.languages.items()},
            "macros": dict(self.macros),
            "tags": dict(self.tags),
            "kind_field": [self.kind_field.id, dict(self.kind_field.values)]
            if self.kind_field is not None
            else None,
            "problem": [sorted(self.problem.links), sorted(self.problem.fields)]
            if self.problem.links
            else None,
            "splits": sorted(self.splits),
        }
        return {name: each for name, each in told.items() if each}

    @cached_property
    def stems(self) -> frozenset[str]:
        """Give the native link kinds by which another ticket lends a complaint something."""
        return self.problem.links | self.splits

    @cached_property
    def tzinfo(self) -> ZoneInfo:
        """Give the desk's zone."""
        return ZoneInfo(self.zone)

    def value(self, of: FieldOf, native: Native) -> Value:
        """Translate a native value; what cannot be understood is unknown, never empty."""
        if native is UNKNOWN:
            return UNKNOWN
        if native is None:
            return None
        if isinstance(native, tuple):
            parts = [self.value(of, part) for part in native]
            if any(part is UNKNOWN for part in parts):
                return UNKNOWN
            return "; ".join(sorted(str(part) for part in parts if part is not None)) or None
        text = native.strip()
        if not text:
            return None
        if of.values:
            return of.values.get(text, UNKNOWN)
        if of.type == "number":
            try:
                number = float(text)
            except ValueError:
                return UNKNOWN
            return number if isfinite(number) else UNKNOWN
        if of.type == "instant":
            moment = instant_of(text, self.tzinfo, day_end=of.day_end)
            return UNKNOWN if moment is None else moment
        return text


def kept(nature: Nature, of: FieldOf | None) -> bool:
    """Tell whether a native value is stored as it is: everything but words and persons, unless asked for."""
    if nature is Nature.words:
        return of is not None and (of.keep or bool(of.values) or of.type in {"number", "instant"})
    return nature is not Nature.person
