"""What a Zendesk account does by itself, besides the triggers and automations that are lists of conditions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ombud.sandbox.zendesk import desk
from ombud.sandbox.zendesk.records import SYSTEM, Act, Rule

if TYPE_CHECKING:
    from ombud.sandbox.zendesk.world import ZendeskWorld

_FIRST = 39_500


def solve_incidents(world: ZendeskWorld, act: Act) -> None:
    """Solve the incidents of a problem that was solved: one update each, with the problem's last comment."""
    if act.audit is None or act.ticket.type != "problem" or act.ticket.status != "solved":
        return
    changed = [each for each in act.audit.events if each.told.get("field_name") == "status"]
    if not changed:
        return
    said = [each.told for each in act.audit.events if each.type == "Comment"]
    source = {"ticket_id": act.ticket.id, "subject": act.ticket.subject}
    via = {"channel": "linked_problem", "source": {"from": source, "to": {}, "rel": "problem"}}
    for ticket in list(world.tickets.values()):
        if ticket.problem != act.ticket.id or ticket.status in {"solved", "closed", "deleted"}:
            continue
        values: dict[str, Any] = {"status": "solved"}
        if said:
            values["comment"] = dict(said[-1])
        world.update(ticket.id, values, SYSTEM, act.moment, via=via, origin=via)


def close_after(world: ZendeskWorld, hours: int) -> Rule:
    """Have solved tickets closed after so many hours, 1 to 672, in place of the account's four days."""
    if not 1 <= hours <= 672:
        message = "solved tickets are closed after 1 to 672 hours"
        raise ValueError(message)
    title = f"Close ticket {hours} hours after status is set to solved"
    made = replace(desk.CLOSE, title=title, hours=hours, ran=Counter())
    world.rules = [each for each in world.rules if each.id != desk.CLOSE.id] + [made]
    return made


def solves_again(times: int | None = None, *, tag: str | None = None) -> Rule:
    """Return a trigger that solves what was opened again, within the same update, so often for one ticket."""
    conditions = [("changed:status", "open")]
    if tag is not None:
        conditions.append(("tag", tag))
    return Rule(_FIRST, "Solve again", tuple(conditions), {"status": "solved"}, times=times)


def mails_when_reopened(subject: str = "Your request was reopened") -> Rule:
    """Return a trigger that mails the requester once their solved ticket is open again."""
    told = {"notify": {"subject": subject, "body": "We are looking into it again."}}
    conditions = (("changed:status", "open"), ("was:status", "solved"))
    return Rule(_FIRST + 1, "Notify requester of reopening", conditions, told)


def order(world: ZendeskWorld, orders: list[dict[str, Any]]) -> None:
    """Replace every automation and trigger of the account by the ordered ones; one that closes always stays.

    Kinds: "close_after" (hours), "solves_again" (times, tag), "mails_when_reopened" (subject), "rule" (title,
    conditions as pairs, actions, hours, times).
    """
    world.rules = [replace(desk.CLOSE, ran=Counter())]
    for number, told in enumerate(orders):
        rest = dict(told)
        kind = rest.pop("kind", None)
        if kind == "close_after":
            close_after(world, **rest)
        elif kind == "solves_again":
            world.rules.append(solves_again(**rest))
        elif kind == "mails_when_reopened":
            world.rules.append(mails_when_reopened(**rest))
        elif kind == "rule":
            rest["conditions"] = tuple((str(a), b) for a, b in rest.get("conditions", ()))
            world.rules.append(Rule(id=_FIRST + 100 + number, **rest))
        else:
            message = (
                "no such automation, known: close_after, solves_again, mails_when_reopened, rule"
            )
            raise ValueError(message)


def report(world: ZendeskWorld) -> list[dict[str, Any]]:
    """Tell the account's rules and how often each ran."""
    return [{"id": each.id, "title": each.title, "ran": each.ran.total()} for each in world.rules]
