"""Check a file against the model of its shape, and tell what is wrong in words of a pack author."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from policies.vocabulary import PackError, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.marked import Marked
    from policies.vocabulary import Path


def check_shape(file: Marked, model: type[BaseModel]) -> None:
    """Check a file against the model of its shape; raises `PackError` with every problem of YAML and shape."""
    problems = list(file.problems)
    broken = {(problem.line, problem.column) for problem in problems}
    if isinstance(file.content, dict):
        try:
            model.model_validate(file.content)
        except ValidationError as error:
            words = _words(model)
            found = [_translated(file, each, words) for each in error.errors(include_url=False)]
            problems.extend(_once(each for each in found if (each.line, each.column) not in broken))
    else:
        problems.append(
            Problem(
                file.file, 1, 1, "", "is no mapping of keys to values", 'Start with "pack: name"'
            )
        )
    if problems:
        raise PackError(problems)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Keep one problem a place: a value that fits none of several types is told once for each."""
    found: dict[tuple[int, int, str], Problem] = {}
    for each in problems:
        found.setdefault((each.line, each.column, each.where), each)
    return list(found.values())


def _translated(file: Marked, error: Any, words: Sequence[str]) -> Problem:
    where: Path = tuple(error["loc"])
    kind, last = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    context = error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return file.problem(where, f'the key "{last}" is not known here', nearest(last, words))
        case "missing":
            return file.problem(where[:-1], f'the key "{last}" is missing', "Add it")
        case "string_type":
            return file.problem(where, "asks for text", "Put the value in quotes")
        case "string_pattern_mismatch":
            return file.problem(
                where,
                f'"{error["input"]}" does not fit {context["pattern"]}',
                "Use a-z, 0-9 and _, a letter first"
                if "a-z" in context["pattern"]
                else "Write it like that",
            )
        case "literal_error" if isinstance(error["input"], bool):
            word = "off" if error["input"] is False else "on"
            return file.problem(
                where,
                f'YAML reads the bare word "{word}" as a truth value',
                f'Write "{word}" in quotes',
            )
        case "literal_error":
            return file.problem(
                where, f'"{error["input"]}" is not allowed here', f"Write {context['expected']}"
            )
        case "no_condition" | "no_check":
            return file.problem(
                where,
                error["msg"],
                "Write for instance {present: owner}, {severity: high} or {severity: {in: [high, critical]}}",
            )
        case "one_check" | "one_unit" | "one_body" | "one_pause" | "one_count":
            return file.problem(where, error["msg"], "Keep one")
        case "reserved":
            return file.problem(
                (*where, context["word"]),
                f'"{context["word"]}" is a word of the pack language',
                "Name the field otherwise",
            )
        case "too_long" | "string_too_long":
            return file.problem(where, f"is longer than {context['max_length']}", "Shorten it")
        case "too_short" | "string_too_short":
            return file.problem(where, "is empty", "Fill it in, or remove the key")
        case _:
            said = error["msg"]
            return file.problem(where, said[0].lower() + said[1:], "Mend the value")


@cache
def _words(model: type[BaseModel]) -> tuple[str, ...]:
    """Give every key that a file of this model may hold."""
    found: set[str] = set()

    def walk(part: object) -> None:
        if isinstance(part, dict):
            found.update(part.get("properties", {}))
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(model.model_json_schema())
    return tuple(sorted(found))
