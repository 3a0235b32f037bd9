"""Passwords, and what is drawn by lot so that nobody can guess it: sessions, tokens, links."""

from __future__ import annotations

import secrets
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sync.persons import Refused

if TYPE_CHECKING:
    from typing import Protocol

    class Hasher(Protocol):
        """Make and verify hashes of passwords."""

        def hash(self, password: str) -> str:
            """Give a hash, with its salt and parameters."""
            ...

        def verify(self, hash: str, password: str) -> bool:  # noqa: A002 (argon2's name)
            """Return where the password is the one; raises `VerificationError`."""
            ...

        def check_needs_rehash(self, hash: str) -> bool:  # noqa: A002 (argon2's name)
            """Tell whether a hash was made with weaker parameters."""
            ...


SHORTEST: Final = 12
#: Longer ones would let anybody keep the machine busy.
LONGEST: Final = 256
#: Each hash takes 64 MiB; more at a time would let anybody fill the memory.
_AT_A_TIME: Final = 2
#: Of those that are long enough, what is tried first; compared without case.
_COMMON: Final = frozenset(
    """
    123456789012 1234567890123 12345678901234 123123123123 111111111111 000000000000 aaaaaaaaaaaa abcdefghijkl
    abcd12345678 abc123456789 qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyuiopasdf 1q2w3e4r5t6y 1qaz2wsx3edc
    q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123 password1234 password12345 password123456 passwordpassword
    passw0rd1234 p@ssw0rd1234 adminadminadmin administrator administrator1 changemechangeme changeme1234
    iloveyou1234 letmeinletmein letmein12345 welcome12345 welcome123456 correcthorse correcthorsebatterystaple
    complaints123 ombudombudombud ombud1234567 trustno1trustno1 unknownunknown
    """.split()  # noqa: SIM905 (a list of words reads better so)
)


class Passwords:
    """Make and verify passwords by Argon2id; who has none costs as much as who has one."""

    def __init__(self, hasher: Hasher | None = None) -> None:
        """Take the library's own parameters, unless others are given."""
        self._hasher: Hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(_AT_A_TIME)
        # Nobody knows what it is of.
        self._nobody: Final = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """Give a hash to keep."""
        with self._turns:
            return self._hasher.hash(password)

    def fits(self, held: str | None, password: str) -> bool:
        """Tell whether a password is the one whose hash is kept; one hash is reckoned in every case."""
        if len(password) > LONGEST:
            password = ""
        with self._turns:
            try:
                self._hasher.verify(held or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return held is not None

    def weak(self, held: str) -> bool:
        """Tell whether a hash that is kept should be made anew."""
        return self._hasher.check_needs_rehash(held)


def check_password(password: str, login: str) -> None:
    """Refuse a new password that is too easy to guess, with `Refused`."""
    if len(password) < SHORTEST:
        raise Refused(
            f"The password is too short. Take {SHORTEST} characters or more; a sentence will do"
        )
    if len(password) > LONGEST:
        raise Refused(f"The password is too long. Take at most {LONGEST} characters")
    told = password.casefold()
    names = {part for part in (login.casefold(), login.casefold().partition("@")[0]) if part}
    plain = told.strip("0123456789!?._-+*# ")
    if told in _COMMON or len(set(told)) < 4 or plain in names or told in names:
        raise Refused(
            "The password is easy to guess. Take several words that do not belong together"
        )


def draw() -> str:
    """Draw 256 bits by lot, written in 43 characters."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Give what is kept of a secret that was drawn: nothing can be guessed from it, so it needs no salt."""
    return sha256(secret.encode()).hexdigest()
