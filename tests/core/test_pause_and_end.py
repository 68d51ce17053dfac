"""P6 and *Pause, end*: the plan changes, and nobody loses what they did."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import IssueCertificates
from mentorship.policy.milestones import done_in_time, earned, milestone_facts
from mentorship.policy.phase import phase
from mentorship.programme import MilestoneRule, Pause

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
CLOSING = 11
WISH = c.SubmitPrivately(body=c.EndWish())


# -- pause ----------------------------------------------------------------------------------------------------------------


def test_a_pause_drops_future_slots_and_moves_the_end_by_its_length(story, meets, day, ends, grace_ends):
    told = story().confirmed().met(1, 2)
    assert told.operator(c.Pause(until=day(60)), day(30)) == "applied"
    assert phase(told.state) == "paused"
    assert [meeting.n for meeting in told.state.meetings] == [1, 2]
    assert [(mail.to, mail.change) for mail in told.mails("rescheduled")] == [("mentor", "paused"), ("mentee", "paused")]
    told.wait(day(60))
    assert (told.state.ends, told.state.reporting_ends) == (ends + timedelta(days=30), grace_ends + timedelta(days=30))
    assert told.planned()[-1].count == 10


def test_nothing_goes_out_in_a_pause(story, day):
    told = story().met(1)
    told.operator(c.Pause(until=day(100)), day(9))
    before = len(told.mails())
    told.wait(day(100) - HOUR)
    assert len(told.mails()) == before


def test_a_resumed_plan_is_applied_with_its_slots_and_the_closing_session_on_the_last(story, day):
    """Meetings: the last planned meeting takes the closing session, also after a pause."""
    told = story().confirmed().met(1, 2)
    told.operator(c.Pause(until=day(60)), day(30))
    told.wait(day(60))
    assert told.replan() == "applied"
    assert [meeting.n for meeting in told.state.meetings] == list(range(1, 13))
    assert [(mail.to, mail.change) for mail in told.mails("rescheduled")][2:] == [("mentor", "resumed"), ("mentee", "resumed")]
    told.met(*range(3, 13))
    assert [meeting.session for meeting in told.state.meetings] == list(range(12))


@pytest.mark.parametrize("resumed", [True, False])
def test_a_meeting_reported_while_slots_are_still_to_come_is_not_the_closing_one(story, meets, resumed):
    told = story()
    told.operator(c.Pause(), meets(2) + HOUR)
    if resumed:
        told.operator(c.Resume(), meets(2) + HOUR)
    told.met(2)
    assert told.state.meeting(2).session == 0


def test_the_last_meeting_reported_in_a_pause_that_dropped_nothing_is_the_closing_one(story, meets):
    told = story()
    told.operator(c.Pause(), meets(12) + HOUR / 2)
    told.met(12)
    assert told.state.meeting(12).session == CLOSING


def test_nor_does_such_a_pause_keep_an_extra_one_from_being_it(story, meets):
    told = story()
    told.operator(c.Pause(), meets(12) + HOUR)
    told.tell("mentor", c.ReportMeeting(held_at=meets(12) + DAY, held=True), meets(12) + 2 * DAY)
    assert told.state.extras[0].session == CLOSING


def test_a_resumed_pair_without_slots_to_plan_hears_the_new_end(story, meets, ends):
    told = story()
    told.operator(c.Pause(), meets(12) + HOUR)
    told.operator(c.Resume(), meets(12) + HOUR + WEEK)
    assert [(mail.change, mail.ends) for mail in told.mails("rescheduled", "mentor")][-1] == ("resumed", ends + WEEK)


def test_facts_are_accepted_meanwhile(story, day):
    told = story()
    told.operator(c.Pause(until=day(60)), day(30))
    assert told.tell("mentee", c.RecordMilestone(milestone="m1"), day(40)) == "applied"
    assert told.tell("mentor", c.SetGoal(goal="g-1"), day(40)) == "applied"
    assert told.tell("mentor", c.ReportMeeting(meeting=2, held=True), day(40)) == "applied"
    assert told.tell("mentor", c.ReportMeeting(held_at=day(39), held=True), day(40)) == "applied"


def test_nobody_moves_a_meeting_into_a_pause(story, meets):
    """H16: the raiser of a concern may put the meetings on hold at once."""
    told = story().confirmed()
    to = meets(1) + timedelta(days=3)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.operator(c.Pause(), meets(1) + HOUR)
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) + 2 * HOUR) == "paused"


def test_the_pauses_together_are_at_most_the_programmes_longest(story, day, ends):
    told = story(pause=Pause(longest=iso("P28D")))
    told.operator(c.Pause(until=day(400)), day(10))
    told.wait(day(38))
    assert phase(told.state) != "paused"
    assert told.state.ends == ends + timedelta(days=28)
    assert told.operator(c.Pause(), day(40)) == "used_up"


def test_the_end_never_comes_in_a_pause(story, ends):
    told = story()
    told.operator(c.Pause(), ends - HOUR)
    told.wait(ends + 10 * WEEK)
    assert phase(told.state) == "paused"
    told.operator(c.Resume(), ends + 10 * WEEK)
    told.wait(ends + 10 * WEEK + HOUR)
    assert phase(told.state) == "closing"


def test_pausing_again_before_the_new_plan_came_loses_no_slot(story, day):
    told = story().met(1)
    told.operator(c.Pause(), day(10))
    told.operator(c.Resume(), day(20))
    told.operator(c.Pause(), day(20) + HOUR)
    told.operator(c.Resume(), day(30))
    assert told.planned()[-1].count == 11
    assert told.replan() == "applied"
    assert len(told.state.meetings) == 12


def test_a_meeting_cancelled_far_ahead_does_not_hold_up_the_new_plan(story, day):
    told = story().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=12), day(9))
    told.operator(c.Pause(), day(10))
    told.operator(c.Resume(), day(38))
    assert told.replan() == "applied"
    coming = [meeting for meeting in told.state.meetings if meeting.cancelled is None and meeting.n > 1]
    assert len(coming) == 10
    assert coming[0].start < day(38) + 3 * WEEK


def test_the_rhythm_goes_on_from_the_latest_meeting(story, meets):
    """The rhythm starts from that meeting wherever it was moved to, and whichever number it has."""
    told = story(meetings=3).met(1)
    told.both(c.MoveMeeting(meeting=2, to=meets(3, 30)), meets(1, 48))
    told.operator(c.Extend(length=iso("P4W")), meets(2))
    assert told.planned()[-1].last_start == meets(3, 30)
    assert told.replan() == "applied"
    assert [meeting.start for meeting in told.state.meetings[3:]] == [meets(4, 30), meets(5, 30)]


def test_the_rhythm_goes_on_from_one_that_was_called_off_once_its_time_has_passed(story, meets):
    told = story(meetings=3).met(1)
    for n in (2, 3):
        told.tell("mentor", c.CancelMeeting(meeting=n), meets(1, 48))
    told.operator(c.Extend(length=iso("P4W")), meets(2))
    assert told.planned()[-1].last_start == meets(2)


def test_the_answer_to_an_older_question_is_ignored(story, day):
    told = story().met(1)
    told.operator(c.Pause(), day(10))
    told.operator(c.Resume(), day(20))
    older = told.planned()[-1]
    told.operator(c.Extend(length=iso("P4W")), day(20) + HOUR)
    told.take([c.ApplyPlan(message_id="late", effect=older.id, number=older.number)], day(20) + 2 * HOUR)
    assert told.entries_named("apply_plan")[-1].reason == "too_late"
    assert told.planned()[-1].count == 13
    assert told.replan() == "applied"


def test_what_is_past_when_a_plan_comes_or_not_before_the_end_is_not_planned(story, slot, day, ends):
    """P5: the same plan also comes in only once."""
    told = story(meetings=1).met(1)
    told.operator(c.Extend(length=iso("P26W")), day(20))
    asked = told.planned()[-1]
    starts = (day(21), day(23), day(40), ends + 26 * WEEK)
    told.take([c.ApplyPlan(message_id="plan", number=asked.number, slots=tuple(map(slot, starts)))], day(23))
    assert [meeting.start for meeting in told.state.meetings[1:]] == [day(40)]
    told.take([c.ApplyPlan(message_id="again", number=asked.number, slots=(slot(day(50)),))], day(24))
    assert told.entries_named("apply_plan")[-1].reason == "too_late"


@pytest.mark.parametrize(("meetings", "planned"), [(0, [20, 60]), (1, [60])])
def test_a_plan_begins_behind_the_latest_meeting(story, slot, day, meetings, planned):
    told = story(meetings=meetings)
    if meetings:
        told.both(c.MoveMeeting(meeting=1, to=day(40)), day(1))
    told.operator(c.Extend(length=iso("P26W")), day(10))
    told.take([c.ApplyPlan(message_id="plan", number=told.planned()[-1].number, slots=(slot(day(20)), slot(day(60))))], day(10))
    assert [meeting.start for meeting in told.state.meetings[meetings:]] == [day(n) for n in planned]


def test_a_meeting_that_had_moved_behind_others_is_dropped_and_the_others_keep_their_numbers(story, meets):
    told = story(meetings=3)
    told.both(c.MoveMeeting(meeting=1, to=meets(4)), meets(1, -48))
    told.operator(c.Pause(), meets(3, 48))
    assert [meeting.n for meeting in told.state.meetings] == [2, 3]
    told.met(2)
    assert told.state.meeting(2).start == meets(2)
    assert (told.state.meeting(1), told.state.meeting(2).held, told.state.meeting(3).held) == (None, True, False)


def test_a_line_is_resolved_while_it_stands(story, day):
    told = story()
    assert told.operator(c.Resolve(line="no_meeting"), day(27)) == "no_such_line"
    assert told.operator(c.Resolve(line="no_meeting"), day(28)) == "no_such_line"
    told.wait(day(28))
    assert told.operator(c.Resolve(line="no_meeting"), day(28)) == "applied"


def test_two_extensions_that_an_outage_brings_to_one_instant_are_two_questions(story, day, ends):
    """P5, P6: the answer to the first question does not include the second's weeks, and removes none of them."""
    told = story().met(1)
    orders = [told.named(c.Extend(length=iso("P4W")), "o-ana", day(1, hours=hours)) for hours in (1, 2)]
    told.take(orders, day(20))
    first, second = told.planned()
    assert first.after == second.after
    answers = [c.ApplyPlan(message_id=f"plan.{one.id}", number=one.number, ends=one.ends, reporting_ends=one.ends + WEEK) for one in (first, second)]
    told.take(answers[:1], day(20))
    assert told.entries_named("apply_plan")[-1].reason == "too_late"
    told.take(answers[1:], day(20))
    assert (told.state.ends, told.state.plan_request) == (ends + 8 * WEEK, None)


# -- end ------------------------------------------------------------------------------------------------------------------


def enough(told, at):
    return told.record(*(f"m{n}" for n in range(1, 9)), at=at)


def test_either_may_end_without_a_reason_and_the_other_hears_only_that_it_ended(story, day):
    told = story()
    assert told.tell("mentee", WISH, day(50)) == "applied"
    assert phase(told.state) == "ended"
    mails = told.mails("ended")
    assert [mail.to for mail in mails] == ["mentor", "mentee"]
    mentors, mentees = (mail.model_dump(exclude={"id", "to"}) for mail in mails)
    assert mentors == mentees  # nothing in them says who
    assert told.state.ended.reason == "by_pair"


@pytest.mark.parametrize(("reason", "earned"), [("operator", True), ("stepped_away", True), ("rematch", True), ("conduct", False)])
def test_at_or_above_the_share_then_both_are_certified_unless_the_end_was_for_conduct(story, day, reason, earned):
    told = enough(story(), day(49))
    assert told.operator(c.End(reason=reason), day(50)) == "applied"
    assert told.earned() is earned
    issued = [effect for effect in told.effects if isinstance(effect, IssueCertificates)]
    assert [effect.completed_at for effect in issued] == ([day(50)] if earned else [])
    assert [mail.certificate_follows for mail in told.mails("ended")] == [earned, earned]  # the certificate comes in a mail of its own, and later


def test_the_wish_of_one_at_or_above_the_share_certifies_both(story, day):
    told = enough(story(), day(49))
    told.tell("mentor", WISH, day(50))
    told.issue()
    assert [(mail.to, mail.certificate) for mail in told.mails("result")] == [("mentor", "cert-of-the-mentor"), ("mentee", "cert-of-the-mentee")]


def test_below_the_share_an_early_end_certifies_nobody_and_says_no_more(story, day):
    told = story()
    told.tell("mentor", WISH, day(50))
    assert told.earned() is False
    assert told.mails("result") == []


def test_what_is_done_after_an_early_end_does_not_count_any_more(story, day):
    told = story().record(*(f"m{n}" for n in range(1, 8)), at=day(49))
    told.tell("mentor", WISH, day(50))
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=day(49)), day(51)) == "over"
    assert told.operator(c.WaiveMilestone(milestone="m8"), day(51)) == "over"
    assert told.earned() is False


@pytest.mark.parametrize("waits", [c.Pause(), c.Extend(length=iso("P28D"))], ids=["in-a-pause", "while-a-plan-is-asked-for"])
@pytest.mark.parametrize("share", [10, 80])
def test_an_end_while_slots_wait_makes_no_earlier_meeting_the_closing_one(story, milestones, meets, waits, share):
    """H7, P6: what was not done when it was decided is done for no card, no report, no mail and no next pair either."""
    told = story(meetings=2, milestones=(*milestones(1), MilestoneRule(id="closed", when="closing_held")), share=share).met(1).record("m1", at=meets(1, 2))
    told.operator(waits, meets(2) - HOUR if isinstance(waits, c.Pause) else meets(2) + HOUR)
    told.extra(meets(2) + DAY)
    assert tuple(done_in_time(told.state)) == ("m1",)
    told.operator(c.End(reason="rematch"), meets(2) + 3 * DAY)
    assert told.state.decided.done == 1
    assert [one.milestone for one in earned(told.state)] == ["m1"]
    told.issue()
    assert [[fact.id for fact in mail.milestones if fact.done_at is not None] for mail in told.mails("result")] == ([["m1"]] * 2 if share == 10 else [])


def test_an_end_closes_the_coordinators_lines(story, day, meets):
    """P7."""
    told = story()
    told.wait(day(50))
    opened = set(told.state.attention)
    assert opened
    told.tell("mentor", WISH, day(50))
    assert {effect.line for effect in told.effects if effect.effect == "tell_coordinators" and not effect.opened} == opened
    assert told.entries[-1].name == "mentorship_ended"


def test_the_decision_closes_them_as_well(story):
    """P7."""
    told = story()
    told.until_decided()
    lines = {effect.line: effect.opened for effect in told.effects if effect.effect == "tell_coordinators"}
    assert lines
    assert not any(lines.values())


def test_in_the_grace_nobody_wishes_an_end_and_nothing_is_decided_early(story, ends):
    told = story()
    assert told.tell("mentor", WISH, ends + HOUR) == "closing"
    assert told.earned() is None
    assert told.operator(c.Pause(), ends + HOUR) == "closing"
    assert told.operator(c.Extend(length=iso("P1W")), ends + HOUR) == "closing"


def test_a_stranger_can_do_nothing(story, day):
    told = story()
    before = told.state
    for command in (
        c.RecordMilestone(milestone="m1"),
        c.CancelMeeting(meeting=1),
        WISH,
        c.AskExtension(),
        c.ApplyPlan(),
        c.NoteCertificates(certificates={"p-mentor": "x"}),
    ):
        assert told.tell("p-stranger", command, day(1)) == "not_a_participant"
    assert told.state.model_copy(update={"seq": 0, "recent": ()}) == before.model_copy(update={"seq": 0, "recent": ()})


def test_what_is_done_in_a_pause_counts_also_behind_the_old_end(story, day, ends):
    """Pause: facts are accepted meanwhile and the end moves by the pause's length, even if the mentorship ends before the pause does."""
    told = story().confirmed().record(*(f"m{n}" for n in range(1, 8)), at=day(100))
    told.operator(c.Pause(), ends - 2 * DAY)
    told.record("m8", at=ends + 10 * DAY)
    assert told.tell("mentee", c.SetGoal(goal="goal-1"), ends + 11 * DAY) == "applied"
    assert told.tell("mentee", c.AskExtension(), ends + 11 * DAY) == "applied"
    told.operator(c.End(reason="stepped_away", leaver="p-mentor"), ends + 15 * DAY)
    assert told.state.decided.certified == ("mentor", "mentee")
    assert {fact.id for fact in milestone_facts(told.state) if fact.done_at is not None} == {f"m{n}" for n in range(1, 9)}
    assert told.state.ends == ends + 17 * DAY


@pytest.mark.parametrize("reason", ["operator", "stepped_away"])
def test_in_the_grace_an_end_decides_nothing_before_its_time(story, day, ends, reason):
    """H7: reports are accepted until the reporting grace ends, and then certificates are decided; that is what people have been told."""
    told = story().confirmed().record(*(f"m{n}" for n in range(1, 8)), at=day(100))
    assert told.operator(c.End(reason=reason), ends + DAY) == "closing"
    told.record("m8", at=ends + 2 * DAY, done_at=ends - DAY)
    told.until_decided()
    assert told.earned()


def test_an_end_for_conduct_in_the_grace_is_told_in_one_mail(story, day, ends):
    told = story().confirmed().record(*(f"m{n}" for n in range(1, 10)), at=day(100)).record("m10", at=ends + HOUR)
    assert told.operator(c.End(reason="conduct"), ends + DAY) == "applied"
    assert (told.earned(), told.state.decided.done) == (False, 9)
    assert [mail.to for mail in told.mails("ended")] == ["mentor", "mentee"]
    assert not told.mails("result")
