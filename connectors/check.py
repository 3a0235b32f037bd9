"""Read manifests, and check that a connector is what its manifest says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from connectors.signin import FETCHED
from ombud.model.connector import Capability, Guarding, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE: Final = Path(__file__).parent
#: The file that must be there for a capability, and must not be there without it.
FILES: Final = {
    Capability.sweep: "reader.py",
    Capability.tags: "writer.py",
    Capability.hooks: "hook.py",
}


def vendors() -> tuple[str, ...]:
    """Give the names of the connectors there are."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/manifest.yaml")))


@cache
def load_manifest(vendor: str) -> Manifest:
    """Read a connector's manifest; raises `ValueError` naming the file where it says something unknown."""
    path = _HERE / vendor / "manifest.yaml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return Manifest(
            vendor=told["vendor"],
            title=told["title"],
            api=told["api"],
            capabilities=frozenset(Capability(name) for name in told["capabilities"]),
            guard=Guarding(told["guard"]),
            sign_in={way: tuple(names) for way, names in told["sign_in"].items()},
            scopes=dict(told["scopes"]),
            request_seconds=float(told["request_seconds"]),
            limits=told["limits"],
            oauth=dict(told.get("oauth") or {}),
            hooks=dict(told.get("hooks") or {}),
            updates_a_minute=int(told.get("updates_a_minute") or 0),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def faults(vendor: str) -> Iterator[str]:
    """Give what a connector's folder and its manifest disagree about."""
    manifest = load_manifest(vendor)
    folder = _HERE / vendor
    if manifest.vendor != vendor:
        yield f"{vendor}: the manifest says vendor: {manifest.vendor}"
    for capability, file in FILES.items():
        there = (folder / file).exists()
        if vendor != "file" and there != (capability in manifest.capabilities):
            yield f"{vendor}: {file} is {'there' if there else 'missing'}, and the manifest says otherwise"
    if FETCHED & manifest.sign_in.keys() and not (folder / "signin.py").exists():
        yield f"{vendor}: signin.py is missing, and the manifest says otherwise"
    for permission, reason in (
        *manifest.scopes.items(),
        *manifest.oauth.items(),
        *manifest.hooks.items(),
    ):
        if not reason:
            yield f"{vendor}: permission {permission} has no reason"
