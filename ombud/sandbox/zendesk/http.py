"""Requests of the wire, and the shapes in which Zendesk refuses them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ombud.sandbox.http import Answer, Call
from ombud.sandbox.zendesk.records import User


@dataclass(slots=True)
class Request(Call):
    """One request: `user` signed it (nobody: anonymous), with these scopes (none given: all)."""

    user: User | None = None
    scopes: frozenset[str] | None = None
    parts: dict[str, str] = field(default_factory=dict)

    def number(self, name: str, default: int) -> int:
        """Return a query parameter as a whole number."""
        value = self.one(name)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError:
            raise refused(400, "InvalidValue", f"{name} is not a valid integer") from None

    def object(self, name: str) -> dict[str, Any]:
        """Return the object of that name in the body."""
        try:
            told = json.loads(self.body or b"null")
        except ValueError:
            raise refused(422, "Unprocessable Entity", "invalid JSON") from None
        if not isinstance(told, dict) or not isinstance(told.get(name), dict):
            raise refused(400, "ParameterMissing", f"Missing parameter: {name}")
        found: dict[str, Any] = told[name]
        return found

    def url(self, rest: str) -> str:
        """Return an address of the API."""
        return f"{self.base}/api/v2/{rest}"


class RefusedError(Exception):
    """The answer is an error, in one of the vendor's four envelopes."""

    def __init__(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers or {}

    def answer(self) -> Answer:
        """Return the error as an answer."""
        return Answer(self.status, self.body, dict(self.headers))


def refused(status: int, error: str, description: str, **more: Any) -> RefusedError:
    """Return the usual envelope."""
    return RefusedError(status, {"error": error, "description": description, **more})


def missing() -> RefusedError:
    """Return the 404 of a record that is gone, or never was."""
    return refused(404, "RecordNotFound", "Not found")


def forbidden(said: str) -> RefusedError:
    """Return the envelope of what a token, a role or a plan does not allow."""
    return RefusedError(403, {"error": {"title": "Forbidden", "message": said}})


def invalid(details: dict[str, list[dict[str, Any]]]) -> RefusedError:
    """Return the 422 whose details are a map: "base", or a field's name."""
    return refused(422, "RecordInvalid", "Record validation errors", details=details)
