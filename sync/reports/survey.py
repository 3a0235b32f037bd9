"""Surveys of people who complained: read from a file, and counted; how a complaint was handled apart from its outcome."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ombud.model.event import digest
from ombud.model.instant import instant_of
from ombud.store import AnswerRow
from sync.figures.limits import score_interval

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant

    Tell = Callable[[int, int | None, str], None]
    Find = Callable[[str], "Known | None"]

About = Literal["process", "outcome"]
#: Problems that are told one by one.
_MOST_TOLD: Final = 20
#: Longest file, in rows.
_MOST: Final = 1_000_000
_STEP: Final = 1000
_NEEDED: Final = ("ticket", "date", "process", "outcome")
#: Column -> other names it may have.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": ("key", "ticket_id", "case"),
    "date": ("asked", "sent"),
    "process": ("process_score",),
    "outcome": ("outcome_score",),
    "scale": ("best",),
    "weight": (),
}
_FORM: Final = (
    "The first line names the columns: ticket,date,process,outcome and, if you like, scale,weight. "
    "Empty scores mean: asked, and not answered"
)


class Known(NamedTuple):
    """Hold what is known of a ticket that a survey names: its account, its id, its case, how it was decided."""

    account: str
    ticket: str
    kase: str | None
    decision: str | None


class BadSurvey(Exception):
    """Say what is wrong with a file: file, line, field, and what to do. Nothing was kept."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems; of many the first are told."""
        told = list(problems[:_MOST_TOLD])
        if len(problems) > _MOST_TOLD:
            told.append(f"and {len(problems) - _MOST_TOLD:,} more")
        super().__init__("\n".join(told))
        self.problems = tuple(told)


@dataclass(frozen=True, slots=True)
class Imported:
    """Say what was read of a file: rows, of them answered, new, and tickets that nobody knows here."""

    rows: int
    answered: int
    new: int
    strangers: int

    def sentence(self) -> str:
        """Say it."""
        said = f"{self.rows:,} rows read, {self.answered:,} of them answered, {self.new:,} new."
        if self.strangers:
            said += f" {self.strangers:,} name a ticket that is not known here: they count, but in no outcome."
        return said


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Hold what people said of one thing.

    Attributes:
        asked: people asked.
        answered: of them, those who gave a score.
        top: answers with one of the two best scores.
        mean: weighted mean, as a part of the scale from 0 (worst) to 1 (best); `None` of nothing.
        share: weighted share of `top`.
        low: the share's lower bound (Wilson, 95 %).
        high: its upper bound.
        weighted: whether weights other than 1 were given.

    """

    asked: int
    answered: int
    top: int
    mean: float | None
    share: float | None
    low: float | None
    high: float | None
    weighted: bool

    @property
    def response(self) -> float | None:
        """Give the share that answered of those asked."""
        return self.answered / self.asked if self.asked else None

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "asked": self.asked,
            "answered": self.answered,
            "response_rate": self.response,
            "best_two": self.top,
            "share": self.share,
            "low": self.low,
            "high": self.high,
            "mean": self.mean,
            "weighted": self.weighted,
        }


def read_survey(
    path: Path, zone: ZoneInfo, find: Find, *, by: str | None, now: Instant, scale: int = 5, tell: Tell | None = None, name: str | None = None
) -> tuple[list[AnswerRow], int]:  # fmt: skip
    """Read a file of answers; give them, and how many tickets are not known.

    Args:
        path: CSV in UTF-8, a row for each person who was asked.
        zone: where its dates are.
        find: gives what is known of a ticket, by its key or as account:id.
        by: keyed identifier of who imports it.
        now: when.
        scale: the best score where the file names none; the worst is 1.
        tell: is told how far it is.
        name: what people call the file; its path without.

    Raises:
        BadSurvey: the file cannot be read, or rows of it; nothing is kept then.

    """
    where = name or str(path)
    reading = _Reading(where, zone, find, by, now, scale)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, strict=True)
            reading.check_head(lines.fieldnames or ())
            for number, line in enumerate(lines, 1):
                if number > _MOST:
                    raise BadSurvey([f"{where}: has more than {_MOST:,} rows. Split it"])
                reading.take(line, lines.line_num)
                if tell is not None and number % _STEP == 0:
                    tell(number, None, "")
    except FileNotFoundError as error:
        raise BadSurvey([f"{where}: there is no such file. Check the path"]) from error
    except UnicodeDecodeError as error:
        raise BadSurvey([f"{where}: is not UTF-8 at byte {error.start}. Save it as CSV UTF-8"]) from error  # fmt: skip
    except OSError as error:
        raise BadSurvey([f"{where}: cannot be read: {error.strerror}"]) from error
    except csv.Error as error:
        raise BadSurvey([f"{where}: {error}. Mend the quoting of its rows"]) from error
    if reading.problems:
        raise BadSurvey(reading.problems)
    return list(reading.rows.values()), reading.strangers


def satisfaction(answers: Sequence[AnswerRow], about: About) -> Satisfaction:
    """Count what people said of how they were handled, or of the outcome."""
    told = [
        (score, each.best, each.weight)
        for each in answers
        if (score := each.process if about == "process" else each.outcome) is not None
    ]
    weights = sum(weight for _, _, weight in told)
    weighted = any(weight != 1 for _, _, weight in told)
    top = [(best - score < 2, weight) for score, best, weight in told]
    if not weights:
        return Satisfaction(len(answers), len(told), 0, None, None, None, None, weighted)
    share = sum(weight for good, weight in top if good) / weights
    mean = sum((score - 1) / (best - 1) * weight for score, best, weight in told) / weights
    # As many answers as would give the same certainty without weights (Kish).
    size = weights**2 / sum(weight**2 for _, _, weight in told)
    low, high = score_interval(share, size)
    count = sum(good for good, _ in top)
    return Satisfaction(len(answers), len(told), count, mean, share, low, high, weighted)


def by_decision(answers: Sequence[AnswerRow], about: About) -> dict[str, Satisfaction]:
    """Count what people said by how their complaint was decided; "unknown" where nobody knows."""
    grouped: dict[str, list[AnswerRow]] = {}
    for each in answers:
        grouped.setdefault(each.decision or "unknown", []).append(each)
    return {name: satisfaction(grouped[name], about) for name in sorted(grouped)}


class _Reading:
    def __init__(
        self, path: str, zone: ZoneInfo, find: Find, by: str | None, now: Instant, scale: int
    ) -> None:
        self.rows: dict[str, AnswerRow] = {}
        self.problems: list[str] = []
        self.strangers = 0
        self._path, self._zone, self._find, self._by = path, zone, find, by
        self._now, self._scale = now, scale
        self._names: dict[str, str] = {}

    def check_head(self, names: Sequence[str]) -> None:
        held = {each.strip().casefold(): each for each in names}
        for column, also in _ALSO.items():
            found = next((held[each] for each in (column, *also) if each in held), None)
            if found is not None:
                self._names[column] = found
        lacking = [each for each in _NEEDED if each not in self._names]
        if lacking:
            raise BadSurvey([f"{self._path}:1: there is no column {', '.join(lacking)}. {_FORM}"])

    def take(self, line: Mapping[str, str | None], number: int) -> None:
        before = len(self.problems)
        if None in line:
            self._bad(number, "row", "has more cells than the first line", "Mend its quoting")
            return
        ticket = self._cell(line, "ticket")
        if not ticket:
            self._bad(number, "ticket", "is empty", "Write the ticket's key or account:id")
        asked = instant_of(self._cell(line, "date"), self._zone)
        if asked is None:
            self._bad(number, "date", f"{self._cell(line, 'date')[:40]!r} is no date", "Write 2026-10-31")  # fmt: skip
        elif asked > self._now:
            self._bad(number, "date", f"{self._cell(line, 'date')} is not over yet", "Write the day people were asked on")  # fmt: skip
        best = self._best(line, number)
        scores = [self._score(line, each, best, number) for each in ("process", "outcome")]
        weight = self._weight(line, number)
        if len(self.problems) > before or asked is None:
            return
        known = self._find(ticket)
        self.strangers += known is None
        account, name = (known.account, known.ticket) if known is not None else (None, ticket)
        key = digest("survey", account or "", name, str(asked))
        if key in self.rows:
            self._bad(number, "ticket", f"{ticket[:40]} was asked on that day in a line above", "Keep one of the two")  # fmt: skip
            return
        self.rows[key] = AnswerRow(
            key, account, name, known.kase if known is not None else None, asked, scores[0], scores[1], best, weight,
            known.decision if known is not None else None, self._now, self._by,
        )  # fmt: skip

    def _cell(self, line: Mapping[str, str | None], column: str) -> str:
        name = self._names.get(column)
        return (line.get(name) or "").strip() if name is not None else ""

    def _best(self, line: Mapping[str, str | None], number: int) -> int:
        told = self._cell(line, "scale")
        if not told:
            return self._scale
        # Some write "1-5".
        last = told.rpartition("-")[2].strip()
        if not last.isascii() or not last.isdigit() or not 3 <= int(last) <= 100:
            self._bad(number, "scale", f"{told[:40]!r} is no best score", "Write a number from 3 to 100, such as 5")  # fmt: skip
            return self._scale
        return int(last)

    def _score(
        self, line: Mapping[str, str | None], column: str, best: int, number: int
    ) -> float | None:
        told = self._cell(line, column)
        if not told:
            return None
        score = _number(told)
        if score is None or not 1 <= score <= best:
            self._bad(number, column, f"{told[:40]!r} is no score from 1 to {best}", "Mend it, leave it empty, or say the scale")  # fmt: skip
        return score

    def _weight(self, line: Mapping[str, str | None], number: int) -> float:
        told = self._cell(line, "weight")
        weight = _number(told) if told else 1.0
        if weight is None or not 0 < weight <= 1000:
            self._bad(number, "weight", f"{told[:40]!r} is no weight", "Write a number above 0, up to 1000")  # fmt: skip
            return 1.0
        return weight

    def _bad(self, number: int, column: str, what: str, remedy: str) -> None:
        self.problems.append(f"{self._path}:{number}: {column} {what}. {remedy}")


def _number(told: str) -> float | None:
    try:
        found = float(told.replace(",", "."))
    except ValueError:
        return None
    return found if isfinite(found) else None
