"""The list of docs/reference/asvs.md is whole, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ASVS = CHECKOUT / "docs/reference/asvs.md"


class TestList:
    """The list itself: what it names exists."""

    def test_every_test_that_it_names_exists(self):
        text = ASVS.read_text("utf-8")
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?(?:::(\w+))?`", text)
        assert len(named) > 80
        lacking = [each for each in named if not _exists(*each)]
        assert lacking == []

    def test_every_item_of_level_one_and_two_is_in_it_once(self):
        rows = re.findall(
            r"^\| (\d+\.\d+)\.([\d-]+) \|", ASVS.read_text("utf-8"), flags=re.MULTILINE
        )
        held = [(section, number) for section, span in rows for number in _spanned(span)]
        assert len(held) == len(set(held))
        assert set(held) == _items()

    def test_every_item_says_how_it_stands(self):
        for line in ASVS.read_text("utf-8").splitlines():
            if re.match(r"\| \d", line):
                _, number, about, how, _ = line.split("|")
                assert len(about.strip()) > 3, number
                assert re.search(r"`(tests|docs|sync|ombud|requirements)/|^ (Not |Partly|Open|By )", how), line  # fmt: skip


def _items():
    """Give levels 1 and 2 of the standard: section and number, by the comment in the list's head that has them."""
    told = re.search(r"<!-- items: (.*?) -->", ASVS.read_text("utf-8"), flags=re.DOTALL)
    parts = [part.partition(":") for part in told[1].split()]
    return {(section, number) for section, _, span in parts for number in _spanned(span)}


def _spanned(span):
    first, _, last = span.partition("-")
    return range(int(first), int(last or first) + 1)


@cache
def _names(path):
    """Give the tests of a file: functions, classes, and functions in classes."""
    found = set()
    for node in ast.parse((CHECKOUT / path).read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add((node.name, ""))
        if isinstance(node, ast.ClassDef):
            found |= {(node.name, each.name) for each in node.body if isinstance(each, ast.FunctionDef)}  # fmt: skip
    return found


def _exists(path, name, inner):
    return (CHECKOUT / path).exists() and (not name or (name, inner) in _names(path))
