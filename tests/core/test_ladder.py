"""H14: what follows when cancellations or absences repeat: the ladder, its episodes, and three meetings in a row that were not held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import TellCoordinators
from mentorship.policy.ladder import strikes
from mentorship.programme import Cancellations, LadderRung

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_two_bring_a_private_nudge_with_ones_own_benefits(story, starts):
    """H14, H2."""
    told = story().confirmed()
    told.tell("mentee", c.SubmitPrivately(body=c.Pins(benefits=("mentee.0", "everyone.1"))), starts)
    told.cancel(1)
    assert told.mails("nudge") == []
    told.cancel(2)
    (nudge,) = told.mails("nudge")
    assert (nudge.to, nudge.pins) == ("mentee", ("mentee.0", "everyone.1"))
    assert not any(isinstance(effect, TellCoordinators) for effect in told.effects)
    assert told.rung("mentor") == 0


def test_three_bring_the_coordinator_and_the_person_is_told_so_the_partner_is_not(story):
    told = story(attention={"not_held_in_a_row": 9}).confirmed().met(1)
    for n in (2, 3, 4):
        told.cancel(n)
    assert [(mail.kind, mail.to) for mail in told.mails("coordinator_told") + told.mails("case")] == [
        ("coordinator_told", "mentee"),
        ("case", "coordinators"),
    ]
    assert [effect.line for effect in told.effects if isinstance(effect, TellCoordinators)] == ["cancellations_mentee"]
    assert told.state.attention.keys() == {"cancellations_mentee"}
    partner = {mail.kind for mail in told.mails(to="mentor")}
    assert partner.isdisjoint({"nudge", "coordinator_told", "case", "check_in"})


def test_each_rung_speaks_once_an_episode(story):
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in range(1, 7):
        told.cancel(n)
    assert len(told.mails("nudge")) == len(told.mails("coordinator_told")) == len(told.mails("case")) == 1


def test_the_ladder_is_each_persons_own(story):
    told = story().confirmed()
    told.cancel(1, by="mentee")
    told.cancel(2, by="mentor")
    assert told.mails("nudge") == []


def test_the_window_slides_over_ninety_days(story, meets):
    """The first cancellation is outside the window when the eighth meeting is cancelled, 98 days later."""
    told = story(cancellations=Cancellations(episode_ends_after_held=99)).confirmed()
    told.cancel(1)
    told.met(2, 3, 4, 5, 6, 7)
    told.cancel(8)
    assert told.mails("nudge") == []
    within = story(cancellations=Cancellations(episode_ends_after_held=99)).confirmed()
    within.cancel(1)
    within.met(2, 3, 4, 5, 6)
    within.cancel(7)  # 84 days later
    assert len(within.mails("nudge")) == 1


@pytest.mark.parametrize(("before", "rung"), [(HOUR, 1), (HOUR + SECOND, 2)])
def test_what_has_left_the_window_counts_no_more_while_the_episode_goes_on(story, before, rung):
    """An event exactly as old as the window is long is outside it: of three, two still count for the ladder."""
    told = story(cancellations=Cancellations(window=iso("P84D"), episode_ends_after_held=99)).confirmed()
    told.cancel(1)
    told.met(2, 3)
    told.cancel(4)
    told.met(5, 6)
    told.cancel(7, before=before)  # 84 days after the first, or a second less
    assert (told.counted(), told.rung("mentee")) == (3, rung)


def test_an_episode_ends_after_three_meetings_held(story):
    told = story().confirmed()
    told.cancel(1)
    told.cancel(2)
    told.met(3, 4)
    assert told.rung("mentee") == 1
    told.met(5)
    assert told.rung("mentee") == 0
    told.cancel(6)
    assert len(told.mails("nudge")) == 1
    told.cancel(7)
    assert len(told.mails("nudge")) == 2  # a new episode


def test_the_three_are_held_since_its_last_cancellation(story):
    told = story().confirmed()
    told.cancel(1)
    told.cancel(2)
    told.met(3, 4)
    told.cancel(5)
    told.met(6, 7)
    assert told.rung("mentee") == 2
    told.met(8)
    assert told.rung("mentee") == 0
    for n in (9, 10):
        told.cancel(n)
    assert (told.rung("mentee"), told.state.mentee.highest_rung) == (1, 2)


def test_it_had_ended_though_they_say_only_after_the_next_cancellation_that_they_met(story, meets):
    """Time, H14: the instants of what happened decide. No coordinator hears about somebody who met three times in between."""
    told = story().confirmed()
    told.cancel(1)
    told.wait(meets(5, -2))
    told.cancel(5)
    for n in (2, 3, 4):
        told.tell("mentor", c.ReportMeeting(meeting=n, held=True), meets(5, n))
    assert told.counted() == 1
    told.cancel(6)
    assert (told.rung("mentee"), len(told.mails("coordinator_told"))) == (1, 0)
    told.cancel(7)
    assert (told.rung("mentee"), len(told.mails("coordinator_told"))) == (2, 1)


def test_an_episode_of_which_everything_is_excused_is_over(story):
    """The same holds for what the partner excuses: the next cancellation is the first of a new episode."""
    told = story().confirmed()
    for n in (1, 2):
        told.cancel(n)
    told.tell("mentor", c.Excuse(meeting=1), told.state.now)
    assert told.rung("mentee") == 1
    told.tell("mentor", c.Excuse(meeting=2), told.state.now)
    assert told.rung("mentee") == 0
    for n in (3, 4):
        assert len(told.mails("nudge")) == 1
        told.cancel(n)
    assert len(told.mails("nudge")) == 2


def test_an_episode_ends_when_the_window_has_emptied(story, meets):
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in (1, 2, 3):
        told.cancel(n)
    last = strikes(told.state, "mentee")[-1]
    told.wait(last + timedelta(days=90) - SECOND)
    assert told.rung("mentee") == 2
    told.wait(last + timedelta(days=90))
    assert told.rung("mentee") == 0
    assert "cancellations_mentee" not in told.state.attention
    assert told.state.mentee.highest_rung == 2


def test_a_ladder_of_ones_own_numbers(story):
    ladder = Cancellations(notice="PT48H", ladder=(LadderRung(at=1, do="coordinator"),))
    told = story(cancellations=ladder).confirmed()
    told.cancel(1, before=timedelta(hours=47))
    assert len(told.mails("coordinator_told")) == 1


def test_the_ladder_freezes_in_a_pause_and_goes_on_after_it(story, meets):
    """H16: the ladder and its nudges freeze."""
    told = story().confirmed()
    told.cancel(1)
    told.tell("mentee", c.MoveMeeting(meeting=2, to=meets(2) + timedelta(days=3)), meets(2) - HOUR)
    told.operator(c.Pause(), meets(2) + HOUR)
    told.wait(meets(2) + timedelta(days=10))
    assert told.counted() == 2
    assert told.mails("nudge") == []
    told.operator(c.Resume(), meets(2) + timedelta(days=20))
    assert len(told.mails("nudge")) == 1


def test_nothing_is_ever_imposed(story):
    """Whatever the ladder says, every command stays open to the person."""
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in (1, 2, 3, 4):
        told.cancel(n)
    assert told.tell("mentee", c.ReportMeeting(meeting=5, held=True), told.state.meeting(5).start) == "applied"
    assert told.state.ended is None


# -- three in a row -------------------------------------------------------------------------------------------------------


def test_three_planned_meetings_in_a_row_not_held_bring_a_check_in_to_both_then_a_line(story):
    """H14: whatever the reasons, it is nobody's fault."""
    told = story().confirmed().met(1)
    told.cancel(2, reason="personal", before=timedelta(days=4))
    told.cancel(3, by="mentor", reason="technical", before=timedelta(days=4))
    assert told.mails("check_in") == []
    told.cancel(4, reason="work", before=timedelta(days=4))
    assert [mail.to for mail in told.mails("check_in")] == ["mentor", "mentee"]
    assert told.state.attention.keys() == {"not_held"}
    names = [entry.name for entry in told.entries]
    assert names.index("check_in_due") < names.index("attention_raised")


def test_a_meeting_held_in_between_ends_the_row(story):
    told = story().confirmed()
    told.cancel(1)
    told.cancel(2)
    told.met(3)
    told.cancel(4, by="mentor")
    assert told.mails("check_in") == []


def test_meetings_cancelled_well_ahead_around_one_that_is_still_to_come_are_not_in_a_row(story, starts):
    told = story().confirmed()
    for n in (2, 4, 6):
        told.tell("mentor", c.CancelMeeting(meeting=n, reason="work"), starts + HOUR)
    assert told.mails("check_in") == []
    for n in (3, 5):
        told.tell("mentor", c.CancelMeeting(meeting=n, reason="work"), starts + 2 * HOUR)
    assert len(told.mails("check_in")) == 2


def test_a_row_goes_by_the_meetings_times_and_begins_anew_behind_one_that_is_ahead(story, meets):
    """H14: a meeting that moved behind them is no longer between them, and a meeting that is still ahead may yet be held."""
    ahead, moved = story().confirmed(), story().confirmed()
    for n in (2, 3):
        ahead.tell("mentor", c.CancelMeeting(meeting=n), meets(1, -48))
    assert not ahead.mails("check_in")
    ahead.tell("mentor", c.CancelMeeting(meeting=4), meets(1, -48))
    assert len(ahead.mails("check_in")) == 2
    ahead.tell("mentor", c.CancelMeeting(meeting=6), meets(1, -48))
    assert "not_held" in ahead.state.attention
    moved.both(c.MoveMeeting(meeting=2, to=meets(4, 48)), meets(1, -48))
    for n in (1, 3, 4):
        moved.tell("mentor", c.CancelMeeting(meeting=n), meets(1, -48))
    assert len(moved.mails("check_in")) == 2


def test_a_check_in_waits_for_the_end_of_a_pause(story, meets):
    """H16: the meetings are on hold, and nudges freeze."""
    told = story(attention={"unreported_in_a_row": 9})
    told.operator(c.Pause(), meets(3, 48))
    for n in (1, 2, 3):
        told.tell("mentor" if n == 2 else "mentee", c.ReportMeeting(meeting=n, held=False), meets(3, 50))
    assert not told.mails("check_in")
    told.operator(c.Resume(), meets(3, 72))
    assert len(told.mails("check_in")) == 2


def test_a_check_in_goes_to_who_still_answers(story, meets):
    """Calm: follow-ups stop after two unanswered ones."""
    told = story()
    told.wait(meets(2, 48))
    for n in (3, 4, 5):
        told.tell("mentee", c.CancelMeeting(meeting=n), meets(2, 49))
    assert [mail.to for mail in told.mails("check_in")] == ["mentee"]


def test_the_check_in_comes_once_a_row_and_its_line_goes_when_they_meet(story, meets):
    told = story().confirmed()
    for n in (2, 3, 4, 5):
        told.cancel(n, by="mentor" if n % 2 else "mentee", reason="personal")
    assert len(told.mails("check_in")) == 2
    assert told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(5)) == "applied"  # an older one is not about this row
    assert len(told.mails("check_in")) == 2
    assert "not_held" in told.state.attention
    told.met(6)
    assert told.state.attention == {}
    for n in (7, 8, 9):
        told.cancel(n, by="mentor" if n % 2 else "mentee", reason="personal")
    assert len(told.mails("check_in")) == 4


def test_a_line_that_a_person_took_care_of_stands_again_only_for_a_new_row(story):
    told = story().confirmed().met(1)
    for n in (2, 3, 4):
        told.cancel(n, reason="personal")
    assert told.operator(c.Resolve(line="not_held"), told.state.now) == "applied"
    told.cancel(5, reason="personal")
    assert told.state.attention == {}
    told.met(6)
    for n in (7, 8, 9):
        told.cancel(n, reason="personal")
    assert "not_held" in told.state.attention


def test_after_the_end_nobody_climbs_any_more(story, meets, ends):
    """H14: the nudge offers another rhythm, and no meetings are left for it."""
    told = story().confirmed()
    for n in (11, 12):
        absent = c.Attendance(own="on_time", partner="absent")
        told.tell("mentee", c.ReportMeeting(meeting=n, held=False, attendance=absent), ends - timedelta(days=1))
    told.run_out()
    assert len(strikes(told.state, "mentor")) == 2
    assert told.rung("mentor") == 0
    assert not told.mails("nudge")
