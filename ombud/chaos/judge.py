"""Whether two worlds ended alike, and nothing happened that must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ombud.chaos.mischief import REFUSED
from ombud.sandbox.end_state import trespasses
from ombud.sandbox.zendesk import desk as zendesk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ombud.chaos.place import Helpdesk
    from ombud.chaos.run import Ended

#: Who we are in each world's history.
OURS: Final = {"jira": "acc-ombud", "zendesk": str(zendesk.ADMIN.id)}
#: Moves back that one ticket may have in a run: two within a day, and every round may lie in another day.
MOST_MOVES: Final = 6
#: Where our own pages are, which is another port in each world.
_PAGE: Final = re.compile(r"http://127\.0\.0\.1:\d+")
_TOUCHED: Final = frozenset({"priority"})
Told = dict[str, Any]


def judge(
    calm: Ended,
    wild: Ended,
    *,
    touched: Collection[tuple[str, str]],
    mended: Collection[tuple[str, str]],
    ordinary: Collection[int],
) -> Iterator[str]:
    """Name what differs between the undisturbed world and the disturbed one, and what must be in neither.

    Args:
        calm: the undisturbed world's end.
        wild: the disturbed one's.
        touched: tickets, by vendor, whose priority an agent changed out of turn.
        mended: tickets that an agent mended out of turn: they need not have been moved back.
        ordinary: the day's tickets that are no complaints.

    """
    for vendor, state in wild.states.items():
        called = wild.names[vendor]
        names = {number: called[id_] for number, id_ in wild.tickets[vendor].items()}
        yield from (f"{vendor}: {each}" for each in trespasses(state))
        out_of_turn = {called[id_] for of, id_ in touched if of == vendor}
        early = {called[id_] for of, id_ in mended if of == vendor}
        for number, name in names.items():
            other = calm.states[vendor].get(name)
            if other is None:
                yield f"{vendor} {name}: it is not in the undisturbed world"
                continue
            shown = state[name]
            if number in ordinary:
                yield from _untouched(vendor, name, shown)
            besides = _TOUCHED if name in out_of_turn else frozenset()
            yield from _ticket(vendor, name, other, shown, besides=besides, early=name in early)
    yield from _database(calm.report, wild.report, {id_ for _, id_ in mended})
    yield from wild.wrong
    yield from (f"undisturbed: {each}" for each in calm.wrong)


def acknowledged(helpdesk: Helpdesk) -> Iterator[str]:
    """Name hooks that the door took and must not have taken."""
    for line in helpdesk.server.hooks.lines():
        if line["fault"] in REFUSED and line["state"] == "done":
            yield f"{helpdesk.vendor}: a hook was acknowledged that is {line['fault']}"


def _ticket(
    vendor: str, name: str, calm: Told, wild: Told, *, besides: frozenset[str], early: bool
) -> Iterator[str]:
    """Compare one ticket: where it stands, what it carries, what it says, and who moved it how often."""
    for what in ("status", "labels"):
        if calm[what] != wild[what]:
            yield f"{vendor} {name} {what}: {calm[what]} undisturbed, {wild[what]} disturbed"
    for what in sorted({*calm["fields"], *wild["fields"]} - besides):
        one, other = _shown(calm["fields"].get(what)), _shown(wild["fields"].get(what))
        if one != other:
            yield f"{vendor} {name} {what}: {one!r} undisturbed, {other!r} disturbed"
    ours = OURS[vendor]
    if vendor == "jira":
        # Our note is one comment, written over; in Zendesk it is the field compared above.
        one, other = _shown(calm["notes"]), _shown(wild["notes"])
        if one != other:
            yield f"{vendor} {name} notes: {one} undisturbed, {other} disturbed"
        if len(wild["notes"]) > 1:
            yield f"{vendor} {name}: {len(wild['notes'])} notes"
    one, other = ([each for each in told["comments"] if each[0] != ours] for told in (calm, wild))
    if one != other:
        yield f"{vendor} {name}: what people wrote differs"
    moves = sum(step[-1] == ours for step in wild["path"])
    if moves > MOST_MOVES:
        yield f"{vendor} {name}: moved back {moves} times"
    if not early:
        one, other = ([step for step in told["path"] if step[-1] == ours] for told in (calm, wild))
        if one != other:
            yield f"{vendor} {name} our moves: {one} undisturbed, {other} disturbed"


def _shown(told: object) -> object:
    """Leave out of what is shown where our own pages are."""
    if isinstance(told, list):
        return [_shown(each) for each in told]
    return _PAGE.sub("", told) if isinstance(told, str) else told


def _untouched(vendor: str, name: str, shown: Told) -> Iterator[str]:
    """Tell of whatever we did to a ticket that is no complaint."""
    ours = OURS[vendor]
    path = any(step[-1] == ours for step in shown["path"])
    if path or shown["notes"] or any(each.startswith("ombud-") for each in shown["labels"]):
        yield f"{vendor} {name}: it is no complaint, and we wrote to it"


def _database(
    calm: Mapping[str, Any], wild: Mapping[str, Any], besides: Collection[str]
) -> Iterator[str]:
    """Compare what is known: findings by rule, ticket, verdict and standing; and nothing is left to be done."""
    one, other = _findings(calm, besides), _findings(wild, besides)
    for each in sorted(one - other):
        yield f"a finding of the undisturbed world is missing: {' '.join(each)}"
    for each in sorted(other - one):
        yield f"a finding that the undisturbed world has not: {' '.join(each)}"
    if wild["waiting"]:
        yield f"hints wait: {', '.join(wild['waiting'])}"
    if wild["posted"]:
        yield f"writes wait: {wild['posted']}"
    if not isinstance(wild["log"], int):
        yield f"the decision log: {wild['log']}"
    if wild["broken"]:
        yield f"nothing is written: {wild['broken']}"
    if wild["quick_check"] != "ok":
        yield f"the database: {wild['quick_check']}"


def _findings(report: Mapping[str, Any], besides: Collection[str]) -> set[tuple[str, ...]]:
    """Give what is found; a pass is kept only where it was ever otherwise, which hangs on when it was looked at."""
    return {
        (each["account"], each["ticket"], each["rule"], each["verdict"], each["standing"])
        for each in report["findings"]
        if each["verdict"] != "pass" and each["ticket"] not in besides
    }
