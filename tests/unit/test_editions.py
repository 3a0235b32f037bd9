"""The legal version is the one that held when a complaint was received, in its latest patch."""

from __future__ import annotations

from datetime import date

import pytest

from policies.load import in_force, load_editions
from policies.vocabulary import PackError

PACK = """\
pack: law
version: {version}
title: Law
effective: {effective}
rules:
  - {{id: a.b, title: A, severity: major, deadline: {{from: received, until: closed, within: [{{weeks: {weeks}}}]}}}}
"""


def write(folder, name, version, effective, weeks, pack="law"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    text = PACK.format(version=version, effective=effective, weeks=weeks)
    path.write_text(text.replace("pack: law", f"pack: {pack}"), "utf-8")


@pytest.fixture
def law(tmp_path):
    write(tmp_path, "pack.yaml", "3.0.0", "{from: 2026-04-08}", 6)
    write(tmp_path, "editions/two.yaml", "2.0.9", "{from: 2020-01-01, to: 2026-04-07}", 8)
    write(tmp_path, "editions/patched.yaml", "2.0.10", "{from: 2020-01-01, to: 2026-04-07}", 7)
    return tmp_path


@pytest.mark.parametrize(
    "day, version",
    [
        ("2019-12-31", None),
        ("2020-01-01", "2.0.10"),
        ("2026-04-07", "2.0.10"),
        ("2026-04-08", "3.0.0"),
        ("2030-01-01", "3.0.0"),
    ],
)
def test_chosen_by_receipt_then_by_patch(law, day, version):
    found = in_force(load_editions(law), date.fromisoformat(day))
    assert (found.version if found else None) == version


def test_an_edition_of_another_pack_is_refused(law):
    write(law, "editions/other.yaml", "1.0.0", "{from: 2010-01-01}", 8, pack="other")
    with pytest.raises(PackError, match='edition of "other"'):
        load_editions(law)


def test_two_editions_of_one_version_are_refused(law):
    write(law, "editions/again.yaml", "2.0.9", "{from: 2010-01-01}", 8)
    with pytest.raises(PackError, match=r"has the version 2\.0\.9 of another"):
        load_editions(law)
