"""The tables of what people decide about tickets outside the scope, and of corrective actions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from ombud.store.tables import String, Text, metadata

#: What people decided about tickets that the scope leaves undecided or outside; the last row of a ticket counts.
triage: Final = Table(
    "triage",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("key", String, nullable=False),
    #: Whose scope it answers: for others of its account it says nothing.
    Column("binding", String, nullable=False),
    #: complaint, not_a_complaint, or undecided: the scope alone says it again.
    Column("decision", String, nullable=False),
    Column("why", Text, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("decided_name", String),
    Column("decided", BigInteger, nullable=False),
    Index("triage_ticket", "account", "ticket"),
)

#: Samples of tickets that are no complaints, drawn to be looked at without knowing why they are none.
triage_sample: Final = Table(
    "triage_sample",
    metadata,
    Column("id", String, primary_key=True),
    #: The account it was drawn of; empty for all.
    Column("account", String),
    Column("seed", String, nullable=False),
    #: How many were drawn, of how many.
    Column("size", Integer, nullable=False),
    Column("population", Integer, nullable=False),
    Column("drawn", BigInteger, nullable=False),
    Column("drawn_by", String, nullable=False),
    Column("drawn_name", String),
)

#: Their tickets, with what whoever looked said.
triage_answer: Final = Table(
    "triage_answer",
    metadata,
    Column("sample", String, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("account", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("key", String, nullable=False),
    #: complaint, not_a_complaint or cannot_tell; empty while nobody has looked.
    Column("answer", String),
    Column("answered_by", String),
    Column("answered_name", String),
    Column("answered", BigInteger),
)

#: What is done so that a cause does not come again, and whether that worked.
corrective: Final = Table(
    "corrective",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    #: The canonical root cause it is against; empty for none of them.
    Column("root_cause", String),
    Column("why", Text, nullable=False),
    #: Who sees to it, as written.
    Column("owner", String, nullable=False),
    #: Days, as 2026-12-31: until when it is to be done, and when its effect is to be looked at.
    Column("due", String, nullable=False),
    Column("check_due", String, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_name", String),
    Column("done", BigInteger),
    Column("done_by", String),
    Column("done_name", String),
    #: What was done.
    Column("done_what", Text),
    Column("checked", BigInteger),
    Column("checked_by", String),
    Column("checked_name", String),
    #: effective, not_effective or cannot_tell.
    Column("effect", String),
    Column("checked_why", Text),
    #: When it was given up.
    Column("dropped", BigInteger),
    Column("dropped_by", String),
    Column("dropped_name", String),
    Column("dropped_why", Text),
    Index("corrective_cause", "root_cause"),
)
