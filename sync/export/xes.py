"""Histories of complaints as an event log (XES, IEEE 1849-2016), for tools that mine processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from ombud.model.instant import iso
from sync.export.table import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ombud.model.facts import Instant

MEDIA: Final = "application/xml"
_CHUNK: Final = 64 * 1024
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/" xes.version="1849.2016" xes.features="">
\t<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
\t<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
\t<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
\t<global scope="trace">
\t\t<string key="concept:name" value="unknown"/>
\t</global>
\t<global scope="event">
\t\t<string key="concept:name" value="unknown"/>
\t\t<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
\t\t<string key="lifecycle:transition" value="complete"/>
\t</global>
\t<classifier name="Activity" scope="event" keys="concept:name"/>
\t<classifier name="Activity and transition" scope="event" keys="concept:name lifecycle:transition"/>
\t<string key="lifecycle:model" value="standard"/>
"""

Told = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Hold an event: what, when, where it stands in an activity's life, and more by key."""

    name: str
    at: Instant
    transition: str = "complete"
    told: Mapping[str, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """Hold a complaint's history, its events in their order, and what is known of the complaint, by key."""

    name: str
    events: Iterable[Happened]
    told: Mapping[str, Told] = field(default_factory=dict)


def xes_chunks(
    traces: Iterable[Trace], *, name: str, about: Iterable[tuple[str, str]] = ()
) -> Iterator[bytes]:
    """Give a log, trace by trace; events stand in the order in which they are given.

    Args:
        traces: the histories.
        name: what the log is called.
        about: what has to be known of it.

    """
    told = {"concept:name": name}
    for word, said in about:
        key = f"ombud:{word.lower().replace(' ', '_')}"
        # A key stands once.
        told[key] = f"{told[key]}; {said}" if key in told else said
    parts = [_HEAD, *_attributes(told, 1)]
    length = 0
    for trace in traces:
        parts.append("\t<trace>\n")
        parts += _attributes({**trace.told, "concept:name": trace.name}, 2)
        for event in trace.events:
            parts.append("\t\t<event>\n")
            parts += _attributes(
                {**event.told, "concept:name": event.name, "lifecycle:transition": event.transition}, 3
            )  # fmt: skip
            parts.append(
                f'\t\t\t<date key="time:timestamp" value="{iso(event.at)}"/>\n\t\t</event>\n'
            )
            # A complaint may have a long history.
            length += sum(map(len, parts[-6:]))
            if length > _CHUNK:
                yield "".join(parts).encode()
                parts, length = [], 0
        parts.append("\t</trace>\n")
        length += 80
    parts.append("</log>\n")
    yield "".join(parts).encode()


def _attributes(told: Mapping[str, Told], depth: int) -> Iterator[str]:
    indent = "\t" * depth
    for key, value in told.items():
        if value is None:
            continue
        kind, text = _typed(value)
        yield f"{indent}<{kind} key={_quoted(key)} value={_quoted(text)}/>\n"


def _typed(value: str | float) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, int):
        return "int", str(value)
    if isinstance(value, float):
        return "float", repr(value)
    return "string", value


def _quoted(text: str) -> str:
    return quoteattr(shown(text), {"\n": "&#10;", "\t": "&#9;"})
