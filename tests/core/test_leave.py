"""P6: a leave pauses the mentorship and its end lets it continue; neither touches a pause that somebody else ordered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import TellCoordinators
from mentorship.policy.ladder import strikes
from mentorship.policy.phase import phase
from mentorship.programme import Pause

HOUR = timedelta(hours=1)


def away(side, **times):
    return c.Pause(away=f"p-{side}", **times)


def back(side):
    return c.Resume(away=f"p-{side}")


def lines(told):
    return [(effect.line, effect.side, effect.opened) for effect in told.effects if isinstance(effect, TellCoordinators)]


# -- leave ----------------------------------------------------------------------------------------------------------------


def test_a_leave_pauses_until_its_date_and_the_end_moves_by_its_length(story, day, ends):
    told = story().confirmed()
    assert told.operator(away("mentor", until=day(60)), day(30)) == "applied"
    assert phase(told.state) == "paused"
    told.wait(day(60))
    assert phase(told.state) != "paused"
    assert told.state.ends == ends + timedelta(days=30)
    assert not told.entries_named("attention_raised", line="on_leave")  # it was no longer than a pause may be
    assert not told.entries_named("leave_began")  # the report gave an end


def test_the_partner_hears_of_a_pause_and_not_of_whose(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    mails = told.mails("rescheduled")
    assert [(mail.to, mail.change) for mail in mails] == [("mentor", "paused"), ("mentee", "paused")]
    assert mails[0].model_dump(exclude={"id", "to", "pins"}) == mails[1].model_dump(exclude={"id", "to", "pins"})


def test_a_leave_that_is_ahead_pauses_when_it_begins(story, day, meets):
    told = story().confirmed()
    told.operator(away("mentor", begins=day(40), until=day(60)), day(10))
    assert phase(told.state) != "paused"
    told.wait(day(40) - HOUR)
    assert phase(told.state) != "paused"
    told.wait(day(40))
    assert (phase(told.state), told.state.pausing.since) == ("paused", day(40))


def test_who_is_back_before_a_leave_that_is_ahead_never_goes(story, day):
    told = story()
    told.operator(away("mentor", begins=day(40), until=day(60)), day(10))
    assert told.operator(back("mentor"), day(20)) == "applied"
    told.wait(day(70))
    assert not told.entries_named("paused")


def test_who_is_back_lets_the_meetings_go_on(story, day, ends):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    assert told.operator(back("mentor"), day(40)) == "applied"
    assert phase(told.state) != "paused"
    assert told.state.ends == ends + timedelta(days=10)
    assert told.operator(back("mentor"), day(41)) == "not_paused"
    told.operator(away("mentor", until=day(60)), day(50))
    assert told.operator(back("mentor"), day(60)) == "not_paused"  # it ended by itself


def test_a_later_word_about_the_same_leave_moves_its_end(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentor", until=day(45)), day(40))
    assert told.state.pausing.until == day(45)
    told.operator(away("mentor", until=day(80)), day(41))
    told.wait(day(80) - HOUR)
    assert phase(told.state) == "paused"
    told.wait(day(80))
    assert phase(told.state) != "paused"


def test_the_next_leave_that_is_told_during_one_ends_none_that_lasts(story, day):
    """Somebody's summer holiday is entered while they are on parental leave: they are away until that leave is over, and again in summer."""
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    assert told.operator(away("mentor", begins=day(90), until=day(100)), day(40)) == "applied"
    assert told.state.pausing.until == day(60)
    told.operator(away("mentor", until=day(70)), day(50))
    told.wait(day(70) - HOUR)
    assert phase(told.state) == "paused"
    told.wait(day(90) - HOUR)
    assert phase(told.state) != "paused"
    told.wait(day(90))
    assert (phase(told.state), told.state.pausing.until) == ("paused", day(100))
    told.wait(day(100))
    assert (phase(told.state) != "paused", told.state.paused_for) == (True, timedelta(days=50))


def test_a_leave_that_follows_at_once_is_one_pause_with_the_one_before(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentor", begins=day(60), until=day(80)), day(40))
    told.wait(day(80) - HOUR)
    assert (phase(told.state), len(told.entries_named("paused"))) == ("paused", 1)
    told.wait(day(80))
    assert (phase(told.state) != "paused", told.state.paused_for) == (True, timedelta(days=50))


@pytest.mark.parametrize(("at", "pauses"), [(50, 2), (80, 1)])
def test_back_ends_the_leave_that_lasts_or_else_the_one_ahead(story, day, at, pauses):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentor", begins=day(90), until=day(100)), day(40))
    assert told.operator(back("mentor"), day(at)) == "applied"
    assert phase(told.state) != "paused"
    told.wait(day(110))
    assert len(told.entries_named("paused")) == pauses


def test_a_later_word_about_a_leave_replaces_the_one_after_it_where_they_meet(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentor", begins=day(70), until=day(80)), day(40))
    told.operator(away("mentor", until=day(75)), day(50))
    told.wait(day(75))
    assert phase(told.state) != "paused"
    told.wait(day(120))
    assert len(told.entries_named("paused")) == 1


def test_a_later_word_about_a_leave_keeps_the_one_that_begins_where_it_ends(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentor", begins=day(90), until=day(100)), day(40))
    told.operator(away("mentor", until=day(90)), day(50))
    told.wait(day(90))
    assert (phase(told.state), told.state.pausing.until, len(told.entries_named("paused"))) == ("paused", day(100), 1)


def test_both_away_the_meetings_wait_for_the_last(story, day):
    told = story()
    told.operator(away("mentor", until=day(50)), day(30))
    told.operator(away("mentee", until=day(70)), day(40))
    assert told.state.pausing.until == day(70)
    told.wait(day(51))
    assert (phase(told.state), told.state.pausing.until) == ("paused", day(70))
    told.operator(back("mentee"), day(60))
    assert phase(told.state) != "paused"
    assert len(told.entries_named("paused")) == len(told.entries_named("resumed")) == 1


@pytest.mark.parametrize("first", ["mentor", "mentee"])
def test_one_back_while_the_other_is_away_changes_nothing_yet(story, day, first):
    told = story()
    told.operator(away("mentor", until=day(70)), day(30))
    told.operator(away("mentee", until=day(70)), day(30))
    told.operator(back(first), day(40))
    assert phase(told.state) == "paused"


# -- what a leave protects ------------------------------------------------------------------------------------------------


def test_what_a_leave_drops_counts_against_nobody(story, meets, day):
    """H14: what an operator or a leave cancels never counts."""
    told = story().confirmed()
    told.operator(away("mentee", until=meets(1) + HOUR), meets(1, -1))
    told.wait(day(30))
    assert told.state.meeting(1) is None
    assert strikes(told.state, "mentee") == strikes(told.state, "mentor") == ()
    assert not told.entries_named("meeting_cancelled")


def test_who_misses_or_calls_off_a_meeting_during_a_leave_that_no_pause_covers_any_more_has_missed_nothing(story, meets, day):
    """H14: what a leave cancels does not count, even if the programme's longest pause ends before the leave does."""
    told = story(pause=Pause(longest=iso("P14D"))).confirmed()
    told.operator(away("mentee", until=day(90)), day(8))
    told.wait(day(22))
    told.replan()
    told.both(c.ConfirmMeeting(meeting="all"), day(23))
    missed, off = (meeting for meeting in told.state.meetings if meeting.start > day(23) and meeting.start < day(90) and meeting.n in (2, 3))
    told.tell("mentor", c.ReportMeeting(meeting=missed.n, held=False, attendance=c.Attendance(partner="absent")), missed.start + HOUR)
    told.tell("mentee", c.CancelMeeting(meeting=off.n, reason="work"), off.start - HOUR)
    told.wait(off.start + timedelta(days=8))
    assert strikes(told.state, "mentee") == ()


@pytest.mark.parametrize("called_off", [True, False])
def test_a_leave_that_is_told_afterwards_protects_its_first_days_too(story, meets, called_off):
    """H14: what a leave cancels does not count. Somebody falls ill on Monday, calls off or stays away on Tuesday, and HR reports it on Wednesday."""
    told = story().confirmed()
    if called_off:
        told.tell("mentor", c.CancelMeeting(meeting=2), meets(2, -2))
    else:
        told.tell("mentor", c.ReportMeeting(meeting=2, held=False, attendance=c.Attendance(own="absent")), meets(2, 2))
    assert len(strikes(told.state, "mentor")) == 1
    assert told.operator(away("mentor", begins=meets(2, -24), until=meets(4)), meets(2, 24)) == "applied"
    assert strikes(told.state, "mentor") == ()


@pytest.mark.parametrize(("begins", "counts"), [(-24, 0), (-3, 0), (-2, 1)])
def test_a_leave_protects_who_asked_too_late_in_it_though_the_partner_called_it_off(story, meets, begins, counts):
    """H14: what counts is when they said that they could not come."""
    told = story().confirmed()
    told.tell("mentor", c.MoveMeeting(meeting=2, to=meets(2, 48)), meets(2, -3))
    told.tell("mentee", c.CancelMeeting(meeting=2), meets(2, -1))
    told.operator(away("mentor", begins=meets(2, begins), until=meets(4)), meets(2, 24))
    assert (len(strikes(told.state, "mentor")), strikes(told.state, "mentee")) == (counts, ())


def test_after_a_leave_it_counts_again(story, day):
    """H14: after a leave, calling off counts as it does for anybody."""
    told = story().confirmed()
    told.operator(away("mentee", until=day(20)), day(8))
    told.wait(day(20))
    told.replan()
    told.both(c.ConfirmMeeting(meeting="all"), day(21))
    ahead = next(meeting for meeting in told.state.meetings if meeting.start > day(22))
    told.tell("mentee", c.CancelMeeting(meeting=ahead.n, reason="work"), ahead.start - HOUR)
    assert strikes(told.state, "mentee") == (ahead.start - HOUR,)


def test_a_leave_that_was_ahead_and_never_came_protects_nothing(story, meets, day):
    """H14: a leave that is still ahead only protects once it has taken place."""
    told = story().confirmed()
    told.operator(away("mentee", begins=day(40), until=day(60)), day(10))
    told.operator(back("mentee"), day(20))
    told.tell("mentee", c.CancelMeeting(meeting=4, reason="work"), meets(4, -1))
    assert strikes(told.state, "mentee") == (meets(4, -1),)


def test_an_absence_that_is_reported_of_somebody_on_leave_never_counts(story, meets):
    told = story().confirmed()
    told.wait(meets(2, 2))
    told.operator(away("mentor", begins=meets(2, -24), until=meets(4)), meets(2, 3))
    told.tell("mentee", c.ReportMeeting(meeting=2, held=False, attendance=c.Attendance(own="on_time", partner="absent")), meets(2, 4))
    told.wait(meets(2, 24 * 9))
    assert strikes(told.state, "mentor") == ()


@pytest.mark.parametrize(("told_on", "until"), [(59, None), (61, 75), (45, 75)])
def test_nor_does_it_when_it_is_reported_after_they_are_back_or_another_leave_is_told(story, day, told_on, until):
    """H14: the longest pause was over before the leave."""
    told = story(pause=Pause(longest=iso("P14D"))).confirmed()
    told.operator(away("mentee", until=day(60)), day(8))
    told.wait(day(22))
    told.replan()
    told.both(c.ConfirmMeeting(meeting="all"), day(23))
    missed = next(meeting for meeting in told.state.meetings if meeting.start > day(23))
    assert told.operator(back("mentee") if until is None else away("mentee", until=day(until)), day(told_on)) == "applied"
    told.tell("mentor", c.ReportMeeting(meeting=missed.n, held=False, attendance=c.Attendance(partner="absent")), day(62))
    told.wait(day(72))
    assert strikes(told.state, "mentee") == ()


# -- somebody else's pause ------------------------------------------------------------------------------------------------


def test_who_is_back_does_not_end_a_pause_that_an_operator_or_a_concern_ordered(story, day):
    """H16: meetings that the raiser of a concern put on hold stay on hold, whatever HR reports about a leave."""
    told = story()
    told.operator(c.Pause(), day(20))
    told.operator(away("mentor", until=day(50)), day(30))
    told.operator(back("mentor"), day(40))
    assert phase(told.state) == "paused"
    told.operator(c.Resume(), day(45))
    assert phase(told.state) != "paused"


def test_an_ordered_pause_that_ends_while_somebody_is_away_goes_on_as_their_leave(story, day):
    told = story()
    told.operator(c.Pause(until=day(40)), day(20))
    told.operator(away("mentor", until=day(60)), day(30))
    told.wait(day(41))
    assert phase(told.state) == "paused"
    told.operator(back("mentor"), day(50))
    assert phase(told.state) != "paused"


def test_an_operator_who_ends_their_own_pause_does_not_end_a_leave(story, day):
    told = story()
    told.operator(c.Pause(), day(20))
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(c.Resume(), day(45))
    assert (phase(told.state), told.state.pausing.until) == ("paused", day(60))


def test_nor_one_that_is_ahead_where_they_end_another(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    told.operator(away("mentee", begins=day(90), until=day(100)), day(31))
    told.operator(c.Resume(), day(40))
    told.wait(day(90))
    assert (phase(told.state), told.state.pausing.until) == ("paused", day(100))


def test_an_operator_who_ends_a_leaves_pause_knows_better_than_the_leave(story, day):
    told = story()
    told.operator(away("mentor", until=day(60)), day(30))
    assert told.operator(c.Resume(), day(40)) == "applied"
    told.wait(day(59))
    assert phase(told.state) != "paused"


def test_an_operators_pause_takes_over_one_that_began_with_a_leave(story, day):
    """H16: a raiser puts the meetings on hold at once, even while somebody is away; they do not resume when the leave is over."""
    told = story().confirmed()
    told.operator(away("mentee", until=day(20)), day(10))
    assert told.operator(c.Pause(), day(12)) == "applied"
    told.operator(back("mentee"), day(15))
    told.wait(day(25))
    assert phase(told.state) == "paused"
    assert [(mail.to, mail.change) for mail in told.mails("rescheduled")] == [("mentor", "paused"), ("mentee", "paused")]
    assert told.operator(c.Pause(), day(26)) == "paused"
    assert told.operator(c.Resume(), day(26)) == "applied"
    assert phase(told.state) != "paused"


# -- limits ---------------------------------------------------------------------------------------------------------------


def test_a_leave_longer_than_the_longest_pause_is_a_line_for_a_coordinator_until_it_is_over(story, day):
    told = story(pause=Pause(longest=iso("P28D")))
    told.operator(away("mentor", until=day(100)), day(10))
    told.wait(day(38))
    assert phase(told.state) != "paused"
    assert lines(told) == [("on_leave", None, True)]
    told.operator(back("mentor"), day(50))
    assert lines(told)[1:] == [("on_leave", None, False)]


def test_a_leave_without_an_end_that_began_long_ago_is_as_long_as_a_pause_may_be_from_now_on(story, day):
    told = story()
    assert told.operator(away("mentor", begins=day(1)), day(50)) == "applied"
    assert told.state.pausing.until == day(50) + told.state.rules.pause.longest.span


def test_a_leave_without_an_end_that_is_ahead_is_as_long_as_a_pause_may_be_from_when_it_begins(story, day):
    told = story()
    assert told.operator(away("mentor", begins=day(60)), day(50)) == "applied"
    told.wait(day(60))
    assert told.state.pausing.until == day(60) + told.state.rules.pause.longest.span


def test_a_leave_that_is_told_when_no_pause_is_left_pauses_nothing_and_is_a_line_for_a_coordinator(story, day):
    told = story(pause=Pause(longest=iso("P28D")))
    told.operator(away("mentor", until=day(38)), day(10))
    told.wait(day(38))
    assert told.operator(away("mentee", until=day(60)), day(40)) == "applied"
    assert (phase(told.state) != "paused", len(told.entries_named("paused")), "on_leave" in told.state.attention) == (True, 1, True)


def test_after_the_end_there_is_nothing_to_pause(story, day, ends):
    told = story()
    told.wait(ends)
    assert told.operator(away("mentor"), ends + HOUR) == "closing"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (c.Pause(away="p-stranger"), "not_a_participant"),
        (c.Resume(away="p-stranger"), "not_a_participant"),
        (c.Resume(away="p-mentor"), "not_paused"),
    ],
)
def test_what_a_leave_cannot_be(story, day, command, why):
    assert story().operator(command, day(10)) == why


@pytest.mark.parametrize(("begins", "until"), [(None, 9), (None, 10), (8, 10), (20, 20), (20, 19)])
def test_a_leave_that_was_over_when_it_was_told_or_has_no_length_is_none(story, day, begins, until):
    assert story().operator(away("mentor", begins=begins and day(begins), until=day(until)), day(10)) == "time_passed"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["mentor", "mentee", "operator"]),
        st.sampled_from(["away", "back"]),
        st.integers(0, 30),
        st.integers(0, 40),
        st.integers(1, 60),
    ),
    max_size=12,
)


@given(steps=STEPS, longest=st.integers(1, 90))
def test_whatever_is_told_the_pauses_stay_within_the_longest_and_every_deadline_moves_on(story, starts, ends, steps, longest):
    told = story(pause=Pause(longest=iso(f"P{longest}D")))
    now = starts
    for who, what, wait, until_begin, length in steps:
        now += timedelta(days=wait)
        begins = now + timedelta(days=until_begin)
        if who == "operator":
            told.operator(c.Pause(until=begins + timedelta(days=length)) if what == "away" else c.Resume(), now)
        else:
            told.operator(away(who, begins=begins, until=begins + timedelta(days=length)) if what == "away" else back(who), now)
    told.run_out()
    assert told.state.completed
    assert told.state.paused_for <= timedelta(days=longest)
    assert told.state.ends == ends + told.state.paused_for
    assert len(told.entries_named("paused")) == len(told.entries_named("resumed"))


# -- leaving, and lines that change ---------------------------------------------------------------------------------------


def test_who_stays_behind_a_leaver_is_offered_a_new_match(story, day):
    told = story()
    told.operator(c.End(reason="stepped_away", leaver="p-mentor"), day(50))
    assert [line for line in lines(told) if line[0] == "partner_left"] == [("partner_left", "mentee", True)]


def test_who_is_certified_when_the_partner_leaves_needs_no_new_match(story, day):
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=day(40))
    told.operator(c.End(reason="stepped_away", leaver="p-mentor"), day(50))
    assert told.earned()
    assert not [line for line in lines(told) if line[0] == "partner_left"]


def test_a_pair_in_one_reporting_line_is_a_line_for_a_coordinator_and_goes_on(story, day):
    """H4: checked again when a reporting line changes."""
    told = story()
    assert told.operator(c.Flag(), day(20)) == "applied"
    assert told.operator(c.Flag(), day(21)) == "already_done"
    assert lines(told) == [("reporting_line", None, True)]
    assert not told.state.over
    assert told.operator(c.Resolve(line="reporting_line"), day(22)) == "applied"
    assert lines(told)[1:] == [("reporting_line", None, False)]
