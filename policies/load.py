"""Read packs and holidays: every error names file, line, column, key, what is wrong and the remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import holidays

from policies.build import Builder
from policies.marked import MAXIMUM_BYTES, Marked, Unreadable, read
from policies.pack import (
    Pack,
    Source,
    canonical,
    milestones_of,
    params_of,
    profiles_of,
    vocabulary_of,
)
from policies.shape import check_shape
from policies.vocabulary import Fault, PackError, Problem, nearest
from policies.wire import PackOf, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.vocabulary import Path as Where

#: Where the packs live that come with Ombud.
PACKS: Final = Path(__file__).parent / "packs"
#: Parts of a pack that an overlay adds to entry by entry.
_BY_NAME: Final = ("vocabulary", "params", "profiles")


def built_in() -> tuple[str, ...]:
    """Give the names of the packs that come with Ombud."""
    return tuple(sorted(each.parent.name for each in PACKS.glob("*/pack.yaml")))


def pack_path(source: str | Path, folder: Path | None = None) -> Path:
    """Find a pack file by the name of a built-in pack, or by a path relative to `folder`.

    Raises `PackError` where there is none.
    """
    if isinstance(source, str) and is_name(source):
        path = PACKS / source / "pack.yaml"
        if not path.is_file():
            raise PackError(
                [
                    Problem(
                        source,
                        0,
                        0,
                        "",
                        "is no pack that comes with Ombud",
                        nearest(source, built_in()),
                    )
                ]
            )
        return path
    path = (folder or Path()) / source
    path = path / "pack.yaml" if path.is_dir() else path
    if not path.is_file():
        raise PackError(
            [
                Problem(
                    str(path),
                    0,
                    0,
                    "",
                    "there is no such file",
                    f"Name a file, or one of: {', '.join(built_in())}",
                )
            ]
        )
    return path


def load_pack(source: str | Path) -> Pack:
    """Load a pack by name or path, the packs below it included; raises `PackError` with every problem."""
    merged = _merged(pack_path(source), ())
    content = merged.content
    faults: list[Fault] = []
    vocabulary = vocabulary_of(content, faults)
    params = params_of(content, faults)
    builder = Builder(
        vocabulary,
        milestones_of(content),
        {name: param.default for name, param in params.items()},
        faults,
    )
    rules = tuple(builder.rule(each, ("rules", i)) for i, each in enumerate(content["rules"]))
    profiles = profiles_of(content, [rule.id for rule in rules], faults)
    days = [
        _day(content["effective"].get(key), ("effective", key), faults) for key in ("from", "to")
    ]
    sources = tuple(
        Source(
            each["standard"],
            each["status"],
            _day(each["verified"], ("sources", i, "verified"), faults) or date.min,
            each.get("note", ""),
        )
        for i, each in enumerate(content.get("sources", ()))
    )
    if days[1] is not None and days[0] is not None and days[1] < days[0]:
        faults.append(Fault(("effective", "to"), "ends before it begins", "Write a later day"))
    if faults:
        raise PackError(merged.problem(fault) for fault in faults)
    return Pack(
        id=content["pack"],
        version=content["version"],
        title=content["title"],
        effective_from=days[0] or date.min,
        effective_to=days[1],
        calendar=content.get("calendar", "office"),
        vocabulary=vocabulary,
        milestones=builder.milestones,
        params=params,
        rules=rules,
        profiles=profiles,
        sources=sources,
        base=content.get("base"),
        content=canonical(content),
        used=frozenset(builder.used),
    )


def files_of(source: str | Path) -> tuple[Marked, ...]:
    """Read the files a pack is made of, its own first; raises `PackError`."""
    return _merged(pack_path(source), ()).files


def holiday_dates(
    country: str | None,
    subdivision: str | None,
    first_year: int,
    last_year: int,
    *,
    own: Mapping[str, str] | None = None,
    file: str = "ombud.toml",
) -> dict[date, str]:
    """Look public holidays up, both years included, and lay the desk's own on top.

    Args:
        country: ISO 3166 code; `None` looks nothing up.
        subdivision: its part's code; `None` takes what holds in all of it.
        first_year: first year.
        last_year: last year.
        own: ISO dates and names of the desk's own.
        file: where the request stands, for errors.

    Raises:
        PackError: for an unknown country or part, or a date that is none.

    """
    problems: list[Problem] = []
    found: dict[date, str] = {}
    if country is not None:
        known = _countries()
        if country not in known:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.country",
                    f'"{country}" is no country',
                    nearest(country, known),
                )
            )
        elif subdivision is not None and subdivision not in known[country]:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.subdivision",
                    f'"{subdivision}" is no part of {country}',
                    nearest(subdivision, known[country]),
                )
            )
        else:
            found |= _public(country, subdivision, first_year, last_year)
    for text, name in (own or {}).items():
        try:
            found[date.fromisoformat(text)] = name
        except ValueError:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.own",
                    f'"{text}" is no date',
                    "Write for instance 2026-12-24",
                )
            )
    if problems:
        raise PackError(problems)
    return dict(sorted(found.items()))


@cache
def _countries() -> dict[str, list[str]]:
    return {
        country: list(parts)
        for country, parts in holidays.list_supported_countries(include_aliases=True).items()
    }


@cache
def _public(
    country: str, subdivision: str | None, first_year: int, last_year: int
) -> dict[date, str]:
    return dict(
        holidays.country_holidays(
            country, subdiv=subdivision, years=range(first_year, last_year + 1)
        )
    )


def _day(text: str | None, where: Where, faults: list[Fault]) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(Fault(where, f'"{text}" is no day', "Write for instance 2026-01-31"))
        return None


@dataclass(slots=True)
class _Merged:
    """Hold a pack laid over its base, and where each part came from."""

    files: tuple[Marked, ...]
    content: dict[str, Any]
    origins: dict[Where, tuple[Marked, Where]] = field(default_factory=dict)

    def problem(self, fault: Fault) -> Problem:
        """Place a fault in the file its part came from."""
        source, prefix = self.origins.get(fault.where[:2], (self.files[0], fault.where[:2]))
        return source.problem((*prefix, *fault.where[2:]), fault.what, fault.remedy)


def _merged(path: Path, chain: tuple[Path, ...]) -> _Merged:
    """Read a pack file and lay it over its base."""
    file = _read(path)
    content: dict[str, Any] = file.content
    own: dict[Where, tuple[Marked, Where]] = {
        (part, name): (file, (part, name)) for part in _BY_NAME for name in content.get(part, {})
    }
    ids = [rule["id"] for rule in content.get("rules", ())]
    own |= {("rules", i): (file, ("rules", i)) for i in range(len(ids))}
    if "base" not in content:
        return _Merged((file,), {**content, "rules": content.get("rules", [])}, own)
    chain = (*chain, path.resolve())
    try:
        below = pack_path(content["base"], path.parent)
    except PackError as error:
        told = error.problems[0]
        raise PackError(
            [file.problem(("base",), f'"{content["base"]}" {told.what}', told.remedy)]
        ) from error
    if below.resolve() in chain:
        around = " → ".join(
            each.parent.name if each.name == "pack.yaml" else each.name for each in (*chain, below)
        )
        raise PackError(
            [
                file.problem(
                    ("base",), f"overlays go round in a circle: {around}", "Take one of them out"
                )
            ]
        )
    base = _merged(below, chain)
    merged = {**base.content, **content}
    for part in _BY_NAME:
        merged[part] = {**base.content.get(part, {}), **content.get(part, {})}
    merged["milestones"] = sorted(
        {*base.content.get("milestones", ()), *content.get("milestones", ())}
    )
    merged["sources"] = [*base.content.get("sources", ()), *content.get("sources", ())]
    rules = {
        rule["id"]: (base.origins["rules", i], rule) for i, rule in enumerate(base.content["rules"])
    }
    rules |= {
        rule["id"]: (own["rules", i], rule) for i, rule in enumerate(content.get("rules", ()))
    }
    merged["rules"] = [rule for _, rule in rules.values()]
    origins = {where: origin for where, origin in base.origins.items() if where[0] != "rules"}
    origins |= {where: origin for where, origin in own.items() if where[0] != "rules"}
    origins |= {("rules", i): origin for i, (origin, _) in enumerate(rules.values())}
    return _Merged((file, *base.files), merged, origins)


def _read(path: Path) -> Marked:
    """Read one file and check its shape; raises `PackError` with every problem of it."""
    try:
        with path.open("rb") as handle:
            text = handle.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise PackError(
            [Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}", "Check the path")]
        ) from error
    try:
        file = read(text, path)
    except Unreadable as error:
        raise PackError([error.problem]) from error
    check_shape(file, PackOf)
    ids = [rule["id"] for rule in file.content.get("rules", ())]
    doubled = [
        file.problem(
            ("rules", i, "id"),
            f'the rule "{each}" stands twice, first in line {file.marks["rules", ids.index(each)][0]}',
            "Give it another id",
        )
        for i, each in enumerate(ids)
        if each in ids[:i]
    ]
    if doubled:
        raise PackError(doubled)
    return file
