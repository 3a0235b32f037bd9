"""Read packs and holidays: every error names file, line, column, key, what is wrong and the remedy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from policies.calendars import FIRST_YEAR, build_calendar
from policies.loosening import looser
from policies.marked import MAXIMUM_BYTES, Marked, Unreadable, read, shown
from policies.pack import (
    Loosened,
    Pack,
    PackCalendar,
    Source,
    builder_of,
    canonical,
    params_of,
    profiles_of,
    vocabulary_of,
)
from policies.shape import check_shape
from policies.vocabulary import Fault, PackError, Problem, nearest
from policies.wire import PackOf, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.rule import Rule
    from policies.vocabulary import Path as Where


class _Effective(Protocol):
    """Anything with a version that holds for some days."""

    @property
    def version(self) -> str:
        """Give the version."""

    @property
    def effective_from(self) -> date:
        """Give the first day of receipt it holds for."""

    @property
    def effective_to(self) -> date | None:
        """Give the last day; `None` while it holds."""


T = TypeVar("T", bound=_Effective)

#: Where the packs live that come with Ombud.
PACKS: Final = Path(__file__).parent / "packs"
#: Parts of a pack that an overlay adds to entry by entry.
_BY_NAME: Final = ("vocabulary", "params", "profiles", "calendars", "tracks")
#: Parts of a pack that are lists of entries with an id.
_BY_ID: Final = ("rules", "measures")


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
    faults: list[Fault] = []
    made = _made(merged.content, faults)
    loosened: tuple[Loosened, ...] = ()
    if len(merged.files) > 1 and not faults:
        loosened = _loosened(
            load_pack(merged.files[1].path), merged.files[0], made.rules, made.profiles
        )
    if faults:
        raise PackError(merged.problem(fault) for fault in faults)
    return replace(made, loosened=loosened)


def pack_of(content: Mapping[str, Any]) -> Pack:
    """Give the pack that `Pack.content` describes, as plain values; raises `PackError` where it is none."""
    faults: list[Fault] = []
    # Tracks have an order, which the keys of JSON have not.
    told = {**content, "tracks": dict(content["tracks"])} if "tracks" in content else content
    made = _made(told, faults)
    if faults:
        name = f"pack {made.id} {made.version}"
        raise PackError(
            Problem(name, 0, 0, ".".join(map(str, each.where)), each.what, each.remedy)
            for each in faults
        )
    return made


def _made(content: Mapping[str, Any], faults: list[Fault]) -> Pack:
    """Build a pack from its resolved content, and collect what is wrong with it."""
    vocabulary = vocabulary_of(content, faults)
    params = params_of(content, faults)
    builder = builder_of(
        content, vocabulary, {name: param.default for name, param in params.items()}, faults
    )
    rules = tuple(builder.rule(each, ("rules", i)) for i, each in enumerate(content["rules"]))
    measures = tuple(
        builder.measure(each, ("measures", i)) for i, each in enumerate(content.get("measures", ()))
    )
    calendars = {
        name: _pack_calendar(name, told, faults)
        for name, told in content.get("calendars", {}).items()
    }
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
            each.get("url"),
        )
        for i, each in enumerate(content.get("sources", ()))
    )
    if days[1] is not None and days[0] is not None and days[1] < days[0]:
        faults.append(Fault(("effective", "to"), "ends before it begins", "Write a later day"))
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
        authority=content.get("authority"),
        calendars=calendars,
        tracks=tuple(content.get("tracks", ())),
        measures=measures,
        content=canonical(
            content
            if "tracks" not in content
            # Their order matters, and canonical content sorts keys.
            else {**content, "tracks": list(content["tracks"].items())}
        ),
        used=frozenset(builder.used),
    )


def load_editions(source: str | Path) -> tuple[Pack, ...]:
    """Load every legal version of a pack, the earliest first; raises `PackError`.

    They lie in `editions/` beside `pack.yaml`, which holds the newest.
    """
    path = pack_path(source)
    found = [load_pack(path)]
    if path.name == "pack.yaml":
        for file in sorted(path.parent.glob("editions/*.yaml")):
            edition = load_pack(file)
            same = next((each for each in found if each.version == edition.version), None)
            if edition.id != found[0].id or same is not None:
                what = (
                    f'is an edition of "{edition.id}", not of "{found[0].id}"'
                    if same is None
                    else f"has the version {edition.version} of another edition"
                )
                raise PackError([Problem(shown(file), 1, 1, "version", what, "Mend it there")])
            found.append(edition)
    return tuple(sorted(found, key=lambda each: (each.effective_from, version_key(each.version))))


def version_key(version: str) -> tuple[int, ...]:
    """Give a version's place among others."""
    return tuple(int(part) for part in version.split("."))


def in_force(editions: Sequence[T], day: date) -> T | None:
    """Give the version that holds for a complaint received on a day, in its latest patch; `None` before the first."""
    holding = [
        each
        for each in editions
        if each.effective_from <= day and (each.effective_to is None or day <= each.effective_to)
    ]
    return max(
        holding, key=lambda each: (each.effective_from, version_key(each.version)), default=None
    )


def _pack_calendar(name: str, told: Mapping[str, Any], faults: list[Fault]) -> PackCalendar:
    held = told.get("holidays", {})
    made = PackCalendar(
        zone=told["zone"],
        week={days: tuple(windows) for days, windows in told["week"].items()},
        country=held.get("country"),
        subdivision=held.get("subdivision"),
        own=held.get("own", {}),
    )
    try:
        build_calendar(name, made, last_year=max(FIRST_YEAR, 2026))
    except PackError as error:
        faults += [Fault(("calendars", name), each.what, each.remedy) for each in error.problems]
    return made


def _loosened(
    base: Pack,
    file: Marked,
    rules: Sequence[Rule],
    profiles: Mapping[str, tuple[str, ...]],
) -> tuple[Loosened, ...]:
    """Find where an overlay asks less than its base; `PackError` where one is not declared, with a reason."""
    problems: list[Problem] = []
    content = file.content
    declared = {each["rule"]: each["reason"] for each in content.get("loosen", ())}
    own = {each["id"] for each in content.get("rules", ())}
    now = {rule.id: rule for rule in rules}
    found: dict[str, tuple[str, tuple[str | int, ...]]] = {}
    for rule in base.rules:
        if rule.id in own:
            what = looser(rule, now[rule.id])
            if what is not None:
                index = next(i for i, each in enumerate(content["rules"]) if each["id"] == rule.id)
                found[rule.id] = (what, ("rules", index))
    for name, kept in profiles.items():
        for left in sorted(set(base.profiles.get(name, ())) - set(kept)):
            found.setdefault(left, (f"profile {name} leaves it out", ("profiles", name)))
    for rule_id, (what, where) in found.items():
        if rule_id not in declared:
            problems.append(
                file.problem(
                    where,
                    f"{rule_id} asks less than {base.id}: {what}",
                    'Say so under "loosen" with a reason, or ask as much',
                )
            )
    problems += [
        file.problem(("loosen", i), f'"{each["rule"]}" is not loosened', "Remove the entry")
        for i, each in enumerate(content.get("loosen", ()))
        if each["rule"] not in found
    ]
    if problems:
        raise PackError(problems)
    return tuple(
        Loosened(rule_id, what, declared[rule_id])
        for rule_id, (what, _) in found.items()
        if rule_id in declared
    )


def files_of(source: str | Path) -> tuple[Marked, ...]:
    """Read the files a pack is made of, its own first; raises `PackError`."""
    return _merged(pack_path(source), ()).files


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
    own |= {
        (part, i): (file, (part, i)) for part in _BY_ID for i in range(len(content.get(part, ())))
    }
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
    origins = {where: origin for where, origin in base.origins.items() if where[0] not in _BY_ID}
    origins |= {where: origin for where, origin in own.items() if where[0] not in _BY_ID}
    for part in _BY_ID:
        entries = {
            each["id"]: (base.origins[part, i], each)
            for i, each in enumerate(base.content.get(part, ()))
        }
        entries |= {
            each["id"]: (own[part, i], each) for i, each in enumerate(content.get(part, ()))
        }
        merged[part] = [each for _, each in entries.values()]
        origins |= {(part, i): origin for i, (origin, _) in enumerate(entries.values())}
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
