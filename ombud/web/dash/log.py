"""The decision log: newest first, by case, rule, what was done and day; checked from end to end; as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import StreamingResponse

from ombud.web.dash.acting import words_of
from ombud.web.dash.frame import framed
from sync.figures.log import SIZE, Wanted, all_lines, read_log, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from sync.figures.log import Line, Verified

_MEDIA: Final = "application/x-ndjson"
_CASE: Final = 32


def show(ask: Ask) -> Response:
    """Show a page of it."""
    return _page(ask)


def do_verify(ask: Ask, _form: FormData) -> Response:
    """Check it from end to end, and say what came of it."""
    return _page(ask, verify(ask.service))


def show_file(ask: Ask) -> Response:
    """Give what is asked for as a file, a line of JSON each."""
    most = ask.service.settings.dashboard.export_rows
    lines = all_lines(ask.service, ask.keeper.book, ask.viewer.groups, _wanted(ask), most)
    headers = {"content-disposition": 'attachment; filename="ombud-decisions.jsonl"'}
    return StreamingResponse(_written(lines), media_type=_MEDIA, headers=headers)


def _written(lines: Iterator[Line]) -> Iterator[bytes]:
    for each in lines:
        yield json.dumps(each.as_json(), ensure_ascii=False).encode() + b"\n"


def _page(ask: Ask, verified: Verified | None = None) -> Response:
    wanted = _wanted(ask)
    told = ask.view("page")
    below = int(told) if told.isascii() and told.isdigit() and len(told) < 16 else None
    lines, further = read_log(
        ask.service, ask.keeper.book, ask.viewer.groups, wanted, below=below
    )  # fmt: skip
    total, actions = ask.service.store.log_words()
    rules = sorted({each.id: each.title for each in ask.rules.values()}.items())
    chosen = _words(ask)
    return framed(
        ask,
        "log.html",
        title="Decision log",
        lines=lines,
        total=total,
        wanted=wanted,
        typed={"case": words_of(ask, "case"), "period": words_of(ask, "period")},
        actions=[("", "anything"), *((each, each.replace("_", " ")) for each in actions)],
        rules=[("", "any"), *((name, f"{title} ({name})") for name, title in rules)],
        titles=dict(rules),
        verified=verified,
        file_href=_href("/log/lines.jsonl", chosen),
        newest_href=_href("/log", chosen) if below is not None else "",
        older_href=_href("/log", {**chosen, "page": str(further)}) if further is not None else "",
        case_href=lambda case: _href("/log", {**chosen, "case": case}),
        narrowed=bool(chosen),
        size=SIZE,
    )


def _words(ask: Ask) -> dict[str, str]:
    """Give the words of the address that narrow the log down."""
    told = {name: words_of(ask, name) for name in ("case", "rule", "period")}
    told["show"] = ask.view("show")
    # PostgreSQL takes no NUL.
    return {name: value for name, value in told.items() if value and "\x00" not in value}


def _wanted(ask: Ask) -> Wanted:
    told = _words(ask)
    case = told.get("case", "")
    if case and not (len(case) == _CASE and case.isalnum()):
        # What people have at hand is a ticket's key.
        state = ask.service.store.find_ticket(case)
        case = (state.case if state is not None else None) or case
    period = ask.asking.period if "period" in told else None
    return Wanted(
        case,
        told.get("rule", ""),
        told.get("show", ""),
        None if period is None else period.begin,
        None if period is None else period.end,
    )


def _href(path: str, words: dict[str, str]) -> str:
    return f"{path}?{urlencode(words)}" if words else path
