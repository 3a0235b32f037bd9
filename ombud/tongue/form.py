"""What a language needs so that a note can be written in it.

Sentences are templates of `str.format`; every language has the same names with the same placeholders. What is put
in for a placeholder is never read as a template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ombud.model.instant import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.model.word import Flaw, Malformed, Verb

#: One template for each form that a language has for a count: "1 thing", "{count} things".
Forms: TypeAlias = tuple[str, ...]


def one_or_many(count: int) -> int:
    """Give the form for a count in a language that has two: 0 for one, 1 for many."""
    return 0 if count == 1 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Say reasons in a language other than that of the stored ones, which is English.

    Attributes:
        labels: label of a pack's field in English -> in this language; a label that is not here stays as the pack says.
        milestones: milestone -> what people call the act that reaches it.
        not_reached: milestone -> sentence that it has not been reached.
        advice: milestone -> what an agent does about it; both sentences.
        values: canonical word of a choice -> what people call it.
        quoted: a label or a word within a sentence.
        empty, not_known, left_empty: what is wrong with a field.
        not_reached_yet, reached_unknown, reached_early: what is wrong with a milestone.
        wanted: name of an operator -> what a field has to be.
        either: what stands between the last two of several words, one of which will do; between sentences as well.
        ways: leads in sentences of which one will do.
        inner: gives a sentence as it stands after another.
        fill_in, choose, change, clear: what to do about a field.
        more_choices: counts the words that are not shown.
        sides: where a complaint that two helpdesks have is closed, and where it is open.

    """

    labels: Mapping[str, str]
    milestones: Mapping[str, str]
    not_reached: Mapping[str, str]
    advice: Mapping[str, str]
    values: Mapping[str, str]
    quoted: str
    empty: str
    not_known: str
    left_empty: str
    not_reached_yet: str
    reached_unknown: str
    reached_early: str
    wanted: Mapping[str, str]
    either: str
    ways: str
    inner: Callable[[str], str]
    fill_in: str
    choose: str
    change: str
    clear: str
    more_choices: str
    sides: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """Say what stands on a ticket's page "Can I close this?", from its top to its end."""

    question: str
    helpdesk: str
    undecided: str
    no_complaint: str
    closed_clear: str
    closed_lacks: Forms
    lacks: Forms
    cannot_tell: str
    clear: str
    missing: str
    needed: str
    late: str
    was_due: str
    running: str
    due: str
    untold: str
    no_evidence: str
    blocks: str
    gone: str
    stale: str
    no_stage: str
    read: str
    not_read: str
    judged: str
    asked: str
    look_again: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """Speak one language to the agents of a desk.

    Attributes:
        code: ISO 639-1.
        name: what the language calls itself.
        days: Monday first.
        months: January first.
        moment: an instant of these days: `day`, `date`, `month`, `time`.
        day: a day with its year: `day`, `month`, `year` as numbers.
        day_time: the same with `time`.
        decimal: what stands before decimals.
        thousands: what parts thousands; "" for nothing.
        form: gives which of its forms a count takes.
        title: what a note is called.
        missing, late: beside the title, how much is wrong.
        before: beside the title, that nothing is wrong yet.
        closed: when the complaint was closed, and that it is open again.
        decision_sent: that the decision was told with it.
        stays: that it was closed, when, and stays, by why: "insists", "refused" or "budget".
        more: how many things are not shown.
        due: when a deadline is due.
        was_due: when it was.
        then: what to do when all is mended.
        to_close: what closing will need, besides.
        and_more: how many labels are not shown.
        page: leads in the address of the page.
        mass: beside the title of a parent's note, how many complaints were closed with it.
        mass_open, mass_opening: that they are open again, or will be by when.
        mass_stay: how many of them are not, because the helpdesk refused it.
        mass_lack: how many lack the same thing.
        mass_more: how many things are not shown.
        answer: frames an answer that is a refusal: `word`, `line`.
        checked_clear, checked_lacks, checked_open: answers to `check`.
        called, reason_noted, receipt_noted, receipt_later: answers to words about facts.
        approved, disputed, asked_for, not_waivable: answers to words about waivers and disputes.
        forms: how each word is written.
        flaws: what is wrong with a malformed word.
        refusals: why something asked for is not done; what is not here is said as the refusal says it itself.
        on_page: what stands on a ticket's page.
        reading: says reasons; `None` where the stored ones are in this language.

    """

    code: str
    name: str
    days: Sequence[str]
    months: Sequence[str]
    moment: str
    day: str
    day_time: str
    decimal: str
    thousands: str
    form: Callable[[int], int] = one_or_many
    title: str
    missing: Forms
    late: Forms
    before: str
    closed: str
    decision_sent: str
    stays: Mapping[str, str]
    more: Forms
    due: str
    was_due: str
    then: str
    to_close: str
    and_more: Forms
    page: str
    mass: str
    mass_open: str
    mass_opening: str
    mass_stay: Forms
    mass_lack: str
    mass_more: Forms
    answer: str
    checked_clear: str
    checked_lacks: str
    checked_open: str
    called: str
    reason_noted: str
    receipt_noted: str
    receipt_later: str
    approved: str
    disputed: str
    asked_for: str
    not_waivable: str
    forms: Mapping[Verb, str]
    flaws: Mapping[Flaw, str]
    refusals: Mapping[str, str]
    on_page: PageWords
    reading: Reading | None

    def wall(self, at: Instant, zone: ZoneInfo) -> str:
        """Write an instant as people of the desk say it: "Tue 24 Nov, 17:00"."""
        here = moment(at, zone)
        return self.moment.format(
            day=self.days[here.weekday()],
            date=here.day,
            month=self.months[here.month - 1],
            time=f"{here.hour:02}:{here.minute:02}",
        )

    def dated(self, at: Instant, zone: ZoneInfo, *, whole_day: bool = False) -> str:
        """Write an instant with its year, for it may be long past; midnight and `whole_day` without a time."""
        here = moment(at, zone)
        plain = whole_day or (here.hour, here.minute) == (0, 0)
        return (self.day if plain else self.day_time).format(
            day=here.day,
            month=here.month,
            year=here.year,
            time=f"{here.hour:02}:{here.minute:02}",
        )

    def number(self, value: float, decimals: int | None = None) -> str:
        """Write a number; whole where nothing else is asked for and it is."""
        told = f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
        whole, _, rest = told.partition(".")
        if decimals is None and rest == "0":
            rest = ""
        grouped = whole.replace(",", self.thousands)
        return f"{grouped}{self.decimal}{rest}" if rest else grouped

    def counted(self, forms: Forms, count: int) -> str:
        """Say how many."""
        return forms[self.form(count)].format(count=self.number(count))

    def listed(self, words: Iterable[str], most: int) -> str:
        """List words; those beyond the most are counted."""
        told = list(words)
        rest = self.counted(self.and_more, len(told) - most) if len(told) > most else ""
        return f"{' · '.join(told[:most])}{rest}"

    def malformed(self, word: Malformed, known: Iterable[str]) -> str:
        """Say what is wrong with a word, and how to write it."""
        form = self.forms[word.verb] if word.verb is not None else ""
        return self.flaws[word.flaw].format(told=word.told, form=form, known=", ".join(known))
