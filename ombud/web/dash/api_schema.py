"""The API's own document, OpenAPI 3.1, made of the table of addresses: `python -m ombud.web.dash.api_schema`."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ombud.web.dash.api import DOCUMENT, ENDPOINTS, Endpoint
from ombud.web.dash.api_forms import AboutTold, ProblemTold
from ombud.web.dash.api_words import Word
from ombud.web.dash.problem import MEDIA
from ombud.web.dash.session import COOKIE
from sync.filters import MOST

#: Goes up where an answer changes its form.
VERSION: Final = "1.0.0"
_ABOUT: Final = (
    "Figures of complaints as the dashboard shows them: the same numbers, the same words of filters. It only reads. "
    "Every answer says in `about` what it rests on. Complaints that are restricted to groups of others are in no number."
)
_REF: Final = "#/components/schemas/{model}"
_LATER: Final = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}  # fmt: skip
#: Status of an error -> what it means, and its headers.
_ERRORS: Final[dict[int, tuple[str, dict[str, Any]]]] = {
    400: ("Words of the address are not understood; `problems` names each.", {}),
    401: (
        "Nobody asks that is known.",
        {"WWW-Authenticate": {"description": "How to say who asks.", "schema": {"type": "string"}}},
    ),
    403: ("Whoever asks may not see this.", {}),
    404: ("There is no such thing, or it is not shown to whoever asks.", {}),
    429: ("More requests within a minute than `api_per_minute` of the settings.", _LATER),
    503: ("The database does not answer, or what was known then is still being judged.", _LATER),
}


@cache
def document() -> dict[str, Any]:
    """Give the document."""
    models: list[type[BaseModel]] = [AboutTold, ProblemTold, *(each.form for each in ENDPOINTS)]
    _, told = models_json_schema(
        [(each, "validation") for each in models], ref_template=_REF, by_alias=True
    )
    paths = {each.path.replace(":path}", "}"): {"get": _operation(each)} for each in ENDPOINTS}
    paths[DOCUMENT] = {"get": _of_document()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ombud", "version": VERSION, "description": _ABOUT},
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {
            "schemas": {name: _plain(each) for name, each in told["$defs"].items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token with the scope read: Your account, API tokens."},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Whoever is signed in with a browser."},
            },
        },
    }  # fmt: skip


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    held = re.findall(r"\{(\w+)", endpoint.path)
    answer = {
        "type": "object",
        "properties": {
            "about": {"$ref": _REF.format(model=AboutTold.__name__)},
            "figures": {"$ref": _REF.format(model=endpoint.form.__name__)},
        },
        "required": ["about", "figures"],
        "additionalProperties": False,
    }
    return {
        "operationId": "_".join(re.findall(r"\w+", endpoint.path.replace(":path", ""))[1:]),
        "summary": endpoint.summary,
        "description": f"Takes the permission `{endpoint.action}`.",
        "parameters": [
            *({"name": each, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for each in held),
            *(_parameter(each) for each in endpoint.takes),
        ],
        "responses": {"200": _answered(answer), **_errors(404 if held else None)},
    }  # fmt: skip


def _of_document() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {"200": _answered({"type": "object"}), **_errors()},
    }


def _parameter(word: Word) -> dict[str, Any]:
    schema: dict[str, Any] = word.schema
    if word.many:
        schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": MOST}
    return {
        "name": word.name,
        "in": "query",
        "description": word.about,
        "schema": schema,
        **({"style": "form", "explode": True} if word.many else {}),
    }


def _answered(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "The figures.", "content": {"application/json": {"schema": schema}}}


def _errors(more: int | None = None) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=ProblemTold.__name__)}
    return {
        str(status): {
            "description": said,
            **({"headers": headers} if headers else {}),
            "content": {MEDIA: {"schema": schema}},
        }
        for status, (said, headers) in _ERRORS.items()
        if status != 404 or more == 404
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the titles that only repeat the names."""
    found = {name: each for name, each in schema.items() if name != "title"}
    found["properties"] = {
        name: {key: told for key, told in each.items() if key != "title"}
        for name, each in schema["properties"].items()
    }
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), ensure_ascii=False, indent=2) + "\n")
