"""Count a pack's measures over what is stored: one pass over every complaint of a binding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.scope import Decision
from policies.measure import measure
from sync.again import fold_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ombud.model.facts import Complaint, Instant
    from policies.measure import Measure, Measured
    from sync.binding import Bound
    from sync.service import Service

    Tell = Callable[[int, int | None, str], None]

_STEP = 200


@dataclass(frozen=True, slots=True)
class Population:
    """Hold what a binding's measures counted.

    Attributes:
        bound: the binding.
        measured: what was counted.
        not_measured: measures whose data is not mapped, with what is missing.

    """

    bound: Bound
    measured: Sequence[Measured]
    not_measured: Sequence[tuple[Measure, tuple[str, ...]]]


def count_population(
    service: Service,
    bound: Bound,
    measures: Sequence[Measure],
    *,
    now: Instant,
    since: Instant | None = None,
    tell: Tell | None = None,
) -> Population:
    """Count measures over a binding's complaints, as of `now`; what happened later is left out."""
    known = bound.mapping.names
    missing = [(each, tuple(sorted(each.names - known))) for each in measures]

    def complaints() -> Iterator[Complaint]:
        folded = fold_again(bound, service.elsewhere, service.store, happened_by=now)
        for number, each in enumerate(folded, 1):
            if each.lead.decision is Decision.complaint:
                yield each.complaint
            if tell is not None and number % _STEP == 0:
                tell(number, None, "")

    able = [each for each, lacks in missing if not lacks]
    found = measure(able, complaints(), now, since) if able else []
    return Population(bound, found, [(each, lacks) for each, lacks in missing if lacks])
