"""Slots, from rhythm, zones, working days and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorship.programme import Programme
from schedule.calendar import UnknownZone, moved
from schedule.plan import plan, replan
from schedule.working_days import Home, UnknownCountry
from tests.schedule.rules import BERLIN, COUNTRIES, DAY, DURING_2027, ZONES, berlin, programme


def test_without_a_time_of_day_slots_are_exactly_start_plus_first_after_plus_n_intervals() -> None:
    rules = programme(
        count=4,
        length="PT60S",
        first_after="PT5S",
        interval="PT10S",
        duration="PT1S",
        prepare="PT2S",
        ask_after="PT1S",
        mail={"hours": "none", "spread": "PT0S"},
    )
    starts = datetime(2027, 3, 6, 23, 59, 59, tzinfo=UTC)  # a Saturday night: no working day is required

    made = plan(rules, starts, mentee=Home("Asia/Kolkata"))

    assert [slot.start - starts for slot in made.slots] == [timedelta(seconds=s) for s in (5, 15, 25, 35)]
    assert [slot.start - slot.prepare_at for slot in made.slots] == [timedelta(seconds=2)] * 4
    assert [slot.ask_at - slot.start for slot in made.slots] == [timedelta(seconds=2)] * 4
    assert made.ends == starts + timedelta(seconds=60)


def test_weeks_are_calendar_time_in_the_programmes_zone_and_hours_are_elapsed() -> None:
    starts = berlin(2027, 3, 1, 9)
    in_weeks = plan(programme(first_after="P4W", count=1), starts, mentee=Home("UTC")).slots[0].start
    in_hours = plan(programme(first_after="PT672H", count=1), starts, mentee=Home("UTC")).slots[0].start

    assert in_weeks == berlin(2027, 3, 29, 9)  # clocks went forward on the 28th
    assert in_hours - starts.astimezone(UTC) == timedelta(hours=672)
    assert in_hours == berlin(2027, 3, 29, 10)


def test_the_end_and_the_reporting_grace_are_calendar_time_in_the_programmes_zone() -> None:
    made = plan(programme(), berlin(2027, 3, 1), mentee=Home("UTC"))

    assert made.ends == berlin(2027, 8, 30)
    assert made.reporting_ends == berlin(2027, 9, 6)
    assert moved(made.ends, programme(length="P10W").programme.length, "Europe/Berlin") == berlin(2027, 11, 8)


def test_a_time_of_day_is_the_mentees_on_the_programmes_dates() -> None:
    made = plan(programme(time_of_day="10:00"), berlin(2027, 3, 1), mentee=Home("America/New_York"))

    assert {slot.start.astimezone(ZoneInfo("America/New_York")).strftime("%a %H:%M") for slot in made.slots} == {"Mon 10:00"}
    assert made.slots[0].start.date() == date(2027, 3, 8)


def test_a_time_that_the_change_of_clocks_leaves_out_is_an_hour_later() -> None:
    rules = programme(time_of_day="02:30", working_days=["sun"], first_after="P6D", count=1)
    starts = berlin(2027, 3, 22)  # six days before 28 March 2027, when 02:00 becomes 03:00

    start = plan(rules, starts, mentee=Home("Europe/Berlin")).slots[0].start

    assert start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert start.astimezone(BERLIN).time() == time(3, 30)


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    rules = programme(time_of_day="02:30", working_days=["sun"], first_after="P6D", count=1)

    assert plan(rules, berlin(2027, 10, 25), mentee=Home("Europe/Berlin")).slots[0].start == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_meeting_on_a_holiday_of_either_person_moves_to_the_next_working_day() -> None:
    rules = programme(time_of_day="10:00", holidays=True, first_after="P0D", interval="P7D", count=2)
    starts = berlin(2027, 3, 26)  # Good Friday; the Monday after is a holiday in Germany, in Poland only that Monday

    def days(mentor: str | None, mentee: str | None) -> list[date]:
        return [slot.start.date() for slot in plan(rules, starts, mentee=Home("Europe/Berlin", mentee), mentor=Home("Europe/Berlin", mentor)).slots]

    assert days(None, None)[0] == date(2027, 3, 26)
    assert days("DE", None)[0] == date(2027, 3, 30)
    assert days(None, "DE")[0] == date(2027, 3, 30)
    assert days("PL", "PL")[0] == date(2027, 3, 26)


def test_a_holiday_is_free_where_its_person_lives() -> None:
    """Tuesday at ten in Auckland is Monday afternoon in Los Angeles, on 31 May 2027 a holiday; and Monday at ten there is Sunday here."""
    rules = programme(time_zone="Pacific/Auckland", time_of_day="10:00", holidays=True, first_after="P0D", interval="P1D", length="P2W", count=3)
    starts = datetime(2027, 5, 31, tzinfo=ZoneInfo("Pacific/Auckland"))
    mentee, mentor = Home("Pacific/Auckland", "NZ"), Home("America/Los_Angeles", "US")

    planned = plan(rules, starts, mentee=mentee, mentor=mentor).slots
    after = replan(rules, after=starts - 4 * DAY, count=3, last_start=starts + timedelta(hours=10) - DAY, mentee=mentee, mentor=mentor)

    for slots in (planned, after):
        assert [slot.start.astimezone(ZoneInfo("Pacific/Auckland")).strftime("%a %d %b") for slot in slots] == ["Mon 31 May", "Wed 02 Jun", "Thu 03 Jun"]


def test_holidays_are_ignored_unless_the_programme_minds_them() -> None:
    rules = programme(time_of_day="10:00", first_after="P0D", count=1)

    assert plan(rules, berlin(2027, 3, 26), mentee=Home("Europe/Berlin", "DE")).slots[0].start.date() == date(2027, 3, 26)


def test_meetings_that_a_quiet_time_pushes_together_stay_half_an_interval_apart() -> None:
    rules = programme(time_of_day="10:00", quiet=[{"from": "2027-07-19", "to": "2027-08-08"}])

    days = [slot.start.date() for slot in plan(rules, berlin(2027, 3, 1), mentee=Home("Europe/Berlin")).slots]

    assert days[-3:] == [date(2027, 7, 12), date(2027, 8, 9), date(2027, 8, 16)]
    assert len(days) == 12


def test_where_half_an_interval_does_not_fit_any_more_they_are_on_days_that_follow() -> None:
    rules = programme(time_of_day="10:00", length="P10W", count=5, quiet=[{"from": "2027-04-12", "to": "2027-05-04"}])

    days = [slot.start.date() for slot in plan(rules, berlin(2027, 3, 1), mentee=Home("Europe/Berlin")).slots]

    assert days[3:] == [date(2027, 5, 5), date(2027, 5, 6)]


def test_a_meeting_may_begin_at_the_programmes_start_and_end_at_its_end() -> None:
    first = programme(time_of_day="10:00", first_after="P0D", count=1)
    last = programme(time_of_day="10:00", length="P7D", count=1)
    longer = programme(time_of_day="10:00", length="P7D", count=1, duration="PT3601S")
    back = programme(time_of_day="10:00", length="P7D", count=1, working_days=["mon"])

    def start(rules: Programme, hour: int, minute: int = 0, second: int = 0) -> datetime:
        return plan(rules, datetime(2027, 3, 1, hour, minute, second, tzinfo=BERLIN), mentee=Home("Europe/Berlin")).slots[0].start

    assert (start(first, 10), start(first, 10, 0, 1)) == (berlin(2027, 3, 1, 10), berlin(2027, 3, 2, 10))
    assert (start(last, 11), start(longer, 11)) == (berlin(2027, 3, 8, 10), berlin(2027, 3, 5, 10))
    assert start(back, 10) == berlin(2027, 3, 1, 10)  # it moved back to the very first instant


def test_meetings_that_cannot_move_forward_within_the_programme_move_back() -> None:
    rules = programme(time_of_day="10:00", length="P10W", count=5, quiet=[{"from": "2027-04-16", "to": "2027-12-31"}])

    days = [slot.start.date() for slot in plan(rules, berlin(2027, 3, 1), mentee=Home("Europe/Berlin")).slots]

    assert days[:3] == [date(2027, 3, 8), date(2027, 3, 22), date(2027, 4, 5)]
    assert days[3:] == [date(2027, 4, 9), date(2027, 4, 15)]  # both before the quiet time, spread over what is left


def test_what_fits_nowhere_inside_the_programme_is_not_planned() -> None:
    assert plan(programme(time_of_day="10:00", quiet=[{"from": "2027-01-01", "to": "2028-12-31"}]), berlin(2027, 3, 1), mentee=Home("UTC")).slots == ()
    assert len(plan(programme(length="P8W"), berlin(2027, 3, 1), mentee=Home("UTC")).slots) == 4


def test_a_meeting_may_end_at_the_programmes_end_and_not_one_second_later() -> None:
    exact = programme(length="PT2H", first_after="PT1H", count=1)
    longer = programme(length="PT2H", first_after="PT1H", count=1, duration="PT3601S")

    assert len(plan(exact, berlin(2027, 3, 1), mentee=Home("UTC")).slots) == 1
    assert plan(longer, berlin(2027, 3, 1), mentee=Home("UTC")).slots == ()


def test_a_huge_interval_plans_what_fits_and_does_not_overflow() -> None:
    assert len(plan(programme(interval="P99999D", count=104), berlin(2027, 3, 1), mentee=Home("UTC")).slots) == 1


def test_an_unknown_zone_or_country_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownZone, match=r"'Europe/Berlim'; did you mean Europe/Berlin"):
        plan(programme(), berlin(2027, 3, 1), mentee=Home("Europe/Berlim"))
    with pytest.raises(UnknownZone, match="europe/berlin"):
        plan(programme(), berlin(2027, 3, 1), mentee=Home("europe/berlin"))
    with pytest.raises(UnknownZone):
        plan(programme(), berlin(2027, 3, 1), mentee=Home("Europe"))
    with pytest.raises(UnknownCountry, match="'GERMANY'"):
        plan(programme(time_of_day="10:00", holidays=True), berlin(2027, 3, 1), mentee=Home("UTC", "GERMANY"))


def test_preparing_moves_earlier_and_asking_later_into_reading_hours() -> None:
    rules = programme(first_after="P14DT7H", count=1)  # 07:00 in Berlin, 11:30 in Kolkata, 02:00 in New York

    slot = plan(rules, berlin(2027, 3, 1), mentee=Home("America/New_York")).slots[0]
    there = ZoneInfo("America/New_York")

    assert slot.start.astimezone(there) == datetime(2027, 3, 15, 2, tzinfo=there)
    assert slot.prepare_at.astimezone(there) == datetime(2027, 3, 11, 17, 45, tzinfo=there)  # a mail may be spread by 15 minutes
    assert slot.ask_at.astimezone(there) == datetime(2027, 3, 16, 8, tzinfo=there)


def test_nobody_is_prepared_before_the_start() -> None:
    slot = plan(programme(first_after="P1DT12H", count=1), berlin(2027, 3, 1), mentee=Home("Europe/Berlin")).slots[0]

    assert slot.prepare_at == berlin(2027, 3, 1, 8)
    assert slot.prepare_at <= slot.start


def test_nobody_is_prepared_after_the_meeting_has_begun() -> None:
    slot = plan(programme(first_after="PT1H", count=1), berlin(2027, 3, 1, 19), mentee=Home("Europe/Berlin")).slots[0]

    assert slot.prepare_at == slot.start == berlin(2027, 3, 1, 20)  # before anybody's mail hours begin again


quiet_times = st.lists(
    st.tuples(st.dates(date(2027, 1, 1), date(2028, 6, 1)), st.integers(0, 40)).map(lambda q: {"from": q[0], "to": q[0] + q[1] * DAY}),
    max_size=4,
)


@settings(max_examples=150)
@given(
    home=st.sampled_from(ZONES),
    mentor=st.sampled_from(ZONES),
    mentee=st.sampled_from(ZONES),
    countries=st.tuples(st.sampled_from(COUNTRIES), st.sampled_from(COUNTRIES)),
    wall=st.times().map(lambda t: f"{t:%H:%M}"),
    quiet=quiet_times,
    weekdays=st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
    starts=DURING_2027,
    interval=st.sampled_from(["P1D", "P7D", "P14D", "P30D", "PT36H"]),
    count=st.integers(1, 14),
)
def test_meetings_land_on_free_working_days_at_the_mentees_time_and_rise(
    *, home, mentor, mentee, countries, wall, quiet, weekdays, starts, interval, count
) -> None:
    rules = programme(
        time_zone=home, time_of_day=wall, quiet=quiet, working_days=sorted(weekdays), holidays=True, interval=interval, count=count, first_after="P3D"
    )

    made = plan(rules, starts, mentee=Home(mentee, countries[1]), mentor=Home(mentor, countries[0]))

    there = ZoneInfo(mentee)
    public = [(holidays.country_holidays(*code.split("-")), ZoneInfo(where)) for code, where in zip(countries, (mentor, mentee), strict=True) if code]
    for slot in made.slots:
        local = slot.start.astimezone(there)
        named = time.fromisoformat(wall)
        exists = datetime.combine(local.date(), named, tzinfo=there).astimezone(UTC).astimezone(there).time() == named
        assert not exists or local.time() == named
        assert local.strftime("%a").lower() in weekdays
        assert not any(q["from"] <= local.date() <= q["to"] for q in quiet)
        assert not any(slot.start.astimezone(where).date() in days for days, where in public)
        assert made.starts <= slot.start
        assert slot.start + timedelta(hours=1) <= made.ends
        assert slot.prepare_at <= slot.start
        assert slot.ask_at >= slot.start + timedelta(hours=1)
        assert time(8) <= slot.ask_at.astimezone(there).time() < time(18)
    starts_of = [slot.start for slot in made.slots]
    assert starts_of == sorted(set(starts_of))
    assert len(made.slots) <= count
