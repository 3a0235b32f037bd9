"""Requests and answers of the wire, before they become bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ombud.sandbox.http import Answer, Call
from ombud.sandbox.records import Person

NO_ISSUE = "Issue does not exist or you do not have permission to see it."
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."


@dataclass(slots=True)
class Request(Call):
    """One request: `version` is "2" or "3", `person` who signed it (nobody: anonymous)."""

    person: Person | None = None
    version: str = "3"
    parts: dict[str, str] = field(default_factory=dict)

    def number(self, name: str, default: int) -> int:
        """Return a query parameter as a whole number; anything else is a 404 on Jira's side."""
        value = self.one(name)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError as error:
            raise RefusedError(404, ["null for uri: " + self.path]) from error

    def flag(self, name: str) -> bool:
        """Return a query parameter as a yes or no."""
        return (self.one(name) or "").lower() == "true"

    def json(self) -> Any:
        """Return the body as JSON."""
        try:
            return json.loads(self.body or b"null")
        except ValueError as error:
            raise RefusedError(400, [BAD_PAYLOAD]) from error

    def object(self, *allowed: str) -> dict[str, Any]:
        """Return the body as an object; with names given, no others are let through."""
        value = self.json()
        if not isinstance(value, dict) or (allowed and set(value) - set(allowed)):
            raise RefusedError(400, [BAD_PAYLOAD], bare=True)
        return value

    def url(self, rest: str) -> str:
        """Return an address under this request's API version."""
        return f"{self.base}/rest/api/{self.version}/{rest}"


class RefusedError(Exception):
    """The answer is an error collection; `bare` leaves the empty `errors` out, as some of the vendor's do."""

    def __init__(
        self,
        status: int,
        messages: list[str] | None = None,
        errors: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        bare: bool = False,
    ) -> None:
        super().__init__(status, messages, errors)
        self.status = status
        self.messages = messages or []
        self.errors = errors or {}
        self.headers = headers or {}
        self.bare = bare

    def answer(self) -> Answer:
        """Return the error as an answer."""
        body: dict[str, Any] = {"errorMessages": self.messages}
        if not self.bare:
            body["errors"] = self.errors
        return Answer(self.status, body, dict(self.headers))


def missing() -> RefusedError:
    """Return the one 404 that stands for deleted, never there, and not allowed."""
    return RefusedError(404, [NO_ISSUE])
