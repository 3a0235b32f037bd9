"""Random complaint histories in a store of their own: every kind of thing a fold meets, from a seed."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime
from pathlib import Path

from ombud.model.clock import FixedClock
from ombud.model.complaint import case_of
from ombud.model.event import Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import DAY, HOUR, MINUTE, instant, iso
from policies.load import load_editions
from sync.service import Service, open_service
from tests.stores import KEY, put, settled, state

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
ACCOUNT = "archive"
STAGES = ("received", "acknowledged", "assessed", "investigating", "responded", "decided", "closed")
KINDS = (
    "acknowledgement",
    "update",
    "holding",
    "response",
    "decision",
    "recourse",
    "contact_attempt",
)
#: Milestones that messages show; the others of a pack are shown by a field of their own.
BY_MESSAGE = {
    "acknowledged": "acknowledgement",
    "responded": "response",
    "holding_sent": "holding",
    "decision_told": "decision",
}
BY_STAGE = {"acknowledged", "assessed", "responded", "decided", "closed"}
INHERENT = {"received", "recorded", "reopened", "last_update"}


def service_over(folder: Path, pack: str, profile: str, *, mode: str = "observe") -> Service:
    """Open a service over one binding that maps every field and milestone of a pack."""
    editions = load_editions(pack)
    vocabulary = {name: of for each in editions for name, of in each.vocabulary.items()}
    milestones = sorted(set().union(*(each.milestones for each in editions)) - INHERENT)
    lines = ["[stages]"]
    lines += [f'"{each}" = {{stage = "{each}"}}' for each in STAGES]
    lines += ['"wait" = {stage = "investigating", waiting = "complainant"}']
    lines += ['"third" = {stage = "investigating", waiting = "third_party"}']
    lines += ["[fields]", *(f'{name} = {{id = "n_{name}", keep = true}}' for name in vocabulary)]
    if "received_at" not in vocabulary:
        lines.append('received_at = {id = "n_received_at"}')
    lines.append("[milestones]")
    for name in milestones:
        told = []
        if name in BY_MESSAGE:
            told.append(
                f'{{message = {{by = "agent", to = "complainant", kind = "{BY_MESSAGE[name]}"}}}}'
            )
        if name in BY_STAGE:
            told.append(f'{{stage = "{name}"}}')
        if not told:
            told.append(f'{{status = "{random.Random(name).choice(STAGES[1:])}"}}')
        lines.append(f"{name} = [{', '.join(told)}]")
    (folder / "map.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "ombud.toml").write_text(
        f"""
[accounts.{ACCOUNT}]
vendor = "file"
url = ""
[[bindings]]
name = "complaints"
account = "{ACCOUNT}"
pack = "{pack}"
profile = "{profile}"
mode = "{mode}"
calendar = "office"
mapping = "map.toml"
scope = [{{is = "complaint"}}]
[calendars.office]
zone = "Europe/London"
week = {{mon-fri = ["09:00-12:30", "13:30-17:00"]}}
holidays = {{country = "GB", subdivision = "ENG"}}
""",
        encoding="utf-8",
    )
    secret = base64.urlsafe_b64encode(KEY).decode()
    (folder / ".env").write_text(f"OMBUD_KEY={secret}\n", encoding="utf-8")
    return open_service(folder / "ombud.toml", FixedClock(NOW))


def fill(service: Service, count: int, seed: int = 1) -> None:
    """Store so many random complaints, a few of them with two tickets."""
    chance = random.Random(seed)
    bound = service.bounds[0]
    vocabulary = {
        name: of for each in bound.judge.editions for name, of in each.pack.vocabulary.items()
    }
    first, last = instant(datetime(2024, 1, 2, tzinfo=UTC)), instant(NOW)
    page = []
    for number in range(count):
        ref = Ref(ACCOUNT, "file", str(number))
        born = chance.randrange(first, last - HOUR)
        events = history(chance, ref, born, last, vocabulary)
        complete = chance.random() > 0.05
        case = case_of(ref)
        page.append(_settled(ref, f"CMP-{number}", case, events, complete=complete))
        if chance.random() < 0.05:
            other = Ref(ACCOUNT, "file", f"{number}b")
            later = min(born + 3 * DAY, last - MINUTE)
            told = history(chance, other, later, last, vocabulary)
            page.append(_settled(other, f"CMP-{number}b", case, told, complete=True))
    put(service.store, *page, account=ACCOUNT)


def _settled(ref, key, case, events, *, complete):
    left = state(
        ref.id, case=case, ref=ref, key=key, url=f"https://d.example/{key}", complete=complete
    )
    return settled(left=left, events=events)


def history(chance: random.Random, ref: Ref, born: int, last: int, vocabulary) -> list[Event]:
    """Give one ticket's events: created with values, moves, waits, edits, messages, now and then a gap."""
    events = [Event("created", ref, "created", 0, born, born, "p:a", Cause.person, Kind.created)]
    held: dict[str, object] = {}
    at, seq, status = born, 0, None

    def event(kind: Kind, change: str, **told) -> None:
        nonlocal seq
        seq += 1
        who = chance.choice(["p:anna", "p:bert", "p:carl", None])
        cause = chance.choice([Cause.person] * 8 + [Cause.rule, Cause.ourselves])
        events.append(Event(f"e{seq}", ref, change, seq, at, at, who, cause, kind, **told))

    def edit(change: str, share: float) -> None:
        for name, of in vocabulary.items():
            if chance.random() < (share / 10 if name == "exit" else share):
                value = _value(chance, name, of, at, born)
                before = held.get(name) if chance.random() > 0.02 else "something else"
                event(Kind.field, change, field=f"n_{name}", nature=Nature.choice, before=before, after=value)  # fmt: skip
                held[name] = value

    def move(change: str, to: str) -> None:
        nonlocal status
        event(Kind.field, change, field="status", before=status, after=to)
        status = to

    edit("created", 0.45)
    move("created", "received")
    for step in range(chance.randrange(0, 11)):
        at += chance.choice([MINUTE, 3 * HOUR, 20 * HOUR, DAY, 3 * DAY, 9 * DAY])
        if at >= last:
            break
        change = f"c{step}"
        what = chance.random()
        if what < 0.35:
            kinds = frozenset(chance.sample(KINDS, chance.randrange(0, 3)))
            message = Message(
                public=chance.choice([True, True, True, False]),
                by=chance.choice([Side.agent, Side.agent, Side.automation, Side.complainant, None]),
                to=chance.choice([Side.complainant, Side.complainant, Side.third_party, None]),
                automatic=chance.random() < 0.2,
                kinds=kinds,
                delivered=chance.choice([None, None, True, False]),
            )
            event(Kind.message, change, message=message)
        elif what < 0.8:
            edit(change, 0.3)
            at_stage = STAGES.index(status) if status in STAGES else 3
            ahead = chance.choice([at_stage + 1, at_stage + 1, at_stage + 2, 6, 3])
            move(
                change,
                chance.choice([STAGES[min(ahead, 6)], STAGES[min(ahead, 6)], "wait", "third"]),
            )
        else:
            edit(change, 0.25)
    return events


def _value(chance: random.Random, name: str, of, at: int, born: int):
    if chance.random() < 0.15:
        return None
    if chance.random() < 0.03:
        return UNKNOWN
    if of.type == "instant" or name.endswith("_at"):
        return iso(chance.choice([born - DAY, born, at + 5 * DAY]))
    if of.type == "number":
        return str(chance.randrange(0, 5))
    if of.type == "flag":
        return chance.choice(["yes", "no"])
    if of.type == "person":
        return chance.choice(["p:anna", "p:bert", "p:carl"])
    if of.values:
        return chance.choice(of.values)
    return chance.choice(["one", "two", "three", "unknown"])
