"""Tables of what is reported: frozen figures, answers to surveys, what a review asks, and what is sent by the clock."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table

from ombud.store.tables import String, Text, metadata

#: Figures of a month as they were once; never changed.
kpi_snapshot: Final = Table(
    "kpi_snapshot",
    metadata,
    #: Month, as 2026-10, and which of that month's it is, from 1.
    Column("month", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    #: Canonical JSON.
    Column("content", Text, nullable=False),
    #: Of the content.
    Column("sha256", String, nullable=False),
    #: What the figures were judged by: digests by binding, as JSON.
    Column("digests", Text, nullable=False),
    Column("cutoff", BigInteger, nullable=False),
    #: How complete the data were, in words, as a JSON list.
    Column("completeness", Text, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("taken_by", String),
    #: What is otherwise than in the one before, as a JSON list.
    Column("differences", Text, nullable=False),
)

#: What a person who complained said of it; without scores, they were asked and have not answered.
survey_answer: Final = Table(
    "survey_answer",
    metadata,
    #: Digest of ticket and day: a file that is imported again changes nothing.
    Column("id", String, primary_key=True),
    Column("account", String),
    Column("ticket", String, nullable=False),
    Column("kase", String),
    Column("asked", BigInteger, nullable=False),
    #: Of the scale, apart from each other.
    Column("process", Double),
    Column("outcome", Double),
    #: The best score of the scale, which begins with 1.
    Column("best", Integer, nullable=False),
    Column("weight", Double, nullable=False),
    #: How the complaint was decided when this was imported.
    Column("decision", String),
    Column("imported", BigInteger, nullable=False),
    Column("imported_by", String),
    Index("survey_answer_asked", "asked"),
    Index("survey_answer_case", "kase"),
)

#: What people wrote for a review: its inputs that nothing is measured of, and what it is asked to decide.
review_entry: Final = Table(
    "review_entry",
    metadata,
    Column("id", String, primary_key=True),
    #: The review's period, as 2026-q3.
    Column("period", String, nullable=False),
    #: An input, or an output of the review.
    Column("part", String, nullable=False),
    #: What was written, as JSON by field.
    Column("told", Text, nullable=False),
    Column("owner", String),
    #: ISO date.
    Column("due", String),
    Column("made", BigInteger, nullable=False),
    Column("made_by", String),
    #: When it was done or taken back, and what came of it.
    Column("ended", BigInteger),
    Column("result", Text),
    Index("review_entry_period", "period"),
)

#: What is sent to whom by the clock.
report_schedule: Final = Table(
    "report_schedule",
    metadata,
    Column("id", String, primary_key=True),
    #: review, kpi, or the page whose table is sent.
    Column("what", String, nullable=False),
    #: The filter, as in an address.
    Column("query", Text, nullable=False),
    #: weekly or monthly.
    Column("every", String, nullable=False),
    #: Of the week from 0 for Monday; of the month from 1.
    Column("day", Integer, nullable=False),
    #: Of the desk's clock.
    Column("hour", Integer, nullable=False),
    #: Names of channels in ombud.toml, as a JSON list.
    Column("channels", Text, nullable=False),
    #: Restricted groups whose complaints count, as a JSON list: those of whoever made it.
    Column("groups", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("made_by", String),
    #: The slot it was last sent for.
    Column("sent", BigInteger),
    #: Failures since, when it may be tried again, and why it failed.
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("why", Text),
)
