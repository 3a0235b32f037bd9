"""What a schedule sends: a few sentences without personal data, and where the whole of it is."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from ombud.model.instant import moment
from sync.filters import BadFilter, read_filter
from sync.persons import Refused
from sync.reports.make import basis_of, freeze_month, make_review, percent, settled
from sync.reports.schedule import Said

if TYPE_CHECKING:
    from ombud.model.facts import Instant
    from ombud.store import ScheduleRow
    from ombud.store.book import Book
    from sync.book import About
    from sync.filters import Asking
    from sync.reports.schedule import Say
    from sync.service import Service

#: Figures of a month that are told in a message; the page has all of them.
_TOLD = ("received", "right", "answered", "acknowledged", "upheld", "satisfied.process")
_USUAL = {"review": "last-quarter", "overview": "last-30d"}


def saying(service: Service, book: Book, about: About) -> Say:
    """Give what says what a schedule sends.

    Args:
        service: the service.
        book: the book, in step.
        about: what its figures rest on.

    """
    return partial(_say, service, book, about)


def asking_of(
    service: Service, book: Book, query: str, usual: str, groups: frozenset[str], now: Instant
) -> Asking:
    """Read a filter as it stands in an address, in the desk's zone.

    Raises:
        Refused: something of it is not understood.

    """
    told = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    if not any(name == "period" for name, _ in told):
        told.append(("period", usual))
    try:
        return read_filter(told, rules=book.rules, now=now, zone=service.zone, groups=groups)
    except BadFilter as error:
        raise Refused(f"{error}. Mend the filter {query!r}") from error


def _say(service: Service, book: Book, about: About, row: ScheduleRow, slot: Instant) -> Said:
    if row.what == "kpi":
        return _month(service, book, about, slot)
    groups = frozenset(json.loads(row.groups))
    # The period by the calendar's name: read later, "last quarter" would be another one.
    asking = settled(asking_of(service, book, row.query, _USUAL[row.what], groups, slot), slot)
    review = make_review(service, book, basis_of(service, about), asking, now=slot)
    told = review.section("performance")
    lines = [*told.said] or ["No complaint was counted."]
    lines += [f"{each.label}: {each.value}, {', '.join(each.lines)}" for each in told.numbers]
    path = "/"
    name = "Complaints"
    if row.what == "review":
        path, name = "/reports/review", "Management review"
        if review.lacking:
            lines.append(f"Nothing is known yet of: {'; '.join(each.title for each in review.lacking)}.")  # fmt: skip
        lines.append(f"{len(review.decisions):,} decisions are asked for.")
    lines.append(f"Data: {review.completeness}.")
    url = _address(service, path, list(asking.words))
    return _said(f"{name}, {asking.period.label}", lines, url)


def _month(service: Service, book: Book, about: About, slot: Instant) -> Said:
    today = moment(slot, service.zone).date()
    month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    row, _ = freeze_month(service, book, about, month, by=None, now=slot)
    figures = {each["id"]: each for each in json.loads(row.content)["figures"]}
    lines = []
    for name in _TOLD:
        each = figures.get(name)
        if each is None:
            continue
        total = each.get("total")
        if total is None:
            lines.append(f"{each['title']}: {each['count']:,}")
        else:
            lines.append(
                f"{each['title']}: {percent(each['count'] / total if total else None)}, {each['count']:,} of {total:,}, "
                f"{each['unknown']:,} unknown"
            )
    lines += [f"Restated: {each}" for each in json.loads(row.differences)]
    lines += [f"Data: {each}" for each in json.loads(row.completeness)]
    return _said(f"Figures of {month}", lines, _address(service, f"/reports/kpi/{month}", []))


def _said(title: str, lines: list[str], url: str) -> Said:
    told = tuple((each, "") for each in lines)
    return Said(title, (*told, ("The whole of it:", url)) if url else told)


def _address(service: Service, path: str, words: list[tuple[str, str]]) -> str:
    base = service.settings.serve.url
    if base is None:
        return ""
    return f"{base.rstrip('/')}{path}" + (f"?{urlencode(words)}" if words else "")
