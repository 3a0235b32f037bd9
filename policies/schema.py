"""The JSON Schema of pack files and of their examples, made of the models that load them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from policies.wire import PackOf
from policies.wire_example import ExamplesOf

if TYPE_CHECKING:
    from pydantic import BaseModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def pack_schema() -> dict[str, Any]:
    """Give the schema of a pack file, for editors."""
    return _schema(PackOf, "Ombud policy pack")


def examples_schema() -> dict[str, Any]:
    """Give the schema of a file of examples."""
    return _schema(ExamplesOf, "Examples of an Ombud policy pack")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    told = _without_titles(model.model_json_schema())
    return {"$schema": _DIALECT, "title": title, **told}


def _without_titles(part: Any) -> Any:
    """Drop the titles and defaults that repeat a key's name or stand for its absence."""
    if isinstance(part, list):
        return [_without_titles(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept: dict[str, Any] = {}
    for key, value in part.items():
        if key == "properties":
            kept[key] = {name: _without_titles(each) for name, each in value.items()}
        elif key == "anyOf":
            kept |= _without_null(value)
        elif key not in {"title", "default"}:
            kept[key] = _without_titles(value)
    return kept


def _without_null(ways: list[Any]) -> dict[str, Any]:
    """Drop "null", which stands for a key that is left out: a pack file holds no null."""
    left = [_without_titles(each) for each in ways if each != {"type": "null"}]
    return left[0] if len(left) == 1 else {"anyOf": left}


if __name__ == "__main__":
    json.dump(pack_schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
