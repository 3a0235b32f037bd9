"""The planted patterns: hand-made lives of complaints, and which rules each breaks or nearly breaks."""

from __future__ import annotations

from ombud.sandbox.patterns import (
    acknowledge,
    assess,
    close,
    decide,
    investigate,
    objectivity,
    receipt,
    respond,
)
from ombud.sandbox.seed_life import Pattern

PATTERNS: tuple[Pattern, ...] = (
    *receipt.PATTERNS,
    *acknowledge.PATTERNS,
    *assess.PATTERNS,
    *investigate.PATTERNS,
    *respond.PATTERNS,
    *decide.PATTERNS,
    *close.PATTERNS,
    *objectivity.PATTERNS,
)
