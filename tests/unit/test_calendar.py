"""What calendars, terms and pauses do at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, Horizon, Term, Unit, parse_week
from ombud.model.instant import HOUR, MINUTE, instant, moment

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {"mon-fri": ["09:00-17:00"]}
LUNCH = {"mon-fri": ["09:00-12:30", "13:30-17:00"]}
NIGHT = {"mon-sun": ["22:00-06:00"]}


def desk(week, zone="Europe/Berlin", holidays=(), first_year=2025, last_year=2027) -> Calendar:
    return Calendar(
        name="office",
        zone=zone,
        week=parse_week(week),
        holidays=holidays,
        first_year=first_year,
        last_year=last_year,
    )


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=zone)


def hours(amount: float) -> Term:
    return Term(amount, Unit.business_hours)


def days(amount: int) -> Term:
    return Term(amount, Unit.business_days)


def test_business_hours_run_over_lunch_night_and_weekend():
    calendar = desk(LUNCH)
    assert calendar.due(at("03-06T11:30"), hours(2)) == at("03-06T14:30")
    assert calendar.due(at("03-06T16:00"), hours(2)) == at("03-09T10:00")
    assert calendar.due(at("03-07T12:00"), hours(0.5)) == at("03-09T09:30")


def test_hours_that_end_at_a_close_are_due_at_the_close_and_not_at_the_next_opening():
    calendar = desk(OFFICE)
    assert calendar.due(at("03-06T09:00"), hours(8)) == at("03-06T17:00")
    assert calendar.due(at("03-06T09:00:00.000001"), hours(8)) == at("03-09T09:00:00.000001")
    assert calendar.due(at("03-06T17:00"), hours(8)) == at("03-09T17:00")


def test_a_due_is_in_utc():
    due = desk(OFFICE).due(at("03-06T09:00"), hours(8))
    assert due is not None
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    "evening, length",
    [("03-28T22:00", 7), ("10-24T22:00", 9), ("06-01T22:00", 8)],
    ids=["clocks go forward", "clocks go back", "an ordinary night"],
)
def test_a_night_shift_is_as_long_as_the_night_really_is(evening, length):
    calendar = desk(NIGHT)
    begin = instant(at(evening))
    morning = begin + length * HOUR
    assert calendar.open_between(begin, begin + 12 * HOUR) == length * HOUR
    assert calendar.due_at(begin, hours(length)) == morning
    assert moment(morning, BERLIN).hour == 6
    next_evening = instant(at(evening) + timedelta(days=1))
    assert calendar.due_at(begin, hours(length + 1)) == next_evening + HOUR


def test_an_edge_that_the_clock_skips_keeps_the_offset_before_the_change():
    # 02:30 on 29 March does not exist in Berlin; with winter's offset it is 01:30Z.
    calendar = desk({"sun": ["02:30-12:00"]})
    opening = calendar.next_open(instant(at("03-28T12:00")))
    assert moment(opening) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_edge_that_comes_twice_is_the_first():
    # 02:30 on 25 October is 00:30Z and again 01:30Z.
    calendar = desk({"sun": ["02:30-12:00"]})
    opening = calendar.next_open(instant(at("10-24T12:00")))
    assert moment(opening) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_window_within_the_skipped_hour_leaves_no_business_day():
    # Opens at 02:30 as 01:30Z and closes at 03:10 as 01:10Z: nothing is left of it.
    calendar = desk({"sun": ["02:30-03:10"]})
    assert calendar.due(at("03-23T12:00"), days(1)) == at("04-05T03:10")


def test_a_window_belongs_to_the_day_that_opens_it():
    calendar = desk({"mon-fri": ["22:00-06:00"]}, holidays=[date(2026, 3, 11)])
    assert calendar.is_open(instant(at("03-11T05:59"))), "Tuesday's night lasts into the holiday"
    assert not calendar.is_open(instant(at("03-11T22:00"))), "nothing opens on the holiday"
    assert not calendar.is_open(instant(at("03-12T05:00")))
    # Day 1 after Tuesday is Thursday, whose close of business is on Friday morning.
    assert calendar.due(at("03-10T23:00"), days(1)) == at("03-13T06:00")


def test_receipt_in_the_small_hours_counts_from_the_local_day():
    calendar = desk({"mon-fri": ["22:00-06:00"]})
    assert calendar.due(at("03-10T03:00"), days(1)) == at("03-12T06:00")


def test_the_first_day_laid_out_keeps_the_evening_before():
    calendar = desk(NIGHT, zone="UTC", first_year=2026)
    assert calendar.is_open(instant(datetime(2026, 1, 1, 5, 59, tzinfo=UTC)))
    assert not calendar.is_open(instant(datetime(2026, 1, 1, 6, tzinfo=UTC)))


def test_the_close_of_business_is_never_before_that_of_the_day_before():
    # Monday's window lasts until Tuesday 20:00, beyond Tuesday's own.
    week = (((9 * 60, 8 * 60), (1320, 1260)), ((540, 600),), (), (), (), (), ())
    calendar = Calendar(name="odd", zone="UTC", week=week, first_year=2026, last_year=2026)
    utc = ZoneInfo("UTC")
    tuesday_night = at("03-10T21:00", utc)
    assert calendar.due(at("03-02T12:00", utc), days(2)) == tuesday_night, "Monday's close"
    assert calendar.due(at("03-09T12:00", utc), days(1)) == tuesday_night, "Tuesday's, not 10:00"


def test_a_day_that_a_zone_skips_as_a_whole_opens_nothing():
    # Samoa went from Thursday 29 to Saturday 31 December 2011.
    apia = ZoneInfo("Pacific/Apia")
    calendar = desk(
        {"mon-sun": ["09:00-17:00"]}, zone="Pacific/Apia", first_year=2011, last_year=2012
    )
    thursday = datetime(2011, 12, 29, 12, tzinfo=apia)
    assert calendar.due(thursday, days(1)) == datetime(2011, 12, 31, 17, tzinfo=apia)
    assert calendar.due(thursday, hours(6)) == datetime(2011, 12, 31, 10, tzinfo=apia)


def test_a_desk_that_never_closes_counts_every_hour():
    calendar = desk({"mon-sun": ["00:00-24:00"]})
    start = at("03-28T12:00")
    assert calendar.due(start, hours(24)) == calendar.due(start, Term(24, Unit.hours))


class TestFirstDay:
    """The day of receipt counts as day 1 where a term says so."""

    def test_it_counts_where_it_is_a_day_of_that_kind(self):
        calendar = desk(OFFICE)
        friday, saturday = at("03-06T12:00"), at("03-07T12:00")
        business = Term(2, Unit.business_days, count_start_day=True)
        assert calendar.due(friday, business) == at("03-09T17:00")
        assert calendar.due(saturday, business) == at("03-10T17:00")
        calendar_days = Term(2, Unit.calendar_days, count_start_day=True)
        assert calendar.due(friday, calendar_days) == at("03-08T00:00")

    def test_one_that_is_over_does_not_count_so_that_nothing_is_due_before_it_started(self):
        calendar = desk(OFFICE)
        one = Term(1, Unit.business_days, count_start_day=True)
        assert calendar.due(at("03-06T16:59"), one) == at("03-06T17:00")
        assert calendar.due(at("03-06T17:00"), one) == at("03-09T17:00")
        to_midnight = Term(1, Unit.business_days, count_start_day=True, ends="day")
        assert calendar.due(at("03-06T17:00"), to_midnight) == at("03-07T00:00")
        rolled = Term(1, Unit.calendar_days, count_start_day=True, ends="close", roll=True)
        assert calendar.due(at("03-06T17:00"), rolled) == at("03-09T17:00")

    def test_a_pause_over_it_costs_it(self):
        paused = [(at("03-06T12:00"), at("03-06T18:00"))]
        one = Term(1, Unit.business_days, count_start_day=True)
        assert desk(OFFICE).due(at("03-06T10:00"), one, paused) == at("03-09T17:00")


def test_a_business_day_to_its_end_lasts_until_local_midnight_even_where_the_desk_stays_open():
    start = at("03-10T12:00")
    assert desk(OFFICE).due(start, Term(1, Unit.business_days, ends="day")) == at("03-12T00:00")
    assert desk(NIGHT).due(start, Term(1, Unit.business_days, ends="day")) == at("03-12T00:00")
    assert desk(NIGHT).due(start, Term(1, Unit.business_days)) == at("03-12T06:00")


def test_months_beyond_all_dates_lead_outside_the_days_laid_out():
    with pytest.raises(Horizon):
        desk(OFFICE).due(at("03-10T12:00"), Term(100_000, Unit.months))


def test_a_pause_in_a_month_lengthens_it_by_the_days_it_took():
    paused = [(at("03-10T12:00"), at("03-12T12:00"))]  # two midnights
    assert desk(OFFICE).due(at("03-09T12:00"), Term(1, Unit.months), paused) == at("04-12T00:00")


class TestPauses:
    calendar = desk(OFFICE)

    def test_open_time_in_pauses_does_not_count_and_overlaps_count_once(self):
        pauses = [
            (at("03-09T12:00"), at("03-09T14:00")),
            (at("03-09T10:00"), at("03-09T13:00")),
            (at("03-09T18:00"), at("03-09T23:00")),
        ]
        assert self.calendar.due(at("03-09T09:00"), hours(8), pauses) == at("03-10T13:00")

    def test_elapsed_time_in_pauses_does_not_count(self):
        pauses = [(at("03-09T20:00"), at("03-10T02:00"))]
        assert self.calendar.due(at("03-09T12:00"), Term(24, Unit.hours), pauses) == at(
            "03-10T18:00"
        )

    def test_a_pause_from_the_due_on_changes_nothing(self):
        start, due = at("03-09T09:00"), at("03-09T17:00")
        assert self.calendar.due(start, hours(8), [(due, None)]) == due
        assert self.calendar.due(start, days(1), [(at("03-10T17:00"), None)]) == at("03-10T17:00")

    @pytest.mark.parametrize("unit", list(Unit))
    def test_while_a_pause_runs_there_is_no_due(self, unit):
        running = [(at("03-09T10:00"), None)]
        assert self.calendar.due(at("03-09T09:00"), Term(8, unit), running) is None

    @pytest.mark.parametrize("unit", list(Unit))
    def test_a_pause_over_before_the_start_changes_nothing(self, unit):
        start, term = at("03-09T09:00"), Term(8, unit)
        over = [(at("03-02T09:00"), at("03-09T09:00"))]
        assert self.calendar.due(start, term, over) == self.calendar.due(start, term)

    @pytest.mark.parametrize("unit", list(Unit))
    def test_a_pause_that_ends_before_it_begins_holds_nothing(self, unit):
        start, term = at("03-09T09:00"), Term(8, unit)
        backwards = [(at("03-10T12:00"), at("03-10T11:00"))]
        assert self.calendar.due(start, term, backwards) == self.calendar.due(start, term)

    def test_a_day_whose_close_of_business_is_paused_does_not_count(self):
        start = at("03-09T09:00")
        for begin, end, due in [
            ("03-10T16:59", "03-10T17:00", "03-11T17:00"),  # up to the very close
            ("03-10T09:00", "03-10T16:59", "03-10T17:00"),  # all but a minute of it
            ("03-10T17:00", "03-11T09:00", "03-10T17:00"),  # the day is over
            ("03-10T12:00", "03-12T18:00", "03-13T17:00"),  # three closes
        ]:
            assert self.calendar.due(start, days(1), [(at(begin), at(end))]) == at(due), begin

    def test_a_pause_at_the_close_of_the_day_of_receipt_costs_no_day(self):
        paused = [(at("03-09T10:00"), at("03-09T20:00"))]
        assert self.calendar.due(at("03-09T09:00"), days(1), paused) == at("03-10T17:00")

    def test_a_calendar_day_paused_at_its_midnight_does_not_count(self):
        whole_tuesday = [(at("03-10T00:00"), at("03-11T00:00"))]
        due = self.calendar.due(at("03-09T09:00"), Term(2, Unit.calendar_days), whole_tuesday)
        assert due == at("03-13T00:00")


class TestExplain:
    def test_tells_windows_holidays_and_pauses_day_by_day(self):
        calendar = desk(LUNCH, holidays={date(2026, 3, 9): "Founders' Day"})
        start = instant(at("03-06T16:00"))
        pause = (instant(at("03-10T09:30")), instant(at("03-10T10:00")))
        due = calendar.due_at(start, hours(4), [pause])
        assert due == instant(at("03-10T12:30"))
        told = [
            (line.day.day, line.note, line.counted // MINUTE, line.paused // MINUTE)
            for line in calendar.explain(start, due, [pause])
        ]
        assert told == [
            (6, "receipt", 60, 0),
            (7, "closed", 0, 0),
            (8, "closed", 0, 0),
            (9, "Founders' Day", 0, 0),
            (10, "", 180, 30),
        ]

    def test_numbers_the_days_that_count(self):
        calendar = desk(OFFICE, holidays=[date(2026, 3, 9)])
        start = instant(at("03-05T12:00"))
        pause = (instant(at("03-10T12:00")), instant(at("03-11T12:00")))
        due = calendar.due_at(start, days(3), [pause])
        lines = calendar.explain(start, due, [pause], days(3))
        assert [(line.day.day, line.number) for line in lines if line.number] == [
            (6, 1),
            (11, 2),
            (12, 3),
        ]

    @pytest.mark.parametrize(
        "term, pause, told",
        [
            (
                Term(2, Unit.business_days, count_start_day=True),
                [],
                [(5, 1, "receipt"), (6, 2, "")],
            ),
            (
                Term(2, Unit.calendar_days),
                [("03-06T12:00", "03-07T12:00")],
                [(5, None, "receipt"), (6, None, "paused"), (7, 1, "closed"), (8, 2, "closed")],
            ),
            (
                # The pause is over before midnight, with which such a day ends.
                Term(1, Unit.business_days, ends="day"),
                [("03-06T16:00", "03-06T20:00")],
                [(5, None, "receipt"), (6, 1, "")],
            ),
            (
                Term(2, Unit.calendar_days, roll=True),
                [],
                [
                    (5, None, "receipt"),
                    (6, 1, ""),
                    (7, 2, "closed"),
                    (8, None, "closed"),
                    (9, None, ""),
                ],
            ),
        ],
        ids=["first day", "paused", "to midnight", "rolls over"],
    )
    def test_tells_which_days_count_and_why_others_do_not(self, term, pause, told):
        calendar = desk(OFFICE)
        start = instant(at("03-05T12:00"))
        held = [(instant(at(begin)), instant(at(end))) for begin, end in pause]
        due = calendar.due_at(start, term, held)
        assert due is not None
        lines = calendar.explain(start, due, held, term)
        assert [(line.day.day, line.number, line.note) for line in lines] == told

    def test_receipt_on_a_holiday_says_both(self):
        calendar = desk(OFFICE, holidays={date(2026, 3, 9): "Founders' Day"})
        start = instant(at("03-09T12:00"))
        first = calendar.explain(start, calendar.due_at(start, hours(1)))[0]
        assert (first.note, first.open) == ("receipt, Founders' Day", ())


class TestHorizon:
    calendar = desk(OFFICE, first_year=2026, last_year=2026)

    @pytest.mark.parametrize("unit", list(Unit))
    @pytest.mark.parametrize("start", ["2025-12-31T12:00+01:00", "2027-01-01T12:00+01:00"])
    def test_a_start_outside_is_refused_by_name(self, unit, start):
        with pytest.raises(Horizon, match="'office' lays out 2026 to 2026"):
            self.calendar.due(datetime.fromisoformat(start), Term(1, unit))

    @pytest.mark.parametrize("unit", list(Unit))
    def test_a_due_outside_is_refused_one_by_one_and_in_a_batch(self, unit):
        start = instant(at("12-31T23:00"))
        with pytest.raises(Horizon):
            self.calendar.due_at(start, Term(2, unit))
        with pytest.raises(Horizon):
            self.calendar.due_many([start], Term(2, unit))

    def test_a_batch_with_a_start_before_the_first_day_is_refused(self):
        early = instant(datetime(2025, 12, 30, tzinfo=UTC))
        for batch in ([early, instant(at("03-09T09:00"))], [instant(at("03-09T09:00")), early]):
            with pytest.raises(Horizon, match="2025-12-30"):
                self.calendar.due_many(batch, hours(1))

    def test_asking_whether_it_is_open_outside_is_refused(self):
        outside = instant(datetime(2028, 1, 1, tzinfo=UTC))
        for ask in (
            self.calendar.is_open,
            self.calendar.next_open,
            lambda at: self.calendar.open_between(0, at),
        ):
            with pytest.raises(Horizon):
                ask(outside)

    def test_no_opening_is_left_at_the_end_of_the_last_year(self):
        with pytest.raises(Horizon):
            self.calendar.next_open(instant(at("12-31T18:00")))

    def test_an_empty_batch_has_no_dues(self):
        assert self.calendar.due_many([], hours(1)) == []


class TestDigest:
    def test_is_the_same_for_equal_calendars_whatever_their_name(self):
        one, other = (
            Calendar(name=name, zone="Europe/Berlin", week=parse_week(OFFICE), last_year=2007)
            for name in ("one", "other")
        )
        assert one.digest == other.digest

    def test_tells_zone_week_and_holidays_apart(self):
        digests = {
            desk(OFFICE).digest,
            desk(LUNCH).digest,
            desk(OFFICE, zone="Europe/London").digest,
            desk(OFFICE, zone="Europe/Paris").digest,
            desk(OFFICE, holidays=[date(2026, 3, 9)]).digest,
        }
        assert len(digests) == 5

    def test_a_holiday_on_a_closed_day_changes_nothing(self):
        assert desk(OFFICE).digest == desk(OFFICE, holidays=[date(2026, 3, 7)]).digest


def test_naive_times_are_refused():
    naive = datetime(2026, 3, 9, 9, 0)
    with pytest.raises(ValueError, match="has no time zone"):
        desk(OFFICE).due(naive, hours(1))
    with pytest.raises(ValueError, match="has no time zone"):
        desk(OFFICE).due(at("03-09T09:00"), hours(1), [(naive, None)])


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "../etc/passwd", ""])
def test_an_unknown_zone_is_refused_with_a_remedy(zone):
    with pytest.raises(ValueError, match="unknown; write one such as Europe/Berlin"):
        desk(OFFICE, zone=zone)


class TestTerm:
    @pytest.mark.parametrize(
        "amount, unit",
        [
            (0, Unit.hours),
            (-1, Unit.business_days),
            (1.5, Unit.weeks),
            (float("nan"), Unit.hours),
            (float("inf"), Unit.calendar_days),
            (1e-12, Unit.business_hours),
        ],
    )
    def test_amounts_that_are_none_are_refused(self, amount, unit):
        with pytest.raises(ValueError):
            Term(amount, unit)

    def test_a_fraction_of_an_hour_is_exact_to_the_microsecond(self):
        assert Term(0.7, Unit.hours).length == 42 * MINUTE

    def test_equal_terms_are_equal(self):
        assert Term(1, Unit.weeks) == Term(1, Unit.weeks)
        assert Term(1, Unit.weeks) != Term(7, Unit.calendar_days)

    def test_reads_aloud(self):
        assert str(Term(1, Unit.business_days)) == "1 business day"
        assert str(Term(2.5, Unit.business_hours)) == "2.5 business hours"
