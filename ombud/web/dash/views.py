"""Saved views: a page with its filter under a name, for oneself or for everybody."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse
from starlette.routing import compile_path

from ombud.store import ViewRow, name_of
from ombud.web.dash.acting import sent, text
from ombud.web.dash.frame import framed
from ombud.web.dash.guard import local
from sync.filters import read_filter
from sync.persons import Refused

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from ombud.web.dash.page import Page
    from ombud.web.dash.viewer import Viewer
    from sync.service import Service

#: Where views are listed and saved.
VIEWS: Final = "/views"
_NAME: Final = 80
_QUERY: Final = 4_000
#: Views that one person may keep.
_MOST: Final = 200
#: Said once, and no part of what is looked at.
_PASSING: Final = frozenset({"notice", "mark", "page"})
#: What sharing takes: others' menus are changed by it.
SHARE: Final = "action_edit"


def views_of(service: Service, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """Give the addresses and names of the views that somebody sees in the frame, and of the page that lists them."""
    rows = service.store.access.views(viewer.id)
    if not rows:
        return ()
    return (*((address(row), row.name) for row in rows), (VIEWS, "All views"))


def address(row: ViewRow) -> str:
    """Give a view's address."""
    return f"{row.page}?{row.query}" if row.query else row.page


def show(ask: Ask) -> Response:
    """List the views of the reader and those that others share."""
    rows = ask.service.store.access.views(ask.viewer.id)
    staff = {each.id: each.name for each in ask.service.store.access.staff()}
    return framed(
        ask,
        "views.html",
        title="Saved views",
        own=[(address(row), row) for row in rows if row.staff == ask.viewer.id],
        others=[(address(row), row, staff.get(row.staff, "")) for row in rows if row.staff != ask.viewer.id],
        share=ask.viewer.may(SHARE),
    )  # fmt: skip


def do_save(ask: Ask, form: FormData) -> Response:
    """Save a view; one that the reader has under this name is replaced."""
    name = " ".join(text(form, "name").split())
    if not name:
        raise Refused("A view has a name. Write one")
    if len(name) > _NAME:
        raise Refused(f"That name is too long: {_NAME} characters at most")
    shared = text(form, "shared") == "yes"
    if shared and not ask.viewer.may(SHARE):
        raise Refused("You may save views for yourself. Ask somebody of compliance to share one")
    path, query = text(form, "path"), _query(ask, text(form, "query"))
    if not _known(ask.pages, path) or local(path) != path:
        raise Refused("There is no such page. Open the page and save the view there")
    access = ask.service.store.access
    row = ViewRow(
        name_of("view", ask.viewer.id, name), ask.viewer.id, name, path, query, shared, ask.now
    )
    own = [each.id for each in access.views(ask.viewer.id) if each.staff == ask.viewer.id]
    if len(own) >= _MOST and row.id not in own:
        raise Refused(f"You have {_MOST} views. Delete one first")
    access.put_view(row)
    notice = urlencode({"notice": "The view is saved."})
    return RedirectResponse(f"{address(row)}{'&' if query else '?'}{notice}", status_code=303)


def do_delete(ask: Ask, form: FormData) -> Response:
    """Delete one of the reader's views."""
    if not ask.service.store.access.drop_view(text(form, "view"), ask.viewer.id):
        raise Refused("You have no such view. It may be deleted already, or be somebody else's")
    return sent(VIEWS, "The view is deleted.")


def _query(ask: Ask, told: str) -> str:
    """Take the words of an address; raises `BadFilter` for those that are not understood."""
    if len(told) > _QUERY:
        raise Refused("That filter is too long to be saved")
    words = [each for each in parse_qsl(told) if each[0] not in _PASSING]
    asked = read_filter(
        words, rules=ask.rules, now=ask.now, zone=ask.zone, groups=ask.viewer.groups
    )  # fmt: skip
    return urlencode((*asked.words, *asked.view))


def _known(pages: Iterable[Page], path: str) -> bool:
    """Tell whether a path is that of a page that people look at: no file, no picture."""
    shown = [
        each for each in pages if each.action == "read" and not each.path.startswith("/chart/")
    ]
    return any(_shape(each.path).fullmatch(path) is not None for each in shown)


@cache
def _shape(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]
