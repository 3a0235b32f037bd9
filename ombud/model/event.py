"""What a helpdesk tells us: immutable events in the vendor's own ids and values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ombud.model.facts import Instant, Unknown


class Ref(NamedTuple):
    """Name a ticket by what never changes: keys move, so they are shown and not stored as identity.

    A tuple, as events and findings are: they are made by the million, and hashed and compared more often.

    Attributes:
        account: name of the account in ombud.toml.
        vendor: connector's name ("jira", "rt", "file").
        id: the vendor's immutable id.

    """

    account: str
    vendor: str
    id: str

    def __str__(self) -> str:
        return f"{self.account}:{self.id}"


class Cause(StrEnum):
    """Say who or what made a change."""

    person = "person"
    rule = "rule"
    automation = "automation"
    mail = "mail"
    ourselves = "ourselves"


class Kind(StrEnum):
    """Say what an event tells."""

    created = "created"
    """The ticket came to be; `after` of its sibling field events holds the initial values."""
    field = "field"
    """A native field changed; the native status is the field named "status"."""
    message = "message"
    """A message was written; its `message` says what is known of it."""
    merged = "merged"
    """The ticket was merged into the one whose id is `after`."""
    deleted = "deleted"
    """The ticket was seen deleted by the vendor's own word (a 404 is not a deletion)."""
    observed = "observed"
    """A snapshot value seen where history is missing: true from then on, unknown before."""
    word = "word"
    """A staff member told us something in an internal note: `field` is the verb, `after` what stood behind it."""
    undelivered = "undelivered"
    """The message whose event id is `after` did not reach whom it was for."""
    lent = "lent"
    """A problem ticket's `field` took the value `after`: it counts where the ticket's own field is empty."""


class Nature(StrEnum):
    """Say what sort of value a field carries, which decides how it is kept."""

    choice = "choice"
    """Ids of a vocabulary (status, option, queue): kept as they are."""
    words = "words"
    """Free text: kept only where the mapping lists the field, else as a keyed digest."""
    person = "person"
    """A person's id or address: kept as a keyed identifier."""
    moment = "moment"
    """A date or a date and time, ISO 8601 with zone (a bare date stays a bare date)."""
    number = "number"
    """A number, as text."""


class Side(StrEnum):
    """Say which side an author or addressee is on."""

    agent = "agent"
    complainant = "complainant"
    representative = "representative"
    automation = "automation"
    third_party = "third_party"


#: What a message may be (a closed list). One may be several: a logged call is an attempt to make contact too.
KINDS: Final = (
    "automatic_reply",
    "acknowledgement",
    "update",
    "holding",
    "response",
    "decision",
    "recourse",
    "contact_attempt",
    "call",
)
#: What kinds were called before, in mappings and in databases.
OLD_KINDS: Final = {"holding_notice": "holding"}
CALL: Final = "call"
CONTACT_ATTEMPT: Final = "contact_attempt"


@dataclass(frozen=True, slots=True)
class Message:
    """Keep of a message what verdicts need, and no word of it.

    Attributes:
        public: whether the complainant can read it; `None` where the vendor does not say.
        by: the author's side; `None` where it cannot be told.
        to: the addressee's side; `None` for an internal note.
        automatic: sent without a person's act.
        kinds: which of `KINDS` its markers, macro, tag or native field name.
        key: our own key, when the message is one of ours.
        delivered: whether it arrived; false is evidence of nothing, `None` (the vendor does not say) is taken as sent.

    """

    public: bool | None
    by: Side | None
    to: Side | None
    automatic: bool
    kinds: frozenset[str] = frozenset()
    key: str | None = None
    delivered: bool | None = None


#: What a lent event is about that lends a receipt, and no field.
RECEIPT: Final = "receipt"
#: Id and change of the event in which a ticket came to be; its initial values share the change.
CREATED: Final = "created"

#: A native value: text, several texts, or nothing; unknown where the vendor cut it.
Native: TypeAlias = "str | tuple[str, ...] | Unknown | None"


class Event(NamedTuple):
    """State one thing that happened to one ticket.

    Attributes:
        id: the vendor's id, else a digest plus the ordinal among equals in the source.
        ref: the ticket.
        change: the vendor's changelog, audit or transaction group; a rule's effects are a change of their own.
        seq: order in the source among events of one instant.
        happened: when, by the vendor's clock.
        recorded: when the vendor recorded it (equal to `happened` unless it says otherwise).
        actor: who, in the vendor's id (keyed before it is stored); `None` where the vendor does not say.
        cause: person, rule, automation, mail or ourselves.
        kind: what the event tells.
        field: native field id for `field`, `observed` and `lent` events ("status", "assignee", ...); a word's verb.
        nature: what sort of value the field carries.
        before: value before, by the vendor's word.
        after: value after.
        message: for `message` events.
        source: ordinal of the row in a replayed or imported log, when there is one.

    Order is (happened, seq, id): `order`.

    """

    id: str
    ref: Ref
    change: str
    seq: int
    happened: Instant
    recorded: Instant
    actor: str | None
    cause: Cause
    kind: Kind
    field: str | None = None
    nature: Nature = Nature.choice
    before: Native = None
    after: Native = None
    message: Message | None = None
    source: str | None = None

    @property
    def order(self) -> tuple[Instant, int, str]:
        """Give the place of the event in its ticket's history."""
        return (self.happened, self.seq, self.id)


def digest(*parts: str) -> str:
    """Give a short, stable digest of texts, told apart by their lengths."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
