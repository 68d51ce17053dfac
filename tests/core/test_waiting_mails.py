"""*Time* and Calm: a mail that had to wait goes if it still helps, never two about one meeting at once, and nothing that it alone brought is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.policy.helping import heir, joined, joined_anew, still_helping
from mentorship.policy.meetings import topic_moves_on
from mentorship.programme import Surveys
from mentorship.state import Proposal

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def helps(told, notice, at=None):
    return still_helping(notice, told.state, at or told.state.now) is not None


def last(told, kind, to):
    return told.mails(kind, to)[-1]


# -- what still helps -----------------------------------------------------------------------------------------------------


def test_did_you_meet_goes_only_while_nobody_has_said(story, meets):
    """Calm: only if unreported; the reader in another zone may have waited for hours."""
    told = story()
    told.wait(meets(1, hours=26))
    ask = last(told, "ask", "mentor")
    assert helps(told, ask)
    told.met(1)
    assert not helps(told, ask)


def test_a_welcome_tells_the_times_of_the_day_on_which_it_goes(story, day, meets, ends):
    """P6: a cohort may be started weeks ahead; HR tells of a leave, and the two move a meeting, before anybody is welcomed."""
    told = story()
    welcome = last(told, "welcome", "mentor")
    assert still_helping(welcome, told.state, told.state.now) == welcome
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + DAY), told.state.now)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + DAY), told.state.now)
    told.operator(c.Pause(away="p-mentor", begins=day(20), until=day(40)), told.state.now)
    told.wait(day(41))
    told.replan()
    now = still_helping(welcome, told.state, told.state.now)
    news = last(told, "rescheduled", "mentor")
    assert (now.calendar, now.calendar_sequence, now.ends) == (news.calendar, news.calendar_sequence, ends + 20 * DAY)
    assert meets(1) not in [meeting.start for meeting in now.calendar]


def test_an_absence_that_the_partner_reported_is_not_asked_about_besides(story, meets):
    """H13: what the reader is told is that it was reported, while it is open."""
    told = story()
    told.wait(meets(1, hours=26))
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent")), told.state.now)
    claimed = last(told, "absence_reported", "mentor")
    assert not helps(told, last(told, "ask", "mentor"))
    assert helps(told, claimed)
    told.tell("mentor", c.Dispute(meeting=1), told.state.now + HOUR)
    assert not helps(told, claimed)


def test_nobody_is_asked_about_an_absence_that_they_have_admitted(story, meets):
    """Calm, H13: the partner reported it at night, and whoever was away said so on their page before the mail could go."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent")), meets(1, hours=1))
    asked = last(told, "absence_reported", "mentor")
    told.tell("mentor", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=2))
    assert not helps(told, asked)
    told.take([c.NoteFailedNotice.of(asked, "too_late", told.state.now)], told.state.now)
    assert told.counted("mentor") == 1


def test_a_preparation_helps_while_its_meeting_stands_at_the_time_that_it_tells(story, meets):
    told = story()
    told.wait(meets(1, hours=-72))
    prepare = last(told, "prepare", "mentor")
    assert helps(told, prepare)
    assert not helps(told, prepare, meets(1))
    moved, cancelled, paused = story(), story(), story()
    for one in (moved, cancelled, paused):
        one.wait(meets(1, hours=-72))
    to = meets(1, hours=3)
    moved.both(c.MoveMeeting(meeting=1, to=to), meets(1, hours=-71))
    cancelled.tell("mentee", c.CancelMeeting(meeting=1), meets(1, hours=-71))
    paused.operator(c.Pause(), meets(1, hours=-71))
    assert [helps(one, prepare) for one in (moved, cancelled, paused)] == [False] * 3


def test_that_a_meeting_is_off_is_news_the_next_morning_though_it_would_have_begun(story, meets):
    """Calm: nothing goes out at night. Who meets before their hours begin reads then why nobody came, and the calendar's update comes with it."""
    told = story()
    told.tell("mentee", c.CancelMeeting(meeting=1), meets(1, hours=-9))
    off = last(told, "rescheduled", "mentor")
    assert helps(told, off, meets(1, hours=2))
    assert not helps(told, off, meets(1, hours=25))


def test_that_a_meeting_comes_sooner_is_news_while_the_old_time_is_ahead(story, meets):
    """Calm: agreed in the evening for half past seven. Who reads from eight on has the old time in their calendar until they hear of it."""
    told = story()
    old, sooner = meets(1), meets(1, hours=-90)
    told.both(c.MoveMeeting(meeting=1, to=sooner), meets(1, hours=-100))
    news = last(told, "rescheduled", "mentor")
    assert helps(told, news, sooner + HOUR)
    assert not helps(told, news, old)


def test_that_the_meetings_pause_or_go_on_is_news_while_it_is_so(story, day):
    """Calm, P6: an operator paused a pair by mistake at night; whoever reads it in the morning hears that it goes on, and not the opposite before."""
    told = story()
    told.operator(c.Pause(), day(20))
    paused = last(told, "rescheduled", "mentor")
    assert helps(told, paused)
    told.operator(c.Resume(), day(20, hours=1))
    told.replan()
    resumed = last(told, "rescheduled", "mentor")
    assert (helps(told, paused), helps(told, resumed)) == (False, True)
    told.operator(c.Pause(), day(20, hours=2))
    again = last(told, "rescheduled", "mentor")
    assert (helps(told, resumed), helps(told, again)) == (False, True)


def test_how_it_stands_is_told_with_the_end_as_it_stands(story, ends):
    """H7: until when what is done counts, of a mail that waited while the end moved."""
    told = story()
    told.wait(ends - 21 * DAY)
    news = last(told, "heads_up", "mentor")
    assert still_helping(news, told.state, told.state.now) == news
    told.operator(c.Extend(length=iso("P4W")), told.state.now)
    assert still_helping(news, told.state, told.state.now).ends == ends + 28 * DAY


def test_milestones_are_counted_as_the_mail_goes(story, ends):
    """H7: a mail that waited for its reader's morning said that two more were missing which both had recorded in the evening."""
    told = story()
    told.wait(ends - 21 * DAY)
    news = last(told, "heads_up", "mentee")
    assert still_helping(news, told.state, told.state.now) == news
    told.record("m1", "m2", at=told.state.now)
    now = still_helping(news, told.state, told.state.now)
    assert [fact.done_at is not None for fact in now.milestones[:3]] == [True, True, False]
    assert now == news.model_copy(update={"milestones": now.milestones})
    before = told.state.model_copy(update={"rules": told.state.rules.model_copy(update={"revision": 0})})
    assert still_helping(news, before, before.now) == news


def test_a_result_tells_what_was_decided(story, ends):
    told = story()
    told.until_decided()
    result = last(told, "result", "mentor")
    assert still_helping(result, told.state, told.state.now + DAY) == result


def test_another_time_is_asked_for_while_that_proposal_stands(story, meets):
    told = story()
    first, second = meets(1, hours=3), meets(1, hours=5)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=first), meets(1, hours=-100))
    asked = last(told, "move_proposed", "mentee")
    assert helps(told, asked)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=second), meets(1, hours=-99))
    again = last(told, "move_proposed", "mentee")
    assert (helps(told, asked), helps(told, again)) == (False, True)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=second), meets(1, hours=-98))
    assert not helps(told, again)


def test_a_new_time_is_no_news_once_a_pause_dropped_the_meeting(story, meets):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=3)), meets(1, hours=-100))
    news = last(told, "rescheduled", "mentor")
    assert helps(told, news)
    told.operator(c.Pause(), meets(1, hours=-99))
    assert not helps(told, news)
    assert helps(told, last(told, "rescheduled", "mentor"))


def test_nobody_is_reminded_of_what_they_have_done(story, meets):
    told = story()
    told.wait(meets(1) + 7 * DAY)
    reminders = {side: last(told, "alignment_reminder", side) for side in ("mentor", "mentee")}
    told.tell("mentor", c.ConfirmExpectations(expectations=c.EXPECTATIONS), told.state.now)
    assert [helps(told, reminders[side]) for side in ("mentor", "mentee")] == [False, True]


def test_nobody_is_reminded_of_a_survey_that_they_have_answered(story, ends):
    told = story(surveys=Surveys(closing_reminder=iso("P14D")))
    for side in ("mentor", "mentee"):
        told.record("m1" if side == "mentor" else "m2", at=ends - DAY, by=side)
    told.wait(ends + 14 * DAY)
    reminders = {side: last(told, "survey_reminder", side) for side in ("mentor", "mentee")}
    answers = c.SurveyAnswers(survey="closing", answers={"trust": 5})
    told.tell("mentee", c.SubmitPrivately(body=answers), told.state.now)
    assert [helps(told, reminders[side]) for side in ("mentor", "mentee")] == [True, False]


def test_a_question_in_a_preparation_that_was_answered_meanwhile_is_left_out(story, meets):
    """Calm: the preparation itself still goes."""
    told = story()
    told.wait(meets(2, hours=-72))
    prepare = last(told, "prepare", "mentor")
    assert prepare.unreported == (1,)
    told.met(1)
    assert still_helping(prepare, told.state, told.state.now) == prepare.model_copy(update={"unreported": ()})


def test_once_it_is_over_only_what_outlives_it_is_news(story, ends):
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    told.run_out()
    told.issue()
    assert not helps(told, told.mails("welcome", "mentor")[0])
    assert helps(told, last(told, "result", "mentor"), told.state.now + 300 * DAY)


# -- one mail for two -----------------------------------------------------------------------------------------------------


def mail(kind, number=None, **facts):
    """A mail about a meeting, as it waits for the mentee."""
    about = {}
    if number is not None:
        start = facts.pop("start", NOON + 3 * DAY)
        shown = {key: facts.pop(key) for key in ("session", "session_sent", "previous_start") if key in facts}
        about["meeting"] = MeetingFacts(meeting=number, start=start, ends=start + HOUR, **shown)
    return SendNotice(**({"kind": kind, "to": "mentee", "due": NOON, "id": f"{kind}-{number}"} | about | facts))


def waiting(told, *mails):
    """What is left of these, told one after the other overnight, and what gave way."""
    stay: tuple[SendNotice, ...] = ()
    gone = []
    for one in mails:
        found = joined(stay, one, told.state, NOON)
        stay = found.waiting
        gone += [lost.id for lost, _ in found.gone]
    return stay, gone


@pytest.fixture
def standing(story):
    """Meeting 4 at this time, and the mentor proposes it, too: news of either helps."""

    def at(start=NOON + 3 * DAY):
        told = story()
        proposed = Proposal(side="mentor", to=start, at=NOON, late=False)
        meetings = tuple(m.model_copy(update={"start": start, "proposals": (proposed,)}) if m.n == 4 else m for m in told.state.meetings)
        told.state = told.state.model_copy(update={"meetings": meetings})
        return told

    return at


def test_an_evening_of_moves_is_one_mail_in_the_morning(standing):
    """Never two about one meeting at once: from the time that the reader knew, to the last one."""
    known, first, second = NOON + 3 * DAY, NOON + 4 * DAY, NOON + 5 * DAY
    asked = mail("move_proposed", 4, id="1.0", start=first, previous_start=known)
    moved = mail("rescheduled", 4, id="2.0", change="moved", start=first, previous_start=known, calendar=())
    again = mail("rescheduled", 4, id="3.0", change="moved", start=second, previous_start=first, calendar=())
    (left,), gone = waiting(standing(second), asked, moved, again)
    assert (left.id, left.meeting.start, left.meeting.previous_start) == ("3.0", second, known)
    assert gone == ["1.0", "2.0"]
    off = mail("rescheduled", 4, id="4.0", change="cancelled", start=second, calendar=())
    (left,), _ = waiting(standing(second), asked, moved, again, off)
    assert (left.id, left.meeting.start, left.meeting.ends) == ("4.0", known, known + HOUR)


@pytest.mark.parametrize("kind", ["rescheduled", "move_proposed"])
def test_news_brings_what_the_preparation_that_waits_would_have(standing, kind):
    """H10, H15: the topic, the feedback, the pulse, and the repeated question about the meeting before."""
    prepare = mail("prepare", 4, session=3, feedback_for=3, pulse=True, unreported=(3,))
    news = mail(kind, 4, change="moved" if kind == "rescheduled" else None)
    (left,), gone = waiting(standing(), prepare, news)
    assert (left.kind, left.meeting.session, left.meeting.session_sent) == (kind, 3, False)
    assert (left.feedback_for, left.pulse, left.unreported) == (3, True, (3,))
    assert gone == [prepare.id]
    back = c.NoteFailedNotice.of(prepare, "superseded", NOON, left)
    assert (back.session, back.feedback_for, back.pulse, back.unreported) == (None, None, False, ())


def test_a_preparation_rides_along_with_news_of_its_meeting_that_waits(story, meets):
    told = story()
    to = meets(1, hours=3)
    told.both(c.MoveMeeting(meeting=1, to=to), meets(1, hours=-80))
    news = last(told, "rescheduled", "mentor")
    told.wait(to - 3 * DAY)
    prepare = last(told, "prepare", "mentor")
    found = joined([news], prepare, told.state, told.state.now)
    assert [(one.id, one.meeting.session) for one in found.waiting] == [(news.id, 0)]
    assert [lost.id for lost, _ in found.gone] == [prepare.id]
    assert joined([news], prepare, told.state, to).waiting == (news, prepare), "not with one that is dropped itself"


def test_of_two_that_could_not_be_sent_the_preparation_goes_along(standing):
    """A mail server was away from both: what takes the one takes the other."""
    news, prepare = mail("rescheduled", 4, change="moved"), mail("prepare", 4, session=3)
    told = standing()
    both = [joined_anew([news, prepare], told.state, NOON, resting).waiting for resting in ((), (news.id,), (prepare.id,), (news.id, prepare.id))]
    assert [[one.kind for one in left] for left in both] == [["rescheduled"], ["rescheduled", "prepare"], ["rescheduled"], ["rescheduled"]]


def test_another_time_brings_the_calendar_of_the_move_that_it_replaces(standing):
    moved = mail("rescheduled", 4, change="moved", calendar=(), calendar_sequence=2)
    (left,), _ = waiting(standing(), moved, mail("move_proposed", 4, calendar_sequence=2))
    assert (left.kind, left.calendar) == ("move_proposed", ())


@pytest.mark.parametrize("what", ["past", "settled"])
def test_a_proposal_that_helps_no_more_leaves_the_news_that_it_took_the_place_of(story, meets, what):
    """They agreed in the evening, one asked for the same night since: in the morning the meeting is where they agreed."""
    told = story()
    old, agreed, night = meets(1), meets(1, hours=72), meets(1, hours=-95)
    told.both(c.MoveMeeting(meeting=1, to=agreed), meets(1, hours=-100))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=night), meets(1, hours=-99))
    (left,) = joined([last(told, "rescheduled", "mentee")], last(told, "move_proposed", "mentee"), told.state, told.state.now).waiting
    if what == "settled":
        told.wait(meets(1, hours=-20))
    told.tell("mentee", c.CancelMeeting(meeting=2), told.state.now + HOUR)
    sent = still_helping(left, told.state, max(night, told.state.now))
    assert (sent.kind, sent.change, sent.meeting.start) == ("rescheduled", "moved", agreed)
    assert [facts.start for facts in sent.calendar] == [agreed, *(meets(n) for n in range(3, 13))]
    assert helps(told, left, old)
    assert not helps(told, left, agreed)
    told.tell("mentee", c.CancelMeeting(meeting=1), told.state.now + HOUR)
    assert not helps(told, left)


@pytest.mark.parametrize("order", [c.End(reason="operator"), c.Pause()])
def test_no_other_time_is_news_of_what_is_over_or_dropped(story, meets, order):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=72)), meets(1, hours=-100))
    moved = last(told, "rescheduled", "mentee")
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1, hours=48)), meets(1, hours=-99))
    (left,) = joined([moved], last(told, "move_proposed", "mentee"), told.state, told.state.now).waiting
    assert helps(told, left)
    told.operator(order, meets(1, hours=-98))
    assert not helps(told, left)
    assert not helps(told, moved)


@pytest.mark.parametrize("since", ["moved", "cancelled"])
def test_a_new_time_is_news_while_it_stands(story, meets, since):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=72)), meets(1, hours=-100))
    moved = last(told, "rescheduled", "mentee")
    assert helps(told, moved)
    if since == "moved":
        told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=48)), meets(1, hours=-99))
    else:
        told.tell("mentor", c.CancelMeeting(meeting=1), meets(1, hours=-99))
    assert not helps(told, moved)


def test_an_evening_of_moves_helps_for_as_long_as_the_first_time_is_ahead(story, meets):
    told = story()
    first, second = meets(1, hours=-90), meets(1, hours=-95)
    told.both(c.MoveMeeting(meeting=1, to=first), meets(1, hours=-100))
    told.both(c.MoveMeeting(meeting=1, to=second), meets(1, hours=-99))
    news = [mail for mail in told.mails("rescheduled", "mentor") if mail.change == "moved"]
    (left,) = joined(news[:1], news[1], told.state, told.state.now).waiting
    assert (left.meeting.previous_start, left.helps_until) == (meets(1), meets(1))


def test_a_calendar_goes_as_it_stands_when_its_mail_does(story, meets):
    """Two changes of one evening: neither mail brings back what the other one took out, in whatever order they arrive."""
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=2)), meets(1, hours=-100))
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(1, hours=-99))
    sent = [still_helping(mail, told.state, told.state.now) for mail in told.mails("rescheduled", "mentor")]
    assert [(mail.change, mail.calendar_sequence) for mail in sent] == [("moved", 2), ("cancelled", 2)]
    assert sent[0].calendar == sent[1].calendar


def test_news_whose_time_has_passed_takes_nothings_place(story, meets):
    """*Time*: an outage brings both. They agreed on Thursday, one asked for Wednesday since, and it is Wednesday: that it is Thursday still helps."""
    told = story()
    thursday, wednesday = meets(1, hours=72), meets(1, hours=48)
    told.both(c.MoveMeeting(meeting=1, to=thursday), meets(1, hours=-100))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=wednesday), meets(1, hours=-50))
    moved, asked = last(told, "rescheduled", "mentee"), last(told, "move_proposed", "mentee")
    assert joined([moved], asked, told.state, wednesday).waiting == (moved, asked)
    assert [one.id for one in joined([moved], asked, told.state, wednesday - HOUR).waiting] == [asked.id]


def test_a_check_in_helps_while_the_row_lasts(story):
    """H14: they met before their morning came."""
    told = story().confirmed()
    for n in (1, 2, 3):
        told.tell("mentee", c.CancelMeeting(meeting=n, reason="personal"), told.state.meeting(n).start - 30 * HOUR)
    asked = last(told, "check_in", "mentor")
    assert helps(told, asked)
    told.operator(c.Resolve(line="not_held"), told.state.now)
    assert helps(told, asked)
    told.tell("mentee", c.ReportMeeting(held_at=told.state.now + HOUR, held=True), told.state.now + 2 * HOUR)
    assert not helps(told, asked)


def test_a_survey_that_was_answered_meanwhile_is_not_asked_for(story, ends, grace_ends):
    told = story().record("m1", at=ends)
    told.until_decided()
    result = last(told, "result", "mentee")
    assert result.survey
    assert still_helping(result, told.state, told.state.now) == result
    told.tell("mentee", c.SubmitPrivately(body=c.SurveyAnswers(survey="closing", answers={"trust": 5})), told.state.now)
    assert still_helping(result, told.state, told.state.now) == result.model_copy(update={"survey": False})
    pulse = mail("rescheduled", 4, change="cancelled", pulse=True)
    assert still_helping(pulse, told.state, NOON) == pulse
    told.tell("mentee", c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse", answers={"trust": 5})), told.state.now)
    assert still_helping(pulse, told.state, NOON) == pulse.model_copy(update={"pulse": False})


def test_mails_about_two_meetings_or_of_two_kinds_of_news_stay_two(story):
    stay, gone = waiting(story(), mail("prepare", 4), mail("move_proposed", 5), mail("rescheduled", None, change="paused"), mail("absence_reported", 3))
    assert (len(stay), gone) == (4, [])


# -- what comes back ------------------------------------------------------------------------------------------------------


def test_a_topic_that_was_lost_goes_with_the_next_preparation_that_waits():
    """H10: an outage over two preparations; the second was decided when the first was thought to bring it."""
    first, second, third = (mail("prepare", n, session=1, session_sent=n > 2) for n in (2, 3, 4))
    found = heir(first, [second, third])
    assert (found.meeting.meeting, found.meeting.session_sent) == (3, False)
    assert c.NoteFailedNotice.of(first, "too_late", NOON, found).session is None
    assert heir(first, [mail("ask", 3), second]) == found
    assert heir(first, [mail("prepare", 3, session=2), third]) is None
    assert heir(first, [mail("prepare", 3, session=1, session_sent=True, to="mentor")]) is None


def test_what_a_dropped_mail_would_have_asked_is_asked_with_a_later_one(story, meets):
    """H15: feedback and pulse are invited once, and an invitation that nobody got is none."""
    told = story().met(1, 2, 3)
    told.wait(meets(4, hours=-72))
    prepare = last(told, "prepare", "mentor")
    assert (prepare.feedback_for, prepare.pulse) == (3, True)
    told.take([c.NoteFailedNotice.of(prepare, "too_late", told.state.now)], told.state.now)
    told.wait(meets(5, hours=-72))
    following = last(told, "ask", "mentor")
    assert (following.meeting.meeting, following.feedback_for, following.pulse) == (4, 3, True)
    partners = last(told, "ask", "mentee")
    assert (partners.meeting.meeting, partners.feedback_for, partners.pulse) == (4, None, False), "they have been invited"


def test_an_older_invitation_that_did_not_go_takes_no_newer_one_back(story, meets):
    """H15: asked after meetings 3, 6 and 9, each once a person."""
    told = story().met(1, 2, 3)
    told.wait(meets(4, hours=-72))
    older = last(told, "prepare", "mentor")
    told.met(4, 5, 6)
    told.wait(meets(7, hours=-72))
    assert (older.feedback_for, last(told, "prepare", "mentor").feedback_for) == (3, 6)
    told.take([c.NoteFailedNotice.of(older, "too_late", told.state.now)], told.state.now)
    told.wait(meets(7, hours=26))
    assert last(told, "ask", "mentor").feedback_for is None


def test_who_is_not_asked_whether_they_met_was_not_invited_to_anything_by_that(story, meets):
    """Calm, H15: follow-ups stop for one of the two; the invitation that the other gets is none of theirs."""
    told = story(mail={"follow_ups": 1}, feedback_after=(1,), surveys={"pulse_after_meeting": 1})
    told.wait(meets(1, hours=26))
    told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(2, hours=1))
    told.wait(meets(2, hours=26))
    asked = last(told, "ask", "mentor")
    assert (asked.meeting.meeting, asked.feedback_for, asked.pulse) == (2, 1, True)
    assert last(told, "ask", "mentee").meeting.meeting == 1
    told.wait(meets(3, hours=-72))
    prepares = [last(told, "prepare", side) for side in ("mentor", "mentee")]
    assert [(one.feedback_for, one.pulse) for one in prepares] == [(None, False), (1, True)]


def test_a_meeting_without_word_is_asked_about_again_where_the_mail_that_should_have_was_dropped(story, meets):
    told = story()
    told.wait(meets(2, hours=-72))
    prepare = last(told, "prepare", "mentor")
    assert prepare.unreported == (1,)
    told.operator(c.Pause(), told.state.now + HOUR)
    told.take([c.NoteFailedNotice.of(prepare, "too_late", told.state.now)], told.state.now)
    told.operator(c.Resume(), told.state.now + 10 * DAY)
    told.replan()
    told.run_out()
    assert 1 in next(one for one in told.mails("prepare", "mentor") if one.due > prepare.due).unreported


@pytest.mark.parametrize("why", ["over_budget", "bounced", "unsubscribed"])
def test_who_cannot_be_reached_or_has_mail_enough_is_not_asked_more_often(why):
    """Nor is the partner: only the topic comes back."""
    lost = c.NoteFailedNotice.of(mail("prepare", 4, session=3, feedback_for=3, pulse=True, unreported=(3,)), why, NOON)
    assert (lost.session, lost.feedback_for, lost.pulse, lost.unreported) == (3, None, False, ())


# -- what is promised of a topic ------------------------------------------------------------------------------------------


def test_a_topic_is_promised_to_the_next_conversation_only_where_one_takes_it(story, meets):
    """H10: the last planned one closes, whatever was held before; so the topic of the last but one waits for nothing, called off or not held."""
    told = story()
    told.wait(meets(1, hours=26))
    told.met(*range(1, 11)).wait(meets(11, hours=26))
    asked = {mail.meeting.meeting: mail.topic_moves_on for mail in told.mails("ask", "mentee")}
    assert (asked[1], asked[11]) == (True, False)
    for n, moves_on in ((2, True), (11, False), (12, False)):
        called_off = story()
        called_off.wait(meets(n, hours=-72))
        assert called_off.tell("mentee", c.CancelMeeting(meeting=n), meets(n, hours=-71)) == "applied"
        news = last(called_off, "rescheduled", "mentor")
        assert (news.change, news.topic_moves_on) == ("cancelled", moves_on)


@pytest.mark.parametrize(
    ("closing", "n", "at", "moves_on"), [(None, 11, 11, True), (None, 12, 1, False), (11, 12, 1, False), (None, 1, 12, False), (11, 1, 11, False)]
)
def test_a_topic_moves_on_to_what_is_ahead_of_its_meeting_and_of_now(story, rules, meets, closing, n, at, moves_on):
    """H10: without a closing session the last one takes it, too; nothing takes it that is past, or that comes before."""
    told = story(rules=rules(closing=closing))
    assert topic_moves_on(told.state, told.state.meeting(n), meets(at)) == moves_on


def test_a_question_that_waited_promises_nothing_to_a_conversation_that_was_called_off_since(story, meets):
    told = story().met(*range(1, 10))
    told.wait(meets(10, hours=26))
    ask = last(told, "ask", "mentor")
    assert ask.topic_moves_on
    assert still_helping(ask, told.state, told.state.now) == ask
    assert told.tell("mentee", c.CancelMeeting(meeting=11), told.state.now + HOUR) == "applied"
    assert still_helping(ask, told.state, told.state.now) == ask.model_copy(update={"topic_moves_on": False})
