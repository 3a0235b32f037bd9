"""A believable desk without a server: readings made in memory, settled into a real database."""

from __future__ import annotations

import base64
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ombud.model.clock import FixedClock
from ombud.model.connector import Actual, Ours, Reading, Seen
from ombud.model.event import CREATED, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.instant import HOUR, instant
from sync.ingest import Privacy
from sync.service import Service, open_service
from sync.settle import Settling, Tally
from tests.desks import jira_alone

NOW = datetime(2027, 1, 8, 16, tzinfo=UTC)
EXAMPLE = Path(__file__).resolve().parents[2] / "ombud" / "demo"
_WALK = ("10002", "10003", "10004", "10006", "10010")
_ANSWER = Message(
    public=True, by=Side.agent, to=Side.complainant, automatic=False, kinds=frozenset({"decision"})
)
_FIELDS = {
    "customfield_10040": ("10203", Nature.choice),
    "customfield_10041": ("10212", Nature.choice),
    "customfield_10044": ("Fibre", Nature.words),
    "assignee": ("anna", Nature.person),
}


def service(folder: Path, database: str | None = None) -> Service:
    """Open a service over an empty database: a file, or the address given."""
    shutil.copy(EXAMPLE / "sandbox.mapping.toml", folder / "sandbox.mapping.toml")
    told = jira_alone((EXAMPLE / "ombud.toml").read_text(encoding="utf-8"))
    if database is not None:
        told = re.sub(r"^database = .*$", f'database = "{database}"', told, flags=re.MULTILINE)
    (folder / "ombud.toml").write_text(told, encoding="utf-8")
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    (folder / ".env").write_text(
        f"OMBUD_KEY={key}\nSANDBOX_EMAIL=e\nSANDBOX_TOKEN=t\n", encoding="utf-8"
    )
    return open_service(folder / "ombud.toml", FixedClock(NOW))


def reading(number: int, chance: random.Random) -> Reading:
    """Make one ticket of about nine events, as a desk that is mostly in order has them."""
    ref = Ref("sandbox", "jira", str(10_000 + number))
    born = instant(NOW - timedelta(days=chance.randint(20, 80), minutes=chance.randint(0, 1400)))
    events: list[Event] = []

    def event(name: str, hours: float, kind: Kind, **more: object) -> None:
        at = born + int(hours * HOUR)
        told = {"change": name, "nature": Nature.choice, **more}
        events.append(
            Event(
                id=name,
                ref=ref,
                seq=len(events),
                happened=at,
                recorded=at,
                actor="anna",
                cause=Cause.person,
                kind=kind,
                **told,
            )
        )

    event(CREATED, 0, Kind.created, change=CREATED)
    event("created.status", 0, Kind.field, change=CREATED, field="status", after="10001")
    for field, (value, nature) in _FIELDS.items():
        if chance.random() > 0.3:
            event(
                f"created.{field}",
                0,
                Kind.field,
                change=CREATED,
                field=field,
                nature=nature,
                after=value,
            )
    before = "10001"
    for step, status in enumerate(_WALK[: chance.randint(1, 3)], 1):
        event(f"{step}.0", step * 7, Kind.field, field="status", before=before, after=status)
        before = status
    event("c1", 3, Kind.message, message=_ANSWER)
    event(
        "20.0", 20, Kind.field, field="customfield_10048", nature=Nature.words, after="looked into"
    )
    if chance.random() < 0.5:
        event("22.0", 22, Kind.field, field="customfield_10042", after="10221")
    held = {each.field: each for each in events if each.field is not None}
    actual = Actual(
        ref=ref,
        key=f"CMP-{number}",
        url=f"http://127.0.0.1/browse/CMP-{number}",
        revision=f"r{number}",
        head=max(
            (e for e in events if e.kind is Kind.field and e.change != CREATED),
            key=lambda e: e.order,
        ).change,
        theirs=None,
        status=before,
        facets={"project": ("CMP",), "type": ("Complaint",)},
        fields={name: each.after for name, each in held.items() if name != "status"},
        natures={name: each.nature for name, each in held.items() if name != "status"},
        edges=None,
        ours=Ours(),
    )
    return Reading(ref, actual, tuple(events), people={"anna": {"name": "Anna"}})


def readings(count: int, first: int = 0) -> Iterator[Reading]:
    """Make tickets, one after the other."""
    chance = random.Random(first)
    return (reading(number, chance) for number in range(first, first + count))


def seen_of(told: Reading) -> Seen:
    """Give a ticket as a sweep would see it."""
    assert told.actual is not None
    return Seen(told.ref, told.actual.key, told.actual.revision, told.actual.facets, told)


class Prepared:
    """A connector that reads what a sweep brought along."""

    def read(self, seen, _schema):
        return [each.preview for each in seen]


def settling(opened: Service, epoch: int) -> Settling:
    """Give what settling takes, as the service puts it together."""
    bound = opened.bounds[0]
    now = instant(NOW)
    return Settling(
        bound,
        opened.elsewhere,
        opened.store,
        Privacy(opened.store.pseudonym, bound.mapping),
        (),
        opened.persons,
        True,
        now,
        now,
        epoch,
        Tally(),
    )


def scratch() -> Path:
    """Give a folder for a database; on the disk, where syncing costs what it costs."""
    return Path(tempfile.mkdtemp(prefix="ombud-bench-"))
