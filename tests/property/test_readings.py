"""The readings of any condition agree on any row, in both contexts: as a closure, as SQL, and in English.

The SQL reading is put to SQLite, PostgreSQL and DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.facts import UNKNOWN
from ombud.model.mapping import FieldOf, Mapping
from ombud.tongue import TONGUES
from policies.english import allowed, reasons
from policies.expression import (
    All,
    Any,
    Compare,
    Not,
    Operator,
    Present,
    Type,
    leaves,
    names,
    normal_form,
)
from policies.row import compile_guard, compile_row
from policies.sql import compile_sql, decode, encode, verdict_sql
from sync.spoken import Speaker, choices_of
from tests.readings import Database, opened, table_of

LEVELS = ("low", "medium", "high")
TYPES = {
    "severity": Type.choice,
    "cause": Type.choice,
    "owner": Type.person,
    "approver": Type.person,
    "note": Type.text,
    "attempts": Type.number,
    "score": Type.number,
    "closed": Type.instant,
    "responded": Type.instant,
}
TEXTS = ["low", "medium", "high", "unheard of", "ann", "bob", "O'Neil; --", "%", "\u202eabc"]
NUMBERS = [0, 1, 2, 2.5, 1000, -3]
INSTANTS = [0, 1, 1_700_000_000_000_000, 1_700_000_000_000_001]
_TABLE = table_of(TYPES)


def constants(type_: Type) -> st.SearchStrategy:
    values = {Type.number: NUMBERS, Type.instant: INSTANTS}.get(type_, TEXTS)
    return st.sampled_from(values)


@st.composite
def leaf(draw: st.DrawFn) -> Present | Compare:
    name = draw(st.sampled_from(sorted(TYPES)))
    type_ = TYPES[name]
    kind = draw(st.sampled_from(["present", "one", "many", "measure", "field", "instants"]))
    if kind == "present":
        return Present(name, type_, draw(st.booleans()))
    if kind == "one":
        operator = draw(st.sampled_from([Operator.equals, Operator.equals_not]))
        return Compare(name, operator, (draw(constants(type_)),), None, type_)
    if kind == "many":
        operator = draw(st.sampled_from([Operator.one_of, Operator.none_of]))
        values = draw(st.lists(constants(type_), min_size=1, max_size=3, unique=True))
        return Compare(name, operator, tuple(values), None, type_)
    if kind == "measure":
        name = draw(st.sampled_from(["severity", "attempts", "closed"]))
        type_ = TYPES[name]
        operators = [Operator.at_least, Operator.below, Operator.at_most, Operator.above]
        order = LEVELS if name == "severity" else ()
        value = draw(st.sampled_from(LEVELS) if order else constants(type_))
        return Compare(name, draw(st.sampled_from(operators)), (value,), None, type_, order)
    if kind == "instants":
        operator = draw(st.sampled_from([Operator.not_after, Operator.after]))
        name, other = draw(st.permutations(["closed", "responded"]))
        return Compare(name, operator, (), other, Type.instant)
    operator = draw(st.sampled_from([Operator.same_as, Operator.differs_from]))
    other = draw(st.sampled_from([each for each in sorted(TYPES) if TYPES[each] is type_]))
    return Compare(name, operator, (), other, type_)


TREES = st.recursive(
    leaf(),
    lambda part: st.one_of(
        st.lists(part, max_size=4).map(lambda parts: All(tuple(parts))),
        st.lists(part, max_size=4).map(lambda parts: Any(tuple(parts))),
        part.map(Not),
    ),
    max_leaves=8,
)


@st.composite
def row(draw: st.DrawFn) -> dict:
    found = {}
    for name, type_ in TYPES.items():
        value = draw(st.one_of(st.none(), st.just(UNKNOWN), constants(type_), constants(type_)))
        if value is not UNKNOWN or draw(st.booleans()):
            found[name] = value
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "duckdb"])
def database(request) -> Iterator[Database]:
    with opened(request, _TABLE) as found:
        yield found


def read_sql(database: Database, rows: list[dict], expressions: list) -> list[tuple]:
    stored = [
        {"row": i} | {name: encode(each.get(name, UNKNOWN), TYPES[name]) for name in TYPES}
        for i, each in enumerate(rows)
    ]
    return database.read(stored, expressions)


@given(TREES, st.lists(row(), min_size=1, max_size=8))
def test_row_and_sql_agree_in_both_contexts(database, tree, rows) -> None:
    expressions = [compile_sql(tree, context, _TABLE.c.__getitem__) for context in ("when", "must")]
    closures = [compile_row(tree, context) for context in ("when", "must")]
    told = read_sql(database, rows, [each.label(f"e{i}") for i, each in enumerate(expressions)])
    for each, answers in zip(rows, told, strict=True):
        expected = tuple(closure(each) for closure in closures)
        assert tuple(None if answer is None else bool(answer) for answer in answers) == expected


@given(st.none() | TREES, TREES, st.lists(row(), min_size=1, max_size=8))
def test_row_and_sql_give_the_same_verdict(database, when, must, rows) -> None:
    asked = [verdict_sql(when, must, _TABLE.c.__getitem__).label("verdict")]
    told = read_sql(database, rows, asked)
    guard = compile_guard(when, must)
    assert [answer for (answer,) in told] == [guard(each).value for each in rows]


@given(TREES, row())
def test_a_negation_is_the_opposite_where_nothing_is_empty(tree, values) -> None:
    full = {name: value for name, value in values.items() if value is not None}
    told, opposite = (compile_row(each, "must")(full) for each in (tree, Not(tree)))
    if opposite is None:
        assert told is None
    else:
        assert told is not None
        assert told is not opposite


@given(TREES)
def test_the_normal_form_holds_no_negation_and_reads_the_same_names(tree) -> None:
    normal = normal_form(tree)
    assert "Not(" not in repr(normal).replace("Not(part", "Not(")
    assert names(normal) == names(tree)
    assert normal_form(normal) == normal


@given(TREES, row())
def test_an_empty_field_never_lets_a_comparison_hold_nor_a_condition_lapse(tree, values) -> None:
    comparisons = [each for each in leaves(normal_form(tree)) if isinstance(each, Compare)]
    for each in comparisons:
        emptied = {**values, each.name: None}
        assert compile_row(each, "must")(emptied) is False
        assert compile_row(each, "when")(emptied) is True


@given(TREES, row())
def test_what_becomes_known_never_turns_an_answer_round(tree, values) -> None:
    """Kleene: an answer given while something is unknown stands whatever it turns out to be."""
    for context in ("when", "must"):
        closure = compile_row(tree, context)
        before = closure(values)
        if before is not None:
            for name in TYPES:
                if values.get(name, UNKNOWN) is UNKNOWN:
                    for filled in (None, "low", "ann") if not TYPES[name].numeric else (None, 1):
                        assert closure({**values, name: filled}) is before


@given(TREES, row())
def test_there_are_reasons_exactly_where_a_condition_does_not_hold(tree, values) -> None:
    told = compile_row(tree, "must")(values)
    found = reasons(tree, values, {})
    if told:
        assert found == []
    elif any(True for _ in leaves(tree)) and "parts=()" not in repr(tree):
        assert found
        assert all((each.wrong == "unknown") is (told is None) for each in found)
        assert {each.field for each in found} <= names(tree)


NAMED = Mapping(
    fields={
        "severity": FieldOf(
            "f1",
            {"1": "low", "2": "high", "3": "medium"},
            "Schwere {word}",
            names={"2": "Hoch\u202e\n{label}"},
        ),
        "owner": FieldOf("f2", name="Wer"),
        "score": FieldOf("f3", type="number"),
    }
)
SPEAKERS = [
    Speaker(tongue, tongue.reading, mapping, {})
    for tongue in TONGUES.values()
    if tongue.reading is not None
    for mapping in (Mapping(), NAMED)
]


@pytest.mark.parametrize("number", range(len(SPEAKERS)))
@given(tree=TREES, values=row())
def test_every_language_names_the_same_fields_and_values(number, tree, values) -> None:
    speaker = SPEAKERS[number]
    reading = speaker.reading
    for found in reasons(tree, values, {}):
        whole = speaker.sentence(found)
        assert speaker.fix(found, tree).startswith(whole) or found.field in reading.advice
        for each in found.ways or (found,):
            said = speaker.sentence(each)
            assert said.endswith(".")
            inside = said.removesuffix(".")
            assert inside in whole or reading.inner(inside) in whole
            if each.wrong == "not_reached":
                assert said == reading.not_reached[each.field]
                continue
            assert speaker.label(each.field) in said
            if each.wrong != "value":
                continue
            if each.other is not None:
                assert speaker.label(each.other) in said
            for value in each.values:
                of = speaker.mapping.fields.get(each.field)
                known = choices_of(of, [value], reading.values) if of and value in TEXTS else []
                word = speaker.tongue.number(value) if value not in TEXTS else known or [value]
                told = word if isinstance(word, str) else word[0]
                assert told.lower() in said.lower() or reading.values.get(value, "") in said


@given(
    st.sampled_from(sorted(TYPES)).flatmap(
        lambda name: st.tuples(st.just(name), st.none() | st.just(UNKNOWN) | constants(TYPES[name]))
    )
)
def test_a_stored_value_comes_back(named) -> None:
    name, value = named
    assert decode(encode(value, TYPES[name]), TYPES[name]) == value


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "three"])
def test_what_is_no_number_is_stored_as_unknown_and_compares_as_unknown(wrong) -> None:
    assert encode(wrong, Type.number) is None
    tree = Compare("attempts", Operator.at_least, (2,), None, Type.number)
    assert compile_row(tree, "must")({"attempts": wrong}) is None


def test_allowed_values_are_those_with_which_the_condition_can_still_hold() -> None:
    tree = All(
        (
            Present("cause", Type.choice),
            Compare("cause", Operator.equals_not, ("unknown",), None, Type.choice),
        )
    )
    assert allowed(tree, "cause", ["billing", "unknown", "delivery"]) == ("billing", "delivery")
