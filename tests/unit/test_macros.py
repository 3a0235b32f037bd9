"""Macros that packs ship: read with care, and written so that what they send says its kind."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from connectors import messages
from ombud.commands.macros import macros as commands
from ombud.mapping_file import load_mapping
from ombud.model.connector import Schema
from ombud.model.mapping import FieldOf, Mapping
from policies.vocabulary import PackError
from sync.macros import (
    list_macros,
    macros_for,
    tag_of,
    to_map,
    write_freshdesk,
    write_text,
    write_zendesk,
)

GERMAN = """language: de
macros:
  - kind: acknowledgement
    title: "Beschwerde: Eingang"
    text: |
      Eingang Ihrer Beschwerde

      Guten Tag {customer},

      Ihre Beschwerde {reference} ist da. Antwort bis {answer_date} & eher.
  - {kind: decision, title: Entscheidung, text: "Wir haben entschieden."}
"""


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "pack.yaml").write_text("pack: desk\n", encoding="utf-8")
    (tmp_path / "desk" / "macros").mkdir()
    (tmp_path / "desk" / "macros" / "de.yaml").write_text(GERMAN, encoding="utf-8")
    return tmp_path / "desk"


def test_a_pack_s_macros_are_listed_with_their_kinds(pack):
    told = [(each.pack, each.language, each.kind, each.title) for each in list_macros(str(pack))]
    assert told == [
        ("desk", "de", "acknowledgement", "Beschwerde: Eingang"),
        ("desk", "de", "decision", "Entscheidung"),
    ]


def test_a_language_that_is_not_there_is_said_with_those_that_are(pack):
    with pytest.raises(PackError, match="has no macros in 'fr'"):
        macros_for(str(pack), "fr")


@pytest.mark.parametrize(
    "right, wrong, line, said",
    [
        ("kind: decision", "kind: decicion", 11, "decicion"),
        ("title: Entscheidung", "titel: Entscheidung", 11, '"titel" is not known'),
        ("language: de", "language: en", 1, "is named after another language than en"),
        ("language: de\n", "", 1, "language"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(pack, right, wrong, line, said):
    file = pack / "macros" / "de.yaml"
    file.write_text(GERMAN.replace(right, wrong), encoding="utf-8")
    with pytest.raises(PackError) as told:
        list(list_macros(str(pack)))
    assert f"de.yaml:{line}" in str(told.value)
    assert said in str(told.value)


def test_a_zendesk_macro_sets_its_kind_in_the_update_that_sends_it(pack):
    first, second = json.loads(write_zendesk(macros_for(str(pack), "de"), Mapping()))
    assert set(first) == {"macro"}
    assert set(first["macro"]) == {"title", "active", "actions"}
    actions = {each["field"]: each["value"] for each in first["macro"]["actions"]}
    assert actions["comment_mode_is_public"] == "true"
    assert "{{ticket.requester.name}}" in actions["comment_value"]
    assert "bis [answer date]" in actions["comment_value"]
    tag = actions["current_tags"]
    assert not tag.startswith("ombud-")
    # What it sets is what reading understands, once the mapping names the tag.
    schema = Schema(tags={tag: "acknowledgement"})
    assert messages.changed(schema, tags=[tag]) == {"acknowledgement"}
    mapping = Mapping(kind_field=FieldOf("360", {"msg_decision": "decision"}))
    both = json.loads(write_zendesk(macros_for(str(pack), "de"), mapping))
    assert {"field": "custom_fields_360", "value": "msg_decision"} in both[1]["macro"]["actions"]
    assert any(each["field"] == "current_tags" for each in both[0]["macro"]["actions"])
    assert second["macro"]["title"] == "Entscheidung"


def test_a_text_s_first_line_marks_its_kind(pack):
    macros = macros_for(str(pack), "de")
    text = write_text(macros, Mapping())
    assert "Guten Tag [customer]," in text
    lines = to_map("jira", macros, Mapping())
    assert lines == [
        "[markers]",
        'acknowledgement = {de = ["Eingang Ihrer Beschwerde"]}',
        'decision = {de = ["Wir haben entschieden."]}',
    ]
    mapping = Mapping(markers={"decision": ("entschieden",)})
    assert [line.split(" ")[0] for line in to_map("rt", macros, mapping)] == [
        "[markers]",
        "acknowledgement",
    ]
    assert tag_of("contact_attempt", mapping) == "complaint-contact-attempt"


def test_what_the_mapping_is_asked_for_makes_sent_macros_understood(tmp_path):
    """The replies of the pack that comes with Ombud, in every language, as an agent sends them from Jira."""
    for language in ("ar", "de", "en", "es", "fr"):
        macros = macros_for("iso10002", language)
        file = tmp_path / f"{language}.mapping.toml"
        file.write_text("\n".join(to_map("jira", macros, Mapping())), encoding="utf-8")
        schema = Schema(markers=load_mapping(file, "UTC").markers)
        for macro in macros:
            sent = write_text([macro], Mapping()).split("===\n\n")[1]
            assert messages.marked(schema, sent) == {macro.kind}


def test_a_canned_response_is_html_that_shows_the_text(pack):
    first, _ = json.loads(write_freshdesk(macros_for(str(pack), "de"), Mapping()))
    assert "[answer date] &amp; eher" in first["content_html"]
    assert first["content_html"].startswith("<p>Eingang Ihrer Beschwerde</p><p>Guten Tag ")


def test_the_command_writes_a_file_and_says_what_the_mapping_needs(pack, tmp_path):
    out = tmp_path / "macros.json"
    asked = ["write", str(pack), "--vendor", "zendesk", "--language", "de", "--out", str(out)]
    told = CliRunner().invoke(commands, asked)
    assert told.exit_code == 0, told.output
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 2
    assert 'complaint-decision = "decision"' in told.output
    mapping = tmp_path / "x.mapping.toml"
    lines = told.output.split("needs:\n")[1].replace("  ", "")
    mapping.write_text(lines, encoding="utf-8")
    out.unlink()
    again = CliRunner().invoke(commands, [*asked, "--mapping", str(mapping)])
    assert again.exit_code == 0, again.output
    assert "needs" not in again.output
    refused = CliRunner().invoke(commands, asked)
    assert refused.exit_code == 2
    assert "exists already" in refused.output
