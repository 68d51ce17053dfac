"""Messages go out between 08 and 18 in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule.calendar import reading_hours, reading_hours_before

HOURS = "08:00-18:00"
BERLIN = ZoneInfo("Europe/Berlin")
MOMENT = timedelta(microseconds=1)
ZONES = st.sampled_from(["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "UTC"])
INSTANTS = st.datetimes(datetime(2011, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants its bounds bare


def at(hour: int, minute: int = 0, second: int = 0, day: int = 10) -> datetime:
    return datetime(2027, 3, day, hour, minute, second, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (at(7, 59, 59), at(8)),
        (at(8), at(8)),
        (at(17, 59, 59), at(17, 59, 59)),
        (at(18), at(8, day=11)),
        (at(23), at(8, day=11)),
    ],
)
def test_mail_waits_for_the_next_reading_hour(asked: datetime, answered: datetime) -> None:
    assert reading_hours(asked, "Europe/Berlin", HOURS) == answered


@pytest.mark.parametrize(
    ("asked", "answered"),
    [(at(8), at(8)), (at(12), at(12)), (at(7, 59, 59), at(18, day=9) - MOMENT), (at(18), at(18) - MOMENT)],
)
def test_a_preparation_goes_out_in_the_last_reading_hour_before(asked: datetime, answered: datetime) -> None:
    assert reading_hours_before(asked, "Europe/Berlin", HOURS) == answered


def test_before_a_day_that_a_zone_left_out_is_the_day_before_that() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert reading_hours_before(datetime(2011, 12, 31, 3, tzinfo=apia), "Pacific/Apia", HOURS) == datetime(2011, 12, 29, 18, tzinfo=apia) - MOMENT


def test_where_the_hours_are_shorter_than_the_spread_mail_goes_as_they_open() -> None:
    short, quarter = "08:00-08:10", timedelta(minutes=15)
    assert [reading_hours(asked, "Europe/Berlin", short, spread=quarter) for asked in (at(8), at(8, 1))] == [at(8), at(8, day=11)]


def test_a_mail_that_is_spread_is_still_in_time() -> None:
    quarter = timedelta(minutes=15)

    assert reading_hours(at(17, 45), "Europe/Berlin", HOURS, spread=quarter) == at(17, 45)
    assert reading_hours(at(17, 46), "Europe/Berlin", HOURS, spread=quarter) == at(8, day=11)
    assert reading_hours_before(at(20), "Europe/Berlin", HOURS, spread=quarter) == at(17, 45)
    assert reading_hours_before(at(3), "Europe/Berlin", HOURS, spread=quarter) == at(17, 45, day=9)


def test_without_hours_mail_goes_out_at_any_time() -> None:
    assert reading_hours(at(3), "Europe/Berlin", "none") == at(3)
    assert reading_hours_before(at(3), "Europe/Berlin", "none") == at(3)


@given(asked=INSTANTS, zone=ZONES)
def test_the_answer_is_the_next_hour_in_which_the_reader_reads(asked: datetime, zone: str) -> None:
    answered = reading_hours(asked, zone, HOURS)
    there = ZoneInfo(zone)

    assert answered.utcoffset() == timedelta(0)
    assert answered >= asked
    assert time(8) <= answered.astimezone(there).time() < time(18)
    assert reading_hours(answered, zone, HOURS) == answered
    if answered != asked:
        assert not time(8) <= asked.astimezone(there).time() < time(18)
        assert answered - asked <= timedelta(hours=15) or zone == "Pacific/Apia"  # Samoa left out 30 December 2011


@given(asked=INSTANTS, zone=ZONES)
def test_the_answer_before_is_the_last_hour_in_which_the_reader_read(asked: datetime, zone: str) -> None:
    answered = reading_hours_before(asked, zone, HOURS)

    assert answered <= asked
    assert time(8) <= answered.astimezone(ZoneInfo(zone)).time() < time(18)
    assert asked - answered <= timedelta(hours=15) or zone == "Pacific/Apia"
