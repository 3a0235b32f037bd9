"""The database's tables. Instants are microseconds since the epoch; no column is called `at`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    text,
)
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

#: The migration that ends in these tables.
VERSION: Final = "0011"
metadata: Final = MetaData()
# Compared byte by byte on every kind of database, in every language and version of its libraries.
String: Final = _String().with_variant(_String(collation="C"), "postgresql")
Text: Final = _Text().with_variant(_Text(collation="C"), "postgresql")


def _ref() -> list[Column[str]]:
    return [
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
    ]


meta = Table(
    "meta", metadata, Column("name", String, primary_key=True), Column("told", Text, nullable=False)
)

cursor = Table(
    "cursor",
    metadata,
    Column("account", String, primary_key=True),
    Column("binding", String, primary_key=True),
    Column("told", Text, nullable=False),
)

epoch = Table(
    "epoch",
    metadata,
    Column("account", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

#: A ticket as last settled: what it is, at which revision, when the clock alone changes it.
ticket = Table(
    "ticket",
    metadata,
    *_ref(),
    Column("vendor", String, nullable=False),
    Column("key", String, nullable=False),
    Column("url", String, nullable=False),
    Column("revision", String, nullable=False),
    Column("decision", String, nullable=False),
    Column("binding", String, nullable=False),
    Column("kase", String),
    Column("settled", String),
    Column("recheck", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("trouble", String),
    Column("gone", String),
    Column("refused", String),
    Column("complete", Boolean, nullable=False),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Index("ticket_changed", "changed"),
    Index("ticket_recheck", "account", "recheck"),
    Index("ticket_case", "kase"),
    Index("ticket_key", "key"),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    *_ref(),
    Column("id", String, primary_key=True),
    Column("vendor", String, nullable=False),
    Column("change", String, nullable=False),
    Column("seq", Integer().with_variant(BigInteger(), "postgresql"), nullable=False),
    Column("happened", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("actor", String),
    Column("cause", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("field", String),
    Column("nature", String, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("message", Text),
    Column("source", String),
    Column("known", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: What a ticket is joined to by its helpdesk's own links, of the kinds that make one case.
link = Table(
    "link",
    metadata,
    *_ref(),
    Column("vendor", String, nullable=False),
    Column("to_account", String, primary_key=True),
    Column("to_ticket", String, primary_key=True),
    Column("to_vendor", String, nullable=False),
    Index("link_to", "to_account", "to_ticket"),
    sqlite_with_rowid=False,
)

#: A case's key, wrapped by OMBUD_KEY; empty once the case was forgotten, so that nothing is remembered of it again.
casekey = Table(
    "casekey", metadata, Column("kase", String, primary_key=True), Column("wrapped", String)
)

#: Personal data, encrypted under the case's key; without the key it is forgotten.
person = Table(
    "person",
    metadata,
    Column("kase", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("secret", Text, nullable=False),
)

#: Findings as intervals: never deleted; `until` is empty while one holds.
finding = Table(
    "finding",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("kase", String, nullable=False),
    Column("account", String, nullable=False),
    Column("vendor", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("binding", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("entered", BigInteger),
    Column("verdict", String, nullable=False),
    Column("standing", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("due", BigInteger),
    Column("stop", BigInteger),
    Column("recheck", BigInteger),
    Column("reasons", Text, nullable=False),
    Column("mode", String, nullable=False),
    Column("pack", String, nullable=False),
    Column("pack_digest", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("withdrawn", String),
    # At most one interval of a key is open.
    Index(
        "finding_open",
        "kase",
        "key",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
)

#: The decision log: chained, append-only, identifiers only.
decision = Table(
    "decision",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("known", BigInteger, nullable=False),
    Column("kase", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("standing", String, nullable=False),
    Column("action", String, nullable=False),
    Column("digests", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
    Index("decision_case", "kase"),
)

#: What signs an account's requests, encrypted under OMBUD_KEY; `until` is when it ends, if the helpdesk says.
token = Table(
    "token",
    metadata,
    Column("account", String, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("until", BigInteger),
)

#: One waiting plan a ticket.
outbox = Table(
    "outbox",
    metadata,
    *_ref(),
    Column("vendor", String, nullable=False),
    Column("plan", Text, nullable=False),
    Column("key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("uncertain_since", BigInteger),
)

#: What we wrote, for budgets and for taking it away again.
sent = Table(
    "sent",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("vendor", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("done", BigInteger, nullable=False),
    Index("sent_account", "account", "kind", "done"),
)
