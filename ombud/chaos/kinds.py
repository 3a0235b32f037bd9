"""The kinds of faults that a run may order, in the words of its report."""

from __future__ import annotations

from typing import Final, NamedTuple


class Fault(NamedTuple):
    """Describe a kind of fault.

    Attributes:
        name: what it goes by.
        what: what happens, in a sentence's half.
        between: whether it strikes between the vendor's commit and its reply, when nobody can know what was done.
        vendors: where it can happen.

    """

    name: str
    what: str
    between: bool = False
    vendors: frozenset[str] = frozenset({"jira", "zendesk"})


_JIRA: Final = frozenset({"jira"})
#: Faults of hooks: their names are the sandbox's own.
HOOKS: Final = (
    Fault("lost", "a hook never goes out"),
    Fault("doubled", "a hook comes twice"),
    Fault("reordered", "a hook comes after a later one"),
    Fault("late", "a hook comes an hour late"),
    Fault("ancient", "a hook bears an instant of an hour ago"),
    Fault("future", "a hook bears an instant in an hour"),
    Fault("forged", "a hook is signed by a stranger"),
    Fault("foreign", "a hook is of an account that nobody knows"),
    Fault("unknown_ticket", "a hook names a ticket that never was"),
    Fault("oversize", "a hook's body has 20 MB"),
)
#: Faults of answers: to reading, and to writing.
READS: Final = (
    Fault("down_for_a_day", "the helpdesk answers 503 for a day"),
    Fault("limited_half_an_hour", "the helpdesk answers 429, Retry-After 1800"),
    Fault("half_an_answer", "an answer to reading breaks off"),
    Fault("web_page", "a web page comes in place of JSON"),
    Fault("foreign_404", "somebody else answers 404 for a ticket that is there"),
    Fault("token_expired", "our token is refused for a while"),
    Fault("index_lag", "the search shows changes three minutes late", vendors=_JIRA),
)
WRITES: Final = (
    Fault("lost_reply", "a write is done, its answer never comes", between=True),
    Fault("half_a_reply", "a write is done, its answer breaks off", between=True),
    Fault("failed_after_commit", "a write is done, the answer is 500", between=True),
    Fault("conflict", "a write is refused with 409"),
    Fault("swallowed", "a write is answered with success and not done"),
    Fault("agent_meanwhile", "an agent changes a ticket between our read and our write"),
    Fault("mended_meanwhile", "an agent mends a ticket just before it is moved back"),
)
PROCESSES: Final = (
    Fault("killed_after_commit", "the process is killed after a commit of its database"),
    Fault("killed_before_call", "the process is killed before a call"),
    Fault(
        "killed_after_call", "the process is killed after a write, before its answer", between=True
    ),
    Fault("second_process", "a second process starts beside the first"),
    Fault("overtaken", "a process hangs, another takes the account over, the first goes on"),
    Fault("all_at_once", "several threads settle the same tickets at once"),
)
MACHINES: Final = (
    Fault("flood", "hooks of hundreds of tickets that never were"),
    Fault("database_locked", "another program holds the database"),
    Fault("disk_full", "the disk is full"),
    Fault("clock_forward", "our clock jumps two hours ahead, and back"),
    Fault("clock_back", "our clock jumps an hour back, and forth"),
    Fault("dst_night", "clocks change during the run"),
)
FAULTS: Final = {each.name: each for each in (*HOOKS, *READS, *WRITES, *PROCESSES, *MACHINES)}
VENDORS: Final = ("jira", "zendesk")
