"""H7: at least the share of the milestones by the end of the programme earns each a certificate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.effects import IssueCertificates
from mentorship.policy.milestones import is_complete, milestone_facts, needed, partner_may_object_until
from mentorship.programme import MilestoneRule, Rules

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("total", "least"), [(5, 4), (6, 5), (7, 6), (8, 7), (9, 8), (10, 8), (12, 10), (13, 11)])
def test_the_share_in_whole_numbers(story, milestones, ends, total, least):
    """H7: 5→4, 6→5, 7→6, 8→7, 9→8, 10→8, 12→10, 13→11."""
    assert needed(total, 80) == least
    for done, earned in ((least, True), (least - 1, False)):
        told = story(milestones=milestones(total)).record(*(f"m{n}" for n in range(1, done + 1)), at=ends).run_out()
        assert told.earned() is earned
        assert bool(any(isinstance(effect, IssueCertificates) for effect in told.effects)) is earned


def test_a_share_of_a_hundred_needs_all_and_of_one_needs_one():
    """H7."""
    assert [is_complete(done, 50, 100) for done in (49, 50)] == [False, True]
    assert [is_complete(done, 50, 1) for done in (0, 1)] == [False, True]
    assert [is_complete(done, 3, 67) for done in (2, 3)] == [False, True]


def test_the_least_number_that_earns_it_is_what_mails_say():
    """H7, Calm: "7 of 10; one more earns it", of every programme that there can be."""
    everyone = [(total, share) for total in range(1, 51) for share in range(1, 101)]
    assert [needed(*one) for one in everyone] == [next(done for done in range(one[0] + 1) if is_complete(done, *one)) for one in everyone]


def test_a_programme_without_milestones_is_refused(rules):
    """H7."""
    with pytest.raises(ValueError, match="milestones"):
        rules(milestones=())


def eight_of_ten_but_one(story, ends):
    return story().record(*(f"m{n}" for n in range(1, 8)), at=ends - timedelta(days=1))


def test_a_milestone_done_at_the_end_instant_counts(story, ends):
    """H7."""
    told = eight_of_ten_but_one(story, ends).record("m8", at=ends)
    assert "m8" in told.state.reached
    told.until_decided()
    assert told.earned() is True


def test_a_milestone_done_one_second_after_the_end_does_not_count(story, ends):
    """H7."""
    told = eight_of_ten_but_one(story, ends).record("m8", at=ends + SECOND)
    assert "m8" not in told.state.reached
    told.until_decided()
    assert told.earned() is False


def test_a_milestone_done_in_time_may_be_reported_until_the_grace_ends(story, ends, grace_ends):
    """H7: what counts is when it was done."""
    told = eight_of_ten_but_one(story, ends).record("m8", at=grace_ends, done_at=ends)
    told.until_decided()
    assert told.earned() is True


def test_a_report_one_second_after_the_grace_comes_too_late(story, ends, grace_ends):
    """H7."""
    told = eight_of_ten_but_one(story, ends)
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=ends), grace_ends + SECOND) == "decided"
    told.until_decided()
    assert told.earned() is False


def test_a_report_of_the_last_instant_counts_though_it_comes_in_a_little_later(story, ends, grace_ends):
    """P5, H7: a door took it in; the way from there makes nobody late."""
    told = eight_of_ten_but_one(story, ends)
    told.wait(grace_ends + 40 * SECOND)
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=ends), grace_ends, now=grace_ends + 50 * SECOND) == "applied"
    told.until_decided()
    assert told.earned() is True


def test_what_comes_in_after_the_decision_changes_nothing(story, ends, grace_ends):
    """H7: also what a door took in before it, and what an operator would add."""
    told = eight_of_ten_but_one(story, ends)
    told.until_decided()
    later = told.state.now + SECOND
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=ends), at=grace_ends, now=later) == "decided"
    for order in (c.WaiveMilestone(milestone="m8"), c.End(reason="conduct"), c.Flag(line="reporting_line")):
        assert told.operator(order, later) == "decided"


def test_in_a_programme_of_seconds_the_decision_waits_a_hundredth_of_its_grace(story, plan, ends):
    """A programme may be told in seconds, and nobody waits a minute for its end."""
    told = story(plan=plan().model_copy(update={"reporting_ends": ends + 5 * SECOND}))
    told.wait(ends + 5.0499 * SECOND)
    assert told.earned() is None
    told.wait(ends + 5.05 * SECOND)
    assert told.earned() is False


def test_certificates_are_decided_a_minute_after_the_grace_ends_and_not_before(story, ends, grace_ends):
    """H7."""
    told = eight_of_ten_but_one(story, ends).record("m8", at=ends)
    told.wait(grace_ends + 59 * SECOND)
    assert told.earned() is None
    told.until_decided()
    decided = told.entries_named("certificates_decided")
    assert [(entry.at, entry.body["done"], entry.body["total"]) for entry in decided] == [(grace_ends + 60 * SECOND, 8, 10)]


def test_both_people_or_nobody_and_each_one_once(story, ends):
    """H7: exactly one certificate a person, whatever is repeated."""
    told = eight_of_ten_but_one(story, ends).record("m8", at=ends)
    told.until_decided()
    told.issue()
    told.take([c.NoteCertificates(message_id="again", certificates={"p-mentor": "another"})], told.state.now)
    told.run_out()
    assert told.state.certificates == {"p-mentor": "cert-of-the-mentor", "p-mentee": "cert-of-the-mentee"}
    assert [(mail.to, mail.certificate) for mail in told.mails("result")] == [("mentor", "cert-of-the-mentor"), ("mentee", "cert-of-the-mentee")]
    assert len([effect for effect in told.effects if isinstance(effect, IssueCertificates)]) == 1


def test_certificates_that_were_not_earned_are_not_taken(story):
    """H7."""
    told = story()
    told.issue()
    told.until_decided()
    told.take([c.NoteCertificates(message_id="later", certificates={"p-mentor": "x"})], told.state.now)
    assert told.state.certificates == {}
    assert [entry.reason for entry in told.entries_named("note_certificates")] == ["malformed"] * 2
    assert [mail.met_with_share for mail in told.mails("result")] == [False, False]


def test_below_the_share_both_hear_kindly_what_was_missing(story, ends):
    """H7, Calm: the result."""
    told = eight_of_ten_but_one(story, ends)
    told.until_decided()
    for mail in told.mails("result"):
        assert mail.needed == 8
        assert [fact.id for fact in mail.milestones if fact.done_at is None] == ["m8", "m9", "m10"]


def test_without_a_grace_it_is_decided_and_told_at_the_end(story, plan, ends):
    """H7."""
    told = eight_of_ten_but_one(lambda: story(plan=plan().model_copy(update={"reporting_ends": ends})), ends)
    told.wait(ends)
    assert (told.earned(), [mail.to for mail in told.mails("result")]) == (False, ["mentor", "mentee"])


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
    """Milestones, H7: what was done in time stays so, whatever the other says of it in the grace."""
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
    assert [partner_may_object_until(told.state, "shadowing", side) for side in ("mentor", "mentee")] == [None, day(37)]
    told.record("shadowing", at=day(31), by="mentee")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(32)) == "no_such_report"


def test_an_objection_made_before_ones_own_report_stands_when_it_comes_in_after_it(story, day):
    """Time: judged by `at`."""
    told = by(story, "either").record("shadowing", at=day(30), by="mentor").record("shadowing", at=day(33), by="mentee")
    assert told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), at=day(32), now=day(34)) == "applied"
    assert done(told) == day(33)


def test_a_waived_milestone_counts_as_done_and_is_shown_as_waived(story, ends):
    """Milestones."""
    told = eight_of_ten_but_one(story, ends)
    assert told.operator(c.WaiveMilestone(milestone="m8"), ends + timedelta(days=3)) == "applied"
    fact = next(fact for fact in milestone_facts(told.state) if fact.id == "m8")
    assert fact.waived
    assert told.operator(c.WaiveMilestone(milestone="m8"), ends + timedelta(days=3)) == "already_done"
    assert told.operator(c.WaiveMilestone(milestone="nothing"), ends + timedelta(days=3)) == "no_such_milestone"
    assert told.operator(c.WaiveMilestone(milestone="m1"), ends + timedelta(days=3)) == "applied"  # whoever reported it may have been wrong
    told.until_decided()
    assert told.earned() is True


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
    """Milestones: nobody objects to what is left."""
    told = by(story, "either")
    told.tell("mentor", c.RecordMilestone(message_id="first", milestone="shadowing"), day(30))
    told.tell("mentee", c.ObjectToMilestone(milestone="shadowing"), day(31))
    told.record("shadowing", at=day(33), by="mentee")
    told.tell("mentor", c.Withdraw(report="first"), day(34))
    assert done(told) == day(33)


def test_what_only_the_mentor_reports_is_not_done_by_the_mentees_word_once_theirs_is_withdrawn(story, day):
    """Milestones: the mentee could add theirs only because they had objected."""
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
    """Milestones: extra ones included, whichever were told of first."""
    told = story(rules=facts(rules)).met(1, 2, 3)
    assert told.tell("mentor", c.ReportMeeting(held_at=meets(1, hours=72), held=True), meets(3, hours=2)) == "applied"
    assert milestone_facts(told.state)[3].done_at == meets(2)


def test_meetings_reported_in_the_grace_count_by_when_they_were_held(story, rules, meets, ends, grace_ends):
    """H7: the last meetings were in time, however late somebody said so."""
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
    """H6, H7: another goal, or another word about one in the grace, takes nothing back; nor does a second closing conversation."""
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
    """H6: progress is reported as well as achievement; being under way alone is neither."""
    told = story(rules=facts(rules))
    told.tell("mentee", c.SetGoal(goal="g-1"), day(10))
    told.tell("mentee", c.ReportGoal(goal="g-1", progress="in_progress"), day(11))
    assert milestone_facts(told.state)[2].done_at is None
    told.tell("mentee", c.ReportGoal(goal="g-1", progress="achieved"), day(12))
    assert milestone_facts(told.state)[2].done_at == day(12)


def test_who_was_erased_before_the_certificate_was_made_has_none_and_the_other_has_theirs(story, ends):
    """P8, H7."""
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    told.until_decided()
    answer = c.NoteCertificates(message_id="certificates", certificates={"p-mentee": "cert-of-the-mentee"}, erased=("p-mentor",))
    told.take([answer], told.state.now)
    assert told.state.certificates == {"p-mentee": "cert-of-the-mentee"}
    assert [(mail.to, mail.certificate) for mail in told.mails("result")] == [("mentee", "cert-of-the-mentee")]


@pytest.mark.parametrize(("erased", "outcome"), [((), "malformed"), (("p-mentor", "p-mentee"), "applied")])
def test_an_answer_without_certificates_is_one_only_where_both_were_erased(story, ends, erased, outcome):
    """P8, H7."""
    told = story().record(*(f"m{n}" for n in range(1, 9)), at=ends)
    told.until_decided()
    told.take([c.NoteCertificates(message_id="certificates", certificates={}, erased=erased)], told.state.now)
    assert (told.entries_named("note_certificates")[0].reason or "applied", told.mails("result")) == (outcome, [])
