"""Calm: few mails, each sent once, and no reminder that goes on without an answer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import get_args

import pytest

from mentorship import commands as c
from mentorship import events as e
from mentorship.effects import SPREAD
from mentorship.evolve import ACTS
from mentorship.mail_plan import expected_mails
from mentorship.programme import Mail, MilestoneRule

WEEK = timedelta(days=7)
NOT_THEIR_ACT = {
    e.ProposalExpired,
    e.AbsenceClaimed,
    e.AbsenceStood,
    e.AbsenceDropped,
    e.LadderClimbed,
    e.EpisodeEnded,
    e.LeaveNoted,
    e.LeaveBegan,
    e.LeaveOver,
}
"""Events that happen to somebody, or that somebody is told about."""
JUDGED_APART = {e.MeetingCancelled, e.MeetingExcused, e.AbsenceDisputed}
"""Events whose author depends on more than their kind, as `_acted` in evolve.py decides."""


def handbook(rules):
    """The ten milestones of a usual programme, half of them completed by facts."""
    facts = ("expectations_confirmed", "goal_set", "goal_progressed", "closing_held", {"meetings_held": 3}, {"meetings_held": 9})
    return rules(
        milestones=(
            *(MilestoneRule(id=f"fact-{n}", when=fact) for n, fact in enumerate(facts)),
            *(MilestoneRule(id=by, by=by) for by in ("either", "both", "mentor", "mentee")),
        )
    )


def test_a_diligent_person_gets_at_most_twenty_mails_in_twenty_six_weeks(rules, plan):
    mails = expected_mails(handbook(rules), plan())
    for side in ("mentor", "mentee"):
        kinds = Counter(mail.kind for mail in mails if mail.to == side)
        assert kinds == {"welcome": 1, "prepare": 12, "halfway": 1, "heads_up": 1, "closing_survey": 1, "result": 1}
        assert kinds.total() <= 20


def test_a_diligent_person_never_comes_near_the_budget(rules, plan):
    """At most 6 mails a person in 30 days, certificate and changes exempt."""
    for side in ("mentor", "mentee"):
        due = [mail.due for mail in expected_mails(handbook(rules), plan()) if mail.to == side and mail.kind != "result"]
        assert max(sum(at <= other < at + timedelta(days=30) for other in due) for at in due) <= 6


def test_what_a_dry_run_counts_is_sent(rules, plan):
    """A guide that arrives as its meeting begins helps nobody: with `prepare: PT0S` the dry run counted twelve, and none was sent."""
    planned = plan()
    late = planned.model_copy(update={"slots": tuple(slot.model_copy(update={"prepare_at": slot.start}) for slot in planned.slots)})
    assert {mail.kind for mail in expected_mails(handbook(rules), late)} == {"welcome", "halfway", "heads_up", "closing_survey", "result"}


def test_what_whole_cohorts_get_at_one_instant_is_spread(rules, plan, story):
    """If two pairs meet at different hours and a mail still falls due for both at one instant, `SPREAD` has to know that mail."""

    def due(slots):
        planned = plan().model_copy(update={"slots": slots})
        silent = story(rules=handbook(rules), plan=planned).run_out()
        mails = [*expected_mails(handbook(rules), planned), *silent.mails()]
        return {(mail.kind, mail.due) for mail in mails}

    later = [slot.model_copy(update={name: getattr(slot, name) + timedelta(hours=3) for name in type(slot).model_fields}) for slot in plan().slots]
    at_one_instant = {kind for kind, _ in due(plan().slots) & due(tuple(later))}
    assert at_one_instant >= {"welcome", "halfway", "heads_up", "closing_survey", "result"}
    assert at_one_instant - SPREAD == set()


def test_of_every_event_of_one_side_it_is_known_whether_it_is_their_act():
    """An act answers the follow-ups that wait for its author; otherwise they would be taken for silent."""
    of_one_side = {kind for kind in get_args(get_args(e.AnyEvent)[0]) if "side" in kind.model_fields}
    assert of_one_side - {*ACTS, *JUDGED_APART} == NOT_THEIR_ACT


def test_a_typical_person_gets_at_most_thirty(story, rules, meets, day):
    """Somebody who forgets to report every other meeting, cancels one and moves another."""
    told = story(rules=handbook(rules)).confirmed()
    for n in range(1, 13):
        if n == 4:
            told.tell("mentee", c.CancelMeeting(meeting=4), meets(4) - timedelta(days=2))
        elif n == 7:
            for side in ("mentee", "mentor"):
                told.tell(side, c.MoveMeeting(meeting=7, to=meets(7) + timedelta(days=2)), meets(7) - timedelta(days=1))
        elif n % 2:
            told.wait(told.state.meeting(n).start)
            told.met(n)
        else:
            told.wait(meets(n) + timedelta(days=2))
    told.run_out()
    for side in ("mentor", "mentee"):
        assert len(told.mails(to=side)) <= 30


def test_even_who_never_does_anything_is_left_in_peace(story):
    """Follow-ups stop after two unanswered ones."""
    told = story().run_out()
    for side in ("mentor", "mentee"):
        kinds = Counter(mail.kind for mail in told.mails(to=side))
        assert sum(kinds[kind] for kind in ("ask", "alignment_reminder", "survey_reminder", "check_in")) == 2
        assert kinds.total() <= 20


def test_follow_ups_go_on_once_the_person_did_anything(story, meets):
    told = story()
    told.wait(meets(4))
    assert len(told.mails("ask", "mentor") + told.mails("alignment_reminder", "mentor")) == 2
    told.tell("mentor", c.CancelMeeting(meeting=6, reason="work"), meets(4))
    told.wait(meets(5))
    assert len(told.mails("ask", "mentor")) == len(told.mails("ask", "mentee")) + 1


def test_every_kind_of_answer_counts_as_one(story, meets):
    """Excusing, disputing and agreeing to a move are answers too."""
    told = story().confirmed()
    told.wait(meets(4))
    assert told.state.mentor.unanswered == 2
    told.tell("mentee", c.CancelMeeting(meeting=5), meets(4))
    told.tell("mentor", c.Excuse(meeting=5), meets(4))
    assert told.state.mentor.unanswered == 0
    told.wait(meets(8))
    assert told.state.mentor.unanswered == 2
    told.tell("mentee", c.MoveMeeting(meeting=9, to=meets(10) - timedelta(days=3)), meets(8))
    told.tell("mentor", c.MoveMeeting(meeting=9, to=meets(10) - timedelta(days=3)), meets(8))
    assert told.state.mentor.unanswered == 0


def test_without_follow_ups_nobody_is_asked_again(story):
    told = story(mail=Mail(follow_ups=0)).run_out()
    assert {mail.kind for mail in told.mails()}.isdisjoint({"ask", "alignment_reminder", "survey_reminder", "check_in"})


def test_no_mail_is_written_twice(story):
    told = story().confirmed().met(1, 2, 3).run_out()
    seen = Counter((mail.kind, mail.to, mail.meeting.meeting if mail.meeting else None) for mail in told.mails())
    assert set(seen.values()) == {1}
    assert len({effect.id for effect in told.effects}) == len(told.effects)


def test_the_half_way_mail_stands_for_one_a_milestone(story, starts, ends):
    told = story().record("m1", "m2", at=starts + WEEK)
    told.run_out()
    (mail,) = told.mails("halfway", "mentee")
    assert mail.due == starts + (ends - starts) / 2
    assert [fact.id for fact in mail.milestones if fact.done_at] == ["m1", "m2"]
    assert not [mail for mail in told.mails() if mail.due == starts + WEEK]


def test_what_tells_how_it_stands_tells_what_earns_it(story, meets, ends):
    """Calm, H7: mails that are sent anyway list the milestones."""
    told = story()
    told.record("m1", at=ends)
    told.run_out()
    for kind in ("welcome", "prepare", "ask", "halfway", "heads_up", "closing_survey", "result"):
        assert {(mail.to, len(mail.milestones), mail.needed) for mail in told.mails(kind)} == {("mentor", 10, 8), ("mentee", 10, 8)}, kind
    assert not any(mail.milestones for mail in told.mails() if mail.kind in ("alignment_reminder", "check_in"))


def test_three_weeks_before_the_end_both_hear_what_still_earns_it(story, day, ends):
    """`7 of 10; one more earns it`."""
    told = story().record(*(f"m{n}" for n in range(1, 8)), at=day(100))
    told.run_out()
    mails = told.mails("heads_up")
    assert [(mail.to, mail.due) for mail in mails] == [("mentor", ends - 3 * WEEK), ("mentee", ends - 3 * WEEK)]
    assert [(sum(fact.done_at is not None for fact in mail.milestones), mail.needed) for mail in mails] == [(7, 8), (7, 8)]


def test_no_twenty_four_hour_reminder(story, meets):
    told = story()
    told.wait(meets(1) - timedelta(days=2))
    before = len(told.mails())
    told.wait(meets(1))
    assert len(told.mails()) == before


@pytest.mark.parametrize(
    ("why", "unanswered"),
    [("over_budget", 0), ("too_late", 0), ("bounced", 0), ("no_address", 0), ("undeliverable", 0), ("superseded", 1), ("unsubscribed", 1)],
)
def test_a_follow_up_that_nobody_got_is_not_left_unanswered(story, meets, why, unanswered):
    """Follow-ups stop after two unanswered ones. Those for which there was no room or no mailbox do not count, and whoever opted out gets none."""
    told = story()
    told.wait(meets(1) + timedelta(days=2))
    (ask,) = told.mails("ask", "mentor")
    assert told.state.mentor.unanswered == 1
    told.take([c.NoteFailedNotice(message_id="failed", by=c.SERVICE, effect=ask.id, notice="ask", to="mentor", meeting=1, why=why)], told.state.now)
    assert (told.state.mentor.unanswered, told.state.mentee.unanswered) == (unanswered, 1)


@pytest.mark.parametrize(("notice", "answered"), [("prepare", False), ("ask", True)])
def test_what_asked_for_no_answer_or_was_answered_takes_none_off(story, meets, notice, answered):
    told = story()
    told.wait(meets(1) + timedelta(days=2))
    if answered:
        told.tell("mentor", c.RecordMilestone(milestone="m1"), told.state.now)
    told.take([c.NoteFailedNotice(message_id="failed", by=c.SERVICE, effect="9.0", notice=notice, to="mentor", meeting=1, why="bounced")], told.state.now)
    assert told.state.mentor.unanswered == (0 if answered else 1)
