"""Tables of what people decide: waivers, disputes, explanations, rollout, kill switches, what is in force, words.

Who did something stands in two columns: the keyed identifier by which persons are compared, and the name that
a staff member gave for themselves, so that an auditor can read it; accounts of a helpdesk have no name here.
States are never stored: they follow from instants.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table

from ombud.store.tables import String, Text, metadata


def _who(prefix: str, *, nullable: bool) -> list[Column[str]]:
    """Give the two columns of a person: `<prefix>_by` is keyed, `<prefix>_name` as given."""
    return [
        Column(f"{prefix}_by", String, nullable=nullable),
        Column(f"{prefix}_name", String),
    ]


#: What an agent told us in a note. A word runs once: its event's id is part of the key.
word: Final = Table(
    "word",
    metadata,
    Column("account", String, primary_key=True),
    Column("ticket", String, primary_key=True),
    #: The event that told it.
    Column("event", String, primary_key=True),
    Column("vendor", String, nullable=False),
    #: "waive" and the like, as written.
    Column("verb", String, nullable=False),
    #: What stood behind it.
    Column("argument", Text),
    #: Keyed identifier of who said it.
    Column("actor", String),
    #: When it was said.
    Column("happened", BigInteger, nullable=False),
    #: "done", or "refused".
    Column("state", String, nullable=False),
    #: What is said of it in the living text.
    Column("answer", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: A failure that is not counted for a time, once somebody other than the requester has approved that.
waiver: Final = Table(
    "waiver",
    metadata,
    Column("id", String, primary_key=True),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    #: The case it is for; empty for every case that `predicate` holds for.
    Column("kase", String),
    #: A condition over the complaint's row, as canonical JSON; empty for no condition.
    Column("predicate", Text),
    Column("why", Text, nullable=False),
    *_who("requested", nullable=False),
    Column("requested", BigInteger, nullable=False),
    #: When it ends; it always does.
    Column("until", BigInteger, nullable=False),
    *_who("approved", nullable=True),
    #: From when it holds; empty until somebody approves.
    Column("approved", BigInteger),
    *_who("ended", nullable=True),
    #: When somebody refused it (it was not approved) or revoked it (it was).
    Column("ended", BigInteger),
    Column("ended_why", Text),
    #: The agent's word that asked for it.
    Column("event", String),
    Index("waiver_rule", "binding", "rule"),
)

#: Why a breach came about; it is kept beside the finding, whose verdict stays what it is.
explanation: Final = Table(
    "explanation",
    metadata,
    Column("id", String, primary_key=True),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("kase", String, nullable=False),
    Column("why", Text, nullable=False),
    *_who("told", nullable=False),
    Column("told", BigInteger, nullable=False),
    #: The agent's word that told it.
    Column("event", String),
    Index("explanation_case", "kase", "rule"),
)

#: Somebody says that a finding is wrong; somebody else decides.
dispute: Final = Table(
    "dispute",
    metadata,
    Column("id", String, primary_key=True),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("kase", String, nullable=False),
    Column("why", Text, nullable=False),
    *_who("disputed", nullable=False),
    Column("disputed", BigInteger, nullable=False),
    #: The agent's word that said so.
    Column("event", String),
    #: "upheld" (the finding was wrong) or "rejected"; empty while it waits.
    Column("outcome", String),
    *_who("decided", nullable=True),
    Column("decided", BigInteger),
    Column("decided_why", Text),
    Index("dispute_rule", "binding", "rule", "disputed"),
)

#: Steps of a rule's rollout; the last one of a binding and rule counts.
rollout: Final = Table(
    "rollout",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    #: off, observe, flag or block: the most the rule does from now on.
    Column("mode", String, nullable=False),
    #: The effective mode before.
    Column("former", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    #: Empty for "ombud", which takes a rule down by itself.
    *_who("approved", nullable=True),
    Column("why", Text, nullable=False),
    #: What each gate found, as JSON.
    Column("gates", Text, nullable=False),
    #: Why it was taken although a gate was missed.
    Column("despite", Text),
    #: The backtest's summary, as JSON, and its digest.
    Column("backtest", Text),
    Column("backtest_digest", String),
    Index("rollout_rule", "binding", "rule"),
)

#: A sample of a rule's failures that somebody looked at, for its gate.
review: Final = Table(
    "review",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("reviewed", BigInteger, nullable=False),
    #: How many failures were looked at, and how many of them were none.
    Column("sample", Integer, nullable=False),
    Column("mistaken", Integer, nullable=False),
    *_who("reviewed", nullable=False),
    Index("review_rule", "binding", "rule"),
)

#: Stops of a helpdesk: from `stopped` to `resumed` nothing is written to it.
switch: Final = Table(
    "switch",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    *_who("stopped", nullable=False),
    Column("stopped", BigInteger, nullable=False),
    Column("stopped_why", Text, nullable=False),
    *_who("resumed", nullable=True),
    #: Empty while the stop lasts.
    Column("resumed", BigInteger),
    Column("resumed_why", Text),
    Index("switch_account", "account"),
)

#: What was in force when, as a whole: a binding's last row is in force now.
force: Final = Table(
    "force",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("binding", String, nullable=False),
    #: Of everything a verdict depends on.
    Column("digest", String, nullable=False),
    #: Packs, parameters, mapping, scope and calendars, as JSON that needs no other file.
    Column("content", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    #: Empty where nobody had to approve.
    *_who("approved", nullable=True),
    Column("why", Text, nullable=False),
    Index("force_binding", "binding"),
)

#: Judging stored complaints again after a change: resumed where it stopped, until it has ended.
run: Final = Table(
    "run",
    metadata,
    Column("id", String, primary_key=True),
    Column("binding", String, nullable=False),
    #: What changed, for people; lines of the decision log carry the id.
    Column("label", Text, nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("ended", BigInteger),
    #: Whether the helpdesk has to be read again, because the store does not hold what is judged now.
    Column("reads", Boolean, nullable=False),
    #: The last case done.
    Column("cursor", String),
    #: Counts, as JSON.
    Column("counts", Text, nullable=False),
    Index("run_binding", "binding", "ended"),
)

#: Move-backs in place, by the rules that asked for them: what takes a rule down where they jump.
moved: Final = Table(
    "moved",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("binding", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("done", BigInteger, nullable=False),
    Index("moved_rule", "binding", "rule", "done"),
)
