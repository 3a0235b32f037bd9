"""Moving a ticket through its workflow, and the workflow itself as a graph."""

from __future__ import annotations

from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.jira import meta, writes
from ombud.sandbox.jira.http import RefusedError, Request
from ombud.sandbox.jira.site import Site
from ombud.sandbox.records import Issue, Person, Transition, Workflow

_CATEGORIES = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}


def read(site: Site, request: Request) -> Answer:
    """Answer the ways out of a ticket's status that are open to the caller."""
    issue = site.issue(request)
    fields = "transitions.fields" in request.words("expand")
    rows = listing(
        site,
        request,
        issue,
        fields=fields,
        unavailable=request.flag("includeUnavailableTransitions"),
    )
    wanted = request.one("transitionId")
    if wanted is not None:
        rows = [row for row in rows if row["id"] == wanted]
    return Answer(200, {"expand": "transitions", "transitions": rows})


def listing(
    site: Site, request: Request, issue: Issue, *, fields: bool = False, unavailable: bool = False
) -> list[dict[str, Any]]:
    """Return the transitions of a ticket; nobody who may not transition sees any."""
    person = request.person
    if person is None or not site.allows(person, "TRANSITION_ISSUES"):
        return []
    rows = []
    for one in site.world.workflow(issue.project).transitions:
        here = not one.sources or issue.status in one.sources
        available = here and _open_to(one, person)
        if here and (available or unavailable):
            rows.append(_row(site, request, one, available=available, fields=fields))
    return rows


def perform(site: Site, request: Request) -> Answer:
    """Take a ticket through a transition: screen, condition, then validator, then everything in one entry."""
    issue = site.issue(request)
    person = site.who(request)
    body = request.object()
    asked = body.get("transition")
    if not isinstance(asked, dict) or asked.get("id") is None:
        raise RefusedError(400, ["Missing 'transition' identifier"])
    ident = str(asked["id"])
    if not ident.isdigit():
        raise RefusedError(400, [f"Transition id '{ident}' is not a valid integer value."])
    found = next(
        (one for one in site.world.workflow(issue.project).transitions if one.id == ident), None
    )
    usable = found is not None and (not found.sources or issue.status in found.sources)
    if (
        found is None
        or not usable
        or not _open_to(found, person)
        or not site.allows(person, "TRANSITION_ISSUES")
    ):
        raise RefusedError(400, [f"Transition id '{ident}' is not valid for this issue."])
    plan = writes.read(site, request, body, set(found.screen), issue)
    after = issue.fields | plan.changes
    names = site.world.fields
    missing = {
        name: f"{names[name].name} is required."
        for name in found.required
        if not plan.changes.get(name)
    }
    if missing:
        raise RefusedError(400, errors=missing)
    if found.validator is not None and not after.get(found.validator.field):
        raise RefusedError(400, [found.validator.message])
    if found.clears_resolution:
        plan.changes["resolution"] = None
    writes.carry_out(site, person, issue, plan, to_status=found.to)
    return Answer(204)


def workflows(site: Site, request: Request) -> Answer:
    """Answer workflows by id, name, or project and issue type, with every transition's links."""
    person = site.who(request)
    if not site.allows(person, "VIEW_READONLY_WORKFLOW"):
        raise RefusedError(403, ["You do not have permission to view this workflow."])
    body = request.object("workflowIds", "workflowNames", "projectAndIssueTypes")
    known = site.world.workflows
    wanted = {ident: known[ident] for ident in body.get("workflowIds") or [] if ident in known}
    wanted |= {
        one.id: one for one in known.values() if one.name in (body.get("workflowNames") or [])
    }
    for pair in body.get("projectAndIssueTypes") or []:
        for project in site.world.projects.values():
            if (
                project.id == str(pair.get("projectId"))
                and str(pair.get("issueTypeId")) in project.issue_types
            ):
                wanted[project.workflow] = known[project.workflow]
    if not wanted and not any(body.values()):
        raise RefusedError(
            400, ["At least one of workflowIds, workflowNames or projectAndIssueTypes is required."]
        )
    ids = dict.fromkeys(ident for workflow in wanted.values() for ident in workflow.statuses)
    statuses = [
        {
            "id": ident,
            "name": site.world.statuses[ident].name,
            "description": "",
            "scope": {"type": "GLOBAL"},
            "statusCategory": _CATEGORIES[site.world.statuses[ident].category],
            "statusReference": ident,
        }
        for ident in ids
    ]
    return Answer(
        200, {"statuses": statuses, "workflows": [_graph(workflow) for workflow in wanted.values()]}
    )


def _open_to(one: Transition, person: Person) -> bool:
    return not one.roles or person.role in one.roles


def _row(
    site: Site, request: Request, one: Transition, *, available: bool, fields: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "to": site.view(request).status(one.to),
        "hasScreen": bool(one.screen),
        "isGlobal": not one.sources,
        "isInitial": False,
        "isAvailable": available,
        "isConditional": bool(one.roles),
        "looped": False,
    }
    if fields:
        row["fields"] = {
            name: meta.field_meta(
                site, request, site.world.fields[name], required=name in one.required
            )
            for name in one.screen
        }
    return row


def _graph(workflow: Workflow) -> dict[str, Any]:
    initial = {
        "id": "1",
        "name": "Create",
        "description": "",
        "type": "INITIAL",
        "toStatusReference": workflow.statuses[0],
        "links": [],
        "actions": [],
        "validators": [],
        "triggers": [],
        "properties": {},
    }
    return {
        "id": workflow.id,
        "name": workflow.name,
        "description": "",
        "isEditable": True,
        "scope": {"type": "GLOBAL"},
        "version": {"id": workflow.id, "versionNumber": 1},
        "startPointLayout": {"x": 0.0, "y": 0.0},
        "statuses": [
            {
                "statusReference": ident,
                "deprecated": False,
                "layout": {"x": 100.0, "y": 100.0 * place},
                "properties": {},
            }
            for place, ident in enumerate(workflow.statuses)
        ],
        "transitions": [initial, *(_edge(one) for one in workflow.transitions)],
    }


def _edge(one: Transition) -> dict[str, Any]:
    edge: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "description": "",
        "type": "DIRECTED" if one.sources else "GLOBAL",
        "toStatusReference": one.to,
        "links": [
            {"fromStatusReference": source, "fromPort": 0, "toPort": 1} for source in one.sources
        ],
        "actions": [],
        "validators": [],
        "triggers": [],
        "properties": {},
    }
    if one.validator is not None:
        parameters = {
            "ruleType": "fieldRequired",
            "fieldsRequired": one.validator.field,
            "ignoreContext": "true",
        }
        parameters["errorMessage"] = one.validator.message
        edge["validators"] = [
            {
                "id": f"{one.id}-validator",
                "ruleKey": "system:validate-field-value",
                "parameters": parameters,
            }
        ]
    if one.roles:
        rule = {
            "id": f"{one.id}-condition",
            "ruleKey": "system:restrict-issue-transition",
            "parameters": {},
        }
        edge["conditions"] = {"operation": "ALL", "conditions": [rule], "conditionGroups": []}
    return edge
