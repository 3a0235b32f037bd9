"""Keep personal data apart: keyed identifiers everywhere, names and addresses encrypted per case."""

from __future__ import annotations

import base64
import hmac
import json
import os
from hashlib import blake2b
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert, select

from ombud.store import postgresql
from ombud.store.errors import StoreError
from ombud.store.statements import Clash, Put, Query, among
from ombud.store.tables import casekey, meta, person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_NONCE = 12
_KEY = 32
_PUT_KEY = Put(casekey, Clash.replace)
_PUT_PERSON = Put(person, Clash.refuse)
_KEYS = Query(
    lambda kind: select(casekey.c.kase, casekey.c.wrapped).where(
        among(kind, casekey.c.kase, "cases")
    ),
    ("cases",),
)
_KNOWN = Query(
    lambda kind: select(person.c.kase, person.c.who).where(among(kind, person.c.kase, "cases")),
    ("cases",),
)


class Vault:
    """Seal and open personal data under OMBUD_KEY.

    Every case has a key of its own, wrapped by OMBUD_KEY; dropping it forgets the case's persons for good,
    in backups made afterwards too, while findings stay readable.
    """

    def __init__(self, key: bytes) -> None:
        """Derive what is needed from OMBUD_KEY; raises `StoreError` unless it is 32 bytes long."""
        if len(key) != _KEY:
            raise StoreError("OMBUD_KEY is not 32 bytes long. Set the one that `ombud init` made")
        self._wrapping = AESGCM(hmac.digest(key, b"ombud case keys", "sha256"))
        self._naming = hmac.digest(key, b"ombud pseudonyms", "sha256")
        self._tokens = AESGCM(hmac.digest(key, b"ombud tokens", "sha256"))
        self._sealing = hmac.digest(key, b"ombud decision log", "sha256")
        self._opening = hmac.digest(key, b"ombud pages", "sha256")
        self.check = hmac.digest(key, b"ombud check", "sha256").hex()

    def pseudonym(self, native: str) -> str:
        """Give a keyed identifier: the same for the same text, and nothing to be guessed from it."""
        return "p:" + blake2b(native.encode(), key=self._naming, digest_size=16).hexdigest()

    def seal_end(self, seq: int, last: str) -> str:
        """Give what shows that the decision log ended at a line, to nobody without OMBUD_KEY."""
        return hmac.digest(self._sealing, f"{seq}:{last}".encode(), "sha256").hex()

    def page_key(self, of: str) -> str:
        """Give what opens a ticket's page: 22 characters for an address, the same at every time, to be guessed by nobody."""
        told = blake2b(of.encode(), key=self._opening, digest_size=16).digest()
        return base64.urlsafe_b64encode(told).decode().rstrip("=")

    def seal_token(self, account: str, plain: str) -> str:
        """Seal what signs an account's requests; it opens for that account alone."""
        return self._seal(self._tokens, plain.encode(), account)

    def open_token(self, account: str, sealed: str) -> str:
        """Open what `seal_token` sealed; raises `StoreError` where it was changed, or is another account's."""
        return self._unseal(self._tokens, sealed, account, "the account's tokens").decode()

    def _case_keys(self, connection: Connection, cases: list[str]) -> dict[str, AESGCM]:
        """Give the keys of cases, making those that are not there yet; none for a case that was forgotten."""
        held: dict[str, str | None] = dict(_KEYS.all(connection, cases))
        keys = {
            case: AESGCM(self._unseal(self._wrapping, wrapped, case))
            for case, wrapped in held.items()
            if wrapped is not None
        }
        made = []
        for case in sorted(set(cases) - set(held)):
            raw = AESGCM.generate_key(256)
            keys[case] = AESGCM(raw)
            made.append((case, self._seal(self._wrapping, raw, case)))
        _PUT_KEY.rows(connection, made)
        return keys

    def remember(
        self, connection: Connection, people: Mapping[str, Mapping[str, Mapping[str, str]]]
    ) -> None:
        """Store persons by case and keyed identifier, those only that are not stored yet."""
        cases = [case for case, persons in people.items() if persons]
        if not cases:
            return
        known = set(_KNOWN.all(connection, cases))
        new = {
            case
            for case, persons in people.items()
            if any((case, who) not in known for who in persons)
        }
        if not new:
            return
        keys = self._case_keys(connection, sorted(new))
        rows = [
            (case, who, self._seal(keys[case], json.dumps(dict(told)).encode(), f"{case}/{who}"))
            for case, persons in people.items()
            if case in keys
            for who, told in persons.items()
            if (case, who) not in known
        ]
        _PUT_PERSON.rows(connection, rows)

    def recall(self, connection: Connection, case: str) -> dict[str, dict[str, str]]:
        """Give a case's persons by keyed identifier; nothing once it was forgotten."""
        wrapped = connection.execute(
            select(casekey.c.wrapped).where(casekey.c.kase == case)
        ).scalar()
        if wrapped is None:
            return {}
        key = AESGCM(self._unseal(self._wrapping, wrapped, case))
        return {
            row.who: json.loads(self._unseal(key, row.secret, f"{case}/{row.who}"))
            for row in connection.execute(select(person).where(person.c.kase == case))
        }

    def forget(self, connection: Connection, case: str) -> None:
        """Drop a case's key and with it everything personal about it; a later sync remembers nothing of it again."""
        _PUT_KEY.rows(connection, [(case, None)])
        if connection.dialect.name == "postgresql":
            postgresql.rewrite_keys(connection)
        connection.execute(delete(person).where(person.c.kase == case))

    def verify(self, connection: Connection) -> None:
        """Refuse a key that is not the database's own; keep the check of a new one."""
        held = connection.execute(select(meta.c.told).where(meta.c.name == "key")).scalar()
        if held is None:
            connection.execute(insert(meta), {"name": "key", "told": self.check})
        elif not hmac.compare_digest(held, self.check):
            raise StoreError(
                "OMBUD_KEY is not the key of this database. Set the one that `ombud init` made for it"
            )

    @staticmethod
    def _seal(key: AESGCM, plain: bytes, bound: str) -> str:
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + key.encrypt(nonce, plain, bound.encode())).decode()

    @staticmethod
    def _unseal(key: AESGCM, sealed: str, bound: str, what: str = "personal data") -> bytes:
        raw = base64.b64decode(sealed)
        try:
            return key.decrypt(raw[:_NONCE], raw[_NONCE:], bound.encode())
        except InvalidTag as error:
            raise StoreError(
                f"{what} cannot be opened: it was changed, or OMBUD_KEY is another"
            ) from error
