"""`ombud waivers` and `ombud disputes`: what people say about findings."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, Form, Format, out
from ombud.commands.asked import By, Why, complain, complaint_of, day, end_of_day, refusals
from ombud.commands.backtest import chosen, opened
from ombud.model.instant import DAY, iso
from sync.waivers import (
    NotWaivable,
    approve,
    decide_dispute,
    dispute,
    explain_breach,
    refuse,
    request_waiver,
    revoke,
    state,
    unreadable,
)

if TYPE_CHECKING:
    from ombud.store import WaiverRow
    from sync.service import Service

waivers = typer.Typer(
    help="Excuse a rule's failures for a time: asked for by one person, approved by another.",
    no_args_is_help=True,
)
disputes = typer.Typer(help="Say that a finding is wrong, and decide it.", no_args_is_help=True)

Rule = Annotated[str, typer.Argument(help="The rule's id.")]
Name = Annotated[str, typer.Argument(help="Its name, as the list shows it.")]
OfBinding = Annotated[
    str | None, typer.Option("--binding", help="The binding; needed where there are several.")
]
OfComplaint = Annotated[
    str | None, typer.Option("--complaint", help="One complaint: account:id, or its key.")
]


class State(StrEnum):
    """How a waiver stands."""

    requested = "requested"
    active = "active"
    expiring = "expiring"
    expired = "expired"
    revoked = "revoked"
    refused = "refused"


class Outcome(StrEnum):
    """How a dispute is decided."""

    upheld = "upheld"
    rejected = "rejected"


@waivers.command("request")
def waivers_request(
    context: typer.Context,
    rule: Rule,
    why: Why,
    by: By,
    until: Annotated[
        str, typer.Option(help="When it ends: 2026-12-31 is the end of that day at the desk.")
    ],
    complaint: OfComplaint = None,
    where: Annotated[
        str | None,
        typer.Option(help="For complaints of which this holds, as in '{severity: low}'."),
    ] = None,
    binding: OfBinding = None,
    *,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="For every complaint of the binding.")
    ] = False,
) -> None:
    """Ask for a waiver: failures of one rule count as waived until a day, once somebody else approves.

    It is for one complaint, for those that a condition holds for, or for all; never without an end. A rule that
    may not be waived keeps its breach: what you say is recorded as an explanation instead, and the exit code is 1.
    """
    if sum((complaint is not None, where is not None, everywhere)) != 1:
        raise typer.BadParameter(
            "say for which complaints: --complaint REF, --where CONDITION or --everywhere, one of them",
            param_hint="--complaint",
        )
    with opened(context) as service, refusals():
        case = None
        if complaint is not None:
            _, case, bound = complaint_of(service, complaint)
        else:
            bound = chosen(service, binding)
        told = None
        if where is not None:
            from policies.condition import read_condition

            told = read_condition(where, bound.pack)
        person, now = service.persons.named(by), service.now()
        end = end_of_day(until, bound.mapping.tzinfo, "--until")
        try:
            with service.store.book() as acts:
                name = request_waiver(
                    acts,
                    bound,
                    rule=rule,
                    case=case,
                    why=why,
                    requested_by=person,
                    until=end,
                    now=now,
                    where=told,
                    longest=service.settings.waivers.longest_days * DAY,
                )
        except NotWaivable as refused:
            if case is None:
                remedy = f"ombud waivers explain {rule} --complaint REF --why … --by …"
                complain(f"{refused}, complaint by complaint. Write: {remedy}")
            else:
                with service.store.book() as acts:
                    explain_breach(acts, bound, rule=rule, case=case, why=why, by=person, now=now)
                complain(f"{refused}.")
            raise typer.Exit(FOUND) from refused
    out.print(f"Waiver {name} is asked for. It counts once somebody else approves it.")
    out.print(f"Next: ombud waivers approve {name} --by …", style="dim")


@waivers.command("approve")
def waivers_approve(context: typer.Context, name: Name, by: By) -> None:
    """Approve a waiver that somebody else asked for; it holds from now on."""
    with opened(context) as service, refusals():
        with service.store.book() as acts:
            row = approve(
                acts,
                name,
                by=service.persons.named(by),
                persons=service.persons,
                now=service.now(),
            )
        out.print(f"Waiver {name} holds until {day(row.until, service.zone)}.")
    out.print("Next: ombud sync", style="dim")


@waivers.command("refuse")
def waivers_refuse(context: typer.Context, name: Name, why: Why, by: By) -> None:
    """Refuse a waiver that waits for an approval."""
    with opened(context) as service, refusals(), service.store.book() as acts:
        refuse(acts, name, by=service.persons.named(by), why=why, now=service.now())
    out.print(f"Waiver {name} is refused.")


@waivers.command("revoke")
def waivers_revoke(context: typer.Context, name: Name, why: Why, by: By) -> None:
    """End a waiver before its time; what it excused fails again at the next sync."""
    with opened(context) as service, refusals(), service.store.book() as acts:
        revoke(acts, name, by=service.persons.named(by), why=why, now=service.now())
    out.print(f"Waiver {name} is revoked.")
    out.print("Next: ombud sync", style="dim")


@waivers.command("list")
def waivers_list(
    context: typer.Context,
    wanted: Annotated[
        list[State] | None, typer.Option("--state", help="Only these; may be repeated.")
    ] = None,
    form: Format = Form.table,
) -> None:
    """List waivers with their states: requested, active, expiring, expired, revoked, refused."""
    with opened(context) as service:
        now = service.now()
        soon = service.settings.waivers.expiring_days * DAY
        with service.store.acts() as acts:
            kept = [(each, state(each, now, expiring=soon)) for each in acts.waivers()]
        rows = [
            _row(service, each, told, form)
            for each, told in kept
            if not wanted or told in {one.value for one in wanted}
        ]
    columns = ("id", "state", "rule", "for", "until", "why", "requested by", "approved by", "note")
    terminal.print_rows(out, columns, rows, form=form)
    if form is Form.table and not rows:
        out.print("There are none. Ask for one with: ombud waivers request")


def _row(service: Service, each: WaiverRow, told: str, form: Form) -> tuple[object, ...]:
    bound = next((one for one in service.bounds if one.name == each.binding), None)
    zone = bound.mapping.tzinfo if bound is not None else service.zone
    target = f"every complaint of {each.binding}"
    if each.case is not None:
        tickets = sorted(map(str, service.store.members([each.case])))
        target = ", ".join(tickets) or each.case
    elif each.predicate is not None:
        target = f"{each.predicate} of {each.binding}"
    note = each.ended_why or ""
    if bound is None:
        note = f"ombud.toml no longer has {each.binding}: it excuses nothing"
    elif unreadable(bound, each) is not None:
        note = f"it excuses nothing: {unreadable(bound, each)}"
    return (
        each.id,
        told,
        each.rule,
        target,
        day(each.until, zone) if form is Form.table else iso(each.until),
        each.why,
        each.requested_name or each.requested_by,
        each.approved_name or each.approved_by,
        note,
    )


@waivers.command("explain")
def waivers_explain(
    context: typer.Context,
    rule: Rule,
    complaint: Annotated[str, typer.Option(help="The complaint: account:id, or its key.")],
    why: Why,
    by: By,
) -> None:
    """Record why a breach came about; it is shown beside the finding, whose verdict stays what it is."""
    with opened(context) as service, refusals():
        _, case, bound = complaint_of(service, complaint)
        with service.store.book() as acts:
            explain_breach(
                acts,
                bound,
                rule=rule,
                case=case,
                why=why,
                by=service.persons.named(by),
                now=service.now(),
            )
    out.print("Recorded. The verdict stays what it is.")
    out.print(f"Next: ombud explain {complaint} {rule}", style="dim")


@disputes.command("raise")
def disputes_raise(
    context: typer.Context,
    rule: Rule,
    complaint: Annotated[str, typer.Option(help="The complaint: account:id, or its key.")],
    why: Why,
    by: By,
) -> None:
    """Say that a finding is wrong; it stands until what made it wrong is mended."""
    with opened(context) as service, refusals():
        _, case, bound = complaint_of(service, complaint)
        with service.store.book() as acts:
            name = dispute(
                acts,
                bound,
                rule=rule,
                case=case,
                why=why,
                by=service.persons.named(by),
                now=service.now(),
            )
    out.print(f"Dispute {name} is recorded.")
    out.print(f"Next: ombud disputes decide {name} upheld --by … --why …", style="dim")


@disputes.command("decide")
def disputes_decide(context: typer.Context, name: Name, outcome: Outcome, why: Why, by: By) -> None:
    """Decide a dispute: upheld where the finding was wrong, else rejected. Rollout's gates count them."""
    with opened(context) as service, refusals(), service.store.book() as acts:
        decide_dispute(
            acts,
            name,
            upheld=outcome is Outcome.upheld,
            by=service.persons.named(by),
            why=why,
            persons=service.persons,
            now=service.now(),
        )
    out.print(f"Dispute {name} is {outcome.value}.")
    out.print("Next: ombud rollout status", style="dim")


@disputes.command("list")
def disputes_list(
    context: typer.Context,
    *,
    waiting: Annotated[
        bool, typer.Option("--open", help="Only those that wait for a decision.")
    ] = False,
    form: Format = Form.table,
) -> None:
    """List disputes: of which finding, by whom, and how they were decided."""
    with opened(context) as service:
        with service.store.acts() as acts:
            kept = [each for each in acts.disputes() if not (waiting and each.outcome)]
        rows = [
            (
                each.id,
                each.outcome or "open",
                each.rule,
                ", ".join(sorted(map(str, service.store.members([each.case])))) or each.case,
                day(each.disputed, service.zone) if form is Form.table else iso(each.disputed),
                each.why,
                each.disputed_name or each.disputed_by,
                each.decided_name or each.decided_by,
                each.decided_why,
            )
            for each in kept
        ]
    columns = (
        "id", "outcome", "rule", "complaint", "since", "why", "disputed by", "decided by", "decision",
    )  # fmt: skip
    terminal.print_rows(out, columns, rows, form=form)
    if form is Form.table and not rows:
        out.print("There are none.")
