"""How a change is printed in a changelog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ombud.sandbox.adf import plain
from ombud.sandbox.records import Issue, Item, Project

if TYPE_CHECKING:
    from ombud.sandbox.world import World


class Printer:
    """Turn stored values into the from/to pairs the vendor prints."""

    def __init__(self, world: World) -> None:
        self._world = world

    def field(self, name: str, old: Any, new: Any) -> Item:
        """Print a field's change: ids where the field has any, texts otherwise."""
        field = self._world.fields.get(name)
        if field is None or field.custom:
            label, kind = (field.name if field else name), "custom"
            before, before_text = self._value(name, old)
            after, after_text = self._value(name, new)
            return Item(
                label,
                name,
                "custom" if kind == "custom" else "jira",
                before,
                before_text,
                after,
                after_text,
            )
        before, before_text = self._value(name, old)
        after, after_text = self._value(name, new)
        return Item(name, name, "jira", before, before_text, after, after_text)

    def status(self, old: str, new: str) -> Item:
        """Print a change of status."""
        names = self._world.statuses
        return Item("status", "status", "jira", old, names[old].name, new, names[new].name)

    def issue_type(self, old: str, new: str) -> Item:
        """Print a change of issue type."""
        names = self._world.issue_types
        return Item("issuetype", "issuetype", "jira", old, names[old].name, new, names[new].name)

    def move(self, issue: Issue, home: Project, new_key: str) -> list[Item]:
        """Print a move; the key is a field of its own, without an id."""
        old = self._world.projects[issue.project]
        return [
            Item("project", "project", "jira", old.id, old.name, home.id, home.name),
            Item("Key", None, "jira", None, issue.key, None, new_key),
        ]

    def link(self, relation: str, other: str) -> Item:
        """Print a new link, a kind of noise every changelog carries."""
        return Item(
            "Link", None, "jira", None, None, other, f"This issue {relation.lower()} to {other}"
        )

    def unlink(self, relation: str, other: str) -> Item:
        """Print a link taken away."""
        return Item(
            "Link", None, "jira", other, f"This issue {relation.lower()} to {other}", None, None
        )

    def _value(self, name: str, value: Any) -> tuple[str | None, str | None]:
        if value is None:
            return None, "" if name == "labels" else None
        field = self._world.fields.get(name)
        kind = field.kind if field else "text"
        if kind == "labels":
            return None, " ".join(value)
        if kind == "option":
            return str(value), (field.options.get(str(value), str(value)) if field else str(value))
        if kind == "options":
            texts = [field.options.get(str(one), str(one)) if field else str(one) for one in value]
            return f"[{', '.join(str(one) for one in value)}]", ",".join(texts)
        if kind == "user":
            person = self._world.people.get(value)
            return value, person.name if person else value
        if kind == "datetime":
            moment = datetime.fromisoformat(value).astimezone(UTC)
            return moment.strftime("%Y-%m-%dT%H:%M:%S+0000"), moment.strftime("%d/%b/%y %I:%M %p")
        if kind == "date":
            return value, f"{value} 00:00:00.0"
        if kind == "number":
            return None, f"{value:g}"
        return None, plain(value)
