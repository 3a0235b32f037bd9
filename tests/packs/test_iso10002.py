"""The pack that comes with Ombud: complete, with good and bad examples, and described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ombud.model.facts import Verdict
from policies.deadline import LATE_CLASSIFICATION
from policies.examples import SURVIVORS, run_examples
from policies.lint import lint
from policies.load import PACKS, built_in, files_of, load_pack
from policies.marked import read
from policies.rule import Guard
from policies.schema import examples_schema, pack_schema
from policies.trial import try_pack

PACK = load_pack("iso10002")
OUTCOMES = run_examples("iso10002")
CHECKOUT = Path(__file__).parents[2]
#: Rules of version 1.0.0; ids are never used for anything else.
FIRST_VERSION = {
    "receipt.complete",
    "receipt.category",
    "receipt.complainant_known",
    "receipt.recorded_in_time",
    "receipt.org_unit",
    "track.reference",
    "track.owner",
    "track.no_stage_skipped",
    "track.reopening_explained",
    "acknowledge.in_time",
    "acknowledge.before_work",
    "assess.severity",
    "assess.safety",
    "assess.safety_is_critical",
    "assess.complexity_and_impact",
    "assess.in_time",
    "investigate.recorded",
    "investigate.in_time",
    "investigate.second_reviewer",
    "respond.in_time",
    "respond.remedy_offered",
    "decide.told_in_time",
    "decide.told_before_close",
    "decide.recourse_told",
    "close.after_response",
    "close.outcome",
    "close.rejection_keeps_open",
    "close.silence_is_not_consent",
    "close.four_eyes",
    "close.with_root_cause",
    "objectivity.handler_not_subject",
    "objectivity.approver_not_subject",
}
EXITS = {"spam", "exit"}
SHORT_WAYS = EXITS | {"resolved_at_once"}
#: What holds for exits as well; of those that leave as spam nobody acknowledges anything.
ASKED_OF_EXITS = {
    "receipt.recorded_in_time",
    "receipt.details",
    "receipt.not_after_recording",
    "receipt.not_rewritten",
    "track.reference",
    "track.owner",
    "track.owner_always",
    "track.not_stagnating",
    "acknowledge.in_time",
    "acknowledge.before_work",
    "acknowledge.resent_in_time",
    "assess.safety_action_in_time",
    "assess.new_grading_explained",
    "investigate.evidence_kept",
    "close.redress_approved",
    "improve.action_owned",
    "improve.action_in_time",
    "improve.effect_checked_in_time",
    "objectivity.handler_not_subject",
    "objectivity.approver_not_subject",
    "objectivity.handler_never_subject",
    "objectivity.reviewer_not_subject",
    "objectivity.not_own_act",
    "confidentiality.permitted_groups",
    "confidentiality.no_leak",
    "charge.none",
    "access.language",
    "access.accommodation",
    "records.disposed_in_time",
    "exit.duplicate_names_original",
    "exit.withdrawal_on_record",
    "exit.out_of_scope_explained",
}
ASKED_OF_SPAM = {
    rule for rule in ASKED_OF_EXITS if not rule.startswith(("acknowledge.", "exit."))
} | {"exit.spam_second_look"}
LANGUAGES = {"en": "ltr", "de": "ltr", "fr": "ltr", "es": "ltr", "ar": "rtl"}
LATE = {
    "raised to high after the answer, which came too late for that",
    "raised to high when the five days were over, unanswered",
    "no duplicate after all, found when the ten days were over",
    "raised to critical after the decision, which came too late for that",
    "raised to critical after the acknowledgement, which came too late for that",
    "raised to critical after the assessment, which came too late for that",
    "called resolved at once after the closing, which came too late for that",
}
LATE_ANYWAY = {
    "late for a low one already, and raised afterwards",
    "severity filled in after the answer, high",
    "severity never filled in, the shortest term",
    "severity filled in after the decision, critical",
    "severity filled in after the acknowledgement, critical",
    "the date promised is emptied after the answer, and was promised all the same",
    "called a duplicate when the promise was broken and answered",
    "an agreed date is emptied before the action was carried out",
    "an agreed date is emptied after the action was carried out",
}
#: What a macro may leave for the agent or the helpdesk to fill in.
PLACEHOLDERS = {
    "customer",
    "agent",
    "reference",
    "due",
    "contact",
    "reason",
    "new_date",
    "outcome",
    "remedy",
    "recourse_body",
    "recourse_contact",
    "recourse_until",
}
MACROS = {language: PACKS / "iso10002" / "macros" / f"{language}.yaml" for language in LANGUAGES}


def macros_of(language) -> dict[str, dict]:
    content = read(MACROS[language].read_bytes(), MACROS[language]).content
    return {each["kind"]: each for each in content["macros"]}


@pytest.mark.parametrize("name", built_in())
def test_lint_finds_nothing(name) -> None:
    assert [str(problem) for problem in lint(name)] == []


@pytest.mark.parametrize(
    "outcome", OUTCOMES, ids=[f"{o.example.rule}: {o.example.name}" for o in OUTCOMES]
)
def test_an_example_comes_out_as_it_says(outcome) -> None:
    assert outcome.ok, str(outcome)


def test_there_are_at_least_fifty_five_rules_each_with_a_clause_of_the_standard() -> None:
    assert len(PACK.rules) >= 55
    for rule in PACK.rules:
        assert any(clause.standard == "ISO 10002:2018" for clause in rule.clauses), rule.id


def test_rules_answer_to_other_standards_too() -> None:
    told: dict[str, set[str]] = {}
    for rule in PACK.rules:
        for clause in rule.clauses:
            told.setdefault(clause.standard, set()).add(clause.clause)
    assert told["AS 10002:2022"] == {f"8.{n}" for n in range(2, 9)}
    assert told["ISO 9001:2015"] == {"7.5.3", "8.2.1", "9.1.2", "9.1.3", "10.2"}
    assert {f"7.{n}" for n in range(1, 10)} <= told["ISO 10002:2018"]


def test_every_rule_and_moment_is_shown_by_an_example() -> None:
    trial = try_pack("iso10002")
    assert trial.gaps == ()


def test_examples_tell_each_rule_from_its_mutants() -> None:
    trial = try_pack("iso10002", mutate=True)
    assert trial.problems == []
    assert [str(each) for each in trial.unexplained] == []
    assert trial.killed is not None
    assert trial.killed / (trial.killed + len(trial.survivors)) >= 0.95


def test_the_rules_of_the_first_version_are_still_there() -> None:
    assert {rule.id for rule in PACK.rules} >= FIRST_VERSION


def test_standard_asks_for_no_more_than_before_but_of_those_who_take_a_short_way() -> None:
    short_ways = {rule.id for rule in PACK.rules if set(rule.tracks) <= SHORT_WAYS and rule.tracks}
    assert len(short_ways) == 6
    standard = set(PACK.profiles["standard"])
    assert short_ways <= standard
    assert len(standard - short_ways) == 22
    assert standard - short_ways <= FIRST_VERSION


@pytest.mark.parametrize("track, asked", [("exit", ASKED_OF_EXITS), ("spam", ASKED_OF_SPAM)])
def test_exits_meet_a_few_demands_and_no_others(track, asked) -> None:
    assert {rule.id for rule in PACK.rules if not rule.tracks or track in rule.tracks} == asked


def test_what_was_classified_late_is_told_from_what_was_late_anyway() -> None:
    causes: dict[str | None, set[str]] = {LATE_CLASSIFICATION: set(), None: set()}
    for outcome in OUTCOMES:
        late = outcome.example.place.file.endswith("late_classification.yaml")
        if late and outcome.verdict is Verdict.failed:
            assert outcome.judgement is not None
            assert outcome.judgement.timing is not None
            causes[outcome.judgement.timing.cause].add(outcome.example.name)
    assert causes[LATE_CLASSIFICATION] == LATE
    assert causes[None] == LATE_ANYWAY


def test_each_profile_holds_the_one_below_it() -> None:
    starter, standard, strict = (
        set(PACK.profiles[name]) for name in ("starter", "standard", "strict")
    )
    assert starter < standard < strict
    assert strict == {rule.id for rule in PACK.rules}


def test_starter_asks_for_at_most_eight_rules_and_six_fields() -> None:
    rules = PACK.configured({}, "starter").rules
    # A track whose field nothing maps takes nobody, so that the tracks ask for no field.
    fields = {name for rule in rules for name in rule.needs} & set(PACK.vocabulary)
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


#: Other values of the parameters that are no numbers.
OTHERWISE = {
    "serious": ["critical"],
    "serious_priority": "urgent",
    "remedy_kinds": ["refund"],
    "root_cause_categories": ["process"],
    "permitted_groups": ["complaints", "legal"],
}


def test_every_default_may_be_set_to_another_value() -> None:
    values = {
        name: OTHERWISE[name] if name in OTHERWISE else param.default + 1
        for name, param in PACK.params.items()
    }
    configured, usual = PACK.configured(values, "strict"), PACK.configured({}, "strict")
    assert configured.params_digest != usual.params_digest
    assert configured.digest == usual.digest
    content = json.loads(PACK.content)
    own = {rule["id"] for rule in content["rules"] if '"param"' in json.dumps(rule)}
    # What is serious decides between the tracks, those of exits excepted, which come first.
    by_track = {rule.id for rule in PACK.rules if set(rule.tracks) - EXITS}
    before = {rule.id: rule for rule in usual.rules}
    changed = {rule.id for rule in configured.rules if rule != before[rule.id]}
    assert own <= changed <= own | by_track
    assert {rule.id for rule in PACK.rules if rule.tracks == ("serious",)} <= changed


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_macros_of_three_kinds_stand_in_every_language(language) -> None:
    content = read(MACROS[language].read_bytes(), MACROS[language]).content
    assert content["language"] == language
    assert content["direction"] == LANGUAGES[language]
    assert [each["kind"] for each in content["macros"]] == [
        "acknowledgement",
        "holding",
        "decision",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_macros_leave_the_same_to_fill_in_whatever_their_language(language) -> None:
    for kind, macro in macros_of(language).items():
        asked = set(re.findall(r"\{\{(.*?)\}\}", macro["text"]))
        assert asked <= PLACEHOLDERS
        assert asked == set(re.findall(r"\{\{(.*?)\}\}", macros_of("en")[kind]["text"]))


@pytest.mark.parametrize(
    "kind, needed",
    [
        ("acknowledgement", {"reference", "due", "contact"}),
        ("holding", {"reference", "reason", "new_date", "contact"}),
        (
            "decision",
            {"reference", "outcome", "reason", "recourse_body", "recourse_until", "contact"},
        ),
    ],
)
def test_a_macro_says_what_its_kind_asks_for(kind, needed) -> None:
    assert needed <= set(re.findall(r"\{\{(.*?)\}\}", macros_of("en")[kind]["text"]))


def test_the_first_line_of_a_macro_names_its_kind_and_no_other() -> None:
    texts = {
        (language, kind): macro["text"]
        for language in LANGUAGES
        for kind, macro in macros_of(language).items()
    }
    for told, text in texts.items():
        marker = text.splitlines()[0]
        assert "{{" not in marker
        assert [other for other, each in texts.items() if marker in each] == [told]


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
        if path.name == SURVIVORS:
            continue
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
