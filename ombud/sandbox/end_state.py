"""What every ticket shows in the end, told by the world itself and its journal, so that two days can be compared.

Nothing in it hangs on the clock or on the order in which ids were given.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from ombud.sandbox.adf import plain
from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.records import Issue
from ombud.sandbox.world import World
from ombud.sandbox.zendesk import desk as zendesk
from ombud.sandbox.zendesk.records import Audit, Event, Ticket
from ombud.sandbox.zendesk.world import ZendeskWorld

State = dict[str, dict[str, Any]]
Line = dict[str, Any]
_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b")
#: Prefix of labels and tags that are the watching account's own, and its property.
PREFIX: Final = "ombud-"
PROPERTY: Final = "ombud"
#: What the account may change besides its own labels: where a ticket stands, and who has it.
_MAY_JIRA: Final = frozenset({"status", "resolution", "assignee"})
_MAY_ZENDESK: Final = frozenset(
    {"status", "custom_status_id", "assignee_id", "group_id", str(zendesk.NOTE_FIELD)}
)


def end_state(world: World | ZendeskWorld, *, times: bool = False) -> State:
    """Return what every ticket shows, by its key or number; texts tell times of day only where `times` are wanted.

    Of each: `status`; `path`, every move as from, to, who; `fields`; `labels`; `comments` as author, visibility, text,
    in order of these; `notes`, the account's own, as texts; `doubled`, keys under which it ever wrote more than one
    note or move; `public`, notes of its that customers could read; `foreign`, what it changed that is none of its
    business.
    The last three are empty where all is well.
    """
    with world.lock:
        made: State
        if isinstance(world, World):
            lines: dict[str, list[Line]] = defaultdict(list)
            for line in world.journal.lines():
                lines[line["issue"]].append(line)
            made = {each.key: _jira(world, each, lines[each.id]) for each in world.issues.values()}
        else:
            made = {f"#{number}": _zendesk(ticket) for number, ticket in world.tickets.items()}
    if not times:
        for told in made.values():
            told["notes"] = [_CLOCK.sub("--:--", each) for each in told["notes"]]
            told["comments"] = [
                [who, seen, _CLOCK.sub("--:--", text)] for who, seen, text in told["comments"]
            ]
            told["fields"] = {
                k: _CLOCK.sub("--:--", v) if isinstance(v, str) else v
                for k, v in told["fields"].items()
            }
    return made


def differences(one: State, other: State) -> list[str]:
    """Name what two end states differ in: ticket, what, and how it is in each."""
    found = []
    for name in sorted({*one, *other}):
        a, b = one.get(name), other.get(name)
        if a is None or b is None:
            found.append(f"{name}: only in {'the other' if a is None else 'the one'}")
            continue
        found += [f"{name} {what}: {a[what]} / {b[what]}" for what in a if a[what] != b[what]]
    return found


def trespasses(state: State) -> list[str]:
    """Name what must not be in any end state: doubled notes, public ones, foreign changes."""
    return [
        f"{name} {what}: {told[what]}"
        for name, told in state.items()
        for what in ("doubled", "public", "foreign")
        if told[what]
    ]


def _jira(world: World, issue: Issue, lines: Sequence[Line]) -> dict[str, Any]:
    ours = API_ACCOUNT.account_id
    acts = [line for line in lines if line["actor"] == ours]
    path: list[list[Any]] = []
    foreign: list[str] = []
    moves: Counter[str] = Counter()
    for entry in issue.entries:
        for item in entry.items:
            if item.field_id == "status":
                path.append([item.before_text, item.after_text, entry.author])
                if entry.author == ours:
                    # A way back of several hops bears one key: a hop done twice is what is looked for.
                    key = _key(entry.history_metadata)
                    moves[f"{key} to {item.after_text}" if key else ""] += 1
            if entry.author == ours:
                foreign += _foreign_item(
                    item.field_id or item.field, item.before_text, item.after_text
                )
    notes = [each for each in issue.comments if each.author == ours]
    # Notes may have been taken away since; the journal remembers them.
    written = [line["detail"] for line in acts if line["what"] == "comment"]
    keys = Counter(_property_key(each["properties"]) for each in written)
    foreign += [
        f"property {line['detail']['key']}"
        for line in acts
        if line["what"] == "property" and line["detail"]["key"] != PROPERTY
    ]
    return {
        "status": "deleted" if issue.deleted else world.statuses[issue.status].name,
        "path": path,
        "fields": {k: v for k, v in sorted(issue.fields.items()) if k != "labels"},
        "labels": sorted(issue.fields.get("labels") or ()),
        "comments": sorted(
            [each.author, "public" if each.public else "internal", plain(each.body)]
            for each in issue.comments
        ),
        "notes": sorted(plain(each.body) for each in notes),
        "doubled": _doubled(keys) + _doubled(moves),
        "public": [plain(each["body"]) for each in written if each["public"]],
        "foreign": foreign,
    }


def _foreign_item(name: str, before: str | None, after: str | None) -> list[str]:
    if name in _MAY_JIRA:
        return []
    if name == "labels":
        changed = set((before or "").split()) ^ set((after or "").split())
        return [f"label {each}" for each in sorted(changed) if not each.startswith(PREFIX)]
    return [f"{name}: {before} -> {after}"]


def _key(metadata: dict[str, Any] | None) -> str:
    found = ((metadata or {}).get("extraData") or {}).get("key")
    return str(found) if found else ""


def _property_key(properties: dict[str, Any]) -> str:
    found = properties.get(PROPERTY)
    return str(found.get("key") or "") if isinstance(found, dict) else ""


def _doubled(keys: Counter[str]) -> list[str]:
    """Name keys used more than once; a write without one is no repetition of another."""
    return [f"{key} {times} times" for key, times in keys.items() if key and times > 1]


def _zendesk(ticket: Ticket) -> dict[str, Any]:
    ours = zendesk.ADMIN.id
    names = {each.id: each.label for each in zendesk.STATUSES}
    path: list[list[Any]] = []
    comments: list[list[str]] = []
    notes: list[str] = []
    foreign: list[str] = []
    public: list[str] = []
    keys: Counter[str] = Counter()
    for audit in ticket.audits:
        for each in audit.events:
            who = _who(audit, each)
            name = each.told.get("field_name")
            if name in ("status", "custom_status_id") and each.type == "Change":
                before, after = each.told.get("previous_value"), each.told["value"]
                if name == "custom_status_id":
                    before, after = (names.get(int(v or 0), v) for v in (before, after))
                path.append([name, before, after, who])
            if each.type == "Comment":
                seen = "public" if each.told["public"] else "internal"
                comments.append([str(each.told["author_id"]), seen, each.told["body"]])
                if audit.author == ours:
                    notes.append(each.told["body"])
                    public += [each.told["body"]] if each.told["public"] else []
            if who == str(ours) and each.type == "Change":
                foreign += _foreign_change(str(name), each)
        if audit.author == ours:
            keys[_audit_key(audit)] += 1
    return {
        "status": ticket.status,
        "path": path,
        "fields": _fields(ticket),
        "labels": sorted(ticket.tags),
        "comments": sorted(comments),
        "notes": sorted(notes),
        "doubled": _doubled(keys),
        "public": public,
        "foreign": foreign,
    }


def _fields(ticket: Ticket) -> dict[str, Any]:
    held: dict[str, Any] = {str(k): v for k, v in sorted(ticket.fields.items()) if v is not None}
    return held | {
        "custom_status": ticket.custom_status,
        "assignee": ticket.assignee,
        "group": ticket.group,
        "priority": ticket.priority,
        "subject": ticket.subject,
        "form": ticket.form,
        "requester": ticket.requester,
    }


def _who(audit: Audit, each: Event) -> str:
    """Name who did it: a rule's effects within a person's update are the rule's."""
    source = (each.via or audit.via).get("source") or {}
    rel = source.get("rel")
    return str(rel) if rel in ("trigger", "automation", "problem", "merge") else str(audit.author)


def _foreign_change(name: str, each: Event) -> list[str]:
    if name in _MAY_ZENDESK:
        return []
    before, after = each.told.get("previous_value"), each.told["value"]
    if name == "tags":
        changed = set(before or ()) ^ set(after or ())
        return [f"tag {tag}" for tag in sorted(changed) if not tag.startswith(PREFIX)]
    return [f"{name}: {before} -> {after}"]


def _audit_key(audit: Audit) -> str:
    found = audit.custom.get(PROPERTY)
    return str(found.get("key") or "") if isinstance(found, dict) else ""
