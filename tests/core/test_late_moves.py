"""H14: a move that is proposed late and then agreed, excused, or left without an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.policy.ladder import strikes
from mentorship.policy.meetings import held_instants
from mentorship.programme import Cancellations

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_an_agreed_move_never_counts_however_late(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=1)
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - SECOND) == "applied"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) + HOUR / 2) == "applied"
    assert told.state.meeting(1).start == to
    told.wait(meets(1) + timedelta(days=4))
    assert told.counted() == 0


def test_a_late_proposal_that_nobody_answers_in_three_days_counts_as_a_cancellation_by_who_proposed(story, meets):
    told = story().confirmed()
    proposed = meets(1) - HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), proposed)
    told.wait(proposed + timedelta(days=3) - SECOND)
    assert told.counted() == 0
    told.wait(proposed + timedelta(days=3))
    assert strikes(told.state, "mentee") == (proposed,)
    assert told.counted("mentor") == 0
    assert not told.mails("rescheduled")  # three days later that is no news


def test_a_late_proposal_that_the_partner_excuses_does_not_count(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1))
    told.wait(meets(2))
    assert told.counted() == 0


def test_a_late_proposal_counts_even_when_the_partner_reports_truthfully_that_they_did_not_meet(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False), meets(1) + HOUR)
    told.wait(meets(2))
    assert told.counted() == 1


def test_a_late_proposal_does_not_count_when_they_met_all_the_same(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.met(1)
    told.wait(meets(2))
    assert told.counted() == 0


def test_who_met_after_an_unanswered_proposal_can_say_so_after_it_lapsed(story, meets):
    """A meeting is held if at least one says so."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert told.counted() == 1
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=False), meets(1) + timedelta(days=5)) == "cancelled"
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(1) + timedelta(days=5)) == "applied"
    assert told.counted() == 0


@pytest.mark.parametrize("extra_first", [True, False])
def test_a_meeting_that_lapsed_is_not_an_extra_one_besides(story, meets, extra_first):
    """A meeting is held if at least one says so. One conversation is one meeting, whatever each of the two calls it."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=4))
    words = [("mentor", c.ReportMeeting(held_at=meets(1), held=True)), ("mentee", c.ReportMeeting(meeting=1, held=True))]
    answers = [told.tell(by, word, meets(1) + timedelta(days=5)) for by, word in (words if extra_first else reversed(words))]
    assert sorted(answers) == ["applied", "planned_meeting"]
    assert held_instants(told.state) == (meets(1),)


def test_a_second_proposal_does_not_wash_a_late_one_clean_nor_start_its_three_days_again(story, meets):
    told = story().confirmed()
    proposed = meets(1) - timedelta(hours=20)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=6)), proposed)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=7)), proposed + timedelta(hours=10))
    told.wait(proposed + timedelta(days=3))
    assert strikes(told.state, "mentee") == (proposed,)


@pytest.mark.parametrize(("first", "second", "counts"), [(50, 30, 0), (30, 2, 1)])
def test_a_second_proposal_is_late_by_itself_where_the_first_was_in_time(story, meets, first, second, counts):
    told = story().confirmed()
    for hours in (first, second):
        told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -hours)), meets(1, -hours))
    told.wait(meets(1, 80))
    assert strikes(told.state, "mentee") == (meets(1, -second),) * counts


def test_a_second_proposal_leaves_the_partner_the_days_since_being_asked_first(story, meets):
    """P5: nobody could see the first proposal before it was handled."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -5)), meets(1, -20), now=meets(1, -5))
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -3)), meets(1, -3))
    told.wait(meets(1, 72 - 5) - SECOND)
    assert told.counted() == 0
    told.wait(meets(1, 72 - 5))
    assert strikes(told.state, "mentee") == (meets(1, -20),)


def test_an_unconfirmed_slot_is_moved_late_by_nobody(story, meets):
    told = story()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -1)), meets(1, -1))
    told.wait(meets(1, 80))
    assert (told.counted(), told.state.meeting(1).cancelled) == (0, None)


def test_a_proposal_in_time_lapses_without_counting(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=1)), meets(1) - timedelta(hours=24))
    told.wait(meets(2))
    assert told.counted() == 0
    assert told.state.meeting(1).cancelled is None


def test_calling_off_what_the_partner_could_not_keep_counts_as_the_partners(story, meets):
    """A late proposal that the partner does not accept counts as a cancellation by whoever proposed it. A partner who responds by calling the meeting
    off has
    not accepted it: one meeting, one person who could not come, and that is not the one who called it off.
    """
    told = story().confirmed()
    proposed = meets(1) - 3 * HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), proposed)
    told.cancel(1, by="mentor")
    assert (strikes(told.state, "mentee"), told.counted("mentor")) == ((proposed,), 0)
    told.wait(meets(1) + timedelta(days=4))
    assert (told.counted(), told.counted("mentor")) == (1, 0)
    assert told.tell("mentee", c.Excuse(meeting=1), told.state.now) == "nothing_to_excuse"
    assert told.tell("mentor", c.Excuse(meeting=1), told.state.now) == "applied"
    assert told.counted() == 0


@pytest.mark.parametrize("reason", ["work", "personal", "technical", "not_said"])
def test_the_reason_of_who_called_it_off_is_none_of_who_proposed(story, meets, reason):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    told.cancel(1, by="mentor", reason=reason)
    assert (told.counted(), told.counted("mentor")) == (1, 0)


def test_fine_by_me_and_then_off_counts_against_nobody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 2 * HOUR)
    told.cancel(1, by="mentor")
    assert (told.counted(), told.counted("mentor")) == (0, 0)


@pytest.mark.parametrize(("first", "counts"), [("mentor", (0, 1)), ("mentee", (1, 0))])
def test_of_two_late_proposals_the_first_said_that_the_time_could_not_be_kept(story, meets, first, counts):
    told = story().confirmed()
    for by, hours in (("mentor", 5 if first == "mentor" else 3), ("mentee", 4)):
        told.tell(by, c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2, hours=hours)), meets(1) - hours * HOUR, now=meets(1) - 3 * HOUR)
    told.cancel(1, by="mentor")
    assert (told.counted(), told.counted("mentor")) == counts


def test_a_proposal_in_time_takes_no_late_cancellation_off_anybody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - timedelta(hours=30))
    told.cancel(1, by="mentor")
    assert (told.counted(), told.counted("mentor")) == (0, 1)


def test_whoever_called_off_before_the_late_proposal_was_made_called_off(story, meets):
    """Time: the instants at which a door accepted them decide, whichever comes in first."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 2 * HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) - 3 * HOUR, now=meets(1) - HOUR)
    assert (told.counted(), told.counted("mentor")) == (0, 1)


def test_who_stays_away_from_what_the_partner_could_not_keep_has_missed_nothing(story, meets):
    """H13: calling off after the start is an absence. The partner's proposal is judged when its three days are over."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert (told.counted(), told.counted("mentor")) == (0, 0)
    told.wait(meets(1) + timedelta(days=3))
    assert (told.counted(), told.counted("mentor")) == (1, 0)


@pytest.mark.parametrize("word", [c.Attendance(own="absent"), c.Attendance(own="on_time"), c.Attendance(own="on_time", partner="absent")])
def test_who_stayed_away_has_missed_nothing_once_that_proposal_is_judged_either(story, meets, word):
    """H13, H14: one meeting. Whoever could not come is judged by what they have said about it since, and nobody else is judged."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    if word.partner is None:
        told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert told.tell("mentee", c.ReportMeeting(meeting=1, attendance=word), meets(1) + 2 * HOUR) == "applied"
    told.wait(meets(1) + timedelta(days=8))
    assert told.entries_named("proposal_expired")
    assert (told.counted(), told.counted("mentor")) == (int(word.own == "absent"), 0)


def test_what_lapsed_before_the_start_keeps_nobody_from_coming(story, meets):
    """The old time holds again, and there was time to see that."""
    told = story(cancellations=Cancellations(answer_within=iso("PT6H"))).confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 20 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 19 * HOUR)
    told.wait(meets(1) - 14 * HOUR)
    assert told.entries_named("proposal_expired")
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert (told.counted(), told.counted("mentor")) == (0, 1)


def test_what_was_said_of_the_old_time_keeps_nobody_from_the_new_one(story, meets):
    """In the end they agreed; whoever does not come to the new time has missed the meeting."""
    told = story().confirmed()
    to = meets(1) + timedelta(days=6)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to - HOUR), meets(1) - 5 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=3) - 3 * HOUR)
    assert told.entries_named("proposal_expired")
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), told.state.now) == "applied"
    assert told.state.meeting(1).start == to
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), to + HOUR)
    assert (told.counted(), told.counted("mentor")) == (0, 1)


def test_a_slip_of_the_finger_takes_no_late_proposal_off_who_made_it(story, meets):
    """They reported that they met, and then that they were away. The late proposal still counts; the partner, who could not keep it, has missed nothing."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    told.met(1)
    for side in ("mentee", "mentor"):
        away = c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent"))
        assert told.tell(side, away, meets(1) + 2 * HOUR) == "applied"
    assert (told.counted(), told.counted("mentor")) == (1, 0)


@pytest.mark.parametrize("taken_back", [c.Withdraw(report="slip"), c.ReportMeeting(meeting=1, held=False)])
@pytest.mark.parametrize(("days", "counts"), [(1, 0), (3, 1), (5, 1)])
def test_that_they_met_taken_back_leaves_a_late_proposal_to_be_judged(story, meets, taken_back, days, counts):
    """H14: nobody escapes a late proposal by reporting the meeting and withdrawing the report. The partner has the three days, and may excuse it afterwards."""
    told = story().confirmed()
    proposed = meets(1) - HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=9)), proposed)
    told.tell("mentee", c.ReportMeeting(message_id="slip", meeting=1, held=True), meets(1))
    told.tell("mentee", taken_back, proposed + timedelta(days=days))
    assert told.counted() == counts
    told.wait(meets(1) + timedelta(days=6))
    assert strikes(told.state, "mentee") == (proposed,)
    assert told.tell("mentor", c.Excuse(meeting=1), told.state.now) == "applied"
    assert told.counted() == 0


def test_that_they_met_taken_back_in_time_can_still_be_moved(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=9)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.ReportMeeting(message_id="slip", meeting=1, held=True), meets(1))
    told.tell("mentor", c.Withdraw(report="slip"), meets(1) + HOUR)
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) + 2 * HOUR) == "applied"
    assert told.state.meeting(1).start == to


def test_fine_by_me_and_then_away_counts_against_nobody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 2 * HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert (told.counted(), told.counted("mentor")) == (0, 0)


@pytest.mark.parametrize(("since", "counts"), [("excused", (0, 0)), ("absent", (1, 0)), ("on_time", (0, 0)), (None, (1, 0))])
def test_who_answered_a_late_proposal_with_another_time_has_called_nothing_off(story, meets, since, counts):
    """H14: whatever became of the first proposal, the second one lapses."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 5 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=3)), meets(1) - 4 * HOUR)
    if since == "excused":
        told.tell("mentor", c.Excuse(meeting=1), meets(1) - 3 * HOUR)
    elif since is not None:
        told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own=since)), meets(1) + 2 * HOUR)
    told.wait(meets(1) + timedelta(days=5))
    assert (told.counted(), told.counted("mentor")) == counts
    assert told.state.meeting(1).proposals == ()


def test_who_asked_too_late_second_is_the_one_whom_the_first_keeps_from_a_mark(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 4 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=3)), meets(1) - 3 * HOUR)
    for side in ("mentee", "mentor"):
        told.tell(side, c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert (told.counted(), told.counted("mentor")) == (1, 0)


def test_an_excuse_for_the_old_time_does_not_cover_the_new_one(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=2)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - HOUR / 2)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR / 2)
    told.cancel(1)
    assert told.counted() == 1


def test_a_move_needs_a_time_ahead_and_before_the_end(story, meets, ends):
    told = story()
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) - timedelta(days=4)), meets(1) - timedelta(days=4)) == "time_passed"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=ends), meets(1) - timedelta(days=4)) == "after_the_end"
    assert told.tell("mentor", c.MoveMeeting(meeting=99, to=ends), meets(1) - timedelta(days=4)) == "no_such_meeting"
    assert told.tell("mentor", c.MoveMeeting(meeting=1), meets(1) - timedelta(days=4)) == "malformed"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=ends - SECOND), meets(1) - SECOND) == "applied"
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2)), meets(1)) == "already_started"
