"""The mapping file's words about messages and problems, right and wrong."""

from __future__ import annotations

import pytest

from ombud.mapping_file import load_mapping, mapping_of
from ombud.model.mapping import Mapping
from ombud.toml import SettingsError

OLD = """
[stages]
"1" = {stage = "received"}
[markers]
response = ["#response"]
holding_notice = ["#holding"]
[milestones]
holding_sent = [{message = {by = "agent", to = "complainant", kind = "holding_notice"}}]
"""
NEW = """
[fields]
root_cause = {id = "cf1"}
[markers]
decision = "#decision"
[markers.response]
en = ["#response", "Kind regards"]
DE = "#antwort"
[macros]
"360006117053" = "acknowledgement"
[communications]
tags = {complaint-holding = "holding"}
kind_field = {id = "cf9", values = {decision = ["d1", "d2"], recourse = "r"}}
[problem]
links = "Problem/Incident"
fields = ["root_cause"]
"""


def load(folder, text):
    file = folder / "x.mapping.toml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file, "Europe/Berlin")


def test_a_mapping_written_before_kinds_were_a_closed_list_is_understood(tmp_path):
    mapping = load(tmp_path, OLD)
    assert mapping.markers == {"response": ("#response",), "holding": ("#holding",)}
    assert [line.kind for line in mapping.milestones["holding_sent"]] == ["holding"]
    assert mapping.languages == {}


def test_kinds_are_named_by_marker_macro_tag_and_field(tmp_path):
    mapping = load(tmp_path, NEW)
    assert mapping.markers["response"] == ("#response", "Kind regards", "#antwort")
    assert mapping.languages == {"response": {"en", "de"}}
    assert mapping.macros == {"360006117053": "acknowledgement"}
    assert mapping.tags == {"complaint-holding": "holding"}
    assert mapping.kind_field.values == {"d1": "decision", "d2": "decision", "r": "recourse"}
    assert (mapping.problem.links, mapping.problem.fields) == ({"Problem/Incident"}, {"root_cause"})


def test_what_is_not_said_leaves_the_digest_as_it_was(tmp_path):
    assert load(tmp_path, NEW).digest != load(tmp_path, NEW.replace("#antwort", "#reply")).digest
    assert load(tmp_path, NEW).digest != load(tmp_path, NEW.replace("holding =", "held =")).digest
    assert Mapping()._said_of_messages() == {}


@pytest.mark.parametrize(
    "right, wrong, said",
    [
        ('"acknowledgement"', '"acknowledgment"', "is no kind of message; kinds are automatic_reply"),
        ("decision = [", "verdict = [", "'verdict' is no kind of message"),
        ('decision = "#', 'verdict = "#', "'verdict' is no kind of message"),
        ('fields = ["root_cause"]', 'fields = ["cause"]', "shares cause, which [fields] does not map"),
        ('links = "Problem/Incident"\n', "", "is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_remedy(tmp_path, right, wrong, said):
    with pytest.raises(SettingsError, match=r"x\.mapping\.toml") as told:
        load(tmp_path, NEW.replace(right, wrong))
    assert said in str(told.value)


def test_an_option_s_name_belongs_to_one_of_the_values_and_changes_no_verdict():
    told = {"id": "f1", "values": {"high": ["1", "2"]}}
    plain = mapping_of({"fields": {"severity": told}}, "UTC")
    named = mapping_of({"fields": {"severity": {**told, "names": {"2": "Hoch"}}}}, "UTC")
    assert named.fields["severity"].names == {"2": "Hoch"}
    assert named.digest == plain.digest
    assert named.spoken != plain.spoken
    with pytest.raises(ValueError, match="'3', which is none of its values"):
        mapping_of({"fields": {"severity": {**told, "names": {"3": "Hoch"}}}}, "UTC")
