"""Deadlines as a calendar that people subscribe to (iCalendar, RFC 5545)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ombud.model.instant import moment
from sync.export.table import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ombud.model.facts import Instant

MEDIA: Final = "text/calendar; charset=utf-8"
#: Octets of a line, its end not counted.
_LINE: Final = 75
_ESCAPED: Final = re.compile(r"[\\;,]")
#: Allowed in an address as it stands.
_ADDRESS: Final = ":/?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class Due:
    """Hold a deadline.

    Attributes:
        uid: names the deadline for good: the same for as long as it is due, wherever it moves.
        due: when.
        summary: one line, without personal data.
        description: more.
        url: where to read more.
        late: whether it was missed.

    """

    uid: str
    due: Instant
    summary: str
    description: str = ""
    url: str = ""
    late: bool = False


def ics_chunks(dues: Iterable[Due], *, name: str, stamp: Instant) -> Iterator[bytes]:
    """Give a calendar, one event a deadline.

    Args:
        dues: the deadlines.
        name: what the calendar is called.
        stamp: up to when what it says is known.

    """
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Ombud//Deadlines//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    )
    yield b"".join(map(_folded, head))
    for each in dues:
        yield b"".join(map(_folded, _event(each, stamp)))
    yield _folded("END:VCALENDAR")


def _event(each: Due, stamp: Instant) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(each.uid)}"
    yield f"DTSTAMP:{_utc(stamp)}"
    yield f"DTSTART:{_utc(each.due)}"
    yield f"SUMMARY:{_text(each.summary)}"
    if each.description:
        yield f"DESCRIPTION:{_text(each.description)}"
    if each.url:
        # An address is no text: it is not escaped, and cannot hold a line's end.
        yield f"URL:{quote(each.url.encode('utf-8', 'replace'), safe=_ADDRESS)}"
    yield f"CATEGORIES:{'Late' if each.late else 'Due'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(at: Instant) -> str:
    return moment(at).strftime("%Y%m%dT%H%M%SZ")


def _text(told: str) -> str:
    safe = shown(told).replace("\t", " ")
    return _ESCAPED.sub(lambda found: f"\\{found.group()}", safe).replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Give a line in pieces of 75 octets at most; no character is torn."""
    pieces, held, room = [], bytearray(), _LINE
    for letter in line:
        octets = letter.encode()
        if len(held) + len(octets) > room:
            pieces.append(bytes(held))
            # The blank before what goes on counts.
            held, room = bytearray(), _LINE - 1
        held += octets
    pieces.append(bytes(held))
    return b"\r\n ".join(pieces) + b"\r\n"
