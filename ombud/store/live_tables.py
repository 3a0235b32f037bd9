"""The tables of what happens as it happens: hints, notices, the completeness ledger."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, text

from ombud.store.tables import String, Text, metadata

#: What a helpdesk's hook told: look at this ticket. `done` is when it was looked at; open ones are coalesced by ticket.
hint: Final = Table(
    "hint",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("vendor", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("arrived", BigInteger, nullable=False),
    Column("done", BigInteger),
    Index("hint_delivery", "account", "delivery", unique=True),
    Index(
        "hint_open",
        "account",
        "ticket",
        sqlite_where=text("done IS NULL"),
        postgresql_where=text("done IS NULL"),
    ),
)

#: What people are told of by mail or chat, each once: `key` names the occasion, `sent` is when it was told.
notice: Final = Table(
    "notice",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("account", String, nullable=False),
    Column("vendor", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("due", BigInteger),
    Column("made", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
    Column("next_try", BigInteger),
    Column("tries", Integer, nullable=False),
    Column("sent", BigInteger),
)

#: Where people were told of a notice: by which message, and when it went.
telling: Final = Table(
    "telling",
    metadata,
    Column("notice", Integer, primary_key=True, autoincrement=False),
    Column("channel", String, primary_key=True),
    Column("sent", BigInteger, nullable=False),
    Column("message", String, nullable=False),
    sqlite_with_rowid=False,
)

#: How complete our picture of a helpdesk was on a day; `lag` is the longest from a change to our knowing, in microseconds.
ledger: Final = Table(
    "ledger",
    metadata,
    Column("account", String, primary_key=True),
    Column("binding", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("taken", BigInteger, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("lag", BigInteger),
    sqlite_with_rowid=False,
)
