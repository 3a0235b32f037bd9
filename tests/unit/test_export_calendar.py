from __future__ import annotations

import re

from ombud.model.instant import DAY, HOUR
from sync.export.calendar import Due, ics_chunks

NOON = 20_635 * DAY + DAY // 2


def lines(*dues, name="Deadlines"):
    raw = b"".join(ics_chunks(dues, name=name, stamp=NOON))
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return raw.decode().replace("\r\n ", "").split("\r\n")


def test_each_deadline_is_one_event_in_utc():
    told = lines(
        Due("a@ombud", NOON + HOUR, "PAY-1: answer", url="https://desk.example/1"),
        Due("b@ombud", NOON, "PAY-2: answer", late=True),
    )
    assert told.count("BEGIN:VEVENT") == 2
    assert told[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert told[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20260701T130000Z" in told
    assert "DTSTAMP:20260701T120000Z" in told
    assert "URL:https://desk.example/1" in told
    assert [each for each in told if each.startswith("UID")] == ["UID:a@ombud", "UID:b@ombud"]


def test_a_long_line_is_folded_between_characters():
    text = "Beschwerde über Größe 日本語 𝕏 " * 9
    assert f"SUMMARY:{text}" in lines(Due("a", NOON, text))


def test_a_text_cannot_add_a_line_of_its_own():
    hostile = "x\r\nEND:VEVENT\nATTACH:file;a,b\\c\u202e"
    told = lines(Due("a", NOON, hostile, hostile, "https://desk/\r\nATTACH:x y"), name=hostile)
    assert not any(re.match("ATTACH", each) for each in told)
    assert told.count("END:VEVENT") == 1
    assert "SUMMARY:x\\nEND:VEVENT\\nATTACH:file\\;a\\,b\\\\c[U+202E]" in told
    assert "URL:https://desk/%0D%0AATTACH:x%20y" in told
