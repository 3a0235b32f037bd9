"""A ticket's page "Can I close this?": where it stands, who may open it, and what it says, from the store alone."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ombud.model.event import Ref
from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.scope import Decision
from ombud.tongue import ENGLISH
from sync.again import fold_again, judge_folded
from sync.closing import CLOSED, findings_of, judge_closing
from sync.decide import latest
from sync.note import points

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.settings import Settings
    from ombud.store import Store, TicketState
    from ombud.tongue import Tongue
    from sync.again import Folded
    from sync.binding import Bound
    from sync.service import Service

#: Where pages of tickets stand; account and ticket follow.
PAGES = "/c/"
_ACTING = frozenset({"flag", "block"})


def page_of(settings: Settings, store: Store, ref: Ref) -> str | None:
    """Give the address of a ticket's page, for whoever may see the ticket; `None` where [serve] url is not set.

    Whoever has the address may look: it opens this one page and nothing else.
    """
    if settings.serve.url is None:
        return None
    ticket = quote(ref.id, safe="")
    return f"{settings.serve.url.rstrip('/')}{PAGES}{ref.account}/{ticket}?k={_key(store, ref)}"


def opened(settings: Settings, store: Store, account: str, ticket: str, key: str) -> Ref | None:
    """Give the ticket whose page a key opens; `None` where it opens none, for whatever reason."""
    known = settings.accounts.get(account)
    ref = Ref(account, known.vendor if known is not None else "", ticket)
    fits = hmac.compare_digest(_key(store, ref).encode(), key.encode("utf-8", "surrogatepass"))
    return ref if fits and known is not None else None


def _key(store: Store, ref: Ref) -> str:
    return store.page_key(f"{ref.account}/{ref.vendor}/{ref.id}")


@dataclass(frozen=True, slots=True)
class Outlook:
    """Say whether a ticket can be closed, as far as we know.

    Attributes:
        key: what people call it.
        url: where people open it.
        zone: of the desk.
        tongue: its language.
        judged: when this was judged.
        complaint: whether it is one.
        undecided: whether somebody has to say whether it is one.
        closed: whether it is closed already.
        trouble: why it could not be read the last time; "" where it could.
        now: what is missing already, and weighs whether it is closed or not.
        closing: what closing it would need besides.
        late: deadlines that ran out.
        running: deadlines that run, the nearest first.
        untold: rules that guard the closing and cannot be told, for want of data.

    """

    key: str
    url: str
    zone: ZoneInfo
    tongue: Tongue
    judged: Instant
    complaint: bool = False
    undecided: bool = False
    closed: bool = False
    trouble: str = ""
    now: tuple[Finding, ...] = ()
    closing: tuple[Finding, ...] = ()
    late: tuple[Finding, ...] = ()
    running: tuple[Finding, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def things(self) -> int:
        """Count the things that are missing, each once, as the note counts them."""
        return len({p.line for each in (*self.now, *self.closing) for p in points(each)})

    @property
    def clear(self) -> bool:
        """Tell whether nothing that we know of is in the way."""
        return not (self.now or self.closing or self.untold or self.trouble)


def outlook(service: Service, ref: Ref) -> Outlook | None:
    """Judge a ticket as if it were closed now, without asking the helpdesk; `None` where it is not known."""
    state = service.store.states([ref]).get(ref)
    if state is None:
        return None
    service.refresh()
    now = service.now()
    tongue = next((b.tongue for b in service.bounds if b.name == state.binding), ENGLISH)
    trouble = _trouble(state, tongue)
    undecided = state.decision is Decision.undecided
    blank = Outlook(
        state.key, state.url, service.zone, tongue, now, undecided=undecided, trouble=trouble
    )
    if state.case is None or state.decision is not Decision.complaint:
        return blank
    # Where two helpdesks have it, it is judged by the binding of the ticket that leads.
    names = {each.binding for each in service.store.case_of(ref)}
    for bound in service.bounds:
        if bound.name in names:
            for folded in fold_again(bound, service.elsewhere, service.store, only=ref):
                return _judged(service, bound, state, folded, now)
    return blank


def _judged(
    service: Service, bound: Bound, state: TicketState, folded: Folded, now: Instant
) -> Outlook:
    waivers = service.waivers(bound)
    complaint = folded.complaint
    found = judge_folded(bound, service.elsewhere, folded, waivers, now).findings
    acting = [each for each in latest(found) if each.mode in _ACTING]
    # What blocks comes first.
    failed = sorted(
        (each for each in acting if each.standing is Verdict.failed),
        key=lambda each: each.mode != "block",
    )
    runs = [each for each in acting if each.standing is Verdict.pending and each.due is not None]
    closed = complaint.stage == CLOSED
    closing = [] if closed else judge_closing(bound, complaint, waivers, now)
    standing = {each.rule for each in failed}
    return Outlook(
        key=state.key,
        url=state.url,
        zone=bound.mapping.tzinfo,
        tongue=bound.tongue,
        judged=now,
        complaint=True,
        closed=closed,
        trouble=_trouble(state, bound.tongue)
        or ("" if complaint.stage is not UNKNOWN else bound.tongue.on_page.no_stage),
        now=tuple(each for each in failed if each.due is None),
        closing=tuple(
            each
            for each in sorted(
                findings_of(bound, complaint, closing), key=lambda each: each.mode != "block"
            )
            if each.rule not in standing
        ),
        late=tuple(each for each in failed if each.due is not None),
        running=tuple(sorted(runs, key=lambda each: each.due or 0)),
        untold=tuple(
            each.rule.title for each in closing if each.verdict is Verdict.unknown
        ),
    )  # fmt: skip


def _trouble(state: TicketState, tongue: Tongue) -> str:
    if state.gone is not None:
        return tongue.on_page.gone
    return tongue.on_page.stale if state.failures else ""
