"""The only way to write: one transaction under a lease, fenced by its epoch."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from ombud.model.facts import Verdict
from ombud.store.tables import cursor, decision, event, finding, meta, outbox, sent, ticket
from ombud.store.values import event_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.store.personal import Vault
    from ombud.store.values import Posted, Settled, TicketState

GENESIS = "0" * 64
_SILENT = frozenset({Verdict.passed, Verdict.not_applicable})
_EVENT_COLUMNS = ", ".join(f'"{column.name}"' for column in event.c)
_EVENT_INSERT = f"INSERT OR IGNORE INTO event ({_EVENT_COLUMNS}) VALUES ({', '.join('?' * len(event.c))})"
_TICKET_UPSERT = upsert(ticket)
_TICKET_UPSERT = _TICKET_UPSERT.on_conflict_do_update(
    index_elements=["account", "ticket"],
    set_={c.name: _TICKET_UPSERT.excluded[c.name] for c in ticket.c if not c.primary_key},
)
_OUTBOX_UPSERT = upsert(outbox)
_OUTBOX_UPSERT = _OUTBOX_UPSERT.on_conflict_do_update(
    index_elements=["account", "ticket"],
    set_={c.name: _OUTBOX_UPSERT.excluded[c.name] for c in outbox.c if not c.primary_key},
    # What was sent and has no answer yet is resolved before anything replaces it; equal plans keep their attempts.
    where=(outbox.c.state != "sending")
    & (outbox.c.state != "uncertain")
    & (outbox.c.key != _OUTBOX_UPSERT.excluded.key),
)
_CURSOR_UPSERT = upsert(cursor)
_CURSOR_UPSERT = _CURSOR_UPSERT.on_conflict_do_update(
    index_elements=["account", "binding"], set_={"told": _CURSOR_UPSERT.excluded.told}
)
_META_UPSERT = upsert(meta)
_META_UPSERT = _META_UPSERT.on_conflict_do_update(
    index_elements=["name"], set_={"told": _META_UPSERT.excluded.told}
)


class Transaction:
    """Write a page; everything or nothing."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Write over an open transaction."""
        self._db = connection
        self._vault = vault

    def put_settled(self, settled: Sequence[Settled], *, known_at: Instant) -> None:
        """Store what settling a page brought."""
        if not settled:
            return
        rows = [event_row(each, known_at) for one in settled for each in one.events]
        if rows:
            self._db.exec_driver_sql(_EVENT_INSERT, rows)
        self.put_tickets([one.state for one in settled])
        self._vault.remember(
            self._db, {one.state.case: one.people for one in settled if one.state.case is not None and one.people}
        )
        self._put_findings([one for one in settled if one.findings is not None or one.former is not None], known_at)
        self._put_postings(settled, known_at)

    def put_tickets(self, states: Iterable[TicketState]) -> None:
        """Store how tickets were left."""
        rows = [
            {
                "account": state.ref.account,
                "ticket": state.ref.id,
                "vendor": state.ref.vendor,
                "key": state.key,
                "url": state.url,
                "revision": state.revision,
                "decision": state.decision.value,
                "binding": state.binding,
                "kase": state.case,
                "settled": state.settled,
                "recheck": state.recheck,
                "failures": state.failures,
                "trouble": state.trouble,
                "gone": None if state.gone is None else state.gone.value,
                "refused": state.refused,
                "complete": state.complete,
            }
            for state in states
        ]
        if rows:
            self._db.execute(_TICKET_UPSERT, rows)

    def _put_findings(self, settled: Sequence[Settled], known_at: Instant) -> None:
        """Write only what changed: an interval ends and another begins; a pass costs no row of its own."""
        cases = [case for one in settled for case in (one.state.case, one.former) if case is not None]
        held: dict[str, dict[str, Any]] = defaultdict(dict)
        for start in range(0, len(cases), 500):
            query = select(finding).where(finding.c.kase.in_(cases[start : start + 500]), finding.c.until.is_(None))
            for row in self._db.execute(query):
                held[row.kase][row.key] = row
        ended: list[tuple[int, str | None]] = []
        begun: list[dict[str, Any]] = []
        lines: list[tuple[str, str, str, str, str, str, str]] = []
        for one in settled:
            before = held.get(one.state.case or "", {}) if one.findings is not None else {}
            for each in one.findings or ():
                row = before.pop(each.key, None)
                if row is None and each.verdict in _SILENT:
                    continue
                told = _finding_row(each, known_at)
                if row is not None:
                    if all(getattr(row, name) == told[name] for name in _COMPARED):
                        continue
                    ended.append((row.seq, None))
                begun.append(told)
                if row is None or (row.verdict, row.standing) != (told["verdict"], told["standing"]):
                    lines.append((each.case, each.rule, each.occurrence, told["verdict"], told["standing"], one.why, one.digests))  # fmt: skip
            former = held.get(one.former, {}) if one.former is not None else {}
            for row in [*before.values(), *former.values()]:
                why = one.withdrawn or "no longer judged"
                ended.append((row.seq, why))
                lines.append((row.kase, row.rule, row.occurrence, "withdrawn", "withdrawn", why, one.digests))
            if one.why in {"move_back", "insists"} and one.state.case is not None:
                lines.append((one.state.case, "-", "-", "-", "-", one.why, one.digests))
        if ended:
            self._db.exec_driver_sql(
                "UPDATE finding SET until = ?, withdrawn = ? WHERE seq = ?", [(known_at, why, seq) for seq, why in ended]
            )
        if begun:
            self._db.execute(insert(finding), begun)
        self.log(lines, known_at)

    def log(self, lines: Sequence[tuple[str, str, str, str, str, str, str]], known_at: Instant) -> None:
        """Append to the decision log: case, rule, occurrence, verdict, standing, action, digests."""
        if not lines:
            return
        last = self._db.execute(select(decision.c.seq, decision.c.hash).order_by(decision.c.seq.desc()).limit(1)).first()
        seq, previous = (last.seq, last.hash) if last is not None else (0, GENESIS)
        rows = []
        for line in lines:
            seq += 1
            told = chained(previous, seq, known_at, *line)
            rows.append((seq, known_at, *line, previous, told))
            previous = told
        columns = ", ".join(column.name for column in decision.c)
        self._db.exec_driver_sql(
            f"INSERT INTO decision ({columns}) VALUES ({', '.join('?' * len(decision.c))})",  # noqa: S608 (our own columns)
            rows,
        )

    def _put_postings(self, settled: Sequence[Settled], now: Instant) -> None:
        rows = [
            {
                "account": one.state.ref.account,
                "ticket": one.state.ref.id,
                "vendor": one.state.ref.vendor,
                "plan": one.posting.plan,
                "key": one.posting.key,
                "state": "pending",
                "urgent": one.posting.urgent,
                "attempts": 0,
                "next_try": now,
                "uncertain_since": None,
            }
            for one in settled
            if one.posting is not None
        ]
        if rows:
            self._db.execute(_OUTBOX_UPSERT, rows)
        dropped = [(one.state.ref.account, one.state.ref.id) for one in settled if one.posting is None]
        if dropped:
            self._db.exec_driver_sql(
                "DELETE FROM outbox WHERE account = ? AND ticket = ? AND state NOT IN ('sending', 'uncertain')", dropped
            )

    def set_cursor(self, account: str, binding: str, told: str) -> None:
        """Move a sweep's cursor, in the transaction that stored its page."""
        self._db.execute(_CURSOR_UPSERT, {"account": account, "binding": binding, "told": told})

    def set_meta(self, name: str, told: str) -> None:
        """Keep a fact about the database."""
        self._db.execute(_META_UPSERT, {"name": name, "told": told})

    def mark_sending(self, ref: Ref, key: str, now: Instant) -> None:
        """Note that a plan is about to be sent."""
        self._mark(ref, key, state="sending", uncertain_since=now)

    def mark_uncertain(self, ref: Ref, key: str, now: Instant) -> None:
        """Note that a plan was sent and has no answer."""
        self._mark(ref, key, state="uncertain", uncertain_since=now)

    def _mark(self, ref: Ref, key: str, **told: object) -> None:
        self._db.execute(
            update(outbox)
            .where(outbox.c.account == ref.account, outbox.c.ticket == ref.id, outbox.c.key == key)
            .values(**told)
        )

    def void_plan(self, ref: Ref, key: str) -> None:
        """Drop a plan that no longer fits, and have the ticket settled afresh."""
        self.drop_plan(ref, key)
        self._db.execute(
            update(ticket).where(ticket.c.account == ref.account, ticket.c.ticket == ref.id).values(settled=None)
        )

    def drop_plan(self, ref: Ref, key: str) -> None:
        """Drop a plan that is done with."""
        self._db.execute(
            delete(outbox).where(outbox.c.account == ref.account, outbox.c.ticket == ref.id, outbox.c.key == key)
        )

    def book_done(self, posted: Posted, *, moved_back: bool, now: Instant) -> None:
        """Record a plan that is in place."""
        self.drop_plan(posted.ref, posted.key)
        kinds = ["mark", "move_back"] if moved_back else ["mark"]
        ref = posted.ref
        self._db.execute(
            insert(sent),
            [{"account": ref.account, "vendor": ref.vendor, "ticket": ref.id, "kind": k, "done": now} for k in kinds],
        )

    def book_refused(self, posted: Posted, said: str, *, transition: str | None, next_try: Instant) -> None:
        """Record that a helpdesk refused a plan; a refused way back is not asked for again."""
        ref = posted.ref
        if transition is not None:
            self.drop_plan(ref, posted.key)
            told: dict[str, object] = {"refused": transition, "trouble": said, "settled": None, "recheck": next_try}
            self._db.execute(
                update(ticket).where(ticket.c.account == ref.account, ticket.c.ticket == ref.id).values(**told)
            )
            return
        self._mark(ref, posted.key, state="pending", attempts=posted.attempts + 1, next_try=next_try)

    def void_outbox(self, account: str) -> None:
        """Drop every waiting plan of an account."""
        self._db.execute(delete(outbox).where(outbox.c.account == account))


_COMPARED = ("verdict", "standing", "due", "stop", "recheck", "mode", "pack_digest", "reasons", "binding", "ticket")


def _finding_row(each: Finding, known_at: Instant) -> dict[str, Any]:
    return {
        "key": each.key,
        "rule": each.rule,
        "kase": each.case,
        "account": each.ref.account,
        "vendor": each.ref.vendor,
        "ticket": each.ref.id,
        "binding": each.binding,
        "occurrence": each.occurrence,
        "entered": each.entered,
        "verdict": each.verdict.value,
        "standing": each.standing.value,
        "severity": each.severity,
        "due": each.due,
        "stop": each.stop,
        "recheck": each.recheck,
        "reasons": json.dumps(list(each.reasons), ensure_ascii=False),
        "mode": each.mode,
        "pack": each.pack,
        "pack_digest": each.pack_digest,
        "since": known_at,
        "until": None,
        "withdrawn": None,
    }


def chained(previous: str, *parts: object) -> str:
    """Give a line's hash: over the line before it and its own parts, told apart by JSON."""
    return hashlib.sha256(json.dumps([previous, *parts], separators=(",", ":")).encode()).hexdigest()
