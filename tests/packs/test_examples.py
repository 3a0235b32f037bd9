"""The packs of the examples stand up to lint, and their own examples come out as stated."""

from __future__ import annotations

import pytest

from policies.examples import run_examples
from policies.lint import lint
from tests.desks import EXAMPLES

PACKS = sorted(EXAMPLES.glob("*/*.pack.yaml"))


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.stem)
def test_an_example_pack_is_sound(pack):
    assert list(lint(pack)) == []
    results = list(run_examples(pack))
    assert results
    assert [each for each in results if not each.ok] == []
