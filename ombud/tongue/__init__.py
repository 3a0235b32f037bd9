"""The languages in which Ombud speaks to agents: one file each, the same names in all of them.

A further language is one more file, and its line here. What it lacks is told by mypy, and by
tests/unit/test_tongues.py where a table is not full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.tongue import de, en
from ombud.tongue.form import PageWords, Reading, Tongue

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Every language, by its ISO 639-1 code.
TONGUES: Final[Mapping[str, Tongue]] = {each.code: each for each in (en.TONGUE, de.TONGUE)}
ENGLISH: Final = en.TONGUE

__all__ = ["ENGLISH", "TONGUES", "PageWords", "Reading", "Tongue"]
