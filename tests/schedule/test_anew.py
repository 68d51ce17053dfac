"""What schedule/ answers when a mentorship asks again: after a pause, in an extension, and after an outage (P5, P6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mentorship.advance import advance, begin
from mentorship.commands import ApplyPlan, Pause
from mentorship.duration import iso
from mentorship.effects import Longer, PlanMeetings
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from schedule.anew import Anew, plan_anew
from schedule.plan import plan
from schedule.working_days import Home

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
PAIR = Pair(mentor="p-mentor", mentee="p-mentee")


def berlin(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture(scope="module")
def programme() -> Programme:
    """Every second week at 10:00 in Berlin."""
    return Programme.model_validate(
        {
            "programme": {"id": "x", "version": 1, "title": "X", "length": "P26W", "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["a"], "owner": "b", "outside": ["c"]},
            "meetings": {"count": 12, "first_after": "P7D", "interval": "P14D", "duration": "PT1H", "time_of_day": "10:00"},
            "sessions": [{"topic": "Start", "expectations": True}],
            "milestones": [{"id": "m", "title": "M", "when": "goal_set"}],
        }
    )


def anew(programme: Programme, now: datetime, **wanted: Any) -> Anew:
    asked = PlanMeetings(**{"after": now, "count": 0} | wanted)
    return plan_anew(programme, asked, now, mentee=Home("Europe/Berlin"))


ENDS = berlin(2027, 3, 15, 10)


def test_an_extension_ends_at_the_same_time_of_day_across_a_change_of_clocks(programme):
    made = anew(programme, berlin(2027, 3, 2), ends=ENDS + 4 * WEEK, longer=Longer(ends=ENDS, length=iso("P4W")))
    assert (made.ends, made.reporting_ends) == (berlin(2027, 4, 12, 10), berlin(2027, 4, 19, 10))


def test_so_does_one_that_was_agreed_in_a_pause_which_moves_the_end_as_well(programme):
    made = anew(programme, berlin(2027, 3, 8), ends=ENDS + 5 * WEEK, longer=Longer(ends=ENDS, length=iso("P4W")), paused=WEEK)
    assert (made.ends, made.reporting_ends) == (berlin(2027, 4, 19, 10), berlin(2027, 4, 26, 10))


def test_a_pause_before_the_extension_has_moved_the_end_from_which_it_counts(programme):
    paused = ENDS + WEEK
    made = anew(programme, berlin(2027, 3, 8), ends=paused + 4 * WEEK, longer=Longer(ends=paused, length=iso("P4W")), paused=WEEK)
    assert made.ends == berlin(2027, 4, 19, 10)


def test_a_pause_alone_leaves_the_end_where_the_mentorship_put_it(programme):
    made = anew(programme, berlin(2027, 3, 8), ends=ENDS + WEEK, paused=WEEK)
    assert (made.ends, made.reporting_ends) == (None, None)


def test_a_pair_whose_pause_ended_while_no_worker_lived_gets_the_meetings_that_still_fit(programme):
    """P5: planned in the same rhythm, from when a worker could answer."""
    last, resumed, ends = berlin(2027, 1, 18, 10), berlin(2027, 2, 15, 12), berlin(2027, 7, 26, 10)
    wanted = {"after": resumed, "count": 11, "last_start": last, "paused": 21 * DAY, "ends": ends}
    at_once, late = (anew(programme, now, **wanted).slots for now in (resumed, berlin(2027, 4, 1, 12)))
    assert len(at_once) == 11
    ahead = [slot.start for slot in at_once if slot.start > berlin(2027, 4, 1, 12) + 3 * DAY]
    room = [slot.start for slot in late]
    assert room[: len(ahead)] == ahead
    assert room[-1] <= ends - timedelta(hours=1) < room[-1] + 14 * DAY
    assert len(room) > len(ahead)


def test_nobody_is_planned_anything_within_the_time_to_prepare(programme):
    now = berlin(2027, 4, 1, 12)
    slots = anew(programme, now, after=now - 40 * DAY, count=6, last_start=berlin(2027, 1, 18, 10), ends=berlin(2027, 7, 26, 10)).slots
    assert slots[0].start >= now + 3 * DAY
    assert all(slot.prepare_at >= now for slot in slots)


def test_an_extension_agreed_while_no_worker_lived_is_planned_from_where_it_can_be_met(programme):
    ends, now = berlin(2027, 5, 10, 10), berlin(2027, 4, 21, 12)
    extension = Longer(ends=ends - 4 * WEEK, length=iso("P4W"))
    slots = anew(programme, now, after=berlin(2027, 4, 5), count=2, last_start=berlin(2027, 4, 5, 10), ends=ends, longer=extension).slots
    assert [slot.start for slot in slots] == [berlin(2027, 5, 3, 10)]
    assert anew(programme, ends + DAY, after=berlin(2027, 4, 5), count=2, last_start=berlin(2027, 4, 5, 10), ends=ends, longer=extension).slots == ()


def test_a_mentorship_keeps_every_slot_that_it_is_answered_after_an_outage(programme):
    """P5, P6: the pause ended on day 30; a worker came back on day 75."""
    starts = berlin(2027, 1, 11, 10)
    planned = plan(programme, starts, mentee=Home("Europe/Berlin"))
    begun = MentorshipStarted(
        at=starts, pair=PAIR, rules=programme.rules(), starts=planned.starts, ends=planned.ends, reporting_ends=planned.reporting_ends, slots=planned.slots
    )
    state = advance(begin(begun).state, [Pause(message_id="pause", by="o-ana", at=starts + 15 * DAY, until=starts + 30 * DAY)], starts + 15 * DAY).state
    back = starts + 75 * DAY
    turn = advance(state, [], back)
    (wanted,) = (effect for effect in turn.effects if isinstance(effect, PlanMeetings))
    made = plan_anew(programme, wanted, back, mentee=Home("Europe/Berlin"))
    after = advance(turn.state, [ApplyPlan(message_id="plan", at=back, number=wanted.number, slots=made.slots)], back).state
    ahead = [meeting.start for meeting in after.meetings if meeting.start > back]
    assert ahead == [slot.start for slot in made.slots]
    assert after.ends - ahead[-1] < 14 * DAY + timedelta(hours=1)
    assert all(high - low == 14 * DAY or abs(high - low - 14 * DAY) == timedelta(hours=1) for low, high in pairwise(ahead[1:]))
