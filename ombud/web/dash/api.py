"""The API for programs: the figures of the pages as JSON, read-only, with the words that the pages have."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from starlette.responses import JSONResponse

from ombud.model.facts import Verdict
from ombud.model.instant import MINUTE, SECOND, iso, moment
from ombud.store.book.counts import failing_by
from ombud.web.dash import api_forms as forms
from ombud.web.dash import api_forms_closer as closer
from ombud.web.dash import api_forms_complaint as one
from ombud.web.dash.api_words import CLOCKS, FILTERS, GROUPS, LINES, LISTED, PAST, WALKED
from ombud.web.dash.complaints import order_of
from ombud.web.dash.guard import Denied
from ombud.web.dash.page import Page
from ombud.web.dash.problem import problem
from ombud.web.dash.rules import BY
from ombud.web.dash.teams import grouped_by
from sync.figures.causes import count_causes
from sync.figures.clocks import chosen, count_clock, tabs_of
from sync.figures.complaint import tell
from sync.figures.complaints import list_complaints
from sync.figures.coverage import count_coverage
from sync.figures.flow import flow
from sync.figures.health import healths
from sync.figures.log import Wanted, read_log
from sync.figures.overview import count_overview, share_of
from sync.figures.rules import count_rules, months_of, steps_of
from sync.figures.teams import NotByPerson, count_groups
from sync.figures.waivers import count_waivers
from sync.filters import BadFilter, within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.model.facts import Instant
    from ombud.store.book import Filter
    from ombud.web.dash.api_words import Word
    from ombud.web.dash.ask import Ask
    from sync.periods import Period

#: Where the API's own document is.
DOCUMENT: Final = "/api/openapi.json"
_EPOCH: Final = date(1970, 1, 1).toordinal()
#: Methods that the API refuses: it changes nothing.
METHODS: Final = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


class Endpoint(NamedTuple):
    """Name one address of the API.

    Attributes:
        path: where it is.
        summary: what it gives, in a few words.
        form: the form of its figures.
        figures: gives them; `None` where there is no such thing.
        words: words it takes besides those of the filter.
        filtered: whether it takes the words of the filter, and has figures of the book.
        cohort: the date that always has to lie in the period; "" where the address says.
        action: what its reader has to be allowed.

    """

    path: str
    summary: str
    form: type[forms.Told]
    figures: Callable[[Ask], Mapping[str, object] | None]
    words: tuple[Word, ...] = ()
    filtered: bool = True
    cohort: Literal["", "due", "closed"] = ""
    action: str = "read"

    @property
    def takes(self) -> tuple[Word, ...]:
        """Give every word that its address may have."""
        of_filter = (each for each in FILTERS if not (self.cohort and each.name == "date"))
        return (*of_filter, *self.words) if self.filtered else self.words


class Pace:
    """Let everybody ask so many times within a minute. In memory: a start forgets it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._held: dict[str, tuple[Instant, int]] = {}
        self._lock = threading.Lock()

    def wait(self, who: str, most: int, now: Instant) -> int:
        """Count a request and give 0; or else the seconds until the next one is answered."""
        with self._lock:
            began, count = self._held.get(who, (now, 0))
            if now - began >= MINUTE:
                began, count = now, 0
            if count >= most:
                return max(1, -(-(began + MINUTE - now) // SECOND))
            self._held[who] = (began, count + 1)
            return 0


def api_pages() -> list[Page]:
    """Give every address as a page; each call counts requests for itself."""
    pace = Pace()
    found = [Page(each.path, "", "", _shows(each, pace), each.action) for each in ENDPOINTS]
    found.append(Page(DOCUMENT, "", "", _show_document))
    return [*found, Page("/api/{rest:path}", "", "", _show_nothing)]


async def refuse_method(request: Request) -> Response:
    """Say that the API changes nothing."""
    detail = f"{request.method} is not answered: the API only reads"
    return problem(405, detail, headers={"allow": "GET, HEAD"})


def _shows(endpoint: Endpoint, pace: Pace) -> Callable[[Ask], Response]:
    def show(ask: Ask) -> Response:
        most = ask.service.settings.dashboard.api_per_minute
        wait = pace.wait(ask.viewer.id, most, ask.now)
        if wait:
            detail = f"More than {most} requests within a minute. Ask again in {wait} seconds"
            return problem(429, detail, headers={"retry-after": str(wait)})
        wrong = list(_misplaced(endpoint, ask))
        if wrong:
            raise BadFilter(wrong)
        if endpoint.filtered and ask.book.cutoff is None:
            return problem(503, "Nothing is judged yet", headers={"retry-after": "5"})
        if endpoint.cohort:
            asked = replace(ask.asking, filter=ask.filter.but(date=endpoint.cohort))
            ask = replace(ask, asking=asked)
        told = endpoint.figures(ask)
        if told is None:
            return _show_nothing(ask)
        return JSONResponse({"about": _about(ask, endpoint), "figures": told})

    return show


def _misplaced(endpoint: Endpoint, ask: Ask) -> Iterator[str]:
    """Name words that pages overlook and programs had better know of."""
    given = ask.request.query_params.multi_items()
    words = {each.name: each for each in endpoint.takes}
    for name, count in Counter(name for name, _ in given).items():
        if name not in words:
            yield f"{name[:40]}: there is no such word here"
        elif count > 1 and not words[name].many:
            yield f"{name}: it stands there {count} times"
    for name, value in given:
        told = words.get(name)
        if told is None:
            continue
        if value == "":
            yield f"{name}: it is empty"
        elif told in endpoint.words:
            allowed = told.schema.get("enum")
            if allowed is not None and value not in allowed:
                yield f"{name}: {value[:40]!r} is none of {', '.join(allowed)}"
            most = told.schema.get("maximum")
            if most is not None and not _is_number(value, most):
                yield f"{name}: {value[:40]!r} is no number from 1 to {most}"


def _is_number(value: str, most: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 17 and 1 <= int(value) <= most


def _about(ask: Ask, endpoint: Endpoint) -> dict[str, object]:
    """Say what the figures rest on."""
    about, asking, filtered = ask.keeper.about, ask.asking, endpoint.filtered
    words: dict[str, list[str]] = {}
    for name, value in asking.words:
        words.setdefault(name, []).append(value)
    return {
        "period": _period(asking.period) if filtered else None,
        "cohort": asking.filter.date if filtered else None,
        "compared": _period(_compared(ask)) if filtered else None,
        "filter": words,
        "said": asking.in_words() if filtered else [],
        "known": iso(asking.known),
        "cutoff": iso(ask.book.cutoff),
        "complete_percent": about.share,
        "completeness": list(about.sentences),
        "building": ask.keeper.building is not None,
        "packs": list(about.packs),
        "zone": ask.zone.key,
        "groups": sorted(ask.viewer.groups),
    }


def _period(period: Period | None) -> dict[str, object] | None:
    if period is None:
        return None
    return {
        "key": period.key,
        "label": period.label,
        "begin": iso(period.begin),
        "end": iso(period.end),
    }


def _compared(ask: Ask) -> Period | None:
    return ask.asking.against or before(ask.asking.period, ask.zone, ask.now)


def _former(ask: Ask) -> Filter | None:
    compared = _compared(ask)
    return None if compared is None else within(ask.asking, compared).filter


def _overview(ask: Ask) -> Mapping[str, object]:
    told = count_overview(ask.book, ask.filter, _former(ask), now=ask.as_of, zone=ask.zone)
    return told.as_json()


def _rules(ask: Ask) -> Mapping[str, object]:
    groups = count_rules(ask.service, ask.book, ask.filter, _former(ask))
    return {"rules": [line.as_json() for _, lines in groups for line in lines]}


def _rule(ask: Ask) -> Mapping[str, object] | None:
    named = ask.request.path_params["pack"], ask.request.path_params["rule"]
    info = next((each for each in ask.rules.values() if (each.pack, each.id) == named), None)
    if info is None:
        return None
    asked = ask.filter.but(rules=(info.ordinal,))
    [(_, [line])] = count_rules(ask.service, ask.book, asked, None)
    return {
        **line.as_json(),
        "sentence": info.sentence,
        "months": [
            {
                "month": f"{date.fromordinal(_EPOCH + each.begin):%Y-%m}",
                **{verdict.value: each.counts.get(verdict, 0) for verdict in Verdict},
                "passed_of": share_of(each.counts).as_json(),
            }
            for each in months_of(ask.book, ask.filter, info)
        ],
        "failing_by": {
            word: [
                {"value": value, "checked": checked, "failed": failed}
                for value, failed, checked in failing_by(ask.book, asked, column)
            ]
            for column, word in BY
        },
        "steps": [
            {"when": iso(each.when), "binding": each.binding, "former": each.former, "mode": each.mode, "by": each.by, "why": each.why}
            for each in steps_of(ask.service, info.id)
        ],
    }  # fmt: skip


def _complaints(ask: Ask) -> Mapping[str, object]:
    order, down = order_of(ask)
    told = list_complaints(
        ask.book,
        ask.filter,
        order=order,
        down=down,
        page=int(ask.view("page", "1")),
        now=ask.as_of,
        show=ask.view("show"),
    )
    ask.request.state.rows = len(told.lines)
    return told.as_json()


def _complaint(ask: Ask) -> Mapping[str, object] | None:
    named = ask.request.path_params
    told = tell(
        ask.service, named["account"], named["ticket"], ask.viewer.groups, known=ask.asking.known
    )
    ask.request.state.rows = 0 if told is None else 1
    return None if told is None else told.as_json()


def _clocks(ask: Ask) -> Mapping[str, object]:
    objective, wanted = ask.service.settings.dashboard.on_time / 100, ask.view("clock")
    tabs = tabs_of(ask.book, ask.filter, objective, now=ask.as_of, zone=ask.zone)
    if wanted and wanted not in {each.rule.id for each in tabs}:
        raise BadFilter([f"clock: {wanted[:40]!r} is no rule with a deadline"])
    tab = chosen(tabs, wanted)
    full = None
    if tab is not None:
        full = count_clock(
            ask.book, ask.service.bounds, ask.filter, tab, now=ask.as_of, zone=ask.zone
        ).as_json()
    return {"clocks": [each.as_json() for each in tabs], "clock": full}


def _causes(ask: Ask) -> Mapping[str, object]:
    return count_causes(ask.book, ask.filter).as_json()


def _teams(ask: Ask) -> Mapping[str, object]:
    by_person = ask.service.settings.dashboard.figures_by_agent
    ask, by = grouped_by(ask)
    try:
        return count_groups(ask.book, ask.filter, by, by_person=by_person).as_json()
    except NotByPerson:
        raise Denied(403, "Figures by owner are off: figures_by_agent of ombud.toml") from None


def _coverage(ask: Ask) -> Mapping[str, object]:
    today = moment(ask.now, ask.zone).date()
    return count_coverage(ask.service, ask.book, ask.filter, today).as_json()


def _log(ask: Ask) -> Mapping[str, object]:
    words, page = dict(ask.asking.words), ask.view("page")
    period = ask.asking.period if "period" in words else None
    wanted = Wanted(
        words.get("case", ""),
        words.get("rule", ""),
        ask.view("show"),
        None if period is None else period.begin,
        None if period is None else period.end,
    )
    lines, older = read_log(
        ask.service, ask.keeper.book, ask.viewer.groups, wanted, below=int(page) if page else None
    )
    total, _ = ask.service.store.log_words()
    return {"lines": [each.as_json() for each in lines], "older": older, "total": total}


def _flow(ask: Ask) -> Mapping[str, object]:
    return flow(ask.book, ask.filter, ask.view("by", "stage"), former=_former(ask)).as_json()


def _health(ask: Ask) -> Mapping[str, object]:
    return {"helpdesks": [each.as_json() for each in healths(ask.service, ask.pulses, ask.now)]}


def _waivers(ask: Ask) -> Mapping[str, object]:
    return count_waivers(ask.service, ask.keeper.book, ask.filter).as_json()


def _show_document(ask: Ask) -> Response:
    from ombud.web.dash.api_schema import document

    wrong = [f"{name[:40]}: there is no such word here" for name in ask.request.query_params]
    if wrong:
        raise BadFilter(wrong)
    return JSONResponse(document())


def _show_nothing(_ask: Ask) -> Response:
    return problem(404, f"There is nothing here that you may see. What there is: {DOCUMENT}")


#: Every address that gives figures.
ENDPOINTS: Final = (
    Endpoint("/api/overview", "In one look how complaints are handled", forms.OverviewTold, _overview),
    Endpoint("/api/rules", "Every rule with its figures", forms.RulesTold, _rules),
    Endpoint("/api/rules/{pack}/{rule}", "One rule", forms.OneRuleTold, _rule),
    Endpoint("/api/complaints", "A page of complaints", forms.ComplaintsTold, _complaints, LISTED),
    Endpoint("/api/complaints/{account}/{ticket:path}", "One complaint, with everything that shows why", one.OneComplaintTold, _complaint, PAST, filtered=False),
    Endpoint("/api/clocks", "Deadlines: in time, how long, what is due and late", closer.ClocksTold, _clocks, CLOCKS, cohort="due"),
    Endpoint("/api/flow", "What followed what, and where complaints left the required path", closer.FlowTold, _flow, WALKED),
    Endpoint("/api/causes", "Root causes of complaints closed", closer.CausesTold, _causes, cohort="closed"),
    Endpoint("/api/teams", "Teams, channels, helpdesks beside each other", closer.GroupsTold, _teams, GROUPS),
    Endpoint("/api/coverage", "Which clauses are shown by what", closer.CoverageTold, _coverage),
    Endpoint("/api/log", "The decision log, the newest lines first", closer.LogTold, _log, LINES, filtered=False, action="log_read"),
    Endpoint("/api/health", "How far each helpdesk is read", forms.HealthTold, _health, filtered=False),
    Endpoint("/api/waivers", "The register of waivers", forms.WaiversTold, _waivers),
)  # fmt: skip
