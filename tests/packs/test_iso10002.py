"""The pack that comes with Ombud: complete, with good and bad examples, and described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies.examples import run_examples
from policies.lint import lint
from policies.load import PACKS, built_in, files_of, load_pack
from policies.marked import read
from policies.rule import Guard
from policies.schema import examples_schema, pack_schema

PACK = load_pack("iso10002")
OUTCOMES = run_examples("iso10002")
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", built_in())
def test_lint_finds_nothing(name) -> None:
    assert [str(problem) for problem in lint(name)] == []


@pytest.mark.parametrize(
    "outcome", OUTCOMES, ids=[f"{o.example.rule}: {o.example.name}" for o in OUTCOMES]
)
def test_an_example_comes_out_as_it_says(outcome) -> None:
    assert outcome.ok, str(outcome)


def test_there_are_at_least_twenty_five_rules_each_with_a_clause() -> None:
    assert len(PACK.rules) >= 25
    assert all(rule.clauses for rule in PACK.rules)


def test_each_profile_holds_the_one_below_it() -> None:
    starter, standard, strict = (
        set(PACK.profiles[name]) for name in ("starter", "standard", "strict")
    )
    assert starter < standard < strict
    assert strict == {rule.id for rule in PACK.rules}


def test_starter_asks_for_at_most_eight_rules_and_six_fields() -> None:
    rules = PACK.configured({}, "starter").rules
    fields = {name for rule in rules for name in rule.names} & set(PACK.vocabulary)
    assert len(rules) <= 8
    assert len(fields) <= 6, sorted(fields)


def test_every_number_is_a_parameter() -> None:
    def numbers(part, inside) -> list:
        if isinstance(part, dict):
            return [found for key, each in part.items() for found in numbers(each, (*inside, key))]
        if isinstance(part, list):
            return [found for each in part for found in numbers(each, inside)]
        return [inside] if isinstance(part, int | float) and not isinstance(part, bool) else []

    assert numbers(json.loads(PACK.content)["rules"], ()) == []


def test_every_default_may_be_set_to_another_value() -> None:
    changed = {
        name: param.default + 1 if isinstance(param.default, int) else ["critical"]
        for name, param in PACK.params.items()
    }
    configured, usual = PACK.configured(changed, "strict"), PACK.configured({}, "strict")
    assert configured.params_digest != usual.params_digest
    assert configured.digest == usual.digest
    parameterised = {
        rule["id"] for rule in json.loads(PACK.content)["rules"] if '"param"' in json.dumps(rule)
    }
    before = {rule.id: rule for rule in usual.rules}
    assert {rule.id for rule in configured.rules if rule != before[rule.id]} == parameterised


def test_only_guards_may_block() -> None:
    assert all(isinstance(rule.body, Guard) for rule in PACK.rules if rule.mode == "block")


def test_the_readme_has_a_heading_for_each_rule_and_a_line_for_each_parameter() -> None:
    text = (PACKS / "iso10002" / "README.md").read_text("utf-8")
    headings = {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")}
    assert headings == {rule.id for rule in PACK.rules}
    for rule in PACK.rules:
        assert rule.sentence(PACK.vocabulary) in text
    for name, param in PACK.params.items():
        assert f"| `{name}` | " in text
        assert param.help in text


def test_nothing_claims_more_than_alignment() -> None:
    for path in sorted((PACKS / "iso10002").rglob("*.*")):
        text = path.read_text("utf-8").lower()
        assert "compliant" not in text
        assert "certified" not in text


def test_the_editors_schema_is_current() -> None:
    held = json.loads((CHECKOUT / "docs/reference/pack.schema.json").read_text("utf-8"))
    assert held == pack_schema(), (
        "write it anew: python -m policies.schema > docs/reference/pack.schema.json"
    )


def test_the_pack_and_its_examples_fit_their_schemas() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator
    validator.check_schema(pack_schema())
    validator(pack_schema()).validate(files_of("iso10002")[0].content)
    for path in sorted((PACKS / "iso10002" / "tests").glob("*.yaml")):
        validator(examples_schema()).validate(read(path.read_bytes(), path).content)


@pytest.mark.parametrize(
    "broken",
    [
        {"guard": {"must": {"present": "a", "all": []}}},
        {"guard": {"must": {"param": "x"}}},
        {"guard": {"must": {"severity": {"in": []}}}},
        {"guard": {"must": {"severity": None}}},
        {"guard": {"mus": {"present": "a"}}},
        {"deadline": {"from": "received", "until": "closed", "within": []}},
    ],
)
def test_the_editors_schema_refuses_what_the_loader_refuses(broken) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    content = {
        "pack": "p",
        "version": "1.0.0",
        "title": "P",
        "effective": {"from": "2026-01-01"},
        "rules": [{"id": "a.b", "title": "T", "severity": "minor", **broken}],
    }
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, pack_schema())
