"""A large book of invented complaints, made inside DuckDB: distributions like the seeded desks', thirty findings each."""

from __future__ import annotations

from ombud.store.book import Book, RuleInfo, open_book
from ombud.store.book.layout import TABLES

#: The day of the youngest complaint, in days since 1970-01-01, and how many days they were received over.
LAST, DAYS = 20_820, 1_095
RULES = 30
_STAGES = (
    "['received', 'acknowledged', 'assessed', 'investigating', 'responded', 'decided', 'closed']"
)
_DAY = 86_400_000_000


def _complaints(count: int) -> dict[str, str]:
    """Give each column of `complaint` as an expression over `i`, the complaint's number, and `r`, a chance of one."""
    day = f"({LAST} - {DAYS} + (i * {DAYS} // {count}))"
    received = f"({day}::BIGINT * {_DAY} + (i % 86_400) * 1_000_000)"
    opened = f"{day} > {LAST} - 15"
    return {
        "n": "i",
        "kase": "'k' || i",
        "account": "['jira', 'zendesk', 'rt'][1 + i % 3]",
        "vendor": "['jira', 'zendesk', 'rt'][1 + i % 3]",
        "ticket": "i::VARCHAR",
        "key": "'CMP-' || i",
        "url": "'https://desk.example/' || i",
        "binding": "['jira', 'zendesk', 'rt'][1 + i % 3]",
        "project": "'P' || i % 7",
        "team": "'Team ' || i % 12",
        "channel": "['email', 'phone', 'web', 'letter'][1 + i % 4]",
        "product": "'Product ' || i % 23",
        "category": "['billing', 'quality', 'delivery', 'conduct'][1 + i % 4]",
        "severity": "['low', 'medium', 'medium', 'high', 'critical'][1 + i % 5]",
        "owner": "'p:' || i % 80",
        "stage": f"CASE WHEN {opened} THEN {_STAGES}[1 + i % 6] ELSE 'closed' END",
        "status": f"CASE WHEN {opened} THEN {_STAGES}[1 + i % 6] ELSE 'closed' END",
        "received": received,
        "recorded": received,
        "acknowledged": f"{received} + (r * 3 * {_DAY})::BIGINT",
        "assessed": f"{received} + (r * 4 * {_DAY})::BIGINT",
        "responded": f"CASE WHEN {opened} THEN NULL ELSE {received} + (r * 16 * {_DAY})::BIGINT END",
        "decided": f"CASE WHEN {opened} THEN NULL ELSE {received} + (r * 17 * {_DAY})::BIGINT END",
        "closed": f"CASE WHEN {opened} THEN NULL ELSE {received} + (r * 18 * {_DAY})::BIGINT END",
        "outcome": "['upheld', 'partly', 'not_upheld'][1 + i % 3]",
        "root_cause": "['billing', 'delivery', 'product', 'conduct', 'other'][1 + i % 5]",
        "corrective_action": "CASE WHEN i % 3 = 0 THEN 'A-' || i % 40 END",
        "complainant": "'p:c' || i % 50_000",
        "pack": f"CASE WHEN {day} < {LAST} - 500 THEN 'iso10002 1.0.0' ELSE 'iso10002 1.1.0' END",
        "before": "false",
        "restricted": "CASE WHEN i % 200 = 0 THEN 'legal' END",
        "complete": "true",
        "open": opened,
        "reopened": "(i % 25 = 0)::INTEGER",
        "moved_back": "(i % 30 = 0)::INTEGER",
        "major": "(r > 0.9)::INTEGER",
        "failing": "(r > 0.95)::INTEGER",
        "failed": "(r > 0.9)::INTEGER",
        "unknown": "(r < 0.02)::INTEGER",
        "pending": f"({opened})::INTEGER",
        "waived": "(i % 100 = 0)::INTEGER",
        "grade": f"CASE WHEN r > 0.95 THEN 'failing' WHEN r < 0.02 THEN 'unknown' WHEN {opened} THEN 'pending' WHEN r > 0.9 THEN 'after' ELSE 'first' END",
        "due": f"CASE WHEN {opened} THEN {received} + 16 * {_DAY} END",
        "late_since": f"CASE WHEN {opened} AND r > 0.97 THEN {received} + 2 * {_DAY} END",
        "answer_due": f"{received} + 15 * {_DAY}",
        "answered": f"CASE WHEN {opened} THEN NULL ELSE {received} + (r * 16 * {_DAY})::BIGINT END",
        "answer": f"CASE WHEN {opened} THEN 2 WHEN r > 0.94 THEN 1 ELSE 0 END",
        "recheck": f"CASE WHEN {opened} THEN {received} + 16 * {_DAY} END",
        "day": day,
    }


def _verdicts() -> dict[str, str]:
    code = "CASE WHEN r > 0.94 THEN 1 WHEN r < 0.02 THEN 5 WHEN c.open AND rule > 20 THEN 2 WHEN r > 0.935 THEN 3 ELSE 0 END"
    return {
        "n": "c.n",
        "rule": "rule",
        "entered": "CASE WHEN rule < 15 THEN c.received + rule * 3_600_000_000 END",
        "verdict": code,
        "standing": f"CASE WHEN r > 0.94 AND r < 0.97 THEN 0 ELSE {code} END",
        "due": f"CASE WHEN rule >= 15 THEN c.received + (rule - 14) * {_DAY} END",
        "stop": f"CASE WHEN rule >= 15 AND NOT c.open THEN c.received + (r * (rule - 13) * {_DAY})::BIGINT END",
        "mode": "2",
        "day": "c.day",
    }


def _steps() -> dict[str, str]:
    return {
        "n": "c.n",
        "place": "place",
        "stage": f"{_STAGES}[1 + place]",
        "status": f"{_STAGES}[1 + place]",
        "entered": f"c.received + place * {_DAY}",
        "ended": f"c.received + (place + 1) * {_DAY}",
        "cause": "'person'",
    }


def _ways() -> dict[str, str]:
    """Give ways: most straight, some without a stage or two, some reopened; the same for statuses."""
    straight = f"{_STAGES}[:CASE WHEN c.open THEN 1 + c.n % 6 ELSE 7 END]"
    way = (
        f"CASE WHEN c.n % 25 = 0 AND NOT c.open THEN {_STAGES} || {_STAGES}[4:] "
        f"WHEN c.n % 13 = 0 THEN list_filter({straight}, lambda s: hash(s, c.n) % 5 > 0 OR s = 'received') "
        f"ELSE {straight} END"
    )
    told = f"array_to_string({way}, chr(31))"
    times = f"list_transform(range(len({way})), lambda k: c.received + k * {_DAY} + (hash(k, c.n) % 80_000_000_000)::BIGINT)"
    return {
        "n": "c.n",
        "stages": told,
        "statuses": told,
        "entered": times,
        "moved": times,
        "seen": "127",
        "shown": "119",
        "again": "CASE WHEN c.n % 25 = 0 THEN 120 ELSE 0 END",
        "turned": "0",
    }


def large_book(count: int) -> Book:
    """Make a book of so many complaints, in memory."""
    book = open_book(None, memory="8GB")
    clauses = ("7.2", "7.4", "7.5", "7.6", "7.7", "7.8", "7.9", "8.2")
    with book.writing() as writing:
        for number in range(RULES):
            clock = number >= RULES // 2
            stop = ("acknowledged", "responded", "decided")[number % 3]
            writing.ordinal(
                RuleInfo(
                    -1,
                    f"rule.{number}",
                    "iso10002",
                    f"Rule {number}",
                    f"Rule {number} asks something.",
                    (f"ISO 10002:2018 {clauses[number % len(clauses)]}",),
                    "major" if number % 3 else "minor",
                    "deadline" if clock else "guard",
                    start="received" if clock else "",
                    stops=(stop,) if clock else (),
                    entering="" if clock else "closed",
                )
            )
        writing.execute("SELECT setseed(0.42)")
        for table, told, source in (
            ("complaint", _complaints(count), f"(SELECT i, random() AS r FROM range({count}) t(i))"),
            ("verdict", _verdicts(), f"(SELECT c.*, rule, random() AS r FROM complaint c, range({RULES}) t(rule)) c"),
            ("step", _steps(), "complaint c, range(7) t(place)"),
            ("way", _ways(), "complaint c"),
        ):  # fmt: skip
            columns = ", ".join(f"{told[name]} AS {name}" for name in TABLES[table])
            writing.execute(f"INSERT INTO {table} SELECT {columns} FROM {source}")
        writing.roll_all()
        writing.mark(cutoff=(LAST + 1) * _DAY)
    return book
