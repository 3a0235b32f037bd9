"""Values for tests of the database: events, findings and settled tickets, spelled as short as may be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from ombud.model.event import Cause, Event, Kind, Ref
from ombud.model.facts import Verdict
from ombud.model.finding import Finding, finding_key
from ombud.model.scope import Decision
from ombud.store import Posting, Settled, TicketState, open_store
from tests import postgresql_server

KEY = b"0123456789abcdef0123456789abcdef"
ACCOUNT = "acme"


def url_at(folder, name="ombud.db"):
    """Give the address of a test's database: a file, or what stands for it on the server that the test asked for."""
    server = os.environ.get(postgresql_server.VARIABLE)
    path = folder / name
    if server is None:
        return f"sqlite:///{path}"
    return postgresql_server.ensure(server, postgresql_server.name_of(path))


def run_on(folder, *statements, name="ombud.db"):
    """Run statements behind the store's back, each for itself; give the last one's rows."""
    server = os.environ.get(postgresql_server.VARIABLE)
    if server is not None:
        database = postgresql_server.name_of(folder / name)
        postgresql_server.ensure(server, database)
        return postgresql_server.execute(server, database, *statements)
    with closing(sqlite3.connect(folder / name)) as raw:
        rows = [raw.execute(statement).fetchall() for statement in statements]
        raw.commit()
    return rows[-1]


def store_at(folder, name="ombud.db", key=KEY):
    return open_store(url_at(folder, name), key=key)


def ref(name="1", account=ACCOUNT):
    return Ref(account, "jira", name)


def event(name="1", which="e1", happened=1_000, **changes):
    told = {
        "id": which,
        "ref": ref(name),
        "change": "c1",
        "seq": 0,
        "happened": happened,
        "recorded": happened,
        "actor": "p:somebody",
        "cause": Cause.person,
        "kind": Kind.field,
        "field": "status",
        "before": "1",
        "after": "2",
    }
    return Event(**(told | changes))


def finding(
    name="1",
    rule="close.root_cause",
    verdict=Verdict.failed,
    *,
    standing=None,
    case=None,
    **changes,
):
    case = case or f"case-{name}"
    told = {
        "rule": rule,
        "case": case,
        "ref": ref(name),
        "binding": "complaints",
        "occurrence": "e1",
        "entered": 1_000,
        "verdict": verdict,
        "standing": standing or verdict,
        "severity": "major",
        "clauses": ("ISO 10002:2018 8.2",),
        "due": None,
        "stop": None,
        "recheck": None,
        "reasons": ("fill in root cause",) if verdict is Verdict.failed else (),
        "fixes": (),
        "mode": "flag",
        "pack": "iso10002 1.0.0",
        "pack_digest": "d1",
    }
    told |= changes
    return Finding(key=finding_key(told["rule"], case, told["occurrence"]), **told)


def state(name="1", *, case=None, **changes):
    told = {
        "ref": ref(name),
        "key": f"CMP-{name}",
        "url": f"https://acme.example/browse/CMP-{name}",
        "revision": "r1",
        "decision": Decision.complaint,
        "binding": "complaints",
        "case": case or f"case-{name}",
        "settled": "digest",
    }
    return TicketState(**(told | changes))


def settled(name="1", *, case=None, left=None, findings=(), **changes):
    left = left or state(name, case=case)
    return Settled(
        left, findings=findings, **({"why": "flag", "digests": '{"pack":"d1"}'} | changes)
    )


def put(store, *page, known_at=10, account=ACCOUNT):
    """Store a page under a lease of its own."""
    with store.lease(account) as epoch, store.begin(account, epoch) as tx:
        tx.put_settled(page, known_at=known_at)


def posting(key="k1", plan="{}", *, urgent=False):
    return Posting(plan, key, urgent)
