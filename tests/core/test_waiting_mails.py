"""Calm: of the mails that wait, no two are about one meeting at once, and nothing that only one of them said is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.policy.helping import heir, joined, joined_anew, still_helping
from mentorship.policy.meetings import topic_moves_on
from mentorship.state import Proposal

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


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
    """What is left of these mails, decided one after the other overnight, and what gave way."""
    stay: tuple[SendNotice, ...] = ()
    gone = []
    for one in mails:
        found = joined(stay, one, told.state, NOON)
        stay = found.waiting
        gone += [lost.id for lost, _ in found.gone]
    return stay, gone


@pytest.fixture
def standing(story):
    """Meeting 4 at this time, which the mentor also proposes, so that news of either still helps."""

    def at(start=NOON + 3 * DAY):
        told = story()
        proposed = Proposal(side="mentor", to=start, at=NOON, late=False)
        meetings = tuple(m.model_copy(update={"start": start, "proposals": (proposed,)}) if m.n == 4 else m for m in told.state.meetings)
        told.state = told.state.model_copy(update={"meetings": meetings})
        return told

    return at


def test_an_evening_of_moves_is_one_mail_in_the_morning(standing):
    """Never two about one meeting at once: the mail covers everything from the time that the reader knew to the last one."""
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
    news = told.last("rescheduled", "mentor")
    told.wait(to - 3 * DAY)
    prepare = told.last("prepare", "mentor")
    found = joined([news], prepare, told.state, told.state.now)
    (both,) = found.waiting
    assert both.meeting is not None
    assert (both.id, both.meeting.session) == (news.id, 0)
    assert [lost.id for lost, _ in found.gone] == [prepare.id]
    assert joined([news], prepare, told.state, to).waiting == (news, prepare), "not with one that is dropped itself"


def test_of_two_that_could_not_be_sent_the_preparation_goes_along(standing):
    """A mail server was away for both: what replaces the one replaces the other."""
    news, prepare = mail("rescheduled", 4, change="moved"), mail("prepare", 4, session=3)
    told = standing()
    both = [joined_anew([news, prepare], told.state, NOON, resting).waiting for resting in ((), (news.id,), (prepare.id,), (news.id, prepare.id))]
    assert [[one.kind for one in left] for left in both] == [["rescheduled"], ["rescheduled", "prepare"], ["rescheduled"], ["rescheduled"]]


def test_another_time_brings_the_calendar_of_the_move_that_it_replaces(standing):
    moved = mail("rescheduled", 4, change="moved", calendar=(), calendar_sequence=2)
    (left,), _ = waiting(standing(), moved, mail("move_proposed", 4, calendar_sequence=2))
    assert (left.kind, left.calendar) == ("move_proposed", ())


@pytest.mark.parametrize("then", ["moved", "cancelled", "lapsed"])
def test_news_after_a_proposal_that_took_older_news_along_tells_from_the_time_that_the_reader_knew(story, meets, then):
    """They agreed in the evening, and one of them proposed another time that night; by morning that one is settled, too. The reader's calendar has the first."""
    told = story().confirmed()
    known, agreed, night = meets(1), meets(1, hours=72), meets(1, hours=48)
    told.both(c.MoveMeeting(meeting=1, to=agreed), meets(1, hours=-100))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=night), meets(1, hours=-99))
    waits = joined([told.last("rescheduled", "mentee")], told.last("move_proposed", "mentee"), told.state, told.state.now).waiting
    if then == "lapsed":
        told.wait(meets(1, hours=-20))
        (left,) = waits
    else:
        told.tell("mentee", c.MoveMeeting(meeting=1, to=night) if then == "moved" else c.CancelMeeting(meeting=1), meets(1, hours=-98))
        (left,) = joined(waits, told.last("rescheduled", "mentee"), told.state, told.state.now).waiting
    sent = still_helping(left, told.state, told.state.now)
    assert sent is not None
    assert sent.meeting is not None
    if then == "cancelled":
        assert (sent.change, sent.meeting.start, sent.meeting.ends) == ("cancelled", known, known + HOUR)
    else:
        assert (sent.change, sent.meeting.start, sent.meeting.previous_start) == ("moved", night if then == "moved" else agreed, known)


@pytest.mark.parametrize("what", ["past", "settled"])
def test_a_proposal_that_helps_no_more_leaves_the_news_that_it_took_the_place_of(story, meets, what):
    """They agreed in the evening, and one of them proposed another time that night. By morning that is past or settled, and the agreed time is the news."""
    told = story()
    old, agreed, night = meets(1), meets(1, hours=72), meets(1, hours=-95)
    told.both(c.MoveMeeting(meeting=1, to=agreed), meets(1, hours=-100))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=night), meets(1, hours=-99))
    (left,) = joined([told.last("rescheduled", "mentee")], told.last("move_proposed", "mentee"), told.state, told.state.now).waiting
    if what == "settled":
        told.wait(meets(1, hours=-20))
    told.tell("mentee", c.CancelMeeting(meeting=2), told.state.now + HOUR)
    sent = still_helping(left, told.state, max(night, told.state.now))
    assert sent is not None
    assert sent.meeting is not None
    assert sent.calendar is not None
    assert (sent.kind, sent.change, sent.meeting.start) == ("rescheduled", "moved", agreed)
    assert [facts.start for facts in sent.calendar] == [agreed, *(meets(n) for n in range(3, 13))]
    assert told.helps(left, old)
    assert not told.helps(left, agreed)
    told.tell("mentee", c.CancelMeeting(meeting=1), told.state.now + HOUR)
    assert not told.helps(left)


def test_news_that_a_settled_proposal_leaves_brings_the_topic_that_it_brought(story, meets):
    """H10: they moved the meeting to tomorrow, too soon for a preparation, so the news had the topic; the proposal of that night took its place."""
    told = story()
    soon, night = meets(1, hours=-76), meets(1, hours=-99)
    told.both(c.MoveMeeting(meeting=1, to=soon), meets(1, hours=-101))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=night), meets(1, hours=-100))
    (left,) = joined([told.last("rescheduled", "mentee")], told.last("move_proposed", "mentee"), told.state, told.state.now).waiting
    sent = still_helping(left, told.state, night)
    assert sent is not None
    assert sent.meeting is not None
    assert (sent.kind, sent.meeting.start, sent.meeting.session, sent.meeting.session_sent) == ("rescheduled", soon, 0, False)
    before = told.state.model_copy(update={"rules": told.state.rules.model_copy(update={"revision": 2})})
    lost = still_helping(left, before, night)
    assert lost is not None
    assert lost.meeting is not None
    assert lost.meeting.session is None


@pytest.mark.parametrize("order", [c.End(reason="operator"), c.Pause()])
def test_no_other_time_is_news_of_what_is_over_or_dropped(story, meets, order):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=72)), meets(1, hours=-100))
    moved = told.last("rescheduled", "mentee")
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1, hours=48)), meets(1, hours=-99))
    (left,) = joined([moved], told.last("move_proposed", "mentee"), told.state, told.state.now).waiting
    assert told.helps(left)
    told.operator(order, meets(1, hours=-98))
    assert not told.helps(left)
    assert not told.helps(moved)


@pytest.mark.parametrize("since", ["moved", "cancelled"])
def test_a_new_time_is_news_while_it_stands(story, meets, since):
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=72)), meets(1, hours=-100))
    moved = told.last("rescheduled", "mentee")
    assert told.helps(moved)
    if since == "moved":
        told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=48)), meets(1, hours=-99))
    else:
        told.tell("mentor", c.CancelMeeting(meeting=1), meets(1, hours=-99))
    assert not told.helps(moved)


def test_an_evening_of_moves_helps_for_as_long_as_the_first_time_is_ahead(story, meets):
    told = story()
    first, second = meets(1, hours=-90), meets(1, hours=-95)
    told.both(c.MoveMeeting(meeting=1, to=first), meets(1, hours=-100))
    told.both(c.MoveMeeting(meeting=1, to=second), meets(1, hours=-99))
    news = [mail for mail in told.mails("rescheduled", "mentor") if mail.change == "moved"]
    (left,) = joined(news[:1], news[1], told.state, told.state.now).waiting
    assert left.meeting is not None
    assert (left.meeting.previous_start, left.helps_until) == (meets(1), meets(1))


def test_a_calendar_goes_as_it_stands_when_its_mail_does(story, meets):
    """Two changes in one evening: neither mail brings back what the other removed, in whatever order they arrive."""
    told = story()
    told.both(c.MoveMeeting(meeting=1, to=meets(1, hours=2)), meets(1, hours=-100))
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(1, hours=-99))
    moved, cancelled = (still_helping(mail, told.state, told.state.now) for mail in told.mails("rescheduled", "mentor"))
    assert moved is not None
    assert cancelled is not None
    assert [(mail.change, mail.calendar_sequence) for mail in (moved, cancelled)] == [("moved", 2), ("cancelled", 2)]
    assert moved.calendar == cancelled.calendar


def test_news_whose_time_has_passed_takes_nothings_place(story, meets):
    """*Time*: an outage delays both. They agreed on Thursday, one since proposed Wednesday, and it is Wednesday now: the news of Thursday still helps."""
    told = story()
    thursday, wednesday = meets(1, hours=72), meets(1, hours=48)
    told.both(c.MoveMeeting(meeting=1, to=thursday), meets(1, hours=-100))
    told.tell("mentor", c.MoveMeeting(meeting=1, to=wednesday), meets(1, hours=-50))
    moved, asked = told.last("rescheduled", "mentee"), told.last("move_proposed", "mentee")
    assert joined([moved], asked, told.state, wednesday).waiting == (moved, asked)
    assert [one.id for one in joined([moved], asked, told.state, wednesday - HOUR).waiting] == [asked.id]


def test_a_check_in_helps_while_the_row_lasts(story):
    """H14: they met before their morning came."""
    told = story().confirmed()
    for n in (1, 2, 3):
        told.tell("mentee", c.CancelMeeting(meeting=n, reason="personal"), told.state.meeting(n).start - 30 * HOUR)
    asked = told.last("check_in", "mentor")
    assert told.helps(asked)
    told.operator(c.Resolve(line="not_held"), told.state.now)
    assert told.helps(asked)
    told.tell("mentee", c.ReportMeeting(held_at=told.state.now + HOUR, held=True), told.state.now + 2 * HOUR)
    assert not told.helps(asked)


def test_a_survey_that_was_answered_meanwhile_is_not_asked_for(story, ends, grace_ends):
    told = story().record("m1", at=ends)
    told.until_decided()
    result = told.last("result", "mentee")
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
    """H10: an outage over two preparations; when the second was decided, the first was still expected to bring the topic."""
    first, second, third = (mail("prepare", n, session=1, session_sent=n > 2) for n in (2, 3, 4))
    found = heir(first, [second, third])
    assert found is not None
    assert found.meeting is not None
    assert (found.meeting.meeting, found.meeting.session_sent) == (3, False)
    assert c.NoteFailedNotice.of(first, "too_late", NOON, found).session is None
    assert heir(first, [mail("ask", 3), second]) == found
    assert heir(first, [mail("prepare", 3, session=2), third]) is None
    assert heir(first, [mail("prepare", 3, session=1, session_sent=True, to="mentor")]) is None


def test_what_a_dropped_mail_would_have_asked_is_asked_with_a_later_one(story, meets):
    """H15: feedback and pulse are invited once, and an invitation that nobody received does not count."""
    told = story().met(1, 2, 3)
    told.wait(meets(4, hours=-72))
    prepare = told.last("prepare", "mentor")
    assert (prepare.feedback_for, prepare.pulse) == (3, True)
    told.take([c.NoteFailedNotice.of(prepare, "too_late", told.state.now)], told.state.now)
    told.wait(meets(5, hours=-72))
    following = told.last("ask", "mentor")
    assert (following.meeting.meeting, following.feedback_for, following.pulse) == (4, 3, True)
    partners = told.last("ask", "mentee")
    assert (partners.meeting.meeting, partners.feedback_for, partners.pulse) == (4, None, False), "they have been invited"


def test_an_older_invitation_that_did_not_go_takes_no_newer_one_back(story, meets):
    """H15: asked after meetings 3, 6 and 9, each once a person."""
    told = story().met(1, 2, 3)
    told.wait(meets(4, hours=-72))
    older = told.last("prepare", "mentor")
    told.met(4, 5, 6)
    told.wait(meets(7, hours=-72))
    assert (older.feedback_for, told.last("prepare", "mentor").feedback_for) == (3, 6)
    told.take([c.NoteFailedNotice.of(older, "too_late", told.state.now)], told.state.now)
    told.wait(meets(7, hours=26))
    assert told.last("ask", "mentor").feedback_for is None


def test_who_is_not_asked_whether_they_met_was_not_invited_to_anything_by_that(story, meets):
    """Calm, H15: follow-ups stop for one of the two; the other's invitation does not count as theirs."""
    told = story(mail={"follow_ups": 1}, feedback_after=(1,), surveys={"pulse_after_meeting": 1})
    told.wait(meets(1, hours=26))
    told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(2, hours=1))
    told.wait(meets(2, hours=26))
    asked = told.last("ask", "mentor")
    assert (asked.meeting.meeting, asked.feedback_for, asked.pulse) == (2, 1, True)
    assert told.last("ask", "mentee").meeting.meeting == 1
    told.wait(meets(3, hours=-72))
    prepares = [told.last("prepare", side) for side in ("mentor", "mentee")]
    assert [(one.feedback_for, one.pulse) for one in prepares] == [(None, False), (1, True)]


def test_a_meeting_without_word_is_asked_about_again_where_the_mail_that_should_have_was_dropped(story, meets):
    told = story()
    told.wait(meets(2, hours=-72))
    prepare = told.last("prepare", "mentor")
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
    """H10: the last planned meeting is the closing one, whatever was held before. So nobody is promised the last but one's topic if that is off or not held."""
    told = story()
    told.wait(meets(1, hours=26))
    told.met(*range(1, 11)).wait(meets(11, hours=26))
    asked = {mail.meeting.meeting: mail.topic_moves_on for mail in told.mails("ask", "mentee")}
    assert (asked[1], asked[11]) == (True, False)
    for n, moves_on in ((2, True), (11, False), (12, False)):
        called_off = story()
        called_off.wait(meets(n, hours=-72))
        assert called_off.tell("mentee", c.CancelMeeting(meeting=n), meets(n, hours=-71)) == "applied"
        news = called_off.last("rescheduled", "mentor")
        assert (news.change, news.topic_moves_on) == ("cancelled", moves_on)


@pytest.mark.parametrize(
    ("closing", "n", "at", "moves_on"), [(None, 11, 11, True), (None, 12, 1, False), (11, 12, 1, False), (None, 1, 12, False), (11, 1, 11, False)]
)
def test_a_topic_moves_on_to_what_is_ahead_of_its_meeting_and_of_now(story, rules, meets, closing, n, at, moves_on):
    """H10: without a closing session the last meeting takes it, too; no meeting takes it that is past or that comes before."""
    told = story(rules=rules(closing=closing))
    assert topic_moves_on(told.state, told.state.meeting(n), meets(at)) == moves_on


def test_a_question_that_waited_promises_nothing_to_a_conversation_that_was_called_off_since(story, meets):
    told = story().met(*range(1, 10))
    told.wait(meets(10, hours=26))
    ask = told.last("ask", "mentor")
    assert ask.topic_moves_on
    assert still_helping(ask, told.state, told.state.now) == ask
    assert told.tell("mentee", c.CancelMeeting(meeting=11), told.state.now + HOUR) == "applied"
    assert still_helping(ask, told.state, told.state.now) == ask.model_copy(update={"topic_moves_on": False})
