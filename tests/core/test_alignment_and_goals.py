"""H11, H6, H2 and H5: expectations, goals, pinned benefits, surveys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.policy.follow_ups import survey_rides_along
from mentorship.policy.phase import phase
from mentorship.programme import MilestoneRule, Surveys

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
ALL = c.ConfirmExpectations(expectations=c.EXPECTATIONS)


# -- expectations ---------------------------------------------------------------------------------------------------------


def test_each_person_confirms_all_three_before_at_or_after_the_first_meeting(story, day, meets):
    """H11."""
    told = story()
    assert phase(told.state) == "aligning"
    told.tell("mentor", ALL, day(1))
    told.tell("mentee", c.ConfirmExpectations(expectations=("confidentiality",)), meets(1))
    assert told.state.mentee.confirmed_at is None
    told.tell("mentee", c.ConfirmExpectations(expectations=("mutual_respect", "psychological_safety")), meets(1, hours=1))
    assert (told.state.mentor.confirmed_at, told.state.mentee.confirmed_at) == (day(1), meets(1, hours=1))
    assert told.entries_named("expectations_confirmed")[0].body["expectations"] == sorted(c.EXPECTATIONS)  # a replay has the same order
    assert phase(told.state) == "active"


def test_what_comes_in_late_does_not_make_it_earlier(story, day):
    """Time: judged by `at`."""
    told = story()
    told.tell("mentor", c.ConfirmExpectations(expectations=("mutual_respect", "psychological_safety")), day(20))
    told.tell("mentor", c.ConfirmExpectations(expectations=("confidentiality",)), at=day(10), now=day(21))
    assert told.state.mentor.confirmed_at == day(20)


def test_nobody_is_locked_out_of_anything_meanwhile(story, day):
    """H11."""
    told = story().confirmed().met(1)
    assert told.tell("mentee", c.SetGoal(goal="g-1"), day(8)) == "applied"
    assert told.tell("mentor", c.RecordMilestone(milestone="m1"), day(8)) == "applied"
    assert phase(told.state) == "active"


def test_unconfirmed_seven_days_after_meeting_one_brings_one_reminder(story, meets):
    """H11."""
    told = story().met(1)
    told.tell("mentor", ALL, meets(1))
    told.wait(meets(1) + WEEK - timedelta(seconds=1))
    assert told.mails("alignment_reminder") == []
    told.run_out()
    assert [(mail.to, mail.due) for mail in told.mails("alignment_reminder")] == [("mentee", meets(1) + WEEK)]


def test_once_both_confirmed_nobody_is_reminded(story, day):
    """H11."""
    told = story()
    told.both(ALL, day(1))
    told.run_out()
    assert told.mails("alignment_reminder") == []
    assert told.state.over


def test_nothing_is_confirmed_twice_and_not_nothing(story, day):
    """H11."""
    told = story()
    assert told.tell("mentor", c.ConfirmExpectations(), day(1)) == "malformed"
    told.tell("mentor", ALL, day(1))
    assert told.tell("mentor", ALL, day(2)) == "already_done"


# -- goals ----------------------------------------------------------------------------------------------------------------


def test_a_goal_is_set_and_its_actions_may_follow_later(story, day):
    """H6."""
    told = story()
    assert told.tell("mentee", c.SetGoal(goal="g-1", note_id="n-1"), day(1)) == "applied"
    assert told.tell("mentee", c.SetGoal(goal="g-1", actions=("n-2", "n-3")), day(2)) == "applied"
    assert told.tell("mentor", c.SetGoal(goal="g-1", actions=("n-4",)), day(3)) == "applied"
    assert (told.state.goals["g-1"].status, told.state.goals["g-1"].actions, told.state.goals["g-1"].set_at) == ("set", 3, day(1))
    told.tell("mentor", c.SetGoal(goal="g-1", actions=("n-5",)), at=day(0.5), now=day(4))
    assert told.state.goals["g-1"].set_at == day(0.5)  # said first, handled last


@pytest.mark.parametrize("progress", ["in_progress", "progressed", "achieved", "dropped"])
def test_either_reports_progress_as_well_as_achievement(story, day, progress):
    """H6."""
    told = story()
    told.tell("mentee", c.SetGoal(goal="g-1"), day(1))
    assert told.tell("mentor", c.ReportGoal(goal="g-1", progress=progress), day(2)) == "applied"
    assert told.state.goals["g-1"].status == progress
    assert told.tell("mentor", c.ReportGoal(goal="g-9", progress=progress), day(2)) == "no_such_goal"


def test_a_word_about_a_goal_is_taken_again_where_it_says_more(story, day):
    """H6: progress can be reported repeatedly; an achievement only once, unless the later report gives an earlier instant."""
    told = story()
    told.tell("mentee", c.SetGoal(goal="g-1", note_id="n-1"), day(1))
    assert told.tell("mentee", c.SetGoal(goal="g-1"), day(2)) == "already_done"
    assert told.tell("mentee", c.SetGoal(goal="g-1", note_id="n-2"), day(2)) == "applied"
    words = [("in_progress", 5), ("in_progress", 6), ("progressed", 7), ("progressed", 8), ("achieved", 9), ("achieved", 10), ("dropped", 11), ("dropped", 6)]
    answers = [told.tell("mentor", c.ReportGoal(goal="g-1", progress=word), at=day(at), now=day(20)) for word, at in words]
    assert answers == ["applied", "already_done", "applied", "applied", "applied", "already_done", "applied", "already_done"]
    told.tell("mentor", c.ReportGoal(goal="g-1", progress="achieved"), day(21))
    assert told.tell("mentee", c.ReportGoal(goal="g-1", progress="achieved"), at=day(6), now=day(22)) == "applied"
    assert told.state.goals["g-1"].progressed_at == day(6)


def test_a_goal_is_set_until_the_end_instant(story, ends):
    """H6, H7."""
    told = story()
    assert told.tell("mentor", c.SetGoal(goal="g-1"), ends) == "applied"
    assert told.tell("mentor", c.SetGoal(goal="g-2"), ends + timedelta(seconds=1)) == "closing"


def test_a_goals_latest_word_says_where_it_stands_and_there_is_room_for_fifty(story, day):
    """H6."""
    told = story()
    told.tell("mentee", c.SetGoal(goal="g-1"), day(1))
    words = ("in_progress", "dropped") * 25
    assert {told.tell("mentee", c.ReportGoal(goal="g-1", progress=word), day(2 + n)) for n, word in enumerate(words)} == {"applied"}
    assert told.state.goals["g-1"].status == "dropped"
    assert told.tell("mentor", c.ReportGoal(goal="g-1", progress="achieved"), day(60)) == "too_many"


def test_there_is_room_for_twenty_goals_with_twenty_actions_each(story, day):
    """H6; the state stays bounded."""
    told = story()
    actions = tuple(f"n-{n}" for n in range(20))
    for n in range(20):
        assert told.tell("mentee", c.SetGoal(goal=f"g-{n}", actions=actions), day(1)) == "applied"
    assert told.tell("mentee", c.SetGoal(goal="g-20"), day(1)) == "too_many"
    assert told.tell("mentee", c.SetGoal(goal="g-1", actions=("n-21",)), day(1)) == "too_many"
    assert told.tell("mentee", c.SetGoal(goal="g-1", note_id="n-22"), day(1)) == "applied"


# -- benefits -------------------------------------------------------------------------------------------------------------


def test_pinned_benefits_stand_in_the_readers_own_preparation(story, day, meets):
    """H2."""
    told = story()
    told.tell("mentor", c.SubmitPrivately(body=c.Pins(benefits=("mentor.0", "company.2"))), day(1))
    told.wait(meets(1))
    assert [(mail.to, mail.pins) for mail in told.mails("prepare")] == [("mentor", ("mentor.0", "company.2")), ("mentee", ())]


def test_each_benefit_is_pinned_once_and_ten_at_most(story, day):
    """H2."""
    told = story()
    told.tell("mentee", c.SubmitPrivately(body=c.Pins(benefits=("everyone.0", *(f"mentee.{n // 2}" for n in range(30))))), day(1))
    assert told.state.mentee.pins == ("everyone.0", *(f"mentee.{n}" for n in range(9)))


# -- surveys --------------------------------------------------------------------------------------------------------------

CLOSING = c.SubmitPrivately(body=c.SurveyAnswers(survey="closing", answers={"trust": 5}))


def test_the_closing_survey_comes_at_the_end_with_one_reminder_to_who_has_not_answered(story, ends):
    """H5, Calm."""
    told = story(surveys=Surveys(closing_reminder=iso("P14D")))
    told.tell("mentor", c.RecordMilestone(milestone="m1"), ends)  # they answer the follow-ups that wait for them
    told.tell("mentee", c.RecordMilestone(milestone="m2"), ends)
    assert told.tell("mentor", CLOSING, ends + HOUR) == "applied"
    told.run_out()
    assert [(mail.kind, mail.to, mail.due) for mail in told.mails() if mail.kind in ("closing_survey", "survey_reminder")] == [
        ("closing_survey", "mentor", ends),
        ("closing_survey", "mentee", ends),
        ("survey_reminder", "mentee", ends + 2 * WEEK),
    ]
    assert not any(mail.survey for mail in told.mails("result"))


def test_who_answers_nothing_any_more_is_not_reminded_of_it(story):
    """Calm: follow-ups stop after two unanswered ones."""
    told = story(surveys=Surveys(closing_reminder=iso("P14D"))).run_out()
    assert (len(told.mails("closing_survey")), told.mails("survey_reminder")) == (2, [])


def test_a_reminder_that_would_come_about_when_the_result_does_rides_along_in_it(story, ends):
    """H5, Calm."""
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    assert told.tell("mentor", CLOSING, ends + HOUR) == "applied"
    told.until_decided()
    told.issue()
    told.run_out()
    assert not told.mails("survey_reminder")
    assert [(mail.to, mail.survey) for mail in told.mails("result")] == [("mentor", False), ("mentee", True)]


@pytest.mark.parametrize(("closes", "days"), [("P5D", 7), ("P9D", 9)])
def test_the_mail_of_the_end_helps_while_reports_or_the_survey_are_taken(story, ends, closes, days):
    """H5, H7: it asks for both."""
    told = story(surveys=Surveys(closes=iso(closes)))
    told.wait(ends)
    assert [(mail.helps_until, mail.reporting_ends) for mail in told.mails("closing_survey")] == [(ends + days * WEEK / 7, ends + WEEK)] * 2


@pytest.mark.parametrize(("after", "along"), [("P1D", False), ("P5DT5H59M", False), ("P5DT6H", True), ("P8DT18H", True), ("P8DT18H1M", False)])
def test_about_when_the_result_comes_is_within_a_quarter_of_the_grace(story, after, along):
    """Calm: the grace here is seven days."""
    assert survey_rides_along(story(surveys=Surveys(closing_reminder=iso(after))).state) is along


def test_it_can_be_answered_until_it_closes_also_after_the_decision(story, ends):
    """H5."""
    told = story()
    told.wait(ends + timedelta(days=8))
    assert told.earned() is False
    assert told.tell("mentee", CLOSING, ends + timedelta(days=28)) == "applied"
    told.wait(ends + timedelta(days=28))
    assert phase(told.state) == "completed"


def test_it_is_not_answered_before_the_end_and_not_with_nothing(story, day, ends):
    """H5."""
    told = story()
    assert told.tell("mentee", CLOSING, day(30)) == "not_yet"
    assert told.tell("mentee", c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse")), day(30)) == "malformed"


def test_a_pulse_is_answered_on_the_way(story, day):
    """Calm: a two-question pulse inside a follow-up."""
    pulse = c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse", answers={"trust": 4}))
    assert story().tell("mentee", pulse, day(60)) == "applied"


def test_a_survey_never_changes_who_earns_a_certificate(story, ends):
    """H5."""
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    worst = c.SurveyAnswers(survey="closing", answers=dict.fromkeys(c.SURVEY_ITEMS, 1))
    told.both(c.SubmitPrivately(body=worst), ends + HOUR)
    told.until_decided()
    assert told.earned() is True


def test_a_report_about_a_goal_can_be_withdrawn_by_its_author(story, day):
    """Milestones: authors can withdraw wrong reports until the decision; what a withdrawn report had completed opens again (H6)."""
    told = story(milestones=(MilestoneRule(id="progress", when="goal_progressed"),))
    told.tell("mentee", c.SetGoal(goal="g-1"), day(1))
    told.tell("mentee", c.ReportGoal(message_id="first", goal="g-1", progress="in_progress"), day(2))
    told.tell("mentee", c.ReportGoal(message_id="mistake", goal="g-1", progress="achieved"), day(3))
    assert told.state.reached == ("progress",)
    assert told.tell("mentor", c.Withdraw(report="mistake"), day(4)) == "no_such_report"
    assert told.tell("mentee", c.Withdraw(report="mistake"), day(4)) == "applied"
    assert told.state.reached == ()
    assert (told.state.goals["g-1"].status, told.state.goals["g-1"].progressed_at) == ("in_progress", None)


def test_the_reminder_waits_for_the_first_conversation_where_the_first_slot_was_called_off(story, meets):
    """H11: the reminder comes seven days after meeting 1."""
    told = story()
    told.tell("mentor", c.CancelMeeting(meeting=1), meets(1, -72))
    told.wait(meets(2, 24 * 7) - timedelta(seconds=1))
    assert not told.mails("alignment_reminder")
    told.wait(meets(2, 24 * 7))
    assert [mail.to for mail in told.mails("alignment_reminder")] == ["mentor", "mentee"]
