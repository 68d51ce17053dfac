"""*Time* and Calm: whether a delayed mail still helps when it goes, and with what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import SendNotice
from mentorship.instant import Instant
from mentorship.policy.helping import still_helping
from mentorship.policy.milestones import final_instant
from mentorship.programme import Surveys

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLOSING = c.SubmitPrivately(body=c.SurveyAnswers(survey="closing", answers={"trust": 5}))


def sent(told, mail: SendNotice, at: Instant | None = None) -> SendNotice:
    """The mail as it goes now, or then."""
    found = still_helping(mail, told.state, at or told.state.now)
    assert found is not None
    return found


def before(told, mail: SendNotice, revision: int, at: Instant | None = None) -> SendNotice | None:
    """The mail as a mentorship of an earlier revision has it go."""
    state = told.state.model_copy(update={"rules": told.state.rules.model_copy(update={"revision": revision})})
    return still_helping(mail, state, at or state.now)


def test_did_you_meet_goes_only_while_nobody_has_said(story, meets):
    """Calm: it is sent only if unreported; a reader in another zone may have waited for hours."""
    told = story()
    told.wait(meets(1, hours=26))
    ask = told.last("ask", "mentor")
    assert told.helps(ask)
    told.met(1)
    assert not told.helps(ask)


def test_a_welcome_tells_the_times_of_the_day_on_which_it_goes(story, day, meets, ends):
    """P6: a cohort may be started weeks ahead. Before anybody is welcomed, HR may report a leave, and the two may move a meeting."""
    told = story()
    welcome = told.last("welcome", "mentor")
    assert still_helping(welcome, told.state, told.state.now) == welcome
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + DAY), told.state.now)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + DAY), told.state.now)
    told.operator(c.Pause(away="p-mentor", begins=day(20), until=day(40)), told.state.now)
    told.wait(day(41))
    told.replan()
    now = still_helping(welcome, told.state, told.state.now)
    news = told.last("rescheduled", "mentor")
    assert now is not None
    assert now.calendar is not None
    assert (now.calendar, now.calendar_sequence, now.ends) == (news.calendar, news.calendar_sequence, ends + 20 * DAY)
    assert meets(1) not in [meeting.start for meeting in now.calendar]


@pytest.mark.parametrize("kind", ["welcome", "halfway", "heads_up", "rescheduled"])
def test_a_mail_that_goes_in_a_pause_tells_the_end_as_the_pause_moves_it(story, ends, kind):
    """P6: what is done until then counts (H7), and the page says so, too. The mail after it, about the pause, says that the end moves."""
    told = story()
    told.wait({"halfway": told.state.now + (ends - told.state.now) / 2, "heads_up": ends - 21 * DAY}.get(kind, told.state.now))
    if kind == "rescheduled":
        told.operator(c.Extend(length=iso("P4W")), told.state.now)
        told.replan()
        ends += 28 * DAY
    mail = told.last(kind, "mentor")
    began = told.state.now
    for length in (10 * DAY, 20 * DAY):
        told.operator(c.Pause(away="p-mentor", until=began + length), told.state.now)
        sent = still_helping(mail, told.state, told.state.now)
        assert sent is not None
        assert sent.ends == ends + length == final_instant(told.state)
    told.wait(began + 20 * DAY)
    assert told.state.ends == ends + 20 * DAY


def test_a_preparation_says_who_accepted_the_time_as_it_goes(story, meets):
    """It asks nobody to accept what they accepted while it waited for the morning."""
    told = story()
    told.wait(meets(1, hours=-72))
    prepare = told.last("prepare", "mentor")

    def says() -> tuple[bool, bool]:
        sent = still_helping(prepare, told.state, told.state.now)
        assert sent is not None
        assert sent.meeting is not None
        return sent.meeting.accepted, sent.meeting.confirmed

    assert says() == (False, False)
    told.tell("mentee", c.ConfirmMeeting(meeting=1), told.state.now)
    assert says() == (False, False)
    told.tell("mentor", c.ConfirmMeeting(meeting=1), told.state.now)
    assert says() == (True, True)


def test_an_absence_that_the_partner_reported_is_not_asked_about_besides(story, meets):
    """H13: the reader is told that the absence was reported, while it is open."""
    told = story()
    told.wait(meets(1, hours=26))
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent")), told.state.now)
    claimed = told.last("absence_reported", "mentor")
    assert not told.helps(told.last("ask", "mentor"))
    assert told.helps(claimed)
    told.tell("mentor", c.Dispute(meeting=1), told.state.now + HOUR)
    assert not told.helps(claimed)


def test_nobody_is_asked_about_an_absence_that_they_have_admitted(story, meets):
    """Calm, H13: the partner reported it at night, and the absent person admitted it on their page before the mail could go."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent")), meets(1, hours=1))
    asked = told.last("absence_reported", "mentor")
    told.tell("mentor", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=2))
    assert not told.helps(asked)
    told.take([c.NoteFailedNotice.of(asked, "too_late", told.state.now)], told.state.now)
    assert told.counted("mentor") == 1


def test_a_preparation_helps_while_its_meeting_stands_at_the_time_that_it_tells(story, meets):
    told = story()
    told.wait(meets(1, hours=-72))
    prepare = told.last("prepare", "mentor")
    assert told.helps(prepare)
    assert not told.helps(prepare, meets(1))
    moved, cancelled, paused = story(), story(), story()
    for one in (moved, cancelled, paused):
        one.wait(meets(1, hours=-72))
    to = meets(1, hours=3)
    moved.both(c.MoveMeeting(meeting=1, to=to), meets(1, hours=-71))
    cancelled.tell("mentee", c.CancelMeeting(meeting=1), meets(1, hours=-71))
    paused.operator(c.Pause(), meets(1, hours=-71))
    assert [one.helps(prepare) for one in (moved, cancelled, paused)] == [False] * 3


def test_that_a_meeting_is_off_is_news_the_next_morning_though_it_would_have_begun(story, meets):
    """Calm: nothing goes out at night. If the meeting is before the reader's hours, the mail explains afterwards why nobody came, and updates their
    calendar.
    """
    told = story()
    told.tell("mentee", c.CancelMeeting(meeting=1), meets(1, hours=-9))
    off = told.last("rescheduled", "mentor")
    assert told.helps(off, meets(1, hours=2))
    assert not told.helps(off, meets(1, hours=25))


def test_that_a_meeting_comes_sooner_is_news_while_the_old_time_is_ahead(story, meets):
    """Calm: in the evening they agreed on half past seven. Somebody whose mails begin at eight has the old time in their calendar until they hear of it."""
    told = story()
    old, sooner = meets(1), meets(1, hours=-90)
    told.both(c.MoveMeeting(meeting=1, to=sooner), meets(1, hours=-100))
    news = told.last("rescheduled", "mentor")
    assert told.helps(news, sooner + HOUR)
    assert not told.helps(news, old)


def test_that_the_meetings_pause_or_go_on_is_news_while_it_is_so(story, day):
    """Calm, P6: an operator paused a pair by mistake at night; in the morning the reader is told that it goes on, and not the opposite first."""
    told = story()
    told.operator(c.Pause(), day(20))
    paused = told.last("rescheduled", "mentor")
    assert told.helps(paused)
    told.operator(c.Resume(), day(20, hours=1))
    told.replan()
    resumed = told.last("rescheduled", "mentor")
    assert (told.helps(paused), told.helps(resumed)) == (False, True)
    told.operator(c.Pause(), day(20, hours=2))
    again = told.last("rescheduled", "mentor")
    assert (told.helps(resumed), told.helps(again)) == (False, True)


def test_how_it_stands_is_told_with_the_end_as_it_stands(story, ends):
    """H7: a mail that waited while the end moved states until when things count now."""
    told = story()
    told.wait(ends - 21 * DAY)
    news = told.last("heads_up", "mentor")
    assert still_helping(news, told.state, told.state.now) == news
    told.operator(c.Extend(length=iso("PT6H")), told.state.now + DAY)
    now = still_helping(news, told.state, told.state.now)
    assert now is not None
    assert now.ends == ends + 6 * HOUR


def test_the_last_stretch_is_told_when_it_begins(story, ends):
    """Calm: while the mail waited, the two agreed on four weeks more, and another mail comes three weeks before the end that they have now."""
    told = story()
    told.wait(ends - 21 * DAY)
    news = told.last("heads_up", "mentor")
    told.operator(c.Extend(length=iso("P4W")), told.state.now + HOUR)
    assert not told.helps(news)
    moved = before(told, news, 2)
    assert moved is not None
    assert moved.ends == ends + 28 * DAY
    told.wait(ends + 7 * DAY)
    assert len(told.mails("heads_up", "mentor")) == 2


def test_milestones_are_counted_as_the_mail_goes(story, ends):
    """H7: a mail that waited for its reader's morning used to say that two more were missing, though both had recorded those in the evening."""
    told = story()
    told.wait(ends - 21 * DAY)
    news = told.last("heads_up", "mentee")
    assert still_helping(news, told.state, told.state.now) == news
    told.record("m1", "m2", at=told.state.now)
    now = still_helping(news, told.state, told.state.now)
    assert now is not None
    assert [fact.done_at is not None for fact in now.milestones[:3]] == [True, True, False]
    assert now == news.model_copy(update={"milestones": now.milestones})
    assert before(told, news, 0) == news


def test_a_nudge_that_says_nobody_else_was_told_goes_while_that_is_so(story):
    """H14: two late cancellations in the evening, the third before the nudge has left."""
    told = story().confirmed()
    told.cancel(1)
    told.cancel(2)
    nudge = told.last("nudge", "mentee")
    assert told.helps(nudge)
    told.cancel(3)
    assert not told.helps(nudge)
    assert before(told, nudge, 1) == nudge


@pytest.mark.parametrize("what", ["excused", "paused", "ended"])
def test_a_nudge_waits_for_no_other_rhythm_than_there_can_be(story, ends, what):
    """H14, H16: overnight the partner said "fine by me", the meetings were paused, or the programme came to its end."""
    told = story(meetings=13).confirmed()
    (last, other) = (told.state.meetings[-1].n, told.state.meetings[-2].n)
    for n in (other, last):
        told.cancel(n)
    nudge = told.last("nudge", "mentee")
    assert told.helps(nudge)
    if what == "excused":
        for n in (other, last):
            told.tell("mentor", c.Excuse(meeting=n), told.state.now + HOUR)
    elif what == "paused":
        told.operator(c.Pause(), told.state.now + HOUR)
    else:
        told.wait(ends)
    assert not told.helps(nudge)
    assert before(told, nudge, 2) == nudge


def test_nobody_is_asked_what_would_help_while_the_meetings_are_paused(story):
    """H14, H16: other times are no help then, and a pause is what they have."""
    told = story().confirmed()
    for n in (1, 2, 3):
        told.cancel(n, reason="personal")
    asked = told.last("check_in", "mentor")
    assert told.helps(asked)
    told.operator(c.Pause(), told.state.now + HOUR)
    assert not told.helps(asked)
    assert before(told, asked, 2) == asked


@pytest.mark.parametrize("how", ["by-a-coordinator", "by-itself"])
def test_coordinators_are_written_to_about_a_line_that_is_still_in_their_list(story, how):
    """H14, P7: the line was there in the evening; by the next morning one of them had settled it, or the partner had excused the meetings."""
    told = story().confirmed()
    for n in (1, 2, 3):
        told.cancel(n)
    case, person = told.last("case", "coordinators"), told.last("coordinator_told", "mentee")
    assert told.helps(case)
    if how == "by-a-coordinator":
        told.operator(c.Resolve(line="cancellations_mentee"), told.state.now + HOUR)
    else:
        for n in (1, 2, 3):
            told.tell("mentor", c.Excuse(meeting=n), told.state.now + HOUR)
    assert (told.helps(case), told.helps(person)) == (False, True)
    assert before(told, case, 2) == case


def test_a_result_tells_what_was_decided(story, ends):
    told = story()
    told.until_decided()
    result = told.last("result", "mentor")
    assert still_helping(result, told.state, told.state.now + DAY) == result


def test_another_time_is_asked_for_while_that_proposal_stands(story, meets):
    told = story()
    first, second = meets(1, hours=3), meets(1, hours=5)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=first), meets(1, hours=-100))
    asked = told.last("move_proposed", "mentee")
    assert told.helps(asked)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=second), meets(1, hours=-99))
    again = told.last("move_proposed", "mentee")
    assert (told.helps(asked), told.helps(again)) == (False, True)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=second), meets(1, hours=-98))
    assert not told.helps(again)


def test_a_new_time_is_no_news_once_a_pause_dropped_the_meeting(story, meets):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=3)), meets(1, hours=-100))
    news = told.last("rescheduled", "mentor")
    assert told.helps(news)
    told.operator(c.Pause(), meets(1, hours=-99))
    assert not told.helps(news)
    assert told.helps(told.last("rescheduled", "mentor"))


def test_nobody_is_reminded_of_what_they_have_done(story, meets):
    told = story()
    told.wait(meets(1) + 7 * DAY)
    reminders = {side: told.last("alignment_reminder", side) for side in ("mentor", "mentee")}
    told.tell("mentor", c.ConfirmExpectations(expectations=c.EXPECTATIONS), told.state.now)
    assert [told.helps(reminders[side]) for side in ("mentor", "mentee")] == [False, True]


def test_nobody_is_reminded_of_a_survey_that_they_have_answered(story, ends):
    told = story(surveys=Surveys(closing_reminder=iso("P14D")))
    for side in ("mentor", "mentee"):
        told.record("m1" if side == "mentor" else "m2", at=ends - DAY, by=side)
    told.wait(ends + 14 * DAY)
    reminders = {side: told.last("survey_reminder", side) for side in ("mentor", "mentee")}
    answers = c.SurveyAnswers(survey="closing", answers={"trust": 5})
    told.tell("mentee", c.SubmitPrivately(body=answers), told.state.now)
    assert [told.helps(reminders[side]) for side in ("mentor", "mentee")] == [True, False]


def test_a_question_in_a_preparation_that_was_answered_meanwhile_is_left_out(story, meets):
    """Calm: the preparation itself still goes."""
    told = story()
    told.wait(meets(2, hours=-72))
    prepare = told.last("prepare", "mentor")
    assert prepare.unreported == (1,)
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False), told.state.now)
    assert still_helping(prepare, told.state, told.state.now) == prepare.model_copy(update={"unreported": ()})


@pytest.mark.parametrize("kind", ["prepare", "closing_survey"])
def test_who_has_given_feedback_meanwhile_is_not_invited_to(story, meets, ends, kind):
    """H15, Calm: it is asked after the third meeting, each of them for themself. What they gave before that one was about others."""
    told = story(feedback_after=(3,), meetings=3 if kind == "closing_survey" else 12).met(1, 2)
    told.tell("mentor", c.SubmitPrivately(body=c.Feedback(meeting=2)), told.state.now)
    told.met(3)
    told.wait(ends if kind == "closing_survey" else meets(4, hours=-72))
    invited = {side: told.last(kind, side) for side in ("mentor", "mentee")}
    assert [mail.feedback_for for mail in invited.values()] == [3, 3]
    assert all(sent(told, mail) == mail for mail in invited.values())
    told.tell("mentor", c.SubmitPrivately(body=c.Feedback(meeting=3)), told.state.now)
    assert [sent(told, mail).feedback_for for mail in invited.values()] == [None, 3]
    assert before(told, invited["mentor"], 2) == invited["mentor"]


def test_what_matters_to_its_reader_is_what_they_have_pinned_as_the_mail_goes(story, meets):
    """H2."""
    told = story()
    told.wait(meets(1, hours=-72))
    prepare = told.last("prepare", "mentor")
    told.tell("mentor", c.SubmitPrivately(body=c.Pins(benefits=("mentor.1",))), told.state.now)
    assert sent(told, prepare) == prepare.model_copy(update={"pins": ("mentor.1",)})
    assert before(told, prepare, 2) == prepare


# -- the survey -----------------------------------------------------------------------------------------------------------


def test_who_answered_the_survey_while_its_mail_waited_still_hears_until_when_to_report(story, ends, grace_ends):
    """Calm, H5, H7: they answered on their page at night. The mail asks them for reports only, and goes only while those are taken."""
    told = story()
    told.wait(ends)
    mails = {side: told.last("closing_survey", side) for side in ("mentor", "mentee")}
    told.tell("mentee", CLOSING, ends + HOUR)
    assert sent(told, mails["mentor"]) == mails["mentor"]
    assert sent(told, mails["mentee"]) == mails["mentee"].model_copy(update={"survey_answered": True, "helps_until": grace_ends})
    assert [told.helps(mail, grace_ends) for mail in mails.values()] == [True, False]
    assert before(told, mails["mentee"], 2, grace_ends) == mails["mentee"]


def test_a_result_that_comes_once_the_survey_is_closed_does_not_ask_for_it(story, grace_ends):
    """P5: no worker for weeks, or a programme that closes its survey when it decides."""
    told = story(surveys=Surveys(closes=iso("P7D")))
    told.until_decided()
    result = told.last("result", "mentor")
    assert (result.survey, told.state.over) == (True, True)
    assert told.tell("mentor", CLOSING, told.state.now) == "over"
    assert sent(told, result) == result.model_copy(update={"survey": False})
    assert before(told, result, 2) == result


def test_nobody_is_asked_how_they_remember_what_was_decided(story, ends, grace_ends):
    """H13, H7: the partner reported the absence in the last evening of the grace, and certificates were decided overnight."""
    told = story(meetings=13).confirmed()
    absent = c.Attendance(own="on_time", partner="absent")
    told.tell("mentor", c.ReportMeeting(meeting=12, attendance=absent), ends - 2 * DAY)
    early = told.last("absence_reported", "mentee")
    assert sent(told, early) == early
    told.tell("mentor", c.ReportMeeting(meeting=13, attendance=absent), grace_ends - HOUR)
    asked = told.last("absence_reported", "mentee")
    assert asked.helps_until == grace_ends - HOUR + 7 * DAY
    assert sent(told, asked) == asked.model_copy(update={"helps_until": grace_ends})
    told.until_decided()
    assert told.tell("mentee", c.Dispute(meeting=13), told.state.now) == "decided"
    assert not told.helps(asked)
    assert before(told, asked, 2) == asked


def test_once_it_is_over_only_what_outlives_it_is_news(story, ends):
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    told.run_out()
    told.issue()
    assert not told.helps(told.mails("welcome", "mentor")[0])
    assert told.helps(told.last("result", "mentor"), told.state.now + 300 * DAY)
