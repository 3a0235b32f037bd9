"""A pack as a folder or as one archive: what belongs to it, read without trust, written the same way each time.

An archive is a zip file whose entries stand in the order of their names, uncompressed and without dates, so
that the same pack gives the same bytes everywhere. MANIFEST.json names each file with its SHA-256; SIGNATURE,
where there is one, is over the manifest (`policies.signature`). Nothing here writes to disk what it reads from
an archive: the files are read into memory, bounded, and only then handed on.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policies.signature import Signature, refusal
from policies.vocabulary import PackError, Problem

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".ombudpack"
MANIFEST: Final = "MANIFEST.json"
SIGNATURE: Final = "SIGNATURE"
#: A pack of 60 rules with tests and macros takes a twentieth of it.
MOST_FILES: Final = 500
MOST_BYTES_A_FILE: Final = 2_000_000
MOST_BYTES: Final = 20_000_000
#: YAML and Markdown shrink to a tenth; what shrinks to less than a hundredth was made to burst.
MOST_RATIO: Final = 100
_DEEPEST: Final = 5
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_KINDS: Final = (".yaml", ".yml", ".md", ".json", ".txt", ".csv")
#: Names that mean devices on some systems, whatever follows the dot.
_DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}  # fmt: skip
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """Say what a pack consists of.

    Attributes:
        pack: its id.
        version: three numbers.
        revision: counts the archives of one version; the higher one is the newer.
        files: path -> SHA-256 in hexadecimal.

    """

    pack: str
    version: str
    revision: int
    files: Mapping[str, str]

    def text(self) -> bytes:
        """Write it, the same bytes for the same content."""
        told = {
            "files": dict(sorted(self.files.items())),
            "format": _FORMAT,
            "pack": self.pack,
            "revision": self.revision,
            "version": self.version,
        }
        return json.dumps(told, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"

    @property
    def order(self) -> tuple[int, ...]:
        """Give its place among the archives of one pack: a higher one is newer."""
        return (*(int(part) for part in self.version.split(".")), self.revision)

    @classmethod
    def parse(cls, text: bytes, file: str) -> Manifest:
        """Read a manifest; raises `PackError`."""
        try:
            told: Any = json.loads(text)
            fits = (
                told["format"] == _FORMAT
                and isinstance(told["files"], dict)
                and all(re.fullmatch(r"[0-9a-f]{64}", each) for each in told["files"].values())
                and re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}", told["version"], re.ASCII)
                and isinstance(told["pack"], str)
                and isinstance(told["revision"], int)
                and told["revision"] >= 0
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            fits = False
        if not fits:
            remedy = "Make the archive again: ombud packs sign"
            raise refusal(file, MANIFEST, "is no manifest that this version can read", remedy)
        return cls(told["pack"], told["version"], told["revision"], told["files"])


@dataclass(frozen=True, slots=True)
class Contents:
    """Hold the files of a pack in memory.

    Attributes:
        file: the folder or archive, as it was named.
        files: path -> content; without manifest and signature.
        manifest: what it says of itself, as written; `None` where it says nothing.
        signature: who signed the manifest; `None` where nobody did.

    """

    file: str
    files: Mapping[str, bytes]
    manifest: bytes | None = None
    signature: Signature | None = None

    def told(self) -> Manifest | None:
        """Read the manifest and hold the files against it.

        Raises:
            PackError: naming each file that is missing, changed or not listed.

        """
        if self.manifest is None:
            return None
        manifest = Manifest.parse(self.manifest, self.file)
        remedy = "Ask its author for the archive again, or sign the folder anew: ombud packs sign"
        problems: list[Problem] = []
        for name in sorted({*self.files, *manifest.files}):
            if name not in self.files:
                what = "is missing, though the manifest lists it"
            elif name not in manifest.files:
                what = "is not in the manifest"
            elif sha256(self.files[name]).hexdigest() != manifest.files[name]:
                what = "was changed after the manifest was written"
            else:
                continue
            problems.extend(refusal(self.file, name, what, remedy).problems)
        if problems:
            raise PackError(problems)
        return manifest


def read_contents(path: Path) -> Contents:
    """Read a pack from a folder or an archive; raises `PackError` for whatever does not belong in one."""
    return _folder(path) if path.is_dir() else read_archive(path)


def read_archive(path: Path) -> Contents:
    """Read an archive, bounded in every way; raises `PackError`."""
    file = str(path)
    made = "Make one with: ombud packs sign"
    try:
        with path.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError as error:
        raise refusal(file, "", f"cannot be read: {error.strerror}", "Check the path") from error
    if len(data) > MOST_BYTES:
        raise refusal(file, "", f"is larger than {MOST_BYTES:,} bytes", "A pack is far smaller")
    if not data.startswith(b"PK\x03\x04"):
        raise refusal(file, "", f"is no archive of a pack ({SUFFIX})", made)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _sorted_out(file, _entries(file, archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, UnicodeError) as error:  # fmt: skip
        raise refusal(file, "", f"is broken: {error}", made) from error


def _entries(file: str, archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise refusal(file, "", f"holds {len(infos):,} files", f"Keep to {MOST_FILES}")
    declared = sum(info.file_size for info in infos)
    if declared > MOST_BYTES:
        raise refusal(file, "", f"would grow to {declared:,} bytes", f"Keep to {MOST_BYTES:,}")
    seen: dict[str, str] = {}
    found: dict[str, bytes] = {}
    for info in infos:
        name = info.orig_filename
        _check_entry(file, info)
        if name.endswith("/"):
            continue
        check_name(file, name)
        _check_clash(file, name, seen)
        with archive.open(info) as handle:
            content = handle.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise refusal(file, name, "is larger than it says", "Do not trust this archive")
        found[name] = content
    return found


def _check_entry(file: str, info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    if info.flag_bits & 0x1:
        raise refusal(file, name, "is encrypted", "Pack it without a password")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise refusal(file, name, "is packed in a way not known here", "Store or deflate it")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise refusal(file, name, "is a symbolic link", "Put the file itself in its place")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise refusal(file, name, "is a device or something like it", "Remove it")
    if name.endswith("/") or kind == stat.S_IFDIR:
        if info.file_size or not name.endswith("/"):
            raise refusal(file, name, "is a folder with content of its own", "Remove it")
        check_name(file, f"{name.rstrip('/')}/x.txt")
        return
    if info.file_size > MOST_BYTES_A_FILE:
        what = f"would take {info.file_size:,} bytes"
        raise refusal(file, name, what, f"Keep to {MOST_BYTES_A_FILE:,}")
    if info.file_size > MOST_RATIO * max(info.compress_size, 1):
        what = f"grows to {info.file_size // max(info.compress_size, 1):,} times its size"
        raise refusal(file, name, what, "Do not trust this archive")


def check_name(file: str, name: str) -> None:
    """Refuse a path that could lead out of its folder, or that means something else on another system."""
    shown = name.encode("unicode_escape").decode()[:120]
    parts = name.split("/")
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise refusal(file, shown, "is an absolute path", "Name it relative to the pack")
    if ".." in re.split(r"[/\\]", name):
        raise refusal(file, shown, "climbs out of the pack", "Do not trust this archive")
    if len(parts) > _DEEPEST or not all(_PART.fullmatch(part) for part in parts):
        remedy = "Use letters, digits, dots, hyphens and underscores, and few folders"
        raise refusal(file, shown, "is no name for a file of a pack", remedy)
    if any(part.split(".")[0].lower() in _DEVICES or part.endswith(".") for part in parts):
        raise refusal(file, shown, "is the name of a device on some systems", "Rename it")
    if name != SIGNATURE and not parts[-1].lower().endswith(_KINDS):
        kinds = ", ".join(_KINDS)
        raise refusal(file, shown, "is no kind of file that a pack holds", f"Only {kinds}")


def _check_clash(file: str, name: str, seen: dict[str, str]) -> None:
    """Refuse a name met before, also where only case tells them apart, or where a file is a folder, too."""
    low = name.lower()
    held = seen.get(low)
    if held == name:
        raise refusal(file, name, "stands twice", "Do not trust this archive")
    if held is not None:
        raise refusal(file, name, f'differs from "{held}" by case alone', "Rename one")
    for other in seen:
        if other.startswith(f"{low}/") or low.startswith(f"{other}/"):
            raise refusal(file, name, "is both a file and a folder", "Rename one")
    seen[low] = name


def _folder(path: Path) -> Contents:
    """Read the files of a folder; hidden ones are left out, as no loader reads them."""
    file = str(path)
    found: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    total = 0
    for each in sorted(path.rglob("*")):
        inside = each.relative_to(path)
        if any(part.startswith(".") for part in inside.parts):
            continue
        name = inside.as_posix()
        if each.is_symlink():
            raise refusal(file, name, "is a symbolic link", "Put the file itself in its place")
        if each.is_dir():
            continue
        if not each.is_file():
            raise refusal(file, name, "is a device or something like it", "Remove it")
        check_name(file, name)
        _check_clash(file, name, seen)
        size = each.stat().st_size
        total += size
        if size > MOST_BYTES_A_FILE or total > MOST_BYTES or len(found) >= MOST_FILES:
            remedy = f"Keep to {MOST_FILES} files, {MOST_BYTES_A_FILE:,} bytes each and {MOST_BYTES:,} together"
            raise refusal(file, name, "is more than a pack may hold", remedy)
        found[name] = each.read_bytes()
    return _sorted_out(file, found)


def _sorted_out(file: str, found: dict[str, bytes]) -> Contents:
    manifest, signature = found.pop(MANIFEST, None), found.pop(SIGNATURE, None)
    if "pack.yaml" not in found:
        raise refusal(file, "pack.yaml", "is missing", "A pack's rules stand in pack.yaml")
    signed = Signature.parse(signature, file) if signature is not None else None
    if signed is not None and manifest is None:
        raise refusal(file, MANIFEST, "is missing beside its signature", "Do not trust it")
    return Contents(file, found, manifest, signed)


def with_manifest(contents: Contents, pack: str, version: str, revision: int) -> Contents:
    """Write the manifest of a pack anew; a signature over another one is dropped."""
    listed = {name: sha256(content).hexdigest() for name, content in contents.files.items()}
    return replace(
        contents, manifest=Manifest(pack, version, revision, listed).text(), signature=None
    )


def all_files(contents: Contents) -> dict[str, bytes]:
    """Give every file with manifest and signature, in the order of their names but these first."""
    first: dict[str, bytes] = {}
    if contents.manifest is not None:
        first[MANIFEST] = contents.manifest
    if contents.signature is not None:
        first[SIGNATURE] = contents.signature.text()
    return first | dict(sorted(contents.files.items()))


def archive_bytes(contents: Contents) -> bytes:
    """Write a pack as an archive: the same bytes for the same contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in all_files(contents).items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return out.getvalue()
