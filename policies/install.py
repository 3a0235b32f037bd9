"""Install packs into the folder of packs, at once or not at all, and say which one is in force."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from policies.archive import MANIFEST, Contents, Manifest, all_files, read_contents, with_manifest
from policies.load import PACKS, built_in, files_of, load_pack
from policies.signature import Signature, Trust, check, refusal
from policies.vocabulary import PackError

if TYPE_CHECKING:
    from policies.pack import Pack

#: Folder of packs beside ombud.toml.
FOLDER: Final = "packs"
#: Where the pack before the last installation stays; hidden, so that nobody takes it for the one in force.
_LAST: Final = ".last"
_NO_TRUST: Final = Trust()
_HOW: Final = "ombud packs sign, ombud packs install"


@dataclass(frozen=True, slots=True)
class Installed:
    """Tell what an installation did.

    Attributes:
        pack: the pack.
        folder: where it lies.
        replaced: version and revision of the one it replaced; `None` where there was none.
        signature: who signed it.
        same: whether the very same pack was there already, and nothing was done.

    """

    pack: Pack
    folder: Path
    replaced: str | None
    signature: Signature | None
    same: bool = False


@dataclass(frozen=True, slots=True)
class InForce:
    """Say where a pack is read from.

    Attributes:
        source: a built-in pack's name, or the path of a pack.
        refused: why a newer one was passed over; `None` where none was.

    """

    source: str | Path
    refused: PackError | None = None


def install(source: Path, folder: Path, trusted: Trust = _NO_TRUST) -> Installed:
    """Install an archive or a folder into the folder of packs.

    The files are read and checked in memory, written to a new folder, flushed, loaded from there as a pack,
    and only then put in the place of the old one, which stays as the last good one.

    Raises:
        PackError: where anything is wrong; what was installed before goes on unchanged.

    """
    contents = read_contents(source)
    manifest = contents.told()
    check(contents.manifest or b"", contents.signature, trusted, contents.file)
    folder.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        write(contents, new)
        pack = _loaded(contents, new)
        if manifest is None:
            contents = with_manifest(contents, pack.id, pack.version, 0)
            manifest = Manifest.parse(contents.manifest or b"", contents.file)
            write(contents, new)
        if (manifest.pack, manifest.version) != (pack.id, pack.version):
            what = (
                f"says {manifest.pack} {manifest.version}, pack.yaml says {pack.id} {pack.version}"
            )
            raise refusal(contents.file, MANIFEST, what, "Sign it again: ombud packs sign")
        place = folder / pack.id
        held = _held(place, trusted)
        for older in (held.manifest if held is not None else None, _shipped(pack.id)):
            if older is not None:
                _check_newer(contents, manifest, older)
        if held is not None and held.good and held.text == contents.manifest:
            return Installed(load_pack(place), place, None, contents.signature, same=True)
        _swap(new, place, folder / _LAST / pack.id, keep=held is not None and held.good)
        replaced = (
            f"{held.manifest.version} revision {held.manifest.revision}"
            if held is not None and held.manifest is not None
            else None
        )
        return Installed(load_pack(place), place, replaced, contents.signature)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def write(contents: Contents, folder: Path) -> None:
    """Write every file of a pack into a folder and flush them to disk."""
    for name, content in all_files(contents).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    _sync(folder)


def source_of(told: str, folder: Path, trusted: Trust = _NO_TRUST) -> InForce:
    """Find the pack that a binding names: one that is installed, one that comes with Ombud, or a path.

    Where a trust root is set, an installed pack counts only while it is as its author signed it; if it is
    not, the last good one goes on in its place.

    Args:
        told: a name, or a path relative to `folder`.
        folder: where ombud.toml lies.
        trusted: the trust root.

    Raises:
        PackError: where there is no pack of that name, or none that may be trusted.

    """
    by_path = told.endswith((".yaml", ".yml")) or "/" in told or os.sep in told
    if by_path:
        path = folder / told
        if trusted:
            root = path if path.is_dir() else path.parent
            if not (root / MANIFEST).is_file():
                remedy = f"Put it in a folder, sign that and install it: {_HOW}"
                raise refusal(told, "", "is not signed, and ombud.toml asks for it", remedy)
            verify(root, trusted, of=path)
        return InForce(path)
    place, last = folder / FOLDER / told, folder / FOLDER / _LAST / told
    refused: PackError | None = None
    for each in (place, last):
        if not (each / "pack.yaml").is_file():
            continue
        try:
            if trusted:
                verify(each, trusted)
            elif each is last:
                load_pack(each)
        except PackError as error:
            refused = refused or error
        else:
            return InForce(each, refused)
    if refused is not None:
        raise refused
    return InForce(told)


def verify(path: Path, trusted: Trust = _NO_TRUST, *, of: Path | None = None) -> Contents:
    """Hold a folder or an archive against its manifest and, where a trust root is set, its signature.

    Args:
        path: the folder or archive.
        trusted: the trust root.
        of: the pack file that is going to be read, if it is another than pack.yaml.

    Raises:
        PackError: for whatever is missing, changed, not listed, not signed or signed by nobody known.

    """
    contents = read_contents(path)
    manifest = contents.told()
    check(contents.manifest or b"", contents.signature, trusted, contents.file)
    if trusted and manifest is not None and path.is_dir():
        root = path.resolve()
        listed = {(root / name).resolve() for name in manifest.files}
        for file in files_of(of or path):
            inside = file.path.resolve()
            if inside not in listed and not inside.is_relative_to(PACKS):
                what = "is read with this pack, but no signature covers it"
                remedy = (
                    "Lay the overlay over a pack that comes with Ombud, or put both in one folder"
                )
                raise refusal(file.file, "", what, remedy)
    return contents


def _loaded(contents: Contents, folder: Path) -> Pack:
    """Load a pack from a temporary folder; problems name the source instead."""
    try:
        return load_pack(folder)
    except PackError as error:
        prefix = str(folder)
        raise PackError(
            type(each)(
                each.file.replace(prefix, contents.file), each.line, each.column, each.where, each.what, each.remedy
            )
            for each in error.problems
        ) from error  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Held:
    """Hold what is installed: its manifest as far as it can be read, and whether it is as it was installed."""

    manifest: Manifest | None
    text: bytes | None
    good: bool


def _held(place: Path, trusted: Trust) -> _Held | None:
    if not (place / "pack.yaml").is_file():
        return None
    path = place / MANIFEST
    text = path.read_bytes() if path.is_file() else None
    try:
        contents = verify(place, trusted)
        pack = load_pack(place)
    except PackError:
        try:
            return _Held(Manifest.parse(text, str(path)) if text else None, text, good=False)
        except PackError:
            return _Held(None, text, good=False)
    return _Held(contents.told() or Manifest(pack.id, pack.version, 0, {}), text, good=True)


def _shipped(name: str) -> Manifest | None:
    """Give the version of the pack of that name that comes with Ombud, which no older one may hide."""
    if name not in built_in():
        return None
    return Manifest(name, load_pack(name).version, 0, {})


def _check_newer(contents: Contents, manifest: Manifest, held: Manifest) -> None:
    installed = f"{held.version} revision {held.revision} is there"
    if manifest.order < held.order:
        what = f"is older: version {manifest.version} revision {manifest.revision}, and {installed}"
        remedy = "Install a newer one; the pack that is there stays in force"
        raise refusal(contents.file, MANIFEST, what, remedy)
    if manifest.order == held.order and held.files and manifest.files != held.files:
        what = f"holds other files under the same version: {installed}"
        remedy = "Raise the version in pack.yaml, or sign it with a higher --revision"
        raise refusal(contents.file, MANIFEST, what, remedy)


def _swap(new: Path, place: Path, last: Path, *, keep: bool) -> None:
    """Put the new folder in its place; the old one becomes the last good one, if it is good.

    Between the two renames the pack has no folder of its name: `source_of` then reads the last one.
    """
    new.chmod(0o755)
    if place.exists():
        old = last if keep else last.with_name(f"{last.name}.bad")
        old.parent.mkdir(exist_ok=True)
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
    new.rename(place)
    _sync(place.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
