"""Requests and answers of any wire, before they become bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """One request as it came in.

    Names of headers are in title case; `who` is the account that signed it, once the wire knows.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes
    headers: Mapping[str, str]
    base: str = ""
    id: str = ""
    who: str | None = None

    def one(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def words(self, name: str) -> list[str]:
        """Return every value of a list parameter, whether repeated or joined by commas."""
        return [word for value in self.query.get(name, []) for word in value.split(",") if word]


@dataclass(slots=True)
class Answer:
    """One answer; no body is an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()
