"""H14: repeated, last-minute cancellations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.policy.ladder import strikes

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_less_than_twenty_four_hours_is_late(story):
    told = story().confirmed()
    told.cancel(1, before=timedelta(hours=24) - SECOND)
    assert told.entries_named("meeting_cancelled")[0].body["late"] is True
    assert told.counted() == 1


def test_exactly_twenty_four_hours_is_not_late(story):
    told = story().confirmed()
    told.cancel(1, before=timedelta(hours=24))
    assert told.entries_named("meeting_cancelled")[0].body["late"] is False
    assert told.counted() == 0


@pytest.mark.parametrize(("reason", "counts"), [("work", 1), ("not_said", 1), ("personal", 0), ("technical", 0)])
def test_personal_and_technical_reasons_never_count(story, reason, counts):
    told = story().confirmed()
    told.cancel(1, reason=reason)
    assert told.counted() == counts


def test_nothing_that_the_partner_excuses_counts(story, meets):
    told = story().confirmed()
    told.cancel(1)
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1)) == "applied"
    assert told.counted() == 0


def test_there_is_nothing_to_excuse_in_what_would_not_count(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -1)), meets(1, -25))
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1, -24)) == "nothing_to_excuse"
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="on_time")), meets(1, 1))
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1, 2)) == "nothing_to_excuse"


def test_an_absence_that_one_reported_can_be_excused_once(story, meets):
    told = story().confirmed()
    told.tell("mentor", c.ReportMeeting(meeting=1, attendance=c.Attendance(partner="absent")), meets(1, 1))
    assert [told.tell("mentor", c.Excuse(meeting=1), meets(1, 2)) for _ in range(2)] == ["applied", "already_done"]
    told.wait(meets(2))
    assert told.counted() == 0


def test_nobody_excuses_themself(story, meets):
    told = story().confirmed()
    told.cancel(1)
    assert told.tell("mentee", c.Excuse(meeting=1), meets(1)) == "nothing_to_excuse"
    assert told.counted() == 1


@pytest.mark.parametrize("accepted", [(), ("mentor",), ("mentee",)])
def test_only_a_confirmed_slot_can_be_cancelled_late(story, starts, accepted):
    told = story()
    for side in accepted:
        told.tell(side, c.ConfirmMeeting(meeting=1), starts)
    told.cancel(1)
    assert told.counted() == 0


def test_lateness_is_judged_by_at_and_not_by_when_it_was_handled(story, meets):
    """Time, P5: an outage makes nobody late."""
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="work"), at=meets(1) - timedelta(hours=30), now=meets(1) - HOUR)
    assert told.state.meeting(1).cancelled.late is False


def test_lateness_is_judged_against_the_start_as_it_then_stood(story, meets):
    told = story().confirmed()
    later = meets(1) + timedelta(days=5)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=later), meets(1) - timedelta(days=2))
    told.tell("mentee", c.MoveMeeting(meeting=1, to=later), meets(1) - timedelta(days=2))
    told.cancel(1, before=timedelta(hours=48))
    assert told.counted() == 0


def test_what_a_pause_drops_never_counts(story, meets):
    told = story().confirmed()
    told.operator(c.Pause(), meets(1) - HOUR)
    told.operator(c.Resume(), meets(2))
    assert told.counted("mentor") == told.counted("mentee") == 0


def test_a_cancellation_after_the_start_is_an_absence(story, meets):
    told = story().confirmed()
    assert told.tell("mentee", c.CancelMeeting(meeting=1, reason="work"), meets(1)) == "applied"
    assert told.state.meeting(1).cancelled is None
    assert told.state.meeting(1).report("mentee").own == "absent"
    assert strikes(told.state, "mentee") == (meets(1),)


def test_an_absence_for_a_personal_reason_never_counts(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="personal"), meets(1, hours=2))
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(partner="absent")), meets(1, hours=3))
    told.wait(meets(2))
    assert told.counted() == 0
    assert not told.mails("absence_reported")  # admitted already: nothing to ask
