"""What a client may write, read strictly: screens, types, documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ombud.sandbox import adf
from ombud.sandbox.jira.http import BAD_PAYLOAD, RefusedError, Request
from ombud.sandbox.jira.site import Site
from ombud.sandbox.records import Field, Issue, Person

_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
#: Passed over without a word where Jira has its own way to change them.
_IGNORED = ("status",)
INTERNAL = "sd.public.comment"


@dataclass(slots=True)
class Plan:
    """What a body asks for, checked and turned into stored values."""

    changes: dict[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] | None = None


def read(
    site: Site, request: Request, body: dict[str, Any], screen: set[str], issue: Issue | None
) -> Plan:
    """Check a body against a screen; every wrong field is named in one 400."""
    plan = Plan(metadata=body.get("historyMetadata"))
    errors: dict[str, str] = {}
    for name, value in (body.get("fields") or {}).items():
        if name in _IGNORED:
            continue
        _put(site, request, plan, errors, screen, name, value)
    for name, operations in (body.get("update") or {}).items():
        if name in (body.get("fields") or {}):
            errors[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'."
        elif name == "comment":
            for operation in operations:
                plan.comments.append(comment(request, operation.get("add") or {}))
        else:
            _update(site, request, plan, errors, screen, name, operations, issue)
    if errors:
        raise RefusedError(400, errors=errors)
    plan.properties = {str(one["key"]): one.get("value") for one in body.get("properties") or []}
    return plan


def carry_out(
    site: Site, person: Person, issue: Issue, plan: Plan, *, to_status: str | None = None
) -> None:
    """Do what a plan says: one changelog entry, then comments and properties."""
    world = site.world
    world.edit(
        issue.id,
        plan.changes,
        person.account_id,
        to_status=to_status,
        history_metadata=plan.metadata,
    )
    for made in plan.comments:
        world.comment(issue.id, person.account_id, **made)
    for key, value in plan.properties.items():
        world.set_property(issue.id, key, value, person.account_id)


def comment(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Check a comment's body and return what it stores."""
    text = body.get("body")
    good = adf.valid(text) if request.version == "3" else isinstance(text, str) and text != ""
    if not good:
        raise RefusedError(400, errors={"comment": "Comment body is not valid!"})
    properties = {str(one["key"]): one.get("value") for one in body.get("properties") or []}
    return {
        "text": text,
        "public": not internal(properties),
        "properties": properties,
        "visibility": _visibility(body.get("visibility")),
    }


def internal(properties: dict[str, Any]) -> bool:
    """Tell whether a comment's properties hide it from the customer."""
    value = properties.get(INTERNAL)
    return isinstance(value, dict) and value.get("internal") in (True, "true")


def _visibility(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None:
        return None
    name = value.get("value") or value.get("identifier")
    if value.get("type") != "role" or name != "Service Desk Team":
        raise RefusedError(
            400,
            errors={"commentLevel": f"You are currently not a member of the project role: {name}."},
        )
    return {"type": "role", "value": name, "identifier": name}


def _put(
    site: Site,
    request: Request,
    plan: Plan,
    errors: dict[str, str],
    screen: set[str],
    name: str,
    value: Any,
) -> None:
    found = site.world.fields.get(name)
    if found is None or name not in screen:
        errors[name] = (
            f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        )
        return
    try:
        plan.changes[name] = _stored(site, request, found, value)
    except _WrongError as wrong:
        errors[name] = str(wrong)


def _update(
    site: Site,
    request: Request,
    plan: Plan,
    errors: dict[str, str],
    screen: set[str],
    name: str,
    operations: list[Any],
    issue: Issue | None,
) -> None:
    found = site.world.fields.get(name)
    if found is None or name not in screen:
        errors[name] = (
            f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        )
        return
    several = found.kind in ("labels", "options")
    present = list(issue.fields.get(name, ())) if several and issue is not None else []
    for operation in operations:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise RefusedError(400, [BAD_PAYLOAD], bare=True)
        (verb, value), *_ = operation.items()
        if verb == "set":
            _put(site, request, plan, errors, screen, name, value)
            present = list(plan.changes.get(name) or ()) if several else present
            continue
        if not several or verb not in ("add", "remove"):
            errors[name] = f"Field '{name}' does not support update operation '{verb}'."
            return
        try:
            one = _stored(site, request, found, [value])[0]
        except _WrongError as wrong:
            errors[name] = str(wrong)
            return
        if verb == "add" and one not in present:
            present.append(one)
        if verb == "remove" and one in present:
            present.remove(one)
    if several:
        plan.changes[name] = present or ([] if found.kind == "labels" else None)


class _WrongError(ValueError):
    """A value the field does not take."""


def _stored(site: Site, request: Request, found: Field, value: Any) -> Any:
    if found.kind == "labels":
        return _labels(value)
    if found.kind == "options":
        if not isinstance(value, list):
            raise _WrongError("data was not an array")
        return [_option(found, one) for one in value] or None
    if value is None:
        return None
    if found.kind == "option":
        return _option(found, value)
    if found.kind == "user":
        return _user(site, value)
    if found.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _WrongError("Operation value must be a number")
        return value
    if found.kind == "textarea" and request.version == "3":
        if not adf.valid(value):
            raise _WrongError(_DOCUMENT)
        return value if adf.plain(value) else None
    if not isinstance(value, str):
        raise _WrongError("Operation value must be a string")
    if found.kind in ("datetime", "date"):
        return _date(found, value)
    return value or None


def _labels(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _WrongError("Operation value must be an array of strings")
    for one in value:
        if not one or any(character.isspace() for character in one):
            raise _WrongError(f"The label '{one}' contains spaces which is invalid.")
        if len(one) > 255:
            raise _WrongError(f"The label '{one}' exceeds the maximum length of 255 characters.")
    return list(value)


def _option(found: Field, value: Any) -> str:
    if isinstance(value, dict):
        if str(value.get("id")) in found.options:
            return str(value["id"])
        named = value.get("value", value.get("name"))
        for ident, text in found.options.items():
            if text == named:
                return ident
    raise _WrongError(
        f"Option '{value}' is not valid for the field '{found.name}'. Specify a valid 'id' or 'name'."
    )


def _user(site: Site, value: Any) -> str:
    account = value.get("accountId", value.get("id")) if isinstance(value, dict) else None
    person = site.world.people.get(str(account))
    if person is None or not person.active:
        raise _WrongError(f"User '{account}' does not exist.")
    return person.account_id


def _date(found: Field, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _WrongError(f"Error parsing date string: {value}") from error
    if found.kind == "datetime" and moment.tzinfo is None:
        raise _WrongError(f"Error parsing date string: {value}")
    return value
