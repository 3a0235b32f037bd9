"""What people read of notices: one message for many, with the address in the helpdesk and the page; no personal data."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.log import redacted
from ombud.model.instant import moment
from sync.note import plain, wall

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import Notice

#: Notices told one by one; of the others their number is told.
MOST_TOLD: Final = 10
_MOST_RULES: Final = 5
_LONGEST_TITLE: Final = 120
_LONGEST_SENTENCE: Final = 300
#: What one and several of a kind are called, what a person has to see to first.
_CALLED: Final = {
    "insists": ("closing needs a person", "closings need a person"),
    "breaker": ("account is not written to", "accounts are not written to"),
    "blindness": ("account is not seen whole", "accounts are not seen whole"),
    "hook": ("hook needs care", "hooks need care"),
    "breach": ("deadline ran out", "deadlines ran out"),
    "block": ("closing was undone", "closings were undone"),
    "warning": ("deadline is near", "deadlines are near"),
}
#: What calls people, or hides where a link leads, in one chat or another.
_LOUD: Final = re.compile(r"@(?=\w)|<(?=[!@#])|\](?=\()")


class Item(NamedTuple):
    """Hold what is told of one notice.

    Attributes:
        key: the ticket's key; "" for what is no ticket's.
        url: where it is in the helpdesk; "" where that is no address.
        page: address of its page "Can I close this?"; "" where there is none.
        said: what is wrong.

    """

    key: str
    url: str
    page: str
    said: str

    @property
    def line(self) -> str:
        """Give it as one line."""
        # Some sentences name the ticket themselves.
        named = self.key and not self.said.startswith(self.key)
        return f"{self.key}: {self.said}" if named else self.said


class Message(NamedTuple):
    """Hold a message as channels may take it.

    Attributes:
        id: its name, the same when it is sent again.
        title: its subject.
        items: what is told one by one, the most important first.
        total: how many notices it stands for.
        rules: how many by rule, where not all are told one by one.

    """

    id: str
    title: str
    items: tuple[Item, ...]
    total: int
    rules: tuple[tuple[str, int], ...] = ()

    def text(self, longest: int = 0) -> str:
        """Give it as text; where it would be longer than a channel takes, fewer are told one by one."""
        for most in range(len(self.items), 0, -1):
            told = self._text(most)
            if not longest or len(told) <= longest:
                return told
        return self._text(0)[: longest or None]

    def html(self) -> str:
        """Give it as HTML; whatever comes from a helpdesk is escaped."""
        rows = "".join(f"<li>{_row(each)}</li>" for each in self.items)
        after = "".join(f"<p>{html.escape(each)}</p>" for each in self._after(len(self.items)))
        return f"<p>{html.escape(self.title)}</p><ul>{rows}</ul>{after}"

    def _text(self, most: int) -> str:
        lines = [] if self.total == 1 else [self.title, ""]
        for each in self.items[:most]:
            lines.append(each.line)
            lines += [f"  {each.url}"] if each.url else []
            lines += [f"  Can I close this? {each.page}"] if each.page else []
        return "\n".join([*lines, *self._after(most)])

    def _after(self, told: int) -> list[str]:
        rest = self.total - told
        lines = []
        if rest > 0:
            lines.append(f"And {rest:,} more. See: ombud check")
            if self.rules:
                by = ", ".join(f"{rule} {count:,}" for rule, count in self.rules)
                lines.append(f"By rule: {by}")
        return [*lines, f"Ombud, message {self.id}"]


def compose(name: str, told: Sequence[tuple[Notice, ZoneInfo, str | None]]) -> Message:
    """Put a message together.

    Args:
        name: the message's.
        told: the notices, each with the zone of its desk and the address of its ticket's page.

    """
    order = list(_CALLED)
    ranked = sorted(
        told,
        key=lambda each: (
            order.index(each[0].kind),
            each[0].due if each[0].due is not None else each[0].made,
            each[0].seq,
        ),
    )
    items = tuple(_item(*each) for each in ranked[:MOST_TOLD])
    title = items[0].line if len(told) == 1 else _counted(each[0].kind for each in ranked)
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE - 1]}…"
    rules: tuple[tuple[str, int], ...] = ()
    if len(told) > MOST_TOLD:
        counts = Counter(calm(each[0].rule) for each in ranked if each[0].rule)
        rules = tuple(counts.most_common(_MOST_RULES))
    return Message(name, title, items, len(told), rules)


def calm(text: str) -> str:
    """Take out of a text what would call everybody, lead elsewhere, or run over several lines."""
    return _LOUD.sub(lambda found: f"{found.group()} ", plain(text))


def wall_of(at: Instant, zone: ZoneInfo) -> str:
    """Write an instant for whoever may sit in another zone: "Tue 24 Nov, 17:00 CET"."""
    return f"{wall(at, zone)} {moment(at, zone).tzname()}"


def _item(notice: Notice, zone: ZoneInfo, page: str | None) -> Item:
    told = json.loads(notice.told)
    # What accounts' own notices say may repeat what a helpdesk answered.
    said = [calm(each if told["key"] else redacted(each)) for each in told["sentences"]]
    if notice.kind == "warning" and notice.due is not None:
        said = [
            f"{calm(str(told.get('label') or notice.rule))} is due {wall_of(notice.due, zone)}."
        ]
    elif notice.kind == "breach" and notice.due is not None:
        said.append(f"It was due {wall_of(notice.due, zone)}.")
    if told.get("late"):
        said.append("This comes late: it was found only now.")
    rules = list(dict.fromkeys([notice.rule, *told.get("rules", ())] if notice.rule else []))
    if rules:
        said.append(f"Rule {', '.join(map(calm, rules[:MOST_TOLD]))}.")
    text = " ".join(said)
    if len(text) > _LONGEST_SENTENCE:
        text = f"{text[: _LONGEST_SENTENCE - 1]}…"
    return Item(calm(told["key"]), _address(told["url"]), _address(page or ""), text)


def _address(url: str) -> str:
    """Give an address as it is, unless it is none that people may follow."""
    fits = re.fullmatch(r"https?://[^\s<>\"']+", url) is not None and url.isprintable()
    return url if fits else ""


def _row(item: Item) -> str:
    said = html.escape(item.line)
    if item.url and item.key and item.line.startswith(item.key):
        key = html.escape(item.key)
        said = (
            f'<a href="{html.escape(item.url)}">{key}</a>{html.escape(item.line[len(item.key) :])}'
        )
    if item.page:
        said += f' <a href="{html.escape(item.page)}">Can I close this?</a>'
    return said


def _counted(kinds: Iterable[str]) -> str:
    counts = Counter(kinds)
    return ", ".join(
        f"{counts[kind]:,} {one if counts[kind] == 1 else several}"
        for kind, (one, several) in _CALLED.items()
        if counts[kind]
    )
