"""What agents tell us in an internal note: `/ombud check`, and what its verbs ask for."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import CALL, CONTACT_ATTEMPT, Message, Side
from ombud.model.instant import instant_of, moment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant

#: How a note begins that speaks to us.
CALLED_BY: Final = "/ombud"


class Verb(StrEnum):
    """Name what an agent may ask for."""

    check = "check"
    """Say again, at once, what closing will need."""
    called = "called"
    """The complainant was called."""
    received = "received"
    """The complaint was received on this day, before the ticket was made."""
    not_complaint = "not-complaint"
    """It is no complaint, for this reason."""
    dispute = "dispute"
    """A rule's finding is wrong, for this reason."""
    waive = "waive"
    """A rule should not count until a day, for this reason."""
    approve = "approve"
    """A waiver that somebody else asked for may stand."""


class Flaw(StrEnum):
    """Name what is wrong with a word."""

    unknown = "unknown"
    """There is no such word."""
    bare = "bare"
    """It says nothing behind the verb."""
    no_reason = "no reason"
    no_end = "no end"
    no_rule = "no rule"
    """It gives no rule, or no reason."""
    no_date = "no date"


#: A logged call, as a message: it counts where evidence asks for its kind, and nowhere else.
A_CALL: Final = Message(
    public=True,
    by=Side.agent,
    to=Side.complainant,
    automatic=False,
    kinds=frozenset({CALL, CONTACT_ATTEMPT}),
)
#: Every verb as it is written.
VERBS: Final = {each.value: each for each in Verb}
#: Verbs whose words behind them are kept; of the others' notes nothing is.
_ARGUED: Final = frozenset(VERBS) - {Verb.check.value, Verb.called.value}
#: Verbs behind which people write in their own words: stored as a keyed digest, like every text that is not asked for.
REASONED: Final = frozenset({Verb.not_complaint.value, Verb.dispute.value, Verb.waive.value})
_MOST_VERB, _MOST_ARGUMENT = 20, 500
_WAIVE: Final = re.compile(r"(\S+)\s+(.+?)\s+until\s+(\S+)")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def word_in(text: str) -> tuple[str, str | None] | None:
    """Give the verb and what stands behind it, where a note's first line speaks to us; `None` where it does not.

    A verb that we do not know is given too, so that somebody can be told; nothing behind it is.
    """
    if not text.startswith(CALLED_BY):
        return None
    line = text.split("\n", 1)[0]
    parts = line.split(None, 2)
    if parts[0] != CALLED_BY:
        return None
    verb = parts[1][:_MOST_VERB].lower() if len(parts) > 1 else ""
    argument = parts[2].strip()[:_MOST_ARGUMENT] if len(parts) > 2 else ""
    return verb, (argument or None) if verb in _ARGUED else None


class Asked(NamedTuple):
    """Say what a word asks for.

    Attributes:
        verb: which of them.
        rule: rule id, of `dispute` and `waive`.
        reason: why, in the agent's words.
        when: the instant of `received`; the end of `waive`.
        id: what `approve` approves.

    """

    verb: Verb
    rule: str = ""
    reason: str = ""
    when: Instant | None = None
    id: str = ""


class Malformed(NamedTuple):
    """Say what is wrong with a word.

    Attributes:
        flaw: what it is.
        told: what was written there, where that is to be shown.
        verb: which word was meant; `None` where that is not known.

    """

    flaw: Flaw
    told: str = ""
    verb: Verb | None = None


def asked(verb: str, argument: str | None, zone: ZoneInfo) -> Asked | Malformed:
    """Give what a word asks for; where it is malformed, what is wrong with it.

    Args:
        verb: as written.
        argument: what stood behind it.
        zone: the desk's, for dates: `received` means the start of that day, `until` its end.

    """
    known = VERBS.get(verb)
    told = argument or ""
    if known is None:
        return Malformed(Flaw.unknown, verb)
    if known in {Verb.check, Verb.called}:
        return Asked(known)
    if not told:
        return Malformed(Flaw.bare, verb, known)
    if known is Verb.received:
        when = instant_of(told, zone)
        return Malformed(Flaw.no_date, told, known) if when is None else Asked(known, when=when)
    if known is Verb.not_complaint:
        return Asked(known, reason=told)
    if known is Verb.approve:
        return Asked(known, id=told.split()[0])
    if known is Verb.dispute:
        rule, _, reason = told.partition(" ")
        if not reason.strip():
            return Malformed(Flaw.no_reason, verb=known)
        return Asked(known, rule=rule, reason=reason.strip())
    return _waive(told, zone)


def _waive(told: str, zone: ZoneInfo) -> Asked | Malformed:
    found = _WAIVE.fullmatch(told)
    if found is None:
        flaw = Flaw.no_end if " until " not in f"{told} " else Flaw.no_rule
        return Malformed(flaw, verb=Verb.waive)
    until = instant_of(found[3], zone)
    if until is None:
        return Malformed(Flaw.no_date, found[3], Verb.waive)
    if _DAY.fullmatch(found[3]):
        # That day still counts.
        day = moment(until, zone)
        following = instant_of(f"{day.date().fromordinal(day.toordinal() + 1)}", zone)
        until = until if following is None else following
    return Asked(Verb.waive, rule=found[1], reason=found[2], when=until)
