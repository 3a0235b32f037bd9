"""A Jira issue as events: changelog, comments, and the values it began with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors import messages
from connectors.jira.adf import begins, flatten
from connectors.jira.site import OURS, PROPERTY, instant_in
from ombud.model.connector import Actual, Link, Ours, Reading
from ombud.model.event import CREATED, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import SECOND
from ombud.model.mapping import STATUS
from ombud.model.mark import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.jira.site import Site
    from ombud.model.connector import Schema
    from ombud.model.event import Native

    Json = Mapping[str, Any]

_PERSONS = frozenset({"assignee", "reporter", "creator"})
#: Jira keeps a screen's comment apart from its fields: what one person does within so long is one change.
TOGETHER: Final = 5 * SECOND
#: In place of the digest of a text that was written without being kept beside it: no text has this one.
UNFINISHED: Final = "unfinished"


def facets_of(issue: Json) -> dict[str, tuple[str, ...]]:
    """Give an issue's attributes for the scope."""
    fields = issue["fields"]
    project, kind = fields.get("project") or {}, fields.get("issuetype") or {}
    found = {
        "project": _names(project, "key", "id", "name"),
        "type": _names(kind, "id", "name"),
        "tag": tuple(fields.get("labels") or ()),
    }
    for name, value in fields.items():
        native, _ = native_value(name, value)
        if isinstance(native, str):
            readable = _names(value, "value", "name") if isinstance(value, dict) else ()
            found[f"field.{name}"] = (native, *readable)
    return found


def _names(told: Json, *keys: str) -> tuple[str, ...]:
    return tuple(str(told[key]) for key in keys if told.get(key))


def native_value(name: str, value: object) -> tuple[Native, Nature]:
    """Give a field's current value as events carry it, and its nature."""
    if name in _PERSONS:
        return (
            str(value["accountId"]) if isinstance(value, dict) and value.get("accountId") else None
        ), Nature.person
    if value is None:
        return None, Nature.choice
    if isinstance(value, list):
        parts = [native_value("", each) for each in value]
        texts = tuple(part for part, _ in parts if isinstance(part, str))
        return (texts or None), (parts[0][1] if parts else Nature.choice)
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return (flatten(value) or None), Nature.words
        if "accountId" in value:
            return str(value["accountId"]), Nature.person
        return (str(value["id"]) if "id" in value else None), Nature.choice
    if isinstance(value, (int, float)):
        return f"{value:g}", Nature.number
    text = str(value)
    return (text or None), (Nature.moment if _is_time(text) else Nature.words)


def _is_time(text: str) -> bool:
    return (
        len(text) >= len("2026-01-31")
        and text[:4].isdigit()
        and text[4] == "-"
        and text[7:8] == "-"
    )


def read_issue(
    site: Site,
    issue: Json,
    histories: Sequence[Json],
    comments: Sequence[Json],
    schema: Schema,
    revision: str,
) -> Reading:
    """Turn an issue with its whole changelog and all its comments into a reading."""
    ref = Ref(site.account, "jira", str(issue["id"]))
    fields = issue["fields"]
    state = (issue.get("properties") or {}).get(PROPERTY) or {}
    ordered = in_order(histories)
    wanted = schema.fields | {STATUS, "assignee"}
    current = {
        name: native_value(name, fields[name])
        for name in wanted
        if name in fields and name != STATUS
    }
    current[STATUS] = (str(fields["status"]["id"]), Nature.choice)
    people: dict[str, dict[str, str]] = {}
    told = list(_changes(site, ref, ordered, current, wanted, people))
    events = [
        *_birth(ref, issue, ordered, current, wanted, people),
        *told,
        *_messages(ref, issue, ordered, comments, schema, state, people),
    ]
    for name in _PERSONS:
        _note(people, fields.get(name))
    for name, value in fields.items():
        if name in wanted and isinstance(value, dict):
            _note(people, value)
    head = str(ordered[-1]["id"]) if ordered else None
    actual = Actual(
        ref=ref,
        key=str(issue["key"]),
        url=site.browse(str(issue["key"])),
        revision=revision,
        head=head,
        theirs=next(
            (
                str(each["id"])
                for each in reversed(ordered)
                if touches(each, STATUS) and not is_ours(site, each)
            ),
            None,
        ),
        status=current[STATUS][0] if isinstance(current[STATUS][0], str) else None,
        facets=facets_of(issue),
        fields={name: value for name, (value, _) in current.items()},
        natures={name: nature for name, (_, nature) in current.items()},
        edges=None,
        ours=Ours(
            tags=frozenset(
                label for label in fields.get("labels") or () if label.startswith(PREFIX)
            ),
            text=UNFINISHED if _unfinished(state, comments) else state.get("text"),
            keys=frozenset([*(state.get("keys") or ()), *_moved_under(ordered)]),
            moved_back=_moved_back(told),
        ),
        links=frozenset(_links(site, fields.get("issuelinks") or (), ordered)),
        reassigned=frozenset(str(each["id"]) for each in ordered if touches(each, "assignee")),
    )
    return Reading(ref=ref, actual=actual, events=tuple(events), people=people)


def _unfinished(state: Json, comments: Sequence[Json]) -> bool:
    """Tell whether a note of ours stands there of which our property does not know."""
    return not state.get("note") and any(key_in(each) is not None for each in comments)


def in_order(histories: Sequence[Json]) -> list[Json]:
    """Give histories oldest first: by time, and within an instant by id."""
    return sorted(histories, key=lambda each: (instant_in(each["created"]), int(each["id"])))


def _moved_under(histories: Sequence[Json]) -> Iterator[str]:
    """Give the keys under which an issue was moved, by other installations too: our property tells the others."""
    for each in histories:
        meta = each.get("historyMetadata") or {}
        key = (meta.get("extraData") or {}).get("key")
        if meta.get("type") == OURS and key and touches(each, STATUS):
            yield str(key)


def _moved_back(changes: Sequence[Event]) -> tuple[int, ...]:
    """Give when we moved the issue: once for each key, however many hops it took."""
    moves: dict[str, int] = {}
    for event in changes:
        if event.field == STATUS and event.cause is Cause.ourselves:
            moves.setdefault(event.source or event.change, event.happened)
    return tuple(moves.values())


def _birth(
    ref: Ref,
    issue: Json,
    histories: Sequence[Json],
    current: Mapping[str, tuple[Native, Nature]],
    wanted: frozenset[str],
    people: dict[str, dict[str, str]],
) -> Iterator[Event]:
    """Give creation and the values it began with, found by walking back from the present ones."""
    fields = issue["fields"]
    born = instant_in(fields["created"])
    creator = fields.get("creator") or {}
    _note(people, creator)
    actor = creator.get("accountId")
    cause = Cause.automation if creator.get("accountType") == "app" or not actor else Cause.person
    yield Event(CREATED, ref, CREATED, 0, born, born, actor, cause, Kind.created)
    values: dict[str, Native] = {name: value for name, (value, _) in current.items()}
    for history in reversed(histories):
        for item in reversed(history["items"]):
            name = field_of(item)
            if name not in wanted or name not in values:
                continue
            nature = current[name][1]
            before, after = _ends(item, nature)
            held = values[name]
            agrees = held is UNKNOWN or (
                bool(after) == bool(held)
                if nature is Nature.words
                else nature is Nature.moment or after == held
            )
            values[name] = before if agrees else UNKNOWN
    for name in sorted(values):
        if values[name] is not None:
            yield Event(
                f"{CREATED}.{name}", ref, CREATED, 0, born, born, actor, cause, Kind.field,
                field=name, nature=current[name][1], before=None, after=values[name],
            )  # fmt: skip


def field_of(item: Json) -> str:
    """Give an item's native field id; old and Server payloads have names alone."""
    return str(item.get("fieldId") or item.get("field") or "")


def touches(history: Json, field: str) -> bool:
    """Tell whether a change is about a field, among others."""
    return any(field_of(item) == field for item in history["items"])


def _ends(item: Json, nature: Nature) -> tuple[Native, Native]:
    """Give the values before and after: ids where the vendor gives them, else texts."""
    return _end(item.get("from"), item.get("fromString"), nature), _end(
        item.get("to"), item.get("toString"), nature
    )


def _end(name: object, text: object, nature: Nature) -> Native:
    if nature in {Nature.words, Nature.number}:
        told = text if text not in {None, ""} else name
    else:
        told = name if name not in {None, ""} else text
    if told in {None, ""}:
        return None
    written = str(told)
    if written.startswith("[") and written.endswith("]"):
        parts = tuple(part.strip() for part in written[1:-1].split(",") if part.strip())
        return parts or None
    return written


def _changes(
    site: Site,
    ref: Ref,
    histories: Sequence[Json],
    current: Mapping[str, tuple[Native, Nature]],
    wanted: frozenset[str],
    people: dict[str, dict[str, str]],
) -> Iterator[Event]:
    for history in histories:
        happened = instant_in(history["created"])
        author = history.get("author") or {}
        _note(people, author)
        meta = history.get("historyMetadata") or {}
        cause = _cause(site, history)
        extra = meta.get("extraData") or {}
        source = extra.get("source_event") or (
            extra.get("key") if cause is Cause.ourselves else None
        )
        for index, item in enumerate(history["items"]):
            name = field_of(item)
            if name not in wanted or name not in current:
                continue
            nature = current[name][1]
            before, after = _ends(item, nature)
            yield Event(
                id=f"{history['id']}.{index}",
                ref=ref,
                change=str(history["id"]),
                seq=int(history["id"]),
                happened=happened,
                recorded=happened,
                actor=author.get("accountId"),
                cause=cause,
                kind=Kind.field,
                field=name,
                nature=nature,
                before=before,
                after=after,
                source=None if source is None else str(source),
            )


def _links(site: Site, told: Sequence[Json], histories: Sequence[Json]) -> Iterator[Link]:
    """Give what an issue is linked to, each kind by its id and by its name, and since when."""
    if not told:
        return
    since = {
        str(item["to"]): instant_in(history["created"])
        for history in histories
        for item in history["items"]
        if field_of(item) == "Link" and item.get("to")
    }
    for each in told:
        other = each.get("outwardIssue") or each.get("inwardIssue")
        if other is not None:
            to = Ref(site.account, "jira", str(other["id"]))
            when = since.get(str(other.get("key")))
            yield Link(str(each["type"]["id"]), to, when)
            yield Link(str(each["type"]["name"]), to, when)


def is_ours(site: Site, history: Json) -> bool:
    """Tell whether a change carries our mark; others may use the same account."""
    author, meta = history.get("author") or {}, history.get("historyMetadata") or {}
    return author.get("accountId") == site.me.id and meta.get("type") == OURS


def _cause(site: Site, history: Json) -> Cause:
    """Say who or what made a change."""
    if is_ours(site, history):
        return Cause.ourselves
    author = history.get("author") or {}
    if not author.get("accountId") or author.get("accountType") == "app":
        return Cause.automation
    return Cause.person


def _messages(
    ref: Ref,
    issue: Json,
    histories: Sequence[Json],
    comments: Sequence[Json],
    schema: Schema,
    state: Json,
    people: dict[str, dict[str, str]],
) -> Iterator[Event]:
    fields = issue["fields"]
    desk = (fields.get("project") or {}).get("projectTypeKey") == "service_desk"
    reporter = (fields.get("reporter") or {}).get("accountId")
    for comment in comments:
        author = comment.get("author") or {}
        _note(people, author)
        name = author.get("accountId")
        by = _side_of(author, reporter, schema)
        # `jsdPublic` is true in every project; it means something in service projects alone.
        public = bool(comment.get("jsdPublic", True)) if desk else True
        public = public and not comment.get("visibility")
        text = flatten(comment.get("body"))
        ours = str(comment["id"]) == str(state.get("note")) or key_in(comment) is not None
        happened = instant_in(comment["created"])
        kinds = messages.marked(schema, text)
        if schema.typed_by_change:
            kinds |= _typed(schema, histories, happened, name)
        made = Event(
            id=f"c{comment['id']}",
            ref=ref,
            change=f"c{comment['id']}",
            seq=int(comment["id"]),
            happened=happened,
            recorded=happened,
            actor=name,
            cause=Cause.ourselves
            if ours
            else Cause.automation
            if by is Side.automation
            else Cause.person,
            kind=Kind.message,
            message=Message(
                public=public,
                by=by,
                to=_addressee(by) if public else None,
                automatic=by is Side.automation,
                kinds=kinds,
                key=(key_in(comment) or "ours") if ours else None,
            ),
        )
        yield made
        if not public and by is Side.agent and not ours and _untouched(comment):
            word = messages.word(made, begins(comment.get("body")))
            if word is not None:
                yield word


def _untouched(comment: Json) -> bool:
    """Tell whether a comment stands as it was written, by whom it was written."""
    last = (comment.get("updateAuthor") or comment.get("author") or {}).get("accountId")
    written = (comment.get("author") or {}).get("accountId")
    return bool(comment.get("updated") == comment["created"] and last == written)


def _typed(
    schema: Schema, histories: Sequence[Json], when: int, author: str | None
) -> frozenset[str]:
    """Give the kinds that the author named by labels or a field, on the screen on which the comment was written."""
    tags: set[str] = set()
    values: set[str] = set()
    for history in histories:
        if (history.get("author") or {}).get("accountId") != author:
            continue
        if abs(instant_in(history["created"]) - when) > TOGETHER:
            continue
        for item in history["items"]:
            name = field_of(item)
            if name == "labels":
                before = set(str(item.get("fromString") or "").split())
                tags |= set(str(item.get("toString") or "").split()) - before
            elif name == schema.kind_field:
                values |= {str(item[end]) for end in ("to", "toString") if item.get(end)}
    return messages.changed(schema, tags=tags, values=values)


def key_in(comment: Json) -> str | None:
    """Give the key of one of our own comments, where its properties were asked for."""
    for each in comment.get("properties") or ():
        if each.get("key") == PROPERTY:
            return str((each.get("value") or {}).get("key"))
    return None


def _side_of(author: Json, reporter: str | None, schema: Schema) -> Side | None:
    name, kind = author.get("accountId"), author.get("accountType")
    if name is None:
        return None
    if kind == "app":
        return Side.automation
    if name in schema.agents:
        return Side.agent
    if kind == "customer":
        return Side.complainant if name == reporter else Side.representative
    return Side.agent if kind == "atlassian" else None


def _addressee(by: Side | None) -> Side | None:
    if by in {Side.agent, Side.automation}:
        return Side.complainant
    return None if by is None else Side.agent


def _note(people: dict[str, dict[str, str]], user: object) -> None:
    """Keep a person's name and address for the encrypted part of the store."""
    if isinstance(user, dict) and user.get("accountId"):
        told = {
            "name": str(user.get("displayName") or ""),
            "email": str(user.get("emailAddress") or ""),
        }
        people[str(user["accountId"])] = {name: value for name, value in told.items() if value}
