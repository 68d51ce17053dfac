"""H10: which topic is prepared, named and taken. Topics advance with meetings held, and the closing one is the last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.policy.helping import still_helping
from mentorship.policy.meetings import topic_for
from mentorship.policy.milestones import milestone_facts
from mentorship.programme import REVISION, MilestoneRule

HOUR = timedelta(hours=1)
CLOSING = 11


def test_a_preparation_goes_out_before_every_meeting_with_its_topic(story, meets):
    """H3, H10."""
    told = story()
    for n in (1, 2, 3):
        told.wait(meets(n))
        told.met(n)
    mails = told.mails("prepare", "mentor")
    assert [(mail.meeting.meeting, mail.meeting.session, mail.due) for mail in mails] == [(n, n - 1, meets(n) - timedelta(days=3)) for n in (1, 2, 3)]
    assert [(mail.meeting.start, mail.meeting.ends) for mail in mails] == [(meets(n), meets(n, hours=1)) for n in (1, 2, 3)]
    assert not any(mail.meeting.session_sent for mail in mails)


def test_a_cancelled_meetings_topic_moves_to_the_next_one_and_is_not_sent_twice(story, meets):
    """H10."""
    told = story().met(1)
    told.wait(meets(2) - timedelta(days=2))
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(2) - timedelta(days=2))
    told.wait(meets(3))
    assert (told.prepared(2).meeting.session, told.prepared(2).meeting.session_sent) == (1, False)
    assert (told.prepared(3).meeting.session, told.prepared(3).meeting.session_sent) == (1, True)


def test_a_topic_that_did_not_reach_somebody_goes_to_them_with_the_next_meeting_and_to_the_other_by_its_name(story, meets):
    """H10: nobody meets unprepared, and nothing is sent twice."""
    told = story().met(1)
    told.wait(meets(2) - timedelta(days=2))
    told.take([c.NoteFailedNotice.of(told.prepared(2), "over_budget", told.state.now)], told.state.now)
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(2) - timedelta(days=2))
    told.wait(meets(3) - timedelta(days=2))
    told.tell("mentor", c.CancelMeeting(meeting=3), meets(3) - timedelta(days=2))
    told.wait(meets(4))
    sent = {side: [(mail.meeting.session, mail.meeting.session_sent) for mail in told.mails("prepare", side)[1:]] for side in ("mentor", "mentee")}
    assert sent == {"mentee": [(1, False), (1, False), (1, True)], "mentor": [(1, False), (1, True), (1, True)]}


def test_a_topic_is_the_next_meetings_until_somebody_says_that_it_was_talked_about(story, meets):
    """H10: topics advance with meetings held. If the first is reported only after the second's preparation went out, the page shows the next topic."""
    told = story()
    told.wait(meets(2) - timedelta(days=2))
    assert (told.prepared(2).meeting.session, told.prepared(2).meeting.session_sent) == (0, True)
    assert topic_for(told.state, 2) == 0
    told.met(1)
    assert topic_for(told.state, 2) == 1


@pytest.mark.parametrize("revision", [REVISION, 2])
@pytest.mark.parametrize("what", ["extra", "late-word"])
def test_a_preparation_that_waits_names_the_topic_that_its_meeting_has_by_then(story, meets, what, revision):
    """H10: overnight somebody says that they talked meanwhile, or that they met the last time. The next topic is named, and its questions are on the page."""
    told = story(revision=revision)
    if what == "extra":
        told.met(1)
    told.wait(meets(2) - timedelta(days=3))
    prepare = told.prepared(2)
    was, brought = (1, False) if what == "extra" else (0, True)
    assert (prepare.meeting.session, prepare.meeting.session_sent) == (was, brought)
    assert still_helping(prepare, told.state, told.state.now) == prepare
    if what == "extra":
        told.extra(told.state.now - HOUR)
    else:
        told.tell("mentee", c.ReportMeeting(meeting=1, held=True), told.state.now + HOUR)
    assert topic_for(told.state, 2) == was + 1
    now = still_helping(prepare, told.state, told.state.now)
    assert now is not None
    assert now.meeting is not None
    seen = (was, brought, False) if revision == 2 else (was + 1, False, True)
    assert (now.meeting.session, now.meeting.session_sent, now.meeting.session_on_page) == seen
    assert now.meeting.start == prepare.meeting.start
    told.tell("mentor", c.CancelMeeting(meeting=2), told.state.now + HOUR)
    told.wait(meets(3))
    assert (told.prepared(3).meeting.session, told.prepared(3).meeting.session_sent) == (was + 1, False), "nobody got its questions"


def test_who_has_the_questions_of_the_topic_that_a_waiting_mail_names_is_told_so(story, meets):
    """H10: nothing is sent twice."""
    told = story().met(1)
    told.wait(meets(2) - timedelta(days=3))
    prepare = told.prepared(2)
    told.extra(told.state.now - HOUR)
    known = told.state.mentee.model_copy(update={"topics": (*told.state.mentee.topics, 2)})
    now = still_helping(prepare, told.state.model_copy(update={"mentee": known}), told.state.now)
    assert now is not None
    assert now.meeting is not None
    assert (now.meeting.session, now.meeting.session_sent) == (2, True)


def test_a_meeting_that_has_begun_is_told_of_with_the_topic_that_its_news_brought(story, meets):
    """H10: it came sooner than its reader's calendar says, so the news still helps, and the page names the topic of the one after it."""
    told = story().met(1)
    sooner = meets(2) - timedelta(days=5)
    told.both(c.MoveMeeting(meeting=2, to=sooner), sooner - timedelta(days=1))
    news = told.last("rescheduled", "mentee")
    told.extra(sooner - 5 * HOUR)
    for at, topic in ((sooner - HOUR, 2), (sooner + HOUR, 1)):
        now = still_helping(news, told.state, at)
        assert now is not None
        assert now.meeting is not None
        assert now.meeting.session == topic


def test_a_closing_session_that_an_extension_puts_off_while_its_preparation_waits_is_brought_all_the_same(story, meets):
    """H10: it counts as sent, so the preparation of the last meeting will not bring it."""
    told = story()
    told.wait(meets(12) - timedelta(days=3))
    prepare = told.prepared(12)
    told.operator(c.Extend(length=iso("P4W")), told.state.now + HOUR)
    assert topic_for(told.state, 12) != CLOSING
    now = still_helping(prepare, told.state, told.state.now)
    assert now is not None
    assert now.meeting is not None
    assert (now.meeting.session, now.meeting.session_sent, now.meeting.session_on_page) == (CLOSING, False, False)


def test_no_topic_is_skipped_however_late_somebody_says_that_they_met(story, meets):
    """H10: a meeting that began with a topic was about it, and the following topic goes to the following meeting."""
    told = story()
    told.wait(meets(2))
    for n in (1, 2):
        told.tell("mentee", c.ReportMeeting(meeting=n, held=True), meets(2) + n * HOUR)
    told.wait(meets(3))
    assert [meeting.session for meeting in told.state.meetings[:2]] == [0, 0]
    assert (told.prepared(3).meeting.session, told.prepared(3).meeting.session_sent) == (1, False)


def test_a_corrected_report_gives_back_its_own_topic(story, meets):
    """H10: the topic of a meeting that was not held moves to the next one."""
    told = story()
    told.wait(meets(1) + HOUR)
    told.met(1)
    told.wait(meets(2) + HOUR)
    told.met(2)
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False), meets(2) + 2 * HOUR)
    told.wait(meets(3))
    assert (told.prepared(3).meeting.session, told.prepared(3).meeting.session_sent) == (0, True)


def test_the_last_meeting_is_the_latest_though_another_was_planned_after_it(story, meets):
    """Meetings: the last planned meeting takes the closing session."""
    told = story().confirmed()
    told.both(c.MoveMeeting(meeting=11, to=meets(12, 48)), meets(10))
    told.wait(meets(12, 48))
    assert told.prepared(11).meeting.session == CLOSING
    assert told.prepared(12).meeting.session != CLOSING


def test_the_last_planned_meeting_takes_the_closing_session_whatever_was_held_before(story, meets):
    """Meetings."""
    told = story()
    told.wait(meets(12))
    assert told.prepared(12).meeting.session == CLOSING
    told.met(12)
    assert told.state.meeting(12).session == CLOSING


CLOSED = (MilestoneRule(id="closing", when="closing_held"),)


def test_when_the_last_one_is_called_off_in_time_the_one_before_takes_the_closing_session(story, meets):
    """Meetings: it is now the last planned one, and an extra meeting before it gets the next topic (H10)."""
    told = story().confirmed().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(1, hours=2))
    told.extra(meets(1) + timedelta(days=5))
    assert told.state.extras[0].session == 1
    told.wait(meets(11))
    assert (told.prepared(10).meeting.session == CLOSING, told.prepared(11).meeting.session == CLOSING) == (False, True)
    assert told.met(11).state.meeting(11).session == CLOSING


def test_a_meeting_that_was_prepared_keeps_its_topic_when_the_last_one_is_called_off(story, meets):
    """H10: nobody meets unprepared; an extra meeting can still be the closing one."""
    told = story(milestones=CLOSED).confirmed().met(1)
    told.wait(meets(11, hours=-48))
    told.tell("mentor", c.CancelMeeting(meeting=12), told.state.now)
    assert topic_for(told.state, 11) == told.prepared(11).meeting.session == 1
    told.met(11)
    assert milestone_facts(told.state)[0].done_at is None
    told.extra(meets(12))
    assert (told.state.extras[-1].session, milestone_facts(told.state)[0].done_at) == (CLOSING, meets(12))


def test_a_meeting_that_was_prepared_as_the_closing_one_leaves_no_extra_one_its_place(story, meets):
    """H10: the last planned meeting was called off long before, and this one is still ahead."""
    told = story().confirmed().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(1, hours=2))
    told.wait(meets(11, hours=-48))
    assert told.prepared(11).meeting.session == CLOSING
    told.extra(meets(11, hours=-30))
    assert told.state.extras[0].session == 1


def test_of_all_that_were_called_off_the_last_says_since_when_an_extra_one_can_be_the_closing_one(story, meets):
    told = story(milestones=CLOSED).confirmed().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(1, hours=2))
    told.extra(meets(2) + timedelta(days=3))
    told.wait(meets(11, hours=-48))
    told.tell("mentee", c.CancelMeeting(meeting=11), told.state.now)
    assert milestone_facts(told.state)[0].done_at is None
    told.extra(meets(12))
    assert milestone_facts(told.state)[0].done_at == meets(12)


def test_a_meeting_that_was_held_about_something_else_takes_no_place_of_one_called_off_since(story, meets):
    """H10: an extra meeting had taken its topic, and another one comes before the last is called off."""
    told = story().confirmed().met(1)
    told.wait(meets(11, hours=-48))
    told.extra(meets(11, hours=-30))
    told.met(11)
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(11, hours=72))
    assert (told.state.meeting(11).topic, told.state.meeting(11).session) == (None, 2)
    told.extra(meets(11, hours=48))
    told.extra(meets(11, hours=96))
    assert [one.session for one in told.state.extras] == [1, 3, CLOSING]


def test_the_last_one_is_the_closing_one_where_it_was_held_after_a_proposal_for_it_had_lapsed(story, meets):
    """H14: people who met all the same can still say so, whatever the meeting before was about."""
    told = story(milestones=CLOSED).confirmed()
    told.wait(meets(11, hours=-48))
    told.extra(meets(11, hours=-30))
    told.tell("mentee", c.MoveMeeting(meeting=12, to=meets(12) + timedelta(days=2)), meets(12, hours=-3))
    told.wait(meets(12) + timedelta(days=4))
    assert (told.state.meeting(11).topic, told.state.meeting(12).cancelled.lapsed) == (None, True)
    assert told.met(12).state.meeting(12).session == CLOSING
    assert milestone_facts(told.state)[0].done_at == meets(12)


def test_a_programme_of_one_session_is_about_that(story, meets):
    told = story(sessions=1, closing=0)
    told.wait(meets(2))
    assert [told.prepared(n).meeting.session for n in (1, 2)] == [0, 0]


def test_no_other_planned_meeting_takes_it_however_many_were_held(story, meets):
    """Meetings, H10: the last open topic repeats."""
    told = story(sessions=3, closing=2)
    told.met(*range(1, 12))
    assert [meeting.session for meeting in told.state.meetings[:11]] == [0] + [1] * 10


def test_a_move_to_soon_brings_the_topic_with_the_news(story, meets):
    """H10: nothing is sent twice, and nobody meets unprepared."""
    told = story().met(1)
    soon = meets(1) + timedelta(days=2)
    told.tell("mentor", c.MoveMeeting(meeting=2, to=soon), meets(1) + timedelta(days=1))
    told.tell("mentee", c.MoveMeeting(meeting=2, to=soon), meets(1) + timedelta(days=1))
    assert [(mail.meeting.session, mail.meeting.session_sent) for mail in told.mails("rescheduled")] == [(1, False)] * 2
    told.wait(soon)
    assert not [mail for mail in told.mails("prepare") if mail.meeting.meeting == 2]


@pytest.mark.parametrize(("hours", "brings"), [(72, 1), (73, None)])
def test_a_move_to_when_it_would_be_prepared_at_once_brings_it(story, meets, hours, brings):
    """H10."""
    told = story().met(1)
    agreed = meets(1) + timedelta(days=1)
    told.both(c.MoveMeeting(meeting=2, to=agreed + hours * HOUR), agreed)
    assert [mail.meeting.session for mail in told.mails("rescheduled")] == [brings] * 2
    told.wait(meets(2))
    assert len([mail for mail in told.mails("prepare", "mentor") if mail.meeting.meeting == 2]) == (brings is None)


def test_a_move_after_the_preparation_does_not_prepare_again(story, meets):
    """H10: nothing is sent twice."""
    told = story().met(1)
    told.wait(meets(2) - timedelta(days=2))
    for to in (meets(2) + timedelta(days=6), meets(2) - timedelta(days=1)):
        told.tell("mentor", c.MoveMeeting(meeting=2, to=to), told.state.now)
        told.tell("mentee", c.MoveMeeting(meeting=2, to=to), told.state.now)
    told.wait(meets(3) - timedelta(days=4))
    assert [mail.meeting.meeting for mail in told.mails("prepare", "mentee")].count(2) == 1
    assert [mail.meeting.session for mail in told.mails("rescheduled", "mentee")] == [None, None]


def test_an_extra_meeting_after_a_missed_last_one_takes_the_closing_session(story, meets):
    told = story(milestones=CLOSED)
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(12) - timedelta(days=3))
    assert told.extra(meets(12) + timedelta(days=2)) == "applied"
    assert milestone_facts(told.state)[0].done_at == meets(12) + timedelta(days=2)


def test_an_extra_meeting_is_the_closing_one_once_the_last_turns_out_not_to_have_taken_place(story, meets):
    """Time, H13: whichever is reported first."""
    told = story(milestones=CLOSED).met(12)
    told.extra(meets(12, 24))
    assert told.state.extras[0].session != CLOSING
    told.tell("mentee", c.ReportMeeting(meeting=12, held=False), meets(12, 26))
    assert milestone_facts(told.state)[0].done_at == meets(12, 24)


@pytest.mark.parametrize("told_first", ["the first", "the second"])
def test_of_two_extra_ones_the_first_is_the_closing_one_and_the_second_only_where_nobody_had_said_so(story, meets, told_first):
    told = story(milestones=CLOSED)
    told.wait(meets(12, 200))
    times = [meets(12, 24), meets(12, 48)]
    for at in times if told_first == "the first" else reversed(times):
        told.tell("mentor", c.ReportMeeting(held_at=at, held=True), meets(12, 200))
    sessions = [one.session == CLOSING for one in sorted(told.state.extras, key=lambda one: one.held_at)]
    assert sessions == [True, told_first == "the second"]
    assert milestone_facts(told.state)[0].done_at == times[0]


def test_a_closing_conversation_stays_one_though_an_extension_brings_other_meetings(story, meets):
    """P6: an extension takes nothing from what was done."""
    told = story(milestones=CLOSED).confirmed()
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(12, -48))
    told.extra(meets(12))
    told.operator(c.Extend(length=iso("P4W")), meets(12, 2))
    told.replan()
    assert milestone_facts(told.state)[0].done_at == meets(12)


def test_without_a_closing_session_none_is_held(story, meets):
    told = story(closing=None, milestones=CLOSED).confirmed()
    told.wait(meets(12))
    assert told.prepared(12).meeting.session == 0
    told.tell("mentor", c.CancelMeeting(meeting=12), meets(12))
    told.extra(meets(12, 24))
    assert (told.state.extras[0].session, milestone_facts(told.state)[0].done_at) == (0, None)


def test_an_extra_meeting_before_the_last_planned_one_does_not(story, meets):
    told = story(milestones=CLOSED)
    told.extra(meets(12) - timedelta(days=2))
    assert milestone_facts(told.state)[0].done_at is None
    assert told.met(12).state.meeting(12).session == CLOSING
