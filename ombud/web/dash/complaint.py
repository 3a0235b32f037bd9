"""The page of one complaint, and everything on it as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import Response

from ombud.model.facts import Verdict
from ombud.model.instant import MINUTE, SECOND
from ombud.web.dash.complaints import complaint_href
from ombud.web.dash.frame import framed, shown_value
from ombud.web.dash.timeline import draw
from ombud.web.dash.told import clocked
from ombud.web.shield import nothing
from sync.figures.complaint import tell
from sync.figures.complaint_log import MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.web.dash.ask import Ask
    from sync.figures.complaint import Told
    from sync.figures.complaint_findings import Card
    from sync.figures.complaint_log import Entry

_VENDORS: Final = {"jira": "Jira", "rt": "Request Tracker", "zendesk": "Zendesk"}
#: What people are shown at once; what passed and what does not apply is behind "Show all".
_LOUD: Final = frozenset({Verdict.failed, Verdict.pending, Verdict.unknown, Verdict.waived})
_LONGEST_NAME: Final = 60


def show(ask: Ask) -> Response:
    """Show a complaint; one that is not there and one that the reader may not see answer the same."""
    told = _told(ask)
    if told is None:
        return _not_there(ask)
    entries, left_out = _shown(told.entries)
    account, ticket = told.ref.account, told.ref.id
    path = complaint_href(account, ticket)
    return framed(
        ask,
        "complaint.html",
        title=told.key,
        told=told,
        path=path,
        evidence=ask.asking.link(f"{path}/evidence.json") if ask.viewer.may("export") else "",
        vendor=_VENDORS.get(told.vendor, "the helpdesk"),
        crumb=_crumb(ask),
        loud=[each for each in told.cards if _loud(each)],
        quiet=[each for each in told.cards if not _loud(each)],
        seconds=_seconds(entries),
        entries=entries,
        left_out=left_out,
        drawing=None if told.lanes is None else draw(told.lanes, ask.zone),
        shown_value=shown_value,
        request_href=lambda card: _form("/waivers/new", told, card),
        dispute_href=lambda card: _form("/disputes/new", told, card),
        may_ask=told.known is None and ask.viewer.may("waive_request"),
        rule_href=lambda card: f"/rules/{card.pack}/{card.rule}" if card.pack else "",
        log_href=f"/log?{urlencode({'case': told.case})}" if ask.viewer.may("log_read") else "",
        known_word="".join(value for name, value in ask.asking.words if name == "known"),
        others=[str(each) for each in told.tickets if each != told.ref][:20],
    )  # fmt: skip


def show_evidence(ask: Ask) -> Response:
    """Give everything that a complaint's page shows as a file, with the digests of what it was judged by."""
    told = _told(ask)
    if told is None:
        return nothing()
    text = json.dumps(told.as_json(), ensure_ascii=False, indent=1)
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in told.key)
    ask.request.state.rows = 1
    return Response(
        text,
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="ombud-{name[:_LONGEST_NAME]}.json"'},
    )  # fmt: skip


def _told(ask: Ask) -> Told | None:
    params = ask.request.path_params
    return tell(
        ask.service, params["account"], params["ticket"], ask.viewer.groups, known=ask.asking.known
    )


def _not_there(ask: Ask) -> Response:
    """Say that a complaint was not known on a past day, to whoever may see it now; to others there is nothing."""
    params = ask.request.path_params
    account, ticket, known = params["account"], params["ticket"], ask.asking.known
    now = None if known is None else tell(ask.service, account, ticket, ask.viewer.groups)
    if now is None or known is None:
        return nothing()
    why = f"Nothing was known here of {now.key} on {clocked(known, 'full', ask.zone)}"
    back = complaint_href(account, ticket)
    return framed(
        ask, "not_done.html", title=now.key, status=404, why=why, back=back, words="See it as it is now"
    )  # fmt: skip


def _shown(entries: Sequence[Entry]) -> tuple[list[Entry | None], int]:
    """Give the entries that a page has room for; `None` stands where others are left out."""
    if len(entries) <= MOST:
        return list(entries), 0
    half = MOST // 2
    return [*entries[:half], None, *entries[-half:]], len(entries) - 2 * half


def _loud(card: Card) -> bool:
    """Tell whether people are shown a finding at once: what is open, and what came right only after it had failed."""
    return card.verdict in _LOUD or bool(card.earlier)


def _seconds(entries: Sequence[Entry | None]) -> set[Instant]:
    """Give the moments that are told to the second, because something else happened in the same minute."""
    minutes: dict[int, set[int]] = {}
    for each in entries:
        if each is not None:
            minutes.setdefault(each.at // MINUTE, set()).add(each.at)
    return {
        at for held in minutes.values() if len({one // SECOND for one in held}) > 1 for at in held
    }


def _crumb(ask: Ask) -> tuple[str, str]:
    """Give the list that the reader came from, where the address tells of one."""
    words = [each for each in ask.asking.words if each[0] != "known"]
    if not words:
        return ("", "")
    label = " · ".join(ask.asking.in_words())
    return (ask.link("/complaints"), label if len(label) <= 90 else f"{label[:90]}…")


def _form(path: str, told: Told, card: Card) -> str:
    return f"{path}?{urlencode({'binding': told.binding, 'rule': card.rule, 'case': told.case})}"
