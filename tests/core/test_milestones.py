"""What completes a milestone and when (a report, two of them, a waiver or a fact), and what undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.policy.helping import still_helping
from mentorship.policy.milestones import milestone_facts, partner_may_object_until
from mentorship.programme import MilestoneRule, Rules

SECOND = timedelta(seconds=1)


# -- who completes a milestone --------------------------------------------------------------------------------------------


def by(story, who: str):
    return story(milestones=(MilestoneRule(id="shadowing", by=who),))


def done(told):
    return milestone_facts(told.state)[0].done_at


def test_either_may_report_by_default(story, day):
    """Milestones."""
    for side in ("mentor", "mentee"):
        assert done(by(story, "either").record("shadowing", at=day(30), by=side)) == day(30)


@pytest.mark.parametrize("first", ["mentor", "mentee"])
def test_of_two_who_report_it_the_earlier_instant_counts(story, ends, grace_ends, first):
    """Milestones, H7: what was done in time stays so, whatever the other reports about it in the grace."""
    told = by(story, "either")
    for side in ("mentor", "mentee"):
        told.record("shadowing", at=grace_ends, by=side, done_at=ends if side == first else ends + SECOND)
    assert done(told) == ends


@pytest.mark.parametrize(("who", "partner"), [("mentor", "mentee"), ("mentee", "mentor")])
def test_one_that_is_the_mentors_or_mentees_alone_is_theirs(story, day, who, partner):
    """Milestones."""
    told = by(story, who)
    assert told.tell(partner, c.RecordMilestone(milestone="shadowing"), day(30)) == "not_yours"
    assert done(told.record("shadowing", at=day(31), by=who)) == day(31)
    assert told.tell(partner, c.RecordMilestone(milestone="shadowing"), day(32)) == "not_yours"


def test_one_that_needs_both_is_done_at_the_second_confirmations_instant(story, day):
    """Milestones."""
    told = by(story, "both").record("shadowing", at=day(30), by="mentor")
    assert done(told) is None
    assert done(told.record("shadowing", at=day(40), by="mentee")) == day(40)


def test_the_second_confirmation_may_be_given_in_the_grace_for_what_was_done_in_time(story, ends, grace_ends):
    """Milestones, H7."""
    told = by(story, "both").record("shadowing", at=ends, by="mentor").record("shadowing", at=grace_ends, by="mentee", done_at=ends)
    told.until_decided()
    assert told.earned() is True


def test_a_second_confirmation_of_something_after_the_end_does_not_count(story, ends, grace_ends):
    """Milestones, H7."""
    told = by(story, "both").record("shadowing", at=ends, by="mentor").record("shadowing", at=grace_ends, by="mentee", done_at=ends + SECOND)
    told.until_decided()
    assert told.earned() is False


def test_a_report_cannot_lie_in_the_future_or_before_the_start(story, day, starts):
    """Time: `done_at` is not later than `at`."""
    told = story()
    assert told.tell("mentor", c.RecordMilestone(milestone="m1", done_at=day(30) + SECOND), day(30)) == "in_the_future"
    assert told.tell("mentor", c.RecordMilestone(milestone="m1", done_at=starts - SECOND), day(30)) == "before_start"
    assert told.tell("mentor", c.RecordMilestone(milestone="m1", done_at=starts), day(30)) == "applied"


def test_nobody_reports_the_same_twice_nor_what_a_fact_completes_nor_what_is_unknown(story, day):
    """Milestones."""
    told = story(milestones=(MilestoneRule(id="m1"), MilestoneRule(id="goal", when="goal_set"))).record("m1", at=day(1))
    assert told.tell("mentee", c.RecordMilestone(milestone="m1"), day(2)) == "already_done"
    assert told.tell("mentee", c.RecordMilestone(milestone="goal"), day(2)) == "a_fact"
    assert told.tell("mentee", c.RecordMilestone(milestone="nothing"), day(2)) == "no_such_milestone"


# -- objections, waivers, withdrawals --------------------------------------------------------------------------------------


def test_within_seven_days_the_partner_may_object_and_then_it_needs_both(story, day):
    """Milestones."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(37)) == "applied"
    assert done(told) is None
    assert [entry.name for entry in told.entries[-2:]] == ["milestone_objected", "milestone_reopened"]
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(37)) == "no_such_report"  # nor twice
    assert done(told.record("shadowing", at=day(40), by="mentee")) == day(40)


def test_there_is_nothing_to_object_to_in_what_is_unknown_a_fact_or_needs_both(story, day):
    """Milestones."""
    told = story(milestones=(MilestoneRule(id="m1"), MilestoneRule(id="goal", when="goal_set"), MilestoneRule(id="talk", by="both")))
    told.record("m1", "talk", at=day(1), by="mentor")
    answers = [told.tell("mentee", c.ObjectToMilestone(milestone=name), day(2)) for name in ("nothing", "goal", "talk", "m1")]
    assert answers == ["no_such_milestone", "a_fact", "no_such_report", "applied"]


@pytest.mark.parametrize(("who", "objects"), [("both", False), ("either", True), ("mentor", True)])
def test_a_mail_knows_whose_word_is_still_missing(story, day, ends, who, objects):
    """Milestones, H7: nobody is asked again for what they reported or objected to, and what the partner reported is not called unreported."""
    told = by(story, who).record("shadowing", at=day(30), by="mentor")
    if objects:
        assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31)) == "applied"
    told.wait(ends)
    assert [(mail.to, mail.answered, mail.awaits_reader) for mail in told.mails("closing_survey")] == [
        ("mentor", ("shadowing",), ()),
        ("mentee", ("shadowing",), ()) if objects else ("mentee", (), ("shadowing",)),
    ]
    news = told.last("closing_survey", "mentor")
    told.record("shadowing", at=ends + SECOND, by="mentee", done_at=ends)
    now = still_helping(news, told.state, told.state.now)
    assert now is not None
    assert (now.answered, now.awaits_reader) == ((), ())


def test_a_report_that_was_made_first_and_comes_in_last_is_taken(story, day):
    """Time: judged by `at`."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor")
    assert told.tell("mentor", c.RecordMilestone(milestone="shadowing"), at=day(20), now=day(31)) == "applied"
    assert done(told) == day(20)
    twice = by(story, "both").record("shadowing", at=day(30), by="mentor")
    twice.tell("mentor", c.RecordMilestone(milestone="shadowing"), at=day(20), now=day(31))
    assert done(twice) is None
    assert done(twice.record("shadowing", at=day(40), by="mentee", done_at=day(10))) == day(20)


def test_an_objection_seven_days_and_a_second_later_comes_too_late(story, day):
    """Milestones."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(37) + SECOND) == "too_late"
    assert done(told) == day(30)


def test_an_objection_to_the_mentors_own_milestone_lets_the_mentee_confirm_it(story, day):
    """Milestones: then it needs both."""
    told = by(story, "mentor").record("shadowing", at=day(30), by="mentor")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31)) == "applied"
    assert done(told.record("shadowing", at=day(32), by="mentee")) == day(32)


def test_nobody_objects_to_ones_own_report_or_to_what_one_reported_as_well(story, day):
    """Milestones."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor")
    assert told.tell("mentor", c.ObjectToMilestone(milestone="shadowing"), day(31)) == "no_such_report"
    assert [partner_may_object_until(told.state, "shadowing", side, day(31)) for side in ("mentor", "mentee")] == [None, day(37)]
    told.record("shadowing", at=day(31), by="mentee")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(32)) == "no_such_report"


def test_an_objection_made_before_ones_own_report_stands_when_it_comes_in_after_it(story, day):
    """Time: judged by `at`."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor").record("shadowing", at=day(33), by="mentee")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), at=day(32), now=day(34)) == "applied"
    assert done(told) == day(33)


def test_a_wrong_report_can_be_withdrawn_by_its_author_until_the_decision(story, day, ends, grace_ends):
    """Milestones."""
    told = story().record(*(f"m{n}" for n in range(1, 8)), at=day(30))
    told.tell("mentee", c.RecordMilestone(message_id="wrong", milestone="m8"), day(40))
    assert told.tell("mentor", c.Withdraw(report="wrong"), day(41)) == "no_such_report"
    assert told.tell("mentee", c.Withdraw(report="another"), day(41)) == "no_such_report"
    assert told.tell("mentee", c.Withdraw(report="wrong"), grace_ends) == "applied"
    told.until_decided()
    assert told.earned() is False
    assert told.entries_named("milestone_reopened", milestone="m8")
    assert told.tell("mentee", c.Withdraw(report="wrong"), grace_ends + SECOND) == "decided"


def test_an_objection_goes_with_the_report_that_it_was_about(story, day):
    """Milestones."""
    told = by(story, "either")
    told.tell("mentor", c.RecordMilestone(message_id="first", milestone="shadowing"), day(30))
    told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31))
    told.tell("mentor", c.Withdraw(report="first"), day(32))
    assert done(told.record("shadowing", at=day(33), by="mentee")) == day(33)


def test_an_objection_goes_though_who_objected_has_reported_it_since(story, day):
    """Milestones: the objection has nothing left to be about."""
    told = by(story, "either")
    told.tell("mentor", c.RecordMilestone(message_id="first", milestone="shadowing"), day(30))
    told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31))
    told.record("shadowing", at=day(33), by="mentee")
    told.tell("mentor", c.Withdraw(report="first"), day(34))
    assert done(told) == day(33)


def test_what_only_the_mentor_reports_is_not_done_by_the_mentees_word_once_theirs_is_withdrawn(story, day):
    """Milestones: the mentee could add their report only because they had objected."""
    told = by(story, "mentor")
    told.tell("mentor", c.RecordMilestone(message_id="first", milestone="shadowing"), day(30))
    told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31))
    told.record("shadowing", at=day(33), by="mentee")
    told.tell("mentor", c.Withdraw(report="first"), day(34))
    assert done(told) is None
    assert done(told.record("shadowing", at=day(35), by="mentor")) == day(35)


# -- facts ----------------------------------------------------------------------------------------------------------------


def facts(rules) -> Rules:
    return rules(
        milestones=(
            MilestoneRule(id="aligned", when="expectations_confirmed"),
            MilestoneRule(id="goal", when="goal_set"),
            MilestoneRule(id="progress", when="goal_progressed"),
            MilestoneRule(id="three", when={"meetings_held": 3}),
            MilestoneRule(id="closing", when="closing_held"),
        )
    )


def test_facts_complete_their_milestones(story, rules, meets, day):
    """H6, H10, H11, Milestones."""
    told = story(rules=facts(rules))
    told.both(c.ConfirmExpectations(expectations=c.EXPECTATIONS), meets(1, hours=1))
    told.tell("mentee", c.SetGoal(goal="g-1", note_id="n-1"), meets(1, hours=2))
    told.tell("mentor", c.ReportGoal(goal="g-1", progress="progressed"), day(30))
    told.met(2, 4, 5, 12)
    found = {fact.id: fact.done_at for fact in milestone_facts(told.state)}
    assert found == {"aligned": meets(1, hours=1), "goal": meets(1, hours=2), "progress": day(30), "three": meets(5), "closing": meets(12)}
    told.until_decided()
    assert told.earned() is True


def test_meetings_held_are_counted_in_the_order_in_which_they_were_held(story, rules, meets):
    """Milestones: extra meetings are included, whichever were reported first."""
    told = story(rules=facts(rules)).met(1, 2, 3)
    assert told.tell("mentor", c.ReportMeeting(held_at=meets(1, hours=72), held=True), meets(3, hours=2)) == "applied"
    assert milestone_facts(told.state)[3].done_at == meets(2)


def test_meetings_reported_in_the_grace_count_by_when_they_were_held(story, rules, meets, ends, grace_ends):
    """H7: the last meetings were held in time, however late somebody reported them."""
    told = story(rules=facts(rules))
    for n in (10, 11, 12):
        assert told.tell("mentor", c.ReportMeeting(meeting=n, held=True), grace_ends - timedelta(hours=1)) == "applied"
    found = {fact.id: fact.done_at for fact in milestone_facts(told.state)}
    assert (found["three"], found["closing"]) == (meets(12), meets(12))


@pytest.mark.parametrize(("first", "second"), [("mentor", "mentee"), ("mentee", "mentor")])
def test_expectations_are_confirmed_when_the_second_of_the_two_has(story, rules, ends, first, second):
    """H11, H7."""
    told = story(rules=facts(rules))
    told.tell(first, c.ConfirmExpectations(expectations=c.EXPECTATIONS), ends)
    assert milestone_facts(told.state)[0].late_at is None
    told.tell(second, c.ConfirmExpectations(expectations=c.EXPECTATIONS), ends + SECOND)
    assert (milestone_facts(told.state)[0].done_at, milestone_facts(told.state)[0].late_at) == (None, ends + SECOND)


def test_of_several_facts_the_first_counts(story, rules, day, meets, ends):
    """H6, H7: another goal, another report about one in the grace, or a second closing conversation takes nothing back."""
    told = story(rules=facts(rules))
    for n in (1, 2):
        told.tell("mentee", c.SetGoal(goal=f"g-{n}"), day(10 * n))
    assert told.tell("mentor", c.ReportMeeting(held_at=meets(12, hours=30), held=True), meets(12, hours=40)) == "applied"
    told.met(12)
    told.tell("mentor", c.ReportGoal(goal="g-2", progress="progressed"), ends)
    for n in (1, 2):
        assert told.tell("mentor", c.ReportGoal(goal=f"g-{n}", progress="achieved"), ends + SECOND) == "applied"
    found = {fact.id: fact.done_at for fact in milestone_facts(told.state)}
    assert found == {"aligned": None, "goal": day(10), "progress": ends, "three": None, "closing": meets(12)}


def test_a_fact_after_the_end_does_not_count(story, rules, ends):
    """H7."""
    told = story(rules=facts(rules))
    told.both(c.ConfirmExpectations(expectations=c.EXPECTATIONS), ends + SECOND)
    assert {fact.id for fact in milestone_facts(told.state) if fact.done_at} == set()


def test_an_actions_only_goal_report_is_progress_when_it_says_so(story, rules, day):
    """H6: reporting progress counts as well as achievement; merely being under way counts as neither."""
    told = story(rules=facts(rules))
    told.tell("mentee", c.SetGoal(goal="g-1"), day(10))
    told.tell("mentee", c.ReportGoal(goal="g-1", progress="in_progress"), day(11))
    assert milestone_facts(told.state)[2].done_at is None
    told.tell("mentee", c.ReportGoal(goal="g-1", progress="achieved"), day(12))
    assert milestone_facts(told.state)[2].done_at == day(12)
