"""What forms share: reading their fields, saying what was done, and a page for what was not."""

from __future__ import annotations

from functools import wraps
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from ombud.model.instant import instant_of
from ombud.web.dash.frame import framed
from sync.persons import Refused
from sync.places import Places
from sync.service import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.model.facts import Instant
    from ombud.web.dash.ask import Ask
    from sync.binding import Bound

    Do = Callable[[Ask, FormData], Response]

#: What people may write about something, in characters.
LONGEST: Final = 1_000


def text(form: FormData, name: str) -> str:
    """Give a field's words; "" where it is not there."""
    told = form.get(name)
    return _without_nul(told).strip() if isinstance(told, str) else ""


def named(ask: Ask, name: str) -> str:
    """Give what an address names."""
    return _without_nul(str(ask.request.path_params[name]))


def _without_nul(told: str) -> str:
    """Give a text as every database takes it: PostgreSQL keeps no NUL."""
    return told.replace("\x00", "")


def reason(form: FormData, name: str = "why") -> str:
    """Give the reason that a form gives; raises `Refused` without one."""
    told = " ".join(text(form, name).split())
    if not told:
        raise Refused("Say why. Whoever reads this later has nothing but your words")
    if len(told) > LONGEST:
        raise Refused(f"That reason is too long: {LONGEST:,} characters at most")
    return told


def day(form: FormData, name: str, bound: Bound, what: str) -> Instant:
    """Give the end of a day at the desk; raises `Refused` for what is no date."""
    told = text(form, name)
    at = instant_of(told, bound.mapping.tzinfo, day_end=True) if told else None
    if at is None:
        raise Refused(f"{what} needs a date. Write it as 2026-12-31")
    return at


def sent(path: str, notice: str, **words: str) -> Response:
    """Lead to a page that says what was done."""
    return RedirectResponse(f"{path}?{urlencode({**words, 'notice': notice})}", status_code=303)


def fresh() -> str:
    """Give what a form is told apart by, so that one that is sent twice acts once."""
    return token_hex(8)


def told_apart(form: FormData) -> str | None:
    """Give what a form is told apart by."""
    told = text(form, "once")
    return f"form:{told}" if told.isalnum() and len(told) <= 64 else None


def not_done(
    ask: Ask, why: str, back: str, words: str, *, status: int = 409, title: str = "Nothing was changed"
) -> Response:  # fmt: skip
    """Say why something was not done, with the way back."""
    return framed(ask, "not_done.html", title=title, status=status, why=why, back=back, words=words)


def refusing(back: str, words: str) -> Callable[[Do], Do]:
    """Have a form say what is refused on a page that leads back.

    Args:
        back: where to.
        words: what that page is called.

    """

    def refuses(do: Do) -> Do:
        @wraps(do)
        def acts(ask: Ask, form: FormData) -> Response:
            try:
                return do(ask, form)
            except Refused as why:
                return not_done(ask, str(why), back, words)

        return acts

    return refuses


def shown(form: FormData) -> str:
    """Give what the page said that the row was; a form without it was made by nobody's page."""
    return text(form, "shown")


def bound_of(ask: Ask, name: str) -> Bound:
    """Give a binding by its name, or the only one; raises `Refused`."""
    bounds = ask.service.bounds
    if not name and len(bounds) == 1:
        return bounds[0]
    found = next((each for each in bounds if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in bounds)
        raise Refused(f"There is no binding {name!r}. There are: {known}" if name else f"Choose the binding: {known}")  # fmt: skip
    return found


def complaint_of(ask: Ask, told: str) -> tuple[str, Bound]:
    """Give a complaint's case and binding by account:id or key, of those that the reader may see.

    Raises:
        NotFound: there is none. One that the reader may not see is none.

    """
    state = ask.service.store.find_ticket(told)
    unknown = f"No complaint {told!r} is known here. Write account:id or the ticket's key"
    if state is None or state.case is None:
        raise NotFound(unknown)
    bound = next((each for each in ask.service.bounds if each.name == state.binding), None)
    if bound is None:
        raise NotFound(unknown)
    told_of = Places(ask.service, ask.keeper.book, ask.viewer.groups, [state.case])
    if not told_of.shows(state.case, bound.name):
        raise NotFound(unknown)
    return state.case, bound


def words_of(ask: Ask, name: str) -> str:
    """Give a word of the address that is no word of the filter's form here: a binding, a rule, a case."""
    return next((value for told, value in ask.asking.words if told == name), "")


def first_of(ask: Ask, total: int, size: int) -> int:
    """Give the place of the first row of the page that an address asks for; that of the first page for none there is."""
    told = ask.view("page", "1")
    number = int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 1
    first = (number - 1) * size
    return first if 0 <= first < total else 0
