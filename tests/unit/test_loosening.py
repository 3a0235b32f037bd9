"""An overlay adds and tightens; whatever asks less is declared with a reason, and reported."""

from __future__ import annotations

import pytest

from policies.load import load_pack
from policies.vocabulary import PackError

BASE = """\
pack: base
version: 1.0.0
title: Base
effective: {from: 2026-01-01}
vocabulary:
  owner: {type: person}
  product: {type: text}
  severity: {type: choice, values: [low, high], ordered: true}
rules:
  - id: own
    title: Own
    severity: minor
    mode: flag
    waivable: false
    guard: {entering: closed, when: {severity: high}, must: {all: [{present: owner}, {present: product}]}}
  - id: answer
    title: Answer
    severity: major
    deadline:
      from: received
      until: responded
      within: [{when: {severity: high}, business_days: 2}, {business_days: 5}]
      pauses: [{waiting: complainant, cap: {business_days: 10}}]
      extension: {by: holding_sent, within: {business_days: 9}}
profiles: {lean: [own, answer]}
"""
OWN = """\
pack: ours
version: 1.0.0
title: Ours
base: base.yaml
effective: {from: 2026-01-01}
"""
GUARD = "{entering: closed, when: {severity: high}, must: {all: [{present: owner}, {present: product}]}}"


def laid(tmp_path, text: str):
    (tmp_path / "base.yaml").write_text(BASE, "utf-8")
    path = tmp_path / "ours.yaml"
    path.write_text(OWN + text, "utf-8")
    return load_pack(path)


def own(guard: str = GUARD, *, severity="minor", mode="flag", waivable="false") -> str:
    return (
        f"rules:\n  - {{id: own, title: Own, severity: {severity}, mode: {mode}, "
        f"waivable: {waivable}, guard: {guard}}}\n"
    )


def answer(
    terms="[{when: {severity: high}, business_days: 2}, {business_days: 5}]",
    pauses="[{waiting: complainant, cap: {business_days: 10}}]",
    extension="{by: holding_sent, within: {business_days: 9}}",
) -> str:
    return (
        "rules:\n  - {id: answer, title: Answer, severity: major, deadline: {from: received, "
        f"until: responded, within: {terms}, pauses: {pauses}, extension: {extension}}}}}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        own(severity="major", mode="block"),
        own("{entering: closed, must: {all: [{present: owner}, {present: product}]}}"),
        own(GUARD.replace("{present: product}]", "{present: product}, {present: severity}]")),
        answer("[{when: {severity: high}, business_days: 1}, {business_days: 5}]"),
        answer(pauses="[{waiting: complainant, cap: {business_days: 3}}]"),
        answer(pauses="[]"),
        answer(extension="{by: holding_sent, within: {business_days: 8}}"),
    ],
)
def test_what_asks_as_much_or_more_needs_no_reason(tmp_path, text):
    assert laid(tmp_path, text).loosened == ()


@pytest.mark.parametrize(
    "text, what",
    [
        (own(mode="observe"), "mode observe instead of flag"),
        (own(severity="observation"), "severity observation instead of minor"),
        (own(waivable="true"), "it may be waived"),
        (
            own("{entering: closed, when: {severity: high}, must: {present: owner}}"),
            "must hold less",
        ),
        (own(GUARD.replace("closed", "responded")), "at another stage"),
        (
            own(GUARD.replace("{severity: high}", "{all: [{severity: high}, {present: owner}]}")),
            "applies to fewer",
        ),
        (answer("[{when: {severity: high}, business_days: 3}, {business_days: 5}]"), "longer"),
        (answer("[{business_days: 5}]"), "longer, or cannot be compared"),
        (answer(pauses="[{waiting: complainant, cap: {business_days: 11}}]"), "more stops"),
        (answer(pauses="[complainant, third_party]"), "more stops"),
        (answer(extension="{by: holding_sent, within: {business_days: 10}}"), "extended further"),
        ("profiles: {lean: [own]}\n", "profile lean leaves it out"),
    ],
)
def test_what_asks_less_is_refused_until_it_says_why(tmp_path, text, what):
    with pytest.raises(PackError) as caught:
        laid(tmp_path, text)
    (problem,) = caught.value.problems
    assert what in problem.what
    assert problem.file.endswith("ours.yaml")
    assert problem.line > 5
    rule = "answer" if "id: own" not in text else "own"
    pack = laid(tmp_path, f"loosen: [{{rule: {rule}, reason: agreed with the board}}]\n{text}")
    (told,) = pack.loosened
    assert (told.rule, told.reason) == (rule, "agreed with the board")
    assert what in told.what


def test_a_reason_for_what_is_not_loosened_is_refused(tmp_path):
    with pytest.raises(PackError, match="is not loosened"):
        laid(tmp_path, "loosen: [{rule: own, reason: for no reason}]\n" + own())
