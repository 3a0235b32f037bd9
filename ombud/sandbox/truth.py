"""What a seed planted: every failure, and every near miss that must not be reported."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Planted:
    """One rule at one occurrence of one ticket, and the pattern it came from.

    `occurrence` is an instant in UTC (a deadline's start, a guard's transition) or "-" for a standing condition.
    `verdict` is "fail" for a failure and "not_fail" for a near miss, which passes or does not apply.
    """

    ref: str
    key: str
    rule: str
    occurrence: str
    verdict: str
    planted: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that fails in a seeded world at `until`, and what nearly does; the rest does not fail."""

    seed: int
    tickets: int
    until: str
    failures: tuple[Planted, ...]
    near_misses: tuple[Planted, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the truth as plain values, ready for JSON."""
        return {
            "seed": self.seed,
            "tickets": self.tickets,
            "until": self.until,
            "failures": [asdict(one) for one in self.failures],
            "near_misses": [asdict(one) for one in self.near_misses],
        }

    def write(self, path: Path) -> None:
        """Write the truth as JSON in UTF-8."""
        path.write_text(
            json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def printed(moment: datetime) -> str:
    """Return an instant as the truth writes it: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
