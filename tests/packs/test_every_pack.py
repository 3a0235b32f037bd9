"""Every pack that comes with Ombud: sound, covered, its mutants killed or explained, its page current."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from policies.lint import lint
from policies.load import PACKS, built_in
from policies.reference import figures, page
from policies.trial import try_pack

trial = cache(lambda name: try_pack(name, mutate=True))
each = pytest.mark.parametrize("name", built_in())


@each
def test_lint_finds_nothing(name) -> None:
    assert [str(problem) for problem in lint(name)] == []


@each
def test_every_example_comes_out(name) -> None:
    assert trial(name).outcomes
    assert [str(outcome) for outcome in trial(name).failed] == []


@each
def test_examples_leave_nothing_out(name) -> None:
    assert trial(name).gaps == ()


@each
def test_mutants_are_killed_or_explained(name) -> None:
    score = trial(name).score
    assert score is not None
    assert score >= 0.95
    assert [str(survivor) for survivor in trial(name).unexplained] == []
    assert trial(name).problems == []


@each
def test_its_page_is_current(name) -> None:
    path = PACKS / name / "README.md"
    assert path.is_file(), f"python -m policies.reference {name}"
    assert path.read_text("utf-8") == page(name), f"python -m policies.reference {name}"


def test_the_figures_in_the_docs_are_those_found() -> None:
    path = Path(__file__).parents[2] / "docs/reference/packs.md"
    told = figures([trial(name) for name in built_in()])
    assert path.read_text("utf-8") == told, f"python -m policies.reference --figures {path.name}"
