"""Judge the stored history by two packs, and list the complaints that fare otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.facts import Verdict
from ombud.model.scope import Decision
from ombud.settings import TrustSettings
from policies.load import load_pack
from policies.waiver import waive
from sync.again import fold_again
from sync.binding import bind, pack_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.settings import Settings
    from ombud.store import Store
    from policies.judge import Judgement
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere

    Tell = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Tell a complaint that fares otherwise by the second pack.

    Attributes:
        rule: the rule's id.
        change: "newly failing", or "newly passing": it fails no longer, whatever else it does.
        ref: the ticket.
        key: its key, for people.
        url: its address.
        before: verdict by the first pack; `None` where it says nothing.
        after: verdict by the second.

    """

    rule: str
    change: str
    ref: str
    key: str
    url: str
    before: Verdict | None
    after: Verdict | None


def compare_history(
    settings: Settings,
    elsewhere: Elsewhere,
    store: Store,
    bound: Bound,
    packs: tuple[str, str],
    now: Instant,
    tell: Tell | None = None,
) -> Iterator[Otherwise]:
    """Judge each stored complaint of a binding by two packs.

    The binding's parameters go to both packs, as far as they have them; its profile, where they have it.

    Raises:
        PackError: where a pack can not be read.

    """
    # A draft may be looked at unsigned: nothing here puts it in force.
    anybody = settings.model_copy(update={"trust": TrustSettings()})
    one, other = (_bound(anybody, bound, pack) for pack in packs)
    yield from compare_bounds(one, other, elsewhere, store, now, tell=tell)


def compare_bounds(
    one: Bound,
    other: Bound,
    elsewhere: Elsewhere,
    store: Store,
    now: Instant,
    *,
    waivers: tuple[Sequence[Waiver], Sequence[Waiver]] = ((), ()),
    tell: Tell | None = None,
) -> Iterator[Otherwise]:
    """Judge each stored complaint by two bindings, each with its waivers, and give those that fare otherwise."""
    for done, folded in enumerate(fold_again(one, elsewhere, store), 1):
        if tell is not None:
            tell(done, None, "")
        lead = folded.lead
        if lead.decision is not Decision.complaint:
            continue
        again = other.fold.fold(folded.events, complete=folded.complete)
        judged = one.judge.judge(folded.complaint, now)
        before = _worst(waive(judged, folded.complaint, waivers[0], now))
        after = _worst(waive(other.judge.judge(again, now), again, waivers[1], now))
        for rule in sorted({*before, *after}):
            was, is_ = before.get(rule), after.get(rule)
            if (was is Verdict.failed) != (is_ is Verdict.failed):
                change = "newly failing" if is_ is Verdict.failed else "newly passing"
                yield Otherwise(rule, change, str(lead.ref), lead.key, lead.url, was, is_)


def _bound(settings: Settings, bound: Bound, pack: str) -> Bound:
    """Bind a pack in the place of a binding's own, every rule of it that its profile has."""
    loaded = load_pack(pack_source(settings, pack).source)
    binding = bound.settings
    params = {name: each for name, each in binding.params.items() if name in loaded.params}
    profile = (
        binding.profile if binding.profile in loaded.profiles else next(iter(loaded.profiles), "")
    )
    changed = binding.model_copy(
        update={"pack": pack, "params": params, "profile": profile, "mode": "block", "modes": {}}
    )
    return bind(settings, changed)


def _worst(judged: Iterable[Judgement]) -> dict[str, Verdict]:
    """Give each rule's verdict: failed, where it failed at any occurrence."""
    found: dict[str, Verdict] = {}
    for each in judged:
        if found.get(each.rule.id) is not Verdict.failed:
            found[each.rule.id] = each.verdict
    return found
