"""P5, *Time*: what was said in time counts as in time, even if it comes in after a deadline that it would have met."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.advance import advance
from mentorship.people import SIDES
from mentorship.policy.deadlines import decided_at
from mentorship.policy.ladder import strikes
from mentorship.policy.meetings import held_instants

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def lapsed(story, meets):
    """The mentee proposed another time an hour before the first meeting. By the fifth day nothing has come in from the three days for an answer."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + 9 * DAY), meets(1) - HOUR)
    told.wait(meets(1) + 5 * DAY)
    assert told.counted() == 1
    return told


@pytest.mark.parametrize("agreeing", [True, None])
@pytest.mark.parametrize(("days", "agreed"), [(1, True), (3, True), (3.001, False)])
def test_a_yes_within_the_three_days_moves_the_meeting(lapsed, meets, days, agreeing, agreed):
    """H14: an agreed move never counts."""
    to = meets(1) + 9 * DAY
    answer = lapsed.tell("mentor", c.MoveMeeting(meeting=1, to=to, agreeing=agreeing), meets(1) - HOUR + days * DAY, now=meets(1) + 5 * DAY)
    assert answer == ("applied" if agreed else "cancelled")
    assert lapsed.counted() == (0 if agreed else 1)
    meeting = lapsed.state.meeting(1)
    assert (meeting.start, meeting.cancelled is None) == ((to, True) if agreed else (meets(1), False))
    assert len(lapsed.mails("rescheduled", "mentee")) == agreed
    lapsed.wait(to + 2 * DAY)
    assert bool([mail for mail in lapsed.mails("ask", "mentee") if mail.meeting.start == to]) is agreed


def test_a_yes_to_a_proposal_in_time_is_no_late_one_of_who_says_it(story, meets):
    """H14: the proposal lapsed a day before the meeting and did not count. The yes was said before that, and so proposes nothing itself."""
    told = story().confirmed()
    to = meets(1) + 6 * DAY
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - 4 * DAY)
    told.wait(meets(1) + HOUR)
    assert told.entries_named("proposal_expired")
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - DAY, now=meets(1) + HOUR) == "applied"
    assert told.state.meeting(1).start == to
    told.wait(meets(1) + 5 * DAY)
    assert told.counted() == 0


def test_another_time_is_no_yes(lapsed, meets):
    assert lapsed.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + 8 * DAY), meets(1) + DAY, now=meets(1) + 5 * DAY) == "cancelled"


@pytest.mark.parametrize(("reason", "counts"), [("personal", 0), ("work", 1)])
@pytest.mark.parametrize("before", [HOUR / 2, -HOUR])
def test_who_called_it_off_themself_is_judged_by_why(lapsed, meets, reason, counts, before):
    """H14: `personal` never counts, nor does an absence for that reason."""
    assert lapsed.tell("mentee", c.CancelMeeting(meeting=1, reason=reason), meets(1) - before, now=meets(1) + 5 * DAY) == "applied"
    assert (lapsed.counted(), lapsed.counted("mentor")) == (counts, 0)


def test_who_called_off_what_the_partner_could_not_keep_is_not_the_one_who_is_judged(lapsed, meets):
    assert lapsed.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) - HOUR / 2, now=meets(1) + 5 * DAY) == "applied"
    assert (lapsed.counted(), lapsed.counted("mentor")) == (1, 0)


@pytest.mark.parametrize(("own", "counts"), [("on_time", 0), ("absent", 1)])
@pytest.mark.parametrize(("days", "answer"), [(1, "applied"), (4, "cancelled")])
def test_who_said_whether_they_came_is_judged_by_that(lapsed, meets, own, counts, days, answer):
    """Their report is treated as if it had come in before the proposal lapsed; nobody else is judged either."""
    word = c.ReportMeeting(meeting=1, attendance=c.Attendance(own=own))
    assert lapsed.tell("mentee", word, meets(1) + days * DAY, now=meets(1) + 5 * DAY) == answer
    assert lapsed.counted() == (counts if answer == "applied" else 1)
    lapsed.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + 5 * DAY)
    assert lapsed.counted("mentor") == 0


@pytest.mark.parametrize(("denied", "counts", "held"), [(False, 1, 0), (True, 0, 1)])
def test_the_word_of_who_waited_is_kept_beside_the_proposal(lapsed, meets, denied, counts, held):
    """H13: the proposal is still judged unless the partner contradicts the report; then the two disagree."""
    word = c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent"))
    assert lapsed.tell("mentor", word, meets(1) + DAY, now=meets(1) + 5 * DAY) == "applied"
    if denied:
        assert lapsed.tell("mentee", c.Dispute(meeting=1), meets(1) + 2 * DAY, now=meets(1) + 5 * DAY) == "applied"
    assert (lapsed.counted(), lapsed.counted("mentor"), len(held_instants(lapsed.state))) == (counts, 0, held)


def test_that_they_met_is_not_lost_to_a_later_word_that_left_it_open(story, meets):
    """H13, H7: "we met" was delayed, and the later "I was on time" came in before it."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=5))
    assert told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(1, hours=2), now=meets(1, hours=9)) == "applied"
    assert held_instants(told.state) == (meets(1),)
    assert told.state.meeting(1).report("mentee").at == meets(1, hours=5)


def test_why_somebody_could_not_come_is_not_lost_to_a_later_word_without_it(story, meets):
    """H14: `personal` never counts and need not be repeated, whichever report comes in first."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=5))
    assert strikes(told.state, "mentee") == (meets(1),)
    assert told.tell("mentee", c.CancelMeeting(meeting=1, reason="personal"), meets(1, hours=2), now=meets(1, hours=9)) == "applied"
    assert strikes(told.state, "mentee") == ()


# -- every small story ----------------------------------------------------------------------------------------------------


def what_anybody_may_say(at, meets):
    """Everything that can be said about the first meeting at that instant."""
    said = [c.MoveMeeting(meeting=1, to=meets(1) + 6 * DAY), *(c.CancelMeeting(meeting=1, reason=reason) for reason in ("work", "personal"))]
    if at >= meets(1):
        words = ({"own": "on_time"}, {"own": "on_time", "partner": "absent"})
        said += [c.ReportMeeting(meeting=1, held=True), *(c.ReportMeeting(meeting=1, attendance=c.Attendance(**word)) for word in words)]
        said += [c.Excuse(meeting=1), c.Dispute(meeting=1)]
    return [command.model_copy(update={"by": by, "at": at}) for by in ("p-mentor", "p-mentee") for command in said]


def taken(state, command, number, now):
    """The state after the message, or None where it was refused."""
    turn = advance(state, [command.model_copy(update={"message_id": f"x{number}"})], now)
    return None if any(told.refused for told in turn.told) else turn.state


def judged(state):
    decided = advance(state, [], decided_at(state)).state
    return [len(strikes(decided, side)) for side in SIDES], len(held_instants(decided))


def test_no_message_that_is_days_on_its_way_makes_anything_worse(story, meets):
    """P5, H14: every story of two accepted messages about a meeting, with the second delayed past the days to answer while the deadlines in between pass."""
    begun, told = story(meetings=1).confirmed().state, 0
    instants = [meets(1, hours) for hours in (-80, -20, -1, 2, 30)]
    for first in (one for at in instants for one in what_anybody_may_say(at, meets) if one.by == "p-mentor"):
        after_first = taken(begun, first, 1, first.at)
        if after_first is None:
            continue
        for second in (one for at in instants if at > first.at for one in what_anybody_may_say(at, meets)):
            in_time = taken(after_first, second, 2, second.at)
            if in_time is None:
                continue
            told += 1
            counted, held = judged(in_time)
            late = second.at + 4 * DAY
            waited = taken(advance(after_first, [], late).state, second, 2, late)
            assert waited is not None, (first, second)
            assert judged(waited) == (counted, held), (first, second)
    assert told > 100
