"""H7: a pair that completes at least the share of the milestones by the end of the programme earns a certificate for each of the two."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.effects import IssueCertificates
from mentorship.policy.milestones import done_in_time, is_complete, milestone_facts, needed
from mentorship.programme import REVISION

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
    """H7, Calm: "7 of 10; one more earns it", for every possible programme."""
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
    """P5, H7: a door accepted it in time, and the delay after that makes nobody late."""
    told = eight_of_ten_but_one(story, ends)
    told.wait(grace_ends + 40 * SECOND)
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=ends), grace_ends, now=grace_ends + 50 * SECOND) == "applied"
    told.until_decided()
    assert told.earned() is True


def test_what_comes_in_after_the_decision_changes_nothing(story, ends, grace_ends):
    """H7: this includes what a door accepted before the decision, and what an operator would add."""
    told = eight_of_ten_but_one(story, ends)
    told.until_decided()
    later = told.state.now + SECOND
    assert told.tell("mentee", c.RecordMilestone(milestone="m8", done_at=ends), at=grace_ends, now=later) == "decided"
    for order in (c.WaiveMilestone(milestone="m8"), c.End(reason="conduct"), c.Flag(line="reporting_line")):
        assert told.operator(order, later) == "decided"


def test_in_a_programme_of_seconds_the_decision_waits_a_hundredth_of_its_grace(story, plan, ends):
    """A programme may last seconds, and then nobody should wait a minute for its end."""
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


@pytest.mark.parametrize(("revision", "waited"), [(REVISION, 3), (1, 0)])
def test_in_a_pause_a_waiver_is_dated_by_the_end_that_the_pause_moves(story, ends, revision, waited):
    told = story(revision=revision)
    told.operator(c.Pause(until=ends + timedelta(days=10)), ends - timedelta(days=10))
    told.operator(c.WaiveMilestone(milestone="m1"), ends + timedelta(days=3))
    assert done_in_time(told.state) == {"m1": ends + timedelta(days=waited)}


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
