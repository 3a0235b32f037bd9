"""The packs in force: versions, digests, parameters, sources, rules; where each comes from; and two versions compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from policies.archive import MANIFEST, read_contents
from policies.compare import differences
from policies.install import FOLDER
from policies.load import built_in, in_force, load_editions, version_key
from policies.signature import trust
from policies.vocabulary import PackError
from sync.binding import pack_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ombud.settings import Settings
    from policies.compare import Difference
    from policies.pack import Pack
    from sync.binding import Bound
    from sync.service import Service

_LAST: Final = ".last"
_KEY: Final = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Say where a pack was read from, and who vouches for it.

    Attributes:
        words: that in words.
        good: whether it is as its author signed it; `None` where nobody signed it.
        refused: why a newer one was passed over; "" where none was.

    """

    words: str
    good: bool | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Say how one binding uses a pack.

    Attributes:
        bound: the binding.
        params: parameter -> its value here, its default, what it is.
        held: why a change was not put in force yet; "" where none waits.

    """

    bound: Bound
    params: Sequence[tuple[str, str, str, str]]
    held: str

    @property
    def asked(self) -> int:
        """Give how many of its rules are asked."""
        gaps = {each.rule.id for each in self.bound.judge.gaps}
        return sum(
            each.id not in gaps and self.bound.modes.get(each.id) != "off"
            for each in self.bound.pack.rules
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold one pack as it is in force.

    Attributes:
        pack: its newest version.
        editions: every version, the newest first.
        holds: the version for complaints received today; `None` where none holds.
        uses: how bindings use it.
        origin: where it comes from.

    """

    pack: Pack
    editions: Sequence[Pack]
    holds: Pack | None
    uses: Sequence[Use]
    origin: Origin

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "pack": self.pack.id,
            "version": self.pack.version,
            "title": self.pack.title,
            "digest": self.pack.digest,
            "origin": self.origin.words,
            "signed": self.origin.good,
            "editions": [
                {
                    "version": each.version,
                    "effective_from": each.effective_from.isoformat(),
                    "effective_to": None if each.effective_to is None else each.effective_to.isoformat(),
                    "digest": each.digest,
                }
                for each in self.editions
            ],
            "bindings": [
                {"binding": each.bound.name, "profile": each.bound.pack.profile, "digests": dict(each.bound.digests), "rules_asked": each.asked}
                for each in self.uses
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """Hold one of the versions that can be compared: how an address names it, and where it comes from."""

    name: str
    pack: Pack
    words: str


def shown_packs(service: Service, today: date) -> list[Shown]:
    """Give the packs in force, by their ids."""
    uses: dict[str, list[Bound]] = {}
    for bound in service.bounds:
        uses.setdefault(bound.pack.id, []).append(bound)
    return [_shown(service, uses[name], today) for name in sorted(uses)]


def sides(service: Service, name: str) -> list[Side]:
    """Give every version of a pack that there is to compare, the earliest first; what it is laid over comes before."""
    found: dict[str, Side] = {}
    digests: set[str] = set()

    def add(packs: Sequence[Pack], words: str) -> None:
        for pack in packs:
            if pack.digest in digests:
                continue
            digests.add(pack.digest)
            key = pack.version if pack.id == name else f"{pack.id} {pack.version}"
            if key in found:
                key = f"{key} {pack.digest[:_KEY]}"
            found[key] = Side(key, pack, words)

    bases: dict[str, None] = {}
    for bound in service.bounds:
        if bound.pack.id == name:
            add(bound.parts.packs, "in force")
            bases |= {each.base: None for each in bound.parts.packs if each.base is not None}
    if not found:
        return []
    folder = service.settings.folder / FOLDER
    for path, words in ((folder / name, "installed"), (folder / _LAST / name, "installed before")):
        if (path / "pack.yaml").is_file():
            add(_installed(path), words)
    for shipped in dict.fromkeys((name, *bases)):
        if shipped in built_in():
            words = "comes with Ombud" if shipped == name else "what it is laid over"
            add(_shipped(shipped), words)
    return sorted(
        found.values(), key=lambda each: (each.pack.id == name, version_key(each.pack.version))
    )


def compared(one: Side, other: Side) -> list[Difference]:
    """Give what the second asks otherwise than the first, by the parameters' defaults."""
    return list(differences(one.pack, other.pack))


def unused(service: Service) -> list[str]:
    """Give the packs that come with Ombud and that no binding uses."""
    used = {bound.pack.id for bound in service.bounds}
    return [each for each in built_in() if each not in used]


@cache
def _shipped(name: str) -> Sequence[Pack]:
    """Give the versions that come with Ombud: they stay as they are as long as it runs."""
    return load_editions(name)


def _installed(folder: Path) -> Sequence[Pack]:
    """Give the versions that are installed; none where they cannot be read, which the pack's origin tells."""
    try:
        return load_editions(folder)
    except PackError:
        return ()


def _shown(service: Service, bounds: Sequence[Bound], today: date) -> Shown:
    editions = bounds[-1].parts.packs
    uses = [_use(service, bound) for bound in bounds]
    origins = dict.fromkeys(bound.settings.pack for bound in bounds)
    return Shown(
        editions[-1],
        tuple(reversed(editions)),
        in_force(editions, today),
        uses,
        origin_of(service.settings, next(iter(origins))),
    )


def _use(service: Service, bound: Bound) -> Use:
    pack = bound.parts.packs[-1]
    held = service.footing.held.get(bound.name)
    return Use(
        bound,
        [
            (name, _plain(bound.pack.params[name]), _plain(param.default), param.help)
            for name, param in pack.params.items()
        ],
        "" if held is None else held.sentence(),
    )


def origin_of(settings: Settings, named: str) -> Origin:
    """Say where the pack that a binding names is read from, and whether its signature holds."""
    try:
        found = pack_source(settings, named)
        refused = "" if found.refused is None else str(found.refused)
        if not isinstance(found.source, Path):
            return Origin("comes with Ombud, so that its release vouches for it", None, refused)
        folder = found.source if found.source.is_dir() else found.source.parent
        if not (folder / MANIFEST).is_file():
            return Origin("installed here, not signed", None, refused)
        contents = read_contents(folder)
        contents.told()
    except PackError as error:
        return Origin(f"not as it was written: {error}", good=False)
    if contents.signature is None:
        return Origin("installed here, not signed", None, refused)
    key = contents.signature.key
    # Only a signature of a key that is named was checked before the pack was read.
    if key in trust(settings.trust.keys, settings.folder).ids:
        return Origin(f"signed by key {key}, which ombud.toml trusts", good=True, refused=refused)
    told = f"says that key {key} signed it, which ombud.toml does not name"
    return Origin(told, None, refused)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def modes_by_rule(uses: Sequence[Use]) -> Mapping[str, str]:
    """Say how far each rule acts: one word where bindings agree, else by binding."""
    found: dict[str, dict[str, str]] = {}
    for use in uses:
        for rule, mode in use.bound.modes.items():
            found.setdefault(rule, {})[use.bound.name] = mode
    return {
        rule: next(iter(modes.values()))
        if len(set(modes.values())) == 1
        else ", ".join(f"{name}: {mode}" for name, mode in modes.items())
        for rule, modes in found.items()
    }
