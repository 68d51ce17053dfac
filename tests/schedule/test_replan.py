"""The slots of a pair that resumes after a pause, or meets in an extension (P6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from mentorship.duration import iso
from schedule.calendar import moved
from schedule.plan import plan, replan
from schedule.working_days import Home
from tests.schedule.rules import BERLIN, DAY, DURING_2027, ZONES, berlin, programme


def test_after_a_pause_the_rhythm_goes_on_and_leaves_time_to_prepare() -> None:
    rules = programme(time_of_day="10:00")
    before = plan(rules, berlin(2027, 3, 1), mentee=Home("Europe/Berlin")).slots
    resumed = berlin(2027, 5, 1, 12)  # two days before the rhythm's next date: that meeting is as soon as P3D allows

    slots = replan(rules, after=resumed, count=3, last_start=before[1].start, mentee=Home("Europe/Berlin"))

    assert [slot.start.astimezone(BERLIN) for slot in slots] == [berlin(2027, 5, 5, 10), berlin(2027, 5, 17, 10), berlin(2027, 5, 31, 10)]
    assert all(slot.prepare_at >= resumed for slot in slots)


def test_a_short_pause_loses_no_meeting_and_moves_the_rest_by_its_length() -> None:
    rules = programme(time_of_day="10:00")
    before = plan(rules, berlin(2027, 3, 1), mentee=Home("Europe/Berlin"))
    paused = timedelta(hours=26)
    resumed = before.slots[2].start - timedelta(hours=1) + paused  # it began an hour before the third

    slots = replan(
        rules,
        after=resumed,
        count=len(before.slots) - 2,
        last_start=before.slots[1].start,
        paused=paused,
        mentee=Home("Europe/Berlin"),
        ends=before.ends + paused,
    )

    assert len(slots) == len(before.slots) - 2
    later = [new.start - old.start for new, old in zip(slots, before.slots[2:], strict=True)]
    assert timedelta() < later[0] <= timedelta(days=7)  # three days to prepare, and a weekend
    assert all(timedelta() <= one <= timedelta(days=1) for one in later[1:])


def test_a_pause_does_not_cost_the_last_meeting_of_a_programme_that_is_full() -> None:
    """The rhythm continues from a meeting that a weekend had moved, which would put the last one two days after the end (P6)."""
    rules = programme(length="P8W", count=8, interval="P7D", time_of_day="10:00")
    before = plan(rules, berlin(2027, 5, 1, 12), mentee=Home("Europe/Berlin"))  # a Saturday: each date moves to its Monday, and the last to its Friday
    paused = 3 * DAY

    slots = replan(
        rules,
        after=berlin(2027, 5, 21),
        count=6,
        last_start=before.slots[1].start,
        paused=paused,
        mentee=Home("Europe/Berlin"),
        ends=before.ends + paused,
    )

    assert [slot.start.astimezone(BERLIN).date() for slot in slots[-3:]] == [date(2027, 6, 17), date(2027, 6, 24), date(2027, 6, 29)]
    assert len(slots) == 6


def test_what_the_rhythm_brings_more_than_half_an_interval_too_late_is_not_pressed_in_before_the_end() -> None:
    rules = programme(interval="P7D", time_of_day="10:00")

    slots = replan(rules, after=berlin(2027, 5, 20), count=3, last_start=berlin(2027, 5, 18, 10), mentee=Home("Europe/Berlin"), ends=berlin(2027, 5, 28))

    assert [slot.start.astimezone(BERLIN).date() for slot in slots] == [date(2027, 5, 25)]


def test_no_meeting_makes_way_for_one_that_would_be_pressed_in() -> None:
    """The third is due in June, within quiet weeks that last beyond the end, and those require the second to come earlier, too."""
    quiet = [{"from": date(2027, 5, 31), "to": date(2027, 6, 20)}]
    rules = programme(interval="P14D", time_of_day="10:00", quiet=quiet)

    slots = replan(rules, after=berlin(2027, 5, 4), count=3, last_start=berlin(2027, 5, 3, 10), mentee=Home("Europe/Berlin"), ends=berlin(2027, 6, 8))

    assert [slot.start.astimezone(BERLIN).date() for slot in slots] == [date(2027, 5, 17), date(2027, 5, 28)]


def test_late_meetings_go_on_at_their_weekday_when_the_programmes_clocks_change() -> None:
    """At half past eleven at night in Kolkata, whose clocks do not change; New York's go back in November."""
    rules = programme(time_of_day="23:30", time_zone="America/New_York")
    before = plan(rules, datetime(2027, 8, 2, 4, tzinfo=UTC), mentee=Home("Asia/Kolkata")).slots

    after = before[2].start + DAY
    slots = replan(rules, after=after, count=9, last_start=before[2].start, mentee=Home("Asia/Kolkata"))

    assert [slot.start for slot in slots] == [slot.start for slot in before[3:]]
    assert {slot.start.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%a %H:%M") for slot in slots} == {"Mon 23:30"}


def test_replanning_before_any_meeting_begins_as_the_programme_does() -> None:
    after = berlin(2027, 5, 1, 12)

    slots = replan(programme(), after=after, count=2, last_start=None, mentee=Home("Europe/Berlin"))

    assert [slot.start for slot in slots] == [berlin(2027, 5, 8, 12), berlin(2027, 5, 22, 12)]


def test_replanning_after_a_very_long_time_is_quick_and_right() -> None:
    rules = programme(interval="PT1S", duration="PT1S", prepare="PT0S", ask_after="PT2S", mail={"hours": "none", "spread": "PT0S"})
    last = berlin(2027, 1, 1)

    slots = replan(rules, after=last + 400 * DAY, count=2, last_start=last, mentee=Home("UTC"))

    assert slots[0].start == last + 400 * DAY


def test_replanning_within_an_end_leaves_out_what_would_be_behind_it() -> None:
    rules = programme(time_of_day="10:00")
    after = berlin(2027, 5, 3)

    slots = replan(rules, after=after, count=6, last_start=None, mentee=Home("Europe/Berlin"), ends=berlin(2027, 6, 3))

    assert [slot.start.astimezone(BERLIN).date() for slot in slots] == [date(2027, 5, 10), date(2027, 5, 24)]


ANEW: dict[str, Any] = {
    "mentee": st.sampled_from(ZONES),
    "wall": st.none() | st.times().map(lambda t: f"{t:%H:%M}"),
    "last": DURING_2027,
    "interval": st.sampled_from(["P1D", "P7D", "P14D", "PT36H"]),
    "count": st.integers(1, 8),
}


@settings(max_examples=100)
@given(away=st.integers(0, 200), **ANEW)
def test_a_replanned_meeting_leaves_time_to_prepare_and_none_is_lost(*, mentee, wall, last, away, interval, count) -> None:
    after = last + away * DAY

    slots = replan(programme(time_of_day=wall, interval=interval), after=after, count=count, last_start=last, mentee=Home(mentee, "DE"))

    assert len(slots) == count
    assert slots[0].start >= moved(after, iso("P3D"), "Europe/Berlin")
    assert all(low.start < high.start for low, high in pairwise(slots))
    assert all(slot.prepare_at >= after or slot.prepare_at == slot.start for slot in slots)


@settings(max_examples=100)
@given(away=st.integers(0, 30), left=st.integers(0, 60), **ANEW)
def test_an_end_takes_meetings_away_and_moves_at_most_the_last_one(*, mentee, wall, last, away, left, interval, count) -> None:
    after = last + away * DAY
    rules, asked = programme(time_of_day=wall, interval=interval), {"after": after, "count": count, "last_start": last, "mentee": Home(mentee, "DE")}

    without, within = replan(rules, **asked), replan(rules, **asked, ends=after + left * DAY)

    assert len(within) <= len(without)
    assert within[:-1] == without[: max(0, len(within) - 1)]
    assert all(slot.start + timedelta(hours=1) <= after + left * DAY for slot in within)
    assert all(low.start < high.start for low, high in pairwise(within))
