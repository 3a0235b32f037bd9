"""Runs: stored complaints judged again after a change, batch by batch, and only what differs written.

A run that is cut off goes on where it stopped, at the next sync. Where the store does not hold what is judged now
(other tickets, other fields), the run has the helpdesk read again, and ends with the sync that has read it.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from ombud.store import Settled
from sync.again import fold_page, judge_folded
from sync.compare import compare_bounds
from sync.live.notices import with_notices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.store import RunRow, Store
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.compare import Otherwise
    from sync.elsewhere import Elsewhere

    Tell = Callable[[int, int | None, str], None]

#: What the decision log says was done.
JUDGED_AGAIN: Final = "judged again"


def labelled(bound: Bound, run: RunRow) -> str:
    """Give the digests that the decision log keeps, with the run that brought the line about."""
    return json.dumps({**bound.digests, "run": run.id}, sort_keys=True)


def run_again(
    store: Store,
    bound: Bound,
    elsewhere: Elsewhere,
    waivers: Sequence[Waiver],
    run: RunRow,
    *,
    epoch: int,
    now: Callable[[], Instant],
    tell: Tell | None = None,
) -> RunRow:
    """Judge a binding's stored complaints again from where the run stopped; each batch is one transaction."""
    digests = labelled(bound, run)
    counts = Counter(json.loads(run.counts))
    for page in store.complaints(bound.name, after=run.cursor or ""):
        at = now()
        judged: list[Settled] = []
        for folded in fold_page(bound, elsewhere, store, page):
            if folded.lead.case != folded.complaint.case or folded.lead.gone is not None:
                continue
            found = judge_folded(bound, elsewhere, folded, waivers, at)
            judged.append(
                Settled(folded.lead, findings=found.findings, why=JUDGED_AGAIN, digests=digests)
            )
        counts["complaints"] += len(judged)
        since = store.first_sync(bound.account, bound.name, at, epoch)
        judged = with_notices(store, judged, since=since, now=at)
        with store.begin(bound.account, epoch) as tx:
            counts["changed"] += len(tx.put_judged(judged, known_at=at))
            run = run._replace(cursor=page[-1].case, counts=json.dumps(counts))
            tx.acts.put(run)
        if tell is not None:
            tell(counts["complaints"], None, run.label)
    return end_run(store, bound, run, epoch=epoch, now=now())


def end_run(store: Store, bound: Bound, run: RunRow, *, epoch: int, now: Instant) -> RunRow:
    """Note that a run has ended."""
    run = run._replace(ended=now)
    with store.begin(bound.account, epoch) as tx:
        tx.acts.put(run)
        tx.acts.log("run ended", run.id, run, by=None, known_at=now)
    return run


def effect(
    store: Store,
    elsewhere: Elsewhere,
    one: Bound,
    other: Bound,
    waivers: tuple[Sequence[Waiver], Sequence[Waiver]],
    *,
    now: Instant,
    tell: Tell | None = None,
) -> Iterator[Otherwise]:
    """Tell which stored complaints fare otherwise by `other` than by `one`, the configuration in force.

    Rules that read fields which were not read from the helpdesk yet are left out: nothing is known of them.
    """
    unread = set(unread_rules(one, other))
    for each in compare_bounds(one, other, elsewhere, store, now, waivers=waivers, tell=tell):
        if each.rule not in unread:
            yield each


def unread_rules(one: Bound, other: Bound) -> list[str]:
    """Give the rules of which nothing can be told before the helpdesk was read again, for their fields are new."""
    known = one.mapping.native_fields
    new = {name for name, of in other.mapping.fields.items() if of.id not in known}
    return sorted(
        {
            rule.id
            for edition in other.judge.editions
            for rule in edition.pack.rules
            if rule.names & new
        }
    )
