"""The words of a JQL query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Self

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<op>>=|<=|!=|!~|=|~|>|<|\(|\)|,)"""
    r"""|(?P<word>cf\[\d+\]|[^\s"'=!~<>(),\[\]]+))"""
)


class BadQueryError(ValueError):
    """The query cannot be read, or names what is not there; the message is for the caller."""


class Quoted(str):
    """A quoted token: its text is a value even where it looks like an operator."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, raw: str) -> Self:
        """Keep what stands between the quotes, escapes undone."""
        made = super().__new__(cls, "\0" + raw)
        made.text = re.sub(r"\\(.)", r"\1", raw[1:-1])
        return made


def tokens(text: str) -> Iterator[str]:
    """Yield the words of a query: operators, names, and quoted texts."""
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            message = (
                f"Error in the JQL Query: The character '{text[place:].strip()[:1]}' is a reserved JQL character. "
                "You must enclose it in a string or use the escape sequence."
            )
            raise BadQueryError(message)
        place = match.end()
        yield Quoted(match["string"]) if match["string"] else match["op"] or match["word"]
