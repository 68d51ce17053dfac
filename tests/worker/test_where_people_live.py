"""Planning a pair's meetings, at enrolment and again later, takes into account where both of the two live (*Meetings*)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities.planning import PlanRequest
from mentorship.duration import iso
from mentorship.effects import Longer, PlanMeetings
from mentorship.people import Pair
from mentorship.programme import Programme
from records.cohorts import Cohort, Enrolment
from records.people import Profile
from records.store import Records
from worker.office import RecordsOffice
from worker.planner import RecordsPlanner

AUCKLAND = ZoneInfo("Pacific/Auckland")
STARTS = datetime(2027, 5, 31, tzinfo=AUCKLAND).astimezone(UTC)
PROGRAMME = Programme.model_validate(
    {
        "programme": {"id": "p", "version": 1, "title": "P", "length": "P2W", "time_zone": "Pacific/Auckland"},
        "contacts": {"coordinators": ["ana"], "owner": "lee", "outside": ["sam"]},
        "meetings": {"count": 3, "first_after": "P0D", "interval": "P1D", "duration": "PT1H", "time_of_day": "10:00", "holidays": True},
        "sessions": [{"topic": "Getting started", "expectations": True}],
        "milestones": [{"id": "m", "title": "M"}],
        "mail": {"spread": "PT0S"},
    }
)


@pytest.fixture
async def pair(records: Records) -> Pair:
    """A mentor in Los Angeles, where the last Monday of May is a holiday, and a mentee in Auckland, where it is then Tuesday."""
    await records.programmes.put(PROGRAMME)
    refs = await records.people.enrol(
        [
            Profile(person_id="e-1", name="Ann", email="ann@example.org", time_zone="America/Los_Angeles", country="US"),
            Profile(person_id="e-2", name="Ben", email="ben@example.org", country="NZ"),
        ]
    )
    return Pair(mentor=refs["e-1"], mentee=refs["e-2"])


def days(slots) -> list[str]:
    return [slot.start.astimezone(AUCKLAND).strftime("%a %d %b") for slot in slots]


async def test_a_pair_is_enrolled_without_a_meeting_on_a_holiday_where_one_of_the_two_lives(records, pair):
    cohort = Cohort(id="c", programme="p", version=1, texts_digest=PROGRAMME.texts().digest, starts_at=STARTS, created_at=STARTS)
    await records.cohorts.put(cohort)
    enrolment: Enrolment = (await records.cohorts.enrol_pairs("c", [("p-1", pair.mentor, pair.mentee)])).added[0]
    planned = await RecordsOffice(records, None)._plan(enrolment, PROGRAMME, STARTS)  # type: ignore[arg-type]
    assert days(planned.slots) == ["Mon 31 May", "Wed 02 Jun", "Thu 03 Jun"]


async def test_nor_is_one_planned_after_a_pause(records, pair):
    last = STARTS + timedelta(hours=10) - timedelta(days=1)
    wanted = PlanMeetings(after=STARTS - timedelta(days=4), count=3, ends=STARTS + timedelta(days=14), last_start=last)
    request = PlanRequest(mentorship="mentorship.c.p-1", pair=pair, programme="p", version=1, wanted=wanted)
    planned = await RecordsPlanner(records).replan(request, STARTS - timedelta(days=4))
    assert days(planned.slots) == ["Mon 31 May", "Wed 02 Jun", "Thu 03 Jun"]


async def test_an_extension_moves_the_end_and_the_time_to_report_by_the_programmes_calendar(records, pair):
    """P6: across the night in which Auckland's clocks change, two weeks are an hour more than 14 days."""
    ends = datetime(2027, 3, 29, tzinfo=AUCKLAND).astimezone(UTC)
    longer = Longer(ends=ends, length=iso("P2W"))
    wanted = PlanMeetings(after=ends, count=1, ends=ends + timedelta(days=14), longer=longer, last_start=ends - timedelta(days=3))
    request = PlanRequest(mentorship="mentorship.c.p-1", pair=pair, programme="p", version=1, wanted=wanted)
    planned = await RecordsPlanner(records).replan(request, ends)
    assert planned.ends == datetime(2027, 4, 12, tzinfo=AUCKLAND).astimezone(UTC) == ends + timedelta(days=14, hours=1)
    assert planned.reporting_ends == datetime(2027, 4, 19, tzinfo=AUCKLAND).astimezone(UTC)
