"""Reports to management: the review, a month's frozen figures, surveys, and what is sent by the clock."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.responses import Response

from ombud.model.instant import moment
from ombud.store import EntryRow
from ombud.web.dash import overview
from ombud.web.dash.acting import sent
from ombud.web.dash.charts import Look, to_svg
from ombud.web.dash.frame import framed
from ombud.web.paper import GOALS_ABOUT, review_pdf
from ombud.web.shield import nothing
from sync.filters import within
from sync.periods import read_period
from sync.persons import Refused
from sync.reports.known import import_survey
from sync.reports.make import basis_of, freeze_month, make_review, settled
from sync.reports.review import INPUTS, OUTPUTS, Picture, Verdicts
from sync.reports.schedule import add_schedule, slot_after, trouble, words
from sync.reports.snapshot import verify
from sync.reports.survey import BadSurvey, by_decision, satisfaction

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from ombud.web.dash.ask import Ask
    from sync.filters import Asking
    from sync.reports.review import Review
    from sync.reports.survey import About

REVIEW_FILTERS: Final = ("period", "helpdesk", "product", "team", "known")
SURVEY_FILTERS: Final = ("period",)
#: A review is of a quarter unless another period is asked for.
_USUAL: Final = "last-quarter"
_LONGEST: Final = 4_000
#: Width of a chart on paper, in pixels.
_PAPER: Final = 720


def show(ask: Ask) -> Response:
    """Show what is reported: months, the review, surveys, schedules."""
    reports = ask.service.store.reports
    now, zone = ask.now, ask.service.zone
    schedules = [
        (row, words(row), slot_after(row, now, zone), trouble(row), json.loads(row.channels))
        for row in reports.schedules()
    ]
    last = {each.month: each for each in reports.snapshots()}
    return framed(
        ask,
        "reports.html",
        title="Reports",
        months=sorted(last.values(), key=lambda each: each.month, reverse=True),
        month_before=_month_before(ask),
        schedules=schedules,
        channels=sorted(ask.service.settings.notify.channels),
        channels_of=lambda names: [(each, each, "") for each in names],
        entries=[each for each in reports.entries() if each.part in OUTPUTS and each.ended is None],
        told=_told,
        may=ask.viewer.may,
    )


def show_review(ask: Ask) -> Response:
    """Show the management review of a period."""
    asking, review = _review(ask)
    # Around the page stands the period that it is of, also where the address names none.
    ask = replace(ask, asking=asking)
    written = [
        each
        for each in ask.service.store.reports.entries(asking.period.key)
        if each.ended is None
    ]  # fmt: skip
    return framed(
        ask,
        "review.html",
        title="Management review",
        filters=REVIEW_FILTERS,
        review=review,
        inputs=INPUTS,
        outputs=OUTPUTS,
        period=asking.period,
        chart_query=urlencode(asking.words),
        paper=f"/reports/review.pdf?{urlencode([*asking.words, ('show', 'goals')] if ask.view('show') == 'goals' else asking.words)}",
        goals_href=f"/reports/review?{urlencode([*asking.words, ('show', 'goals')])}",
        goals_about=GOALS_ABOUT,
        written=written,
        told=_told,
        counts=_counts,
        is_bar=lambda cell: isinstance(cell, Verdicts),
        may=ask.viewer.may("action_edit"),
    )


def show_paper(ask: Ask) -> Response:
    """Give the management review as PDF."""
    asking, review = _review(ask, paper=True)
    name = f"management-review-{asking.period.key}.pdf"
    return Response(
        review_pdf(review),
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{name}"'},
    )


def show_month(ask: Ask) -> Response:
    """Show the frozen figures of a month: the last of them, or one by its number (`page`)."""
    month = ask.request.path_params["month"]
    reports = ask.service.store.reports
    rows = reports.snapshots(month)
    wanted = ask.view("page")
    row = next((each for each in rows if str(each.number) == wanted), rows[-1] if rows else None)
    if row is None:
        return nothing()
    if ask.view("format") == "json":
        headers = {"content-disposition": f'attachment; filename="kpi-{month}-{row.number}.json"'}
        return Response(row.content, media_type="application/json", headers=headers)
    return framed(
        ask,
        "snapshot.html",
        title=f"Figures of {read_period(month, ask.now, ask.zone).label}",
        row=row,
        rows=rows,
        figures=json.loads(row.content)["figures"],
        content=json.loads(row.content),
        completeness=json.loads(row.completeness),
        differences=json.loads(row.differences),
        digests=json.loads(row.digests),
        wrong=verify(reports, row),
    )


def show_survey(ask: Ask) -> Response:
    """Show what people who complained say."""
    return _survey(ask, ())


def do_month(ask: Ask, form: FormData) -> Response:
    """Freeze a month's figures."""
    month = _text(form, "month")
    row, new = freeze_month(
        ask.service, ask.keeper.book, ask.keeper.about, month, by=ask.viewer.person, now=ask.now
    )
    said = "Frozen." if new and row.number == 1 else "Restated." if new else "Nothing is otherwise than when it was frozen."  # fmt: skip
    return sent(f"/reports/kpi/{row.month}", said)


def do_entry(ask: Ask, form: FormData) -> Response:
    """Add to an input of a review, or put a decision to it."""
    part, period = _text(form, "part"), _text(form, "period")
    if part not in INPUTS and part not in OUTPUTS:
        raise Refused("There is no such part of a review. Choose one from the list")
    try:
        period = settled(within(ask.asking, read_period(period, ask.now, ask.zone)), ask.now).period.key  # fmt: skip
    except ValueError as error:
        raise Refused(str(error)) from error
    if part in INPUTS:
        told = {"text": _long(form, "text", "what the review should know")}
    else:
        told = {
            "finding": _long(form, "finding", "the finding"),
            "proposed": _long(form, "proposed", "what is proposed"),
        }
    due = _text(form, "due")
    if due:
        try:
            date.fromisoformat(due)
        except ValueError as error:
            raise Refused(f"{due!r} is no date. Write it as 2026-12-31") from error
    person = ask.viewer.person
    row = EntryRow(
        secrets.token_hex(5),
        period,
        part,
        json.dumps(told, ensure_ascii=False),
        _text(form, "owner")[:80] or None,
        due or None,
        ask.now,
        person.name,
    )
    ask.service.store.reports.put_entry(row, by=person.key, now=ask.now)
    return sent("/reports/review", "Added.", period=period)


def do_end(ask: Ask, form: FormData) -> Response:
    """Say what came of an entry, or take it back."""
    name = _text(form, "id")
    reports = ask.service.store.reports
    row = next((each for each in reports.entries() if each.id == name), None)
    if row is None or row.ended is not None:
        raise Refused("It is not there any more. Load the page again")
    result = _text(form, "result")[:_LONGEST]
    ended = row._replace(ended=ask.now, result=result or None)
    reports.put_entry(ended, by=ask.viewer.person.key, now=ask.now)
    return sent("/reports", "Noted.")


def do_survey(ask: Ask, form: FormData) -> Response:
    """Import a file of answers."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _survey(ask, [("file", "Choose a file")])
    scale = _text(form, "scale") or "5"
    if not scale.isascii() or not scale.isdigit() or not 3 <= int(scale[:4]) <= 100:
        return _survey(ask, [("scale", "The best score is a number from 3 to 100")])
    with tempfile.TemporaryDirectory(prefix="ombud-survey-") as folder:
        path = Path(folder) / "survey.csv"
        with path.open("wb") as into:
            shutil.copyfileobj(file.file, into)
        try:
            done = import_survey(
                ask.service, ask.keeper.book, path, by=ask.viewer.person, now=ask.now, scale=int(scale),
                name=Path(file.filename).name[:80],
            )  # fmt: skip
        except BadSurvey as error:
            return _survey(ask, [("file", each) for each in error.problems])
    return sent("/reports/survey", done.sentence())


def do_schedule(ask: Ask, form: FormData) -> Response:
    """Have something sent by the clock."""
    hour = _text(form, "hour")
    add_schedule(
        ask.service,
        what=_text(form, "what"),
        query=_text(form, "query").lstrip("?"),
        every=_text(form, "every"),
        day=_text(form, "day"),
        hour=int(hour) if hour.isascii() and hour.isdigit() and len(hour) < 3 else -1,
        channels=[str(each) for each in form.getlist("channel")],
        groups=ask.viewer.groups,
        by=ask.viewer.person,
        now=ask.now,
    )
    return sent("/reports", "It is sent from now on.")


def do_drop(ask: Ask, form: FormData) -> Response:
    """Send something no more."""
    ask.service.store.reports.drop_schedule(
        _text(form, "id"), by=ask.viewer.person.key, now=ask.now
    )  # fmt: skip
    return sent("/reports", "It is not sent any more.")


def _review(ask: Ask, *, paper: bool = False) -> tuple[Asking, Review]:
    asking = ask.asking
    if not any(name == "period" for name, _ in asking.words):
        asking = within(asking, read_period(_USUAL, ask.as_of, ask.zone))
    asking = settled(asking, ask.now)
    basis = basis_of(ask.service, ask.keeper.about)
    return asking, make_review(
        ask.service,
        ask.book,
        basis,
        asking,
        now=ask.as_of,
        pictures=[_weeks(replace(ask, asking=asking))] if paper else (),
        with_goals=ask.view("show") == "goals",
    )


def _weeks(ask: Ask) -> Picture:
    """Draw the chart of the overview for paper."""
    drawn = to_svg(overview.chart(ask, Look("light", _PAPER)))
    return Picture(
        "Without a major failure, by week received",
        drawn.encode(),
        "p-chart: the share of complaints without a major failure, of those that can be judged; limits at three standard errors.",
    )


def _survey(ask: Ask, errors: list[tuple[str, str]] | tuple[()]) -> Response:
    period = ask.asking.period
    answers = ask.service.store.reports.answers(period.begin, period.end)
    rows = [
        (title, satisfaction(answers, about), by_decision(answers, about))
        for about, title in _ABOUTS
    ]  # fmt: skip
    return framed(
        ask,
        "survey.html",
        title="Satisfaction",
        filters=SURVEY_FILTERS,
        status=400 if errors else 200,
        rows=rows,
        answers=len(answers),
        errors=list(errors),
        may=ask.viewer.may("survey_import"),
    )


_ABOUTS: Final[tuple[tuple[About, str], ...]] = (
    ("process", "How it was handled"),
    ("outcome", "The outcome"),
)


def _month_before(ask: Ask) -> str:
    first = moment(ask.now, ask.service.zone).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _told(row: EntryRow) -> dict[str, str]:
    told: dict[str, str] = json.loads(row.told)
    return told


def _counts(bar: Verdicts) -> dict[str, int]:
    return {
        "fail": bar.fail,
        "unknown": bar.unknown,
        "pending": bar.pending,
        "waived": bar.waived,
        "pass": bar.passed,
    }


def _text(form: FormData, name: str) -> str:
    told = form.get(name)
    return told.strip() if isinstance(told, str) else ""


def _long(form: FormData, name: str, what: str) -> str:
    told = _text(form, name)
    if not told:
        raise Refused(f"Write {what}")
    if len(told) > _LONGEST:
        raise Refused(f"That is too long for {what}: {_LONGEST:,} characters at most")
    return told
