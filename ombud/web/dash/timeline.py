"""The lanes of one complaint as a drawing (SVG): one axis of time, on which hours that the desk is closed are narrow."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, moment
from ombud.web.dash.told import clocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from sync.figures.complaint_lanes import Band, Clock, Lanes, Point

#: Width of the drawing, and where time begins and ends on it.
_WIDE, _LEFT, _RIGHT = 720, 128, 568
_NOTES: Final = _RIGHT + 14
#: What an hour is worth in which the desk is closed.
_CLOSED: Final = 0.05
#: Hours that a closed stretch has, at least, to be drawn as one: nights are not.
_LONG: Final = 26 * HOUR
#: The least room between two words, for each letter of the first.
_LETTER: Final = 6.2
_VERDICTS: Final = {each.value for each in Verdict}


@dataclass
class Axis:
    """Place instants on the drawing: linear where the desk is open, squeezed where it is closed."""

    begin: Instant
    end: Instant
    open: Sequence[tuple[Instant, Instant]] | None
    edges: list[Instant] = field(default_factory=list)
    places: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay the pieces out."""
        pieces: list[tuple[Instant, float]] = []
        if not self.open:
            pieces = [(self.end, 1.0)]
        else:
            at = self.begin
            for opens, closes in self.open:
                if opens > at:
                    pieces.append((min(opens, self.end), _CLOSED))
                pieces.append((min(closes, self.end), 1.0))
                at = closes
            if at < self.end:
                pieces.append((self.end, _CLOSED))
        at, sum_ = self.begin, 0.0
        self.edges, self.places = [at], [0.0]
        for until, worth in pieces:
            if until > at:
                sum_ += (until - at) * worth
                at = until
                self.edges.append(at)
                self.places.append(sum_)
        whole = sum_ or 1.0
        self.places = [_LEFT + (_RIGHT - _LEFT) * each / whole for each in self.places]

    def x(self, at: Instant) -> float:
        """Give where an instant is; what lies outside is at the edge."""
        at = min(max(at, self.edges[0]), self.edges[-1])
        place = min(bisect_right(self.edges, at), len(self.edges) - 1)
        first, last = self.edges[place - 1], self.edges[place]
        part = (at - first) / (last - first) if last > first else 0.0
        return self.places[place - 1] + part * (self.places[place] - self.places[place - 1])

    @property
    def closed(self) -> list[tuple[Instant, Instant]]:
        """Give the stretches in which the desk is closed for longer than a night."""
        if not self.open:
            return []
        found, at = [], self.begin
        for opens, closes in [*self.open, (self.end, self.end)]:
            if opens - at >= _LONG:
                found.append((at, opens))
            at = max(at, closes)
        return found


class _Drawing:
    def __init__(self, lanes: Lanes, zone: ZoneInfo) -> None:
        self.lanes, self.zone = lanes, zone
        self.axis = Axis(lanes.begin, lanes.end, lanes.open)
        self.parts: list[str] = []
        self.y = 0

    def add(self, shape: str) -> None:
        self.parts.append(shape)

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "") -> None:
        told = f' class="{kind}"' if kind else ""
        at = f' text-anchor="{anchor}"' if anchor else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}"{told}{at}>{escape(words)}</text>')

    def title(self, at: Instant, words: str) -> str:
        return f"<title>{escape(words)}, {escape(clocked(at, 'wall', self.zone))}</title>"


def draw(lanes: Lanes, zone: ZoneInfo) -> Markup:
    """Draw the lanes; instants are written in a reader's zone."""
    of = _Drawing(lanes, zone)
    _head(of)
    top = of.y
    _group(of, "Helpdesk")
    _stage_lane(of)
    _message_lane(of)
    if lanes.clocks:
        _line(of)
        _group(of, "Clocks")
        for clock in lanes.clocks:
            _clock_lane(of, clock)
    if lanes.verdicts or lanes.moves or lanes.notes:
        _line(of)
        _group(of, "Ombud")
        _mark_lane(of, "Verdicts", lanes.verdicts)
        _mark_lane(of, "Moved back", lanes.moves)
        _mark_lane(of, "Note", lanes.notes)
    body = "".join(of.parts)
    ground = "".join(_ground(of, top - 2, of.y))
    front = _now(of, top - 2, of.y)
    return Markup(  # noqa: S704 (every word that comes from elsewhere was escaped where it was put in)
        f'<svg class="lanes" viewBox="0 0 {_WIDE} {of.y + 6}" width="{_WIDE}" height="{of.y + 6}" role="img" '
        f'aria-label="{escape(_said(lanes, zone))}">'
        '<defs><pattern id="paused" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="pause-line" width="1.6" height="5"/></pattern></defs>'
        f"{ground}{body}{front}</svg>"
    )


def _said(lanes: Lanes, zone: ZoneInfo) -> str:
    """Say what the drawing shows; the table under it has everything."""
    clocks = ", ".join(f"{each.label} {_left(each)}".strip() for each in lanes.clocks)
    said = (
        f"Timeline from {clocked(lanes.begin, 'full', zone)} to {clocked(lanes.end, 'full', zone)}."
    )
    return f"{said} Clocks: {clocks}. The log below tells the same." if clocks else said


def _head(of: _Drawing) -> None:
    """Name the days, as many as have room; a day that has less than its name is left unnamed."""
    axis, last, today = of.axis, -100.0, None
    if of.lanes.end - of.lanes.begin < 3 * DAY:
        _hours(of)
    if of.lanes.now is not None:
        today = moment(of.lanes.now, of.zone).date()
    long = of.lanes.end - of.lanes.begin > 150 * DAY
    spans = [(axis.x(max(at, of.lanes.begin)), axis.x(at + DAY)) for at in of.lanes.days]
    # What is much narrower than the others is a closed day, or the rest of one.
    least = 0 if long else max(until - x for x, until in spans) / 3
    for at, (x, until) in zip(of.lanes.days, spans, strict=True):
        day = moment(at, of.zone)
        room = 30 if last > _LEFT + 4 else 44
        if until - x < least or x - last < room or x > _RIGHT - 8:
            continue
        kind = "day now" if day.date() == today else "day"
        of.text(x + 1, 12, f"{day:%b}" if long else f"{day:%a}", kind)
        of.text(x + 1, 24, f"{day:%Y}" if long else f"{day.day}" if last > 0 else f"{day.day} {day:%b}", kind)  # fmt: skip
        last = x
    of.text(_NOTES, 24 + of.y, "Due, and left", "day")
    of.y += 36


def _hours(of: _Drawing) -> None:
    """Mark the hours of an axis of few days, as many as have room."""
    last = -100.0
    for at in range(-(-of.lanes.begin // HOUR) * HOUR, of.lanes.end, HOUR):
        x = of.axis.x(at)
        # Where the desk is closed, hours lie too close to each other.
        if x - last >= 42 and of.axis.x(at + HOUR) - x > 4 and x < _RIGHT - 16:
            of.text(x + 1, 36, clocked(at, "time", of.zone).rpartition(" ")[2], "day")
            of.add(f'<path class="tick" d="M{x:.1f} 38v4"/>')
            last = x
    of.y = 12


def _ground(of: _Drawing, top: float, bottom: float) -> Iterable[str]:
    """Shade the closed days, and rule the others."""
    height = bottom - top
    yield f'<path class="rule" d="M0 {top:.1f}H{_WIDE}"/>'
    for begin, end in of.axis.closed:
        x, until = of.axis.x(begin), of.axis.x(end)
        yield f'<rect class="closed" x="{x:.1f}" y="{top:.1f}" width="{max(until - x, 2):.1f}" height="{height:.1f}"/>'
    last = -100.0
    for at in of.lanes.days:
        x = of.axis.x(at)
        if at > of.lanes.begin and x - last >= 8:
            yield f'<path class="grid" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
            last = x


def _now(of: _Drawing, top: float, bottom: float) -> str:
    if of.lanes.now is None:
        return ""
    return f'<path class="now-line" d="M{of.axis.x(of.lanes.now):.1f} {top:.1f}V{bottom:.1f}"><title>now</title></path>'


def _group(of: _Drawing, words: str) -> None:
    of.text(0, of.y + 12, words, "group")
    of.y += 18


def _line(of: _Drawing) -> None:
    of.y += 6
    of.add(f'<path class="rule" d="M0 {of.y}H{_WIDE}"/>')
    of.y += 4


def _stage_lane(of: _Drawing) -> None:
    of.text(0, of.y + 15, "Stage")
    for band in of.lanes.stages:
        _stage(of, band)
    for band in of.lanes.waits:
        x, until = of.axis.x(band.begin), of.axis.x(band.end)
        if until - x >= 1:
            of.add(
                f'<rect x="{x:.1f}" y="{of.y + 3}" width="{until - x:.1f}" height="16" fill="url(#paused)">'
                f"{of.title(band.begin, f'waiting for the {band.label}')}</rect>"
            )
    of.y += 26


def _stage(of: _Drawing, band: Band) -> None:
    x, until = of.axis.x(band.begin), of.axis.x(band.end)
    title = of.title(band.begin, band.label)
    if band.begin == band.end:
        # Where it ended: nothing lasts from there on.
        of.add(f'<path class="end" d="M{x:.1f} {of.y + 2}v18">{title}</path>')
        if x + 4 + _LETTER * len(band.label) < _RIGHT + 10:
            of.text(x + 4, of.y + 15, band.label)
        return
    wide = max(until - x - 1, 1.5)
    of.add(f'<rect class="stage" x="{x:.1f}" y="{of.y + 2}" width="{wide:.1f}" height="18" rx="3">{title}</rect>')  # fmt: skip
    # The name stands before or after what is hatched, never under it.
    free, begin = [], x
    for wait in of.lanes.waits:
        if band.begin <= wait.begin < band.end:
            free.append((begin, of.axis.x(wait.begin)))
            begin = of.axis.x(wait.end)
    free.append((begin, x + wide))
    for start, end in free:
        if end - start > _LETTER * len(band.label) + 6:
            of.text(start + 4, of.y + 15, band.label)
            break


def _message_lane(of: _Drawing) -> None:
    of.text(0, of.y + 15, "Messages")
    points = of.lanes.messages
    for place, point in enumerate(points):
        x, y = of.axis.x(point.at), of.y + 11
        shape = f"M{x - 5:.1f} {y + 5}h10l-5 -9z" if point.kind == "to" else f"M{x - 5:.1f} {y - 4}h10l-5 9z"  # fmt: skip
        title = of.title(point.at, f"message {point.words}" if point.kind == "from" else f"to the customer: {point.words}")  # fmt: skip
        of.add(f'<path class="{point.kind}" d="{shape}">{title}</path>')
        room = (
            (of.axis.x(points[place + 1].at) if place + 1 < len(points) else _RIGHT + 12) - x - 14
        )
        words = "" if point.words in {"from the customer", "to the customer"} else point.words
        if words and room > _LETTER * len(words):
            of.text(x + 8, y + 4, words, "dim")
    if not points:
        of.text(_LEFT, of.y + 15, "none that the customer could read", "dim")
    of.y += 24


def _clock_lane(of: _Drawing, clock: Clock) -> None:
    axis, y = of.axis, of.y + 6
    of.text(0, of.y + 13, _cut(clock.label, 20))
    of.text(0, of.y + 26, _cut(clock.term, 23), "dim")
    x, until = axis.x(clock.begin), axis.x(clock.end)
    title = of.title(clock.begin, f"{clock.label}: runs from")
    of.add(f'<path class="thin" d="M{x:.1f} {y + 4:.1f}H{until:.1f}"/>')
    for begin, end in _thick(axis, clock):
        wide = max(axis.x(end) - axis.x(begin), 1.5)
        of.add(f'<rect class="run" x="{axis.x(begin):.1f}" y="{y}" width="{wide:.1f}" height="8">{title}</rect>')  # fmt: skip
    for begin, end in clock.pauses:
        wide = axis.x(end) - axis.x(begin)
        if wide > 0.5:
            of.add(
                f'<rect class="paused" x="{axis.x(begin):.1f}" y="{y}" width="{wide:.1f}" height="8"/>'
                f'<rect x="{axis.x(begin):.1f}" y="{y}" width="{wide:.1f}" height="8" fill="url(#paused)">'
                f"{of.title(begin, 'paused from')}</rect>"
            )
    after = until
    if clock.stop is not None:
        verdict = clock.verdict.value
        of.add(f'<svg class="icon v-{verdict}" x="{until + 3:.1f}" y="{y - 3}" width="14" height="14"><use href="#i-{verdict}"/></svg>')  # fmt: skip
        after = until + 18
    if clock.due is not None:
        due = axis.x(clock.due)
        beyond = clock.due > of.lanes.end
        if due > after:
            of.add(f'<path class="dots" d="M{after:.1f} {y + 4:.1f}H{due:.1f}"/>')
        if beyond:
            of.add(f'<path class="arrow" d="M{_RIGHT - 5} {y}l5 4l-5 4"/>')
        else:
            of.add(
                f'<path class="due" d="M{due:.1f} {y - 4}v16">{of.title(clock.due, "due")}</path>'
            )
    of.text(
        _NOTES, of.y + 13, "paused" if clock.due is None else clocked(clock.due, "wall", of.zone)
    )
    of.text(_NOTES, of.y + 26, _left(clock), "dim" if clock.verdict is not Verdict.failed else "strong")  # fmt: skip
    of.y += 32


def _thick(axis: Axis, clock: Clock) -> list[tuple[Instant, Instant]]:
    """Give when a clock is drawn thick: as long as it runs, closed days and pauses left out."""
    holes = [*clock.pauses, *(() if clock.always else axis.closed)]
    found, at = [], clock.begin
    for begin, end in sorted(holes):
        if begin > at:
            found.append((at, min(begin, clock.end)))
        at = max(at, end)
        if at >= clock.end:
            break
    if at < clock.end:
        found.append((at, clock.end))
    return [(begin, end) for begin, end in found if end > begin]


def _left(clock: Clock) -> str:
    """Say what is left of a clock, or by how much it was met or missed."""
    if clock.left is None:
        return "paused" if clock.due is None and clock.stop is None else ""
    size = abs(clock.left)
    told = f"{size // HOUR}:{size % HOUR // MINUTE:02d} h"
    if clock.stop is not None:
        return f"met {told} before" if clock.left >= 0 and clock.verdict is not Verdict.failed else f"late by {told}"  # fmt: skip
    return f"{told} left" if clock.left >= 0 and clock.verdict is not Verdict.failed else f"late by {told}"  # fmt: skip


def _mark_lane(of: _Drawing, words: str, points: Sequence[Point]) -> None:
    if not points:
        return
    of.text(0, of.y + 14, words)
    last = -100.0
    for point in points:
        # Those of one moment stand beside each other.
        x = max(of.axis.x(point.at) - 7, last + 15)
        if x > _NOTES + 20:
            break
        last = x
        title = of.title(point.at, point.words)
        if point.kind in _VERDICTS:
            shape = f'<svg class="icon v-{point.kind}" x="{x:.1f}" y="{of.y + 3}" width="14" height="14">{title}<use href="#i-{point.kind}"/></svg>'
        elif point.kind == "moved":
            shape = f'<path class="sign" d="M{x + 4:.1f} {of.y + 5}l-3.5 3.5l3.5 3.5M{x + 1:.1f} {of.y + 8.5}h10v5">{title}</path>'
        else:
            shape = f'<rect class="sign" x="{x + 2:.1f}" y="{of.y + 5}" width="10" height="10" rx="2">{title}</rect>'
        of.add(shape)
    count = len(points)
    failed = sum(each.kind == Verdict.failed.value for each in points)
    said = f"{failed} failed" if failed else "" if points[0].kind in _VERDICTS else f"{count} time{'' if count == 1 else 's'}"  # fmt: skip
    of.text(_NOTES, of.y + 14, said, "dim")
    of.y += 20


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"
