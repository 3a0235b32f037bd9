"""What `ombud init` makes of a helpdesk's own words for statuses."""

from __future__ import annotations

import tomllib

from ombud.model.connector import NativeStatus
from sync.suggest import _choices_text, match_stages


def test_statuses_are_matched_by_their_names_first():
    told = match_stages(
        [
            NativeStatus("1", "In Progress", "indeterminate"),
            NativeStatus("2", "Geschlossen", "done"),
            NativeStatus("3", "Waiting for customer", "indeterminate"),
            NativeStatus("4", "Parked", "indeterminate"),
        ]
    )
    assert told == {
        "1": ("investigating", None),
        "2": ("closed", None),
        "3": ("investigating", "complainant"),
    }


def test_what_a_helpdesk_counts_as_its_end_is_closed_whatever_it_is_called():
    told = match_stages(
        [
            NativeStatus("1", "Answered", "solved"),
            NativeStatus("2", "Shipped", "done"),
            NativeStatus("closed", "Closed", "closed"),
        ]
    )
    assert {stage for stage, _ in told.values()} == {"closed"}


def test_what_waits_by_its_category_waits_for_somebody():
    told = match_stages(
        [NativeStatus("1", "Parked", "hold"), NativeStatus("2", "Your turn", "pending")]
    )
    assert told == {
        "1": ("investigating", "third_party"),
        "2": ("investigating", "complainant"),
    }


def test_options_keep_their_own_names_where_those_are_other_words():
    severity = ("low", "high")
    told = _choices_text({"1": "Low", "2": "High (today)", "3": "High (now)"}, severity)
    assert tomllib.loads(f"of = {{id = 'x'{told}}}")["of"] == {
        "id": "x",
        "values": {"low": "1", "high": ["2", "3"]},
        "names": {"2": "High (today)", "3": "High (now)"},
    }
    assert "names" not in _choices_text({"1": "Low", "2": "Not upheld"}, ())
    hostile = _choices_text({"1": '"]\n[x]'}, ())
    assert tomllib.loads(f"of = {{id = 'x'{hostile}}}")["of"]["names"] == {"1": '"]\n[x]'}
