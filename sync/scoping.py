"""Which tickets are complaints, by the scope and by what people decided where it leaves that open.

The scope comes first: what it takes for a complaint is one, whatever anybody decided. Of all others the last decision
of a person counts, if there is one; a decision to leave it "undecided" gives the ticket back to the scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.scope import Decision
from ombud.store import TriageRow, name_of
from ombud.store.live import Hint
from sync.decisions import overtaken, shown_as
from sync.note import wall
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.store import Outside, Store
    from sync.binding import Bound
    from sync.persons import Person
    from sync.service import Service

#: What somebody may decide, and how that is said.
WORDS: Final = {
    Decision.complaint: "a complaint",
    Decision.not_a_complaint: "not a complaint",
    Decision.undecided: "for the scope to say",
}
_LONGEST: Final = 1_000


def scoped(
    store: Store, bound: Bound, tickets: Iterable[tuple[Ref, Mapping[str, tuple[str, ...]]]]
) -> dict[Ref, Decision]:
    """Say what tickets are to a binding, by their attributes and by what people decided."""
    found = {ref: bound.scope.decide(facets) for ref, facets in tickets}
    open_to = [ref for ref, decision in found.items() if decision is not Decision.complaint]
    if open_to:
        for ref, row in store.improve.said(open_to).items():
            decided = Decision(row.decision)
            if decided is not Decision.undecided and row.binding == bound.name:
                found[ref] = decided
    return found


def reason_of(store: Store, ref: Ref, *, by: Instant | None = None) -> str | None:
    """Give why somebody decided that a ticket is no complaint; `None` where nobody did, or had by an instant."""
    row = store.improve.said([ref], by=by).get(ref)
    return row.why if row is not None and row.decision == Decision.not_a_complaint else None


def shown_ticket(ref: Ref, last: TriageRow | None) -> str:
    """Give what a page says that was decided about a ticket when it was shown."""
    return shown_as((ref.account, ref.id, last))


def decide_ticket(
    service: Service, ticket: Outside, decision: Decision, *, why: str, by: Person, shown: str | None
) -> TriageRow:  # fmt: skip
    """Decide whether a ticket is a complaint; it is looked at again at once.

    Args:
        service: the service.
        ticket: the ticket, as it was last seen.
        decision: what it is; undecided gives it back to the scope.
        why: the reason.
        by: who decides.
        shown: what their page said that was decided before; `None` does not ask.

    Raises:
        Refused: there is no reason, the scope itself takes it for a complaint, or somebody decided meanwhile.

    """
    told, now, ref = " ".join(why.split())[:_LONGEST], service.now(), ticket.ref
    if not told:
        raise Refused("A decision says why. Give a reason")
    with service.store.improve.writing() as acts:
        last = acts.said([ref]).get(ref)
        if shown is not None and shown != shown_ticket(ref, last):
            raise overtaken(last_of_ticket(ticket, last, service))
        by_people = last is not None and last.decision == Decision.complaint
        if ticket.decision == Decision.complaint and not by_people:
            raise Refused(
                f"The scope of {ticket.binding} takes {ticket.key} for a complaint. Change that in the helpdesk"
            )
        row = TriageRow(
            ref.account, ref.id, ticket.key, ticket.binding, decision.value, told, *by, now
        )
        acts.keep(row)
        name = name_of("triage", ref.account, ref.id, now)
        acts.log(f"triage {decision.value}", name, row, by=by.key, known_at=now)
        acts.look_again(ref)
    if service.asks(ref.account):
        service.store.live.put_hints([Hint(ref, f"triage/{name}", now)])
    return row


def last_of_ticket(ticket: Outside, last: TriageRow | None, service: Service) -> str:
    """Say what was decided last about a ticket, by whom and when, without a full stop."""
    if last is None:
        return f"{ticket.key} was not decided by anybody"
    who = last.decided_name or "an account of the helpdesk"
    said = WORDS[Decision(last.decision)]
    return f"{ticket.key} was decided to be {said} by {who} on {wall(last.decided, service.zone)}"
