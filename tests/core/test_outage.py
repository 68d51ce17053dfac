"""P5 and *Time*: an outage makes nobody late; commands and deadlines are handled in the order of their instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.advance import receipt
from mentorship.duration import iso
from mentorship.effects import IssueCertificates, MeetingFacts, SendNotice
from mentorship.instant import CLOCK_SKEW
from mentorship.policy.milestones import done_in_time
from mentorship.programme import REVISION, MilestoneRule

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def test_everything_that_came_in_while_no_worker_lived_is_judged_by_its_own_instant(story, meets, ends, grace_ends):
    told = story().confirmed()
    inbox = [
        told.named(c.CancelMeeting(meeting=1, reason="work"), "mentee", meets(1) - timedelta(hours=24)),
        told.named(c.CancelMeeting(meeting=2, reason="work"), "mentee", meets(2) - timedelta(hours=23)),
        *(told.named(c.RecordMilestone(milestone=f"m{n}"), "mentor", ends) for n in range(1, 9)),
        told.named(c.RecordMilestone(milestone="m9"), "mentor", ends + SECOND),
        told.named(c.RecordMilestone(milestone="m10"), "mentor", grace_ends + SECOND),
    ]
    told.take(reversed(inbox), grace_ends + timedelta(days=100))
    assert [told.state.meeting(n).cancelled.late for n in (1, 2)] == [False, True]
    assert (told.earned(), told.state.decided.done) == (True, 8)
    assert told.entries_named("record_milestone")[-1].reason == "decided"


def test_deadlines_fall_in_the_order_of_their_instants_and_at_them(story, day):
    told = story()
    told.wait(day(400))
    dated = [entry.at for entry in told.entries]
    assert dated == sorted(dated)
    awake = story()
    awake.run_out()
    assert [(entry.at, entry.name) for entry in told.entries] == [(entry.at, entry.name) for entry in awake.entries]


def test_a_deadline_before_a_command_happens_first_and_one_at_the_same_instant_after_it(story, ends, meets):
    told = story()
    told.take([told.named(c.RecordMilestone(milestone="m1"), "mentor", ends)], ends + 9 * HOUR)
    names = [entry.name for entry in told.entries]
    assert names.index("halfway_reached") < names.index("record_milestone") < names.index("end_reached")


def test_the_journals_instants_never_move_back(story, meets):
    told = story()
    told.wait(meets(3))
    told.tell("mentor", c.ReportMeeting(meeting=1, held=True), at=meets(1, hours=1), now=meets(3))
    events = [entry.at for entry in told.entries if entry.kind == "event"]
    assert events == sorted(events)
    assert told.state.meeting(1).report("mentor").at == meets(1, hours=1)


def test_mails_of_an_outage_carry_until_when_they_help(story, meets):
    """A mail whose moment has passed is sent only if it still helps: the carrier reads `helps_until`."""
    told = story()
    told.wait(meets(3) - timedelta(days=1))
    helps = {mail.meeting.meeting: mail.helps_until for mail in told.mails("prepare", "mentor")}
    assert helps == {1: meets(1), 2: meets(2), 3: meets(3)}
    assert [mail.helps_until for mail in told.mails("ask", "mentor")] == [meets(2)]


def test_news_of_a_move_help_until_the_meeting_and_of_a_cancellation_until_somebody_would_have_asked(story, meets):
    """A meeting at half past six is called off at night: its participant reads so in the morning, and their calendar is updated as well."""
    told = story()
    to = meets(1) + timedelta(days=2)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentee", c.CancelMeeting(meeting=2), meets(1))
    assert [mail.helps_until for mail in told.mails("move_proposed")] == [to]
    assert [mail.helps_until for mail in told.mails("rescheduled", "mentor")] == [to, meets(2) + timedelta(days=1, hours=1)]


def test_the_time_to_answer_a_late_proposal_counts_from_being_asked(story, meets):
    told = story().confirmed()
    back = meets(1) + timedelta(days=5)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), at=meets(1) - HOUR, now=back)
    assert told.state.meeting(1).cancelled is None
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), back + timedelta(days=3)) == "applied"


def test_a_message_that_comes_again_changes_nothing(story, day):
    told = story()
    told.tell("mentor", c.RecordMilestone(message_id="twice", milestone="m1"), day(10))
    state, entries = told.state, len(told.entries)
    told.take([c.RecordMilestone(message_id="twice", by="p-mentor", at=day(10), milestone="m1")], day(10))
    told.take([c.RecordMilestone(message_id="twice", by="p-mentee", at=day(11), milestone="m2")], day(10))
    assert (told.state, len(told.entries)) == (state, entries)
    assert receipt(told.state, "twice") == ("applied", None)
    told.tell("p-stranger", c.RecordMilestone(message_id="refused", milestone="m1"), day(10))
    assert receipt(told.state, "refused") == ("refused", "not_a_participant")
    assert receipt(told.state, "never") is None


def test_a_future_instant_is_refused_and_a_doors_fast_clock_is_not(story, day):
    told = story()
    assert told.tell("mentor", c.RecordMilestone(milestone="m1"), at=day(10) + CLOCK_SKEW + SECOND, now=day(10)) == "in_the_future"
    assert told.tell("mentor", c.RecordMilestone(milestone="m2"), at=day(10) + CLOCK_SKEW, now=day(10)) == "applied"
    assert told.state.milestones["m2"].confirmations[0].at == day(10)


def test_a_doors_fast_clock_brings_no_deadline_forward(story, ends):
    """H7: a command whose instant is still ahead does not bring an end forward."""
    told = story()
    for milestone, now in (("m1", ends - 10 * SECOND), ("m2", ends)):
        told.tell("mentor", c.RecordMilestone(milestone=milestone), at=ends + 10 * SECOND, now=now)
        assert told.state.closing is (now == ends)
    assert told.state.reached == ("m1", "m2")


def test_without_an_instant_it_counts_from_when_it_is_handled(story, day):
    told = story()
    told.take([c.RecordMilestone(message_id="bare", by="p-mentor", milestone="m1")], day(10))
    assert told.state.milestones["m1"].confirmations[0].done_at == day(10)


def test_the_certificates_are_asked_for_once_however_long_nobody_was_there(story, ends):
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    told.wait(ends + timedelta(days=1000))
    told.wait(ends + timedelta(days=2000))
    assert len([effect for effect in told.effects if isinstance(effect, IssueCertificates)]) == 1
    told.issue()  # a result may come after everything else is over
    assert len(told.mails("result")) == 2


def mail(kind, **facts):
    """A mail about one meeting, as it waits in the outbox."""
    return SendNotice(kind=kind, to="mentee", due=NOON, **facts)


def about(n):
    return MeetingFacts(meeting=n, start=NOON, ends=NOON + timedelta(hours=1))


def test_a_preparation_that_asks_again_about_a_meeting_stands_for_the_mail_that_would_have_asked():
    """Never two about one meeting at once: after an outage both are due, and one is sent, with everything that the other asked."""
    ask, prepare = mail("ask", meeting=about(3), feedback_for=3, pulse=True), mail("prepare", meeting=about(4), unreported=(3,))
    assert prepare.replaces(ask)
    assert (prepare.asking_for(ask).feedback_for, prepare.asking_for(ask).pulse) == (3, True)
    assert not mail("prepare", meeting=about(4)).replaces(ask)
    assert not prepare.replaces(mail("move_proposed", meeting=about(3)))


def test_a_preparation_that_waits_while_its_meeting_moves_leaves_its_topic_to_the_news():
    """H10: its reader gets one mail in the morning, with the new time and the topic; a cancelled meeting's topic comes with the next one."""
    waiting = mail("prepare", id="7.0", meeting=about(3).model_copy(update={"session": 2}))
    moved, cancelled = (mail("rescheduled", change=change, meeting=about(3)) for change in ("moved", "cancelled"))
    assert moved.replaces(waiting)
    assert (moved.asking_for(waiting).meeting.session, moved.asking_for(waiting).meeting.session_sent) == (2, False)
    assert cancelled.asking_for(waiting) == cancelled
    lost = [c.NoteFailedNotice.of(waiting, "superseded", NOON, news.asking_for(waiting)).session for news in (moved, cancelled)]
    assert lost == [None, 2]


def test_what_has_ended_invites_nobody_any_more():
    """A welcome, a preparation or a nudge that waits for its reader's morning is then dropped; what is still news is sent."""
    ended = mail("ended")
    assert all(ended.replaces(mail(kind)) for kind in ("welcome", "prepare", "ask", "nudge", "check_in", "rescheduled"))
    assert not any(ended.replaces(mail(kind)) for kind in ("result", "reissued", "coordinator_told", "ended"))


def test_news_of_a_meeting_replaces_its_preparation_and_nothing_about_another():
    news = mail("rescheduled", meeting=about(3), change="moved")
    assert news.replaces(mail("prepare", meeting=about(3)))
    assert not news.replaces(mail("prepare", meeting=about(4)))


def test_the_days_to_object_count_from_when_the_partner_could_see_the_report(story, day):
    """A report accepted on day 30 of an outage that lasts until day 38 appears on the partner's page on day 38."""
    told = story()
    told.tell("mentor", c.RecordMilestone(milestone="m1"), at=day(30), now=day(38))
    assert told.tell("mentee", c.ObjectToMilestone(milestone="m1"), day(45)) == "applied"


def test_the_days_to_object_end_seven_days_later(story, day):
    told = story()
    told.tell("mentor", c.RecordMilestone(milestone="m1"), at=day(30), now=day(38))
    assert told.tell("mentee", c.ObjectToMilestone(milestone="m1"), day(45) + timedelta(seconds=1)) == "too_late"


def without_its_slots(story, meets, milestones, *talks: datetime, revision: int = REVISION):
    """The programme ended in an outage before anybody could plan the slots that a pause, from meeting 2 to meeting 3, had dropped."""
    rules = (*milestones(1), MilestoneRule(id="closed", when="closing_held"))
    told = story(meetings=4, milestones=rules, revision=revision).met(1)
    told.operator(c.Pause(), meets(2) + HOUR)
    told.operator(c.Resume(), meets(3))
    inbox = [told.named(c.ReportMeeting(meeting=2, held=True), "mentor", told.state.ends + HOUR)]
    inbox += [told.named(c.ReportMeeting(held_at=at, held=True), "mentee", at + HOUR) for at in talks]
    told.take(inbox, told.state.ends + 2 * HOUR)
    return told


@pytest.mark.parametrize(
    ("hours", "revision", "closed"),
    [(-1, REVISION, False), (0, REVISION, True), (24, REVISION, True), (-1, 1, True)],
    ids=["in-the-pause", "as-it-is-over", "later", "as-it-was-before-revision-2"],
)
def test_where_the_slots_never_came_a_conversation_since_they_were_asked_for_is_the_closing_one(story, meets, milestones, hours, revision, closed):
    """H7: nobody is held to a plan that never came, nor certified for a conversation from before."""
    told = without_its_slots(story, meets, milestones, meets(3, hours=hours), revision=revision)
    assert ("closed" in done_in_time(told.state)) is closed
    assert told.replan() == "too_late"
    assert ("closed" in done_in_time(told.state)) is closed
    told.until_decided()
    assert told.state.decided.done == closed


def test_a_meeting_from_before_the_pause_is_not_the_closing_one_because_no_other_was_planned(story, meets, milestones):
    told = without_its_slots(story, meets, milestones)
    assert (told.state.meeting(2).session, done_in_time(told.state)) == (1, {})
    earlier = without_its_slots(story, meets, milestones, revision=1)
    assert (earlier.state.meeting(2).session, tuple(done_in_time(earlier.state))) == (11, ("closed",))


def test_an_end_for_conduct_in_the_grace_leaves_what_was_done_as_it_was(story, meets, milestones):
    told = without_its_slots(story, meets, milestones, meets(3, hours=24))
    told.operator(c.End(reason="conduct"), told.state.now + HOUR)
    assert (told.state.decided.done, tuple(done_in_time(told.state))) == (1, ("closed",))


def test_an_extension_too_short_for_a_slot_leaves_the_last_meeting_the_closing_one_though_nobody_answered(story, meets, milestones, ends):
    told = story(milestones=(*milestones(1), MilestoneRule(id="closed", when="closing_held")))
    told.operator(c.Extend(length=iso("P1W")), meets(12) + 2 * HOUR)
    (asked,) = told.planned()
    assert asked.count == 0
    told.take([told.named(c.ReportMeeting(meeting=12, held=True), "mentor", ends + timedelta(days=1))], ends + timedelta(days=8))
    assert tuple(done_in_time(told.state)) == ("closed",)
