"""How one account fares: what was done, when last, and what keeps it from going on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ombud.model.instant import MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.model.facts import Instant

#: Rests after errors in a row.
_RESTS: Final = (5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE)


@dataclass(slots=True)
class Pulse:
    """Tell how one account fares.

    Attributes:
        account: the account.
        held: whether this process has the account.
        settled: tickets settled because a hint came or a deadline ran out.
        moved_back: tickets moved back.
        fired: deadlines and other instants that came, judged without asking the helpdesk.
        sweeps: sweeps that ended.
        last_sweep: when the last one ended.
        failures: errors in a row.
        resting: until when nothing is asked of the helpdesk.
        why: what keeps the account from going on, without secrets or personal data; "" where nothing does.
        broken: that nothing is written for a while, until when and why; "" where it is.
        on_settled: told, for every hint, the microseconds from its coming to the end of its settling.
        on_moved_back: told, for every ticket moved back, the microseconds from what was undone to its undoing, by the
            helpdesk's clock at its beginning and by ours at its end.

    """

    account: str
    held: bool = False
    settled: int = 0
    moved_back: int = 0
    fired: int = 0
    sweeps: int = 0
    last_sweep: Instant | None = None
    failures: int = 0
    resting: Instant = 0
    why: str = ""
    broken: str = ""
    on_settled: list[Callable[[int], None]] = field(default_factory=list)
    on_moved_back: list[Callable[[int], None]] = field(default_factory=list)

    def rest(self, now: Instant, why: str, *, least: int = 0) -> None:
        """Rest after an error, longer after each in a row, and as long as the helpdesk asks for."""
        span = max(_RESTS[min(self.failures, len(_RESTS) - 1)], least)
        self.failures += 1
        self.resting = max(self.resting, now + span)
        self.why = why

    def went_well(self) -> None:
        """Note that the helpdesk answered."""
        if self.failures:
            self.failures, self.why, self.resting = 0, "", 0
