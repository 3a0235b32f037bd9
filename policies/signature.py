"""Sign packs and verify them: Ed25519 over the digest of a manifest, which holds the digest of every file."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from policies.vocabulary import PackError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Signed before the digest, so that a signature made for anything else says nothing of a pack.
_DOMAIN: Final = b"ombud pack manifest v1\n"
_RAW: Final = 32
_ALGORITHM: Final = "ed25519"


@dataclass(frozen=True, slots=True)
class Signature:
    """Hold who signed a manifest.

    Attributes:
        key: id of the key: the first 16 hexadecimal digits of the SHA-256 of its public part.
        value: the 64 bytes.

    """

    key: str
    value: bytes

    def text(self) -> bytes:
        """Write it as the file SIGNATURE holds it."""
        told = {
            "algorithm": _ALGORITHM,
            "key": self.key,
            "signature": base64.b64encode(self.value).decode(),
        }
        return json.dumps(told, sort_keys=True, indent=1).encode() + b"\n"

    @classmethod
    def parse(cls, text: bytes, file: str) -> Signature:
        """Read the file SIGNATURE; raises `PackError`."""
        try:
            told = json.loads(text)
            known, key = told["algorithm"] == _ALGORITHM, str(told["key"])
            value = base64.b64decode(told["signature"], validate=True)
        except (ValueError, KeyError, TypeError, RecursionError):
            known = False
        if not known:
            raise refusal(file, "SIGNATURE", "is no signature", "Sign it again: ombud packs sign")
        return cls(key, value)


@dataclass(frozen=True, slots=True)
class Trust:
    """Hold the public keys whose signatures count; without any, no signature is asked for."""

    keys: tuple[Ed25519PublicKey, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether a trust root is set."""
        return bool(self.keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of the keys."""
        return tuple(key_id(key) for key in self.keys)


def trust(told: Iterable[str], folder: Path) -> Trust:
    """Read a trust root: PEM files, their texts, or 32 bytes in base64.

    Args:
        told: as written in ombud.toml or named on the command line.
        folder: what relative paths are relative to.

    Raises:
        PackError: naming each key that is none.

    """
    keys: list[Ed25519PublicKey] = []
    problems: list[Problem] = []
    for each in told:
        try:
            keys.append(_public(each, folder))
        except PackError as error:
            problems.extend(error.problems)
    if problems:
        raise PackError(problems)
    return Trust(tuple(keys))


def _public(told: str, folder: Path) -> Ed25519PublicKey:
    name = told if len(told) <= 100 else f"{told[:40]}..."
    remedy = "Name the .pub file that `ombud packs keygen` wrote, or its 32 bytes in base64"
    text = told.encode()
    try:
        if not told.startswith("-----BEGIN"):
            raw = base64.b64decode(told, validate=True)
            if len(raw) == _RAW:
                return Ed25519PublicKey.from_public_bytes(raw)
    except (binascii.Error, ValueError):
        pass
    if not told.startswith("-----BEGIN"):
        try:
            text = (folder / told).read_bytes()
        except OSError as error:
            raise refusal(name, "", f"cannot be read: {error.strerror}", remedy) from error
    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise refusal(name, "", "is no public key", remedy) from error
    if not isinstance(key, Ed25519PublicKey):
        raise refusal(name, "", "is no Ed25519 key", remedy)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Give the id of a public key."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(raw).hexdigest()[:16]


def generate(path: Path) -> str:
    """Write a new key pair as `path` with .key (for its owner alone) and .pub; gives the key's id.

    Raises `PackError` where one of the files is there already.
    """
    private, public = path.with_suffix(".key"), path.with_suffix(".pub")
    for each in (private, public):
        if each.exists():
            raise refusal(str(each), "", "is there already", "Choose another name")
    key = Ed25519PrivateKey.generate()
    handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return key_id(key.public_key())


def sign(manifest: bytes, key_file: Path) -> Signature:
    """Sign a manifest with a private key in PEM; raises `PackError`."""
    remedy = "Name the .key file that `ombud packs keygen` wrote"
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except OSError as error:
        raise refusal(str(key_file), "", f"cannot be read: {error.strerror}", remedy) from error
    except TypeError as error:
        raise refusal(
            str(key_file), "", "is locked with a passphrase", "Name a key without one"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise refusal(str(key_file), "", "is no private key", remedy) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise refusal(str(key_file), "", "is no Ed25519 key", remedy)
    return Signature(key_id(key.public_key()), key.sign(_message(manifest)))


def check(manifest: bytes, signature: Signature | None, trusted: Trust, file: str) -> None:
    """Refuse a manifest that no trusted key has signed; where no trust root is set nothing is asked.

    Raises:
        PackError: for a missing, unknown or wrong signature.

    """
    if not trusted:
        return
    if signature is None:
        raise refusal(
            file,
            "SIGNATURE",
            "is missing, and ombud.toml asks for one under [trust]",
            "Install the archive as its author signed it, or sign it: ombud packs sign",
        )
    known = dict(zip(trusted.ids, trusted.keys, strict=True))
    key = known.get(signature.key)
    if key is None:
        raise refusal(
            file,
            "SIGNATURE",
            f"is by key {signature.key}, which is not trusted",
            f"Trusted are: {', '.join(known)}. Add its .pub file under [trust] if you know whose it is",
        )
    try:
        key.verify(signature.value, _message(manifest))
    except InvalidSignature as error:
        raise refusal(
            file,
            "SIGNATURE",
            "does not belong to this manifest: something was changed after it was signed",
            "Ask its author for the archive again",
        ) from error


def _message(manifest: bytes) -> bytes:
    return _DOMAIN + sha256(manifest).digest()


def refusal(file: str, where: str, what: str, remedy: str) -> PackError:
    """Make the error that refuses a pack, an archive or a key."""
    return PackError([Problem(file, 0, 0, where, what, remedy)])
