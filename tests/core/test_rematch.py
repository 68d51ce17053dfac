"""P6: after a leaver, the mentee's earned milestones are carried over to a new mentor, whose own certificate needs the share of the remaining ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorship import commands as c
from mentorship.effects import IssueCertificates, counting_for
from mentorship.events import EarnedMilestone, MentorshipStarted
from mentorship.evolve import fold
from mentorship.policy.milestones import certified, done_in_time, earned, milestone_facts


def brought(starts, *milestones):
    """What a mentee did with an earlier mentor, a month before this pair began."""
    return tuple(EarnedMilestone(milestone=milestone, done_at=starts - timedelta(days=30)) for milestone in milestones)


def issued(told):
    return [effect for effect in told.effects if isinstance(effect, IssueCertificates)]


# -- leaving --------------------------------------------------------------------------------------------------------------


def test_of_a_leaver_the_partner_hears_that_they_stepped_away(story, day):
    told = story()
    assert told.operator(c.End(reason="stepped_away", leaver="p-mentor"), day(50)) == "applied"
    assert [(mail.to, mail.stepped_away) for mail in told.mails("ended")] == [("mentor", "mentor"), ("mentee", "mentor")]


def test_of_who_wished_the_end_nobody_hears(story, day):
    told = story()
    told.tell("mentor", c.SubmitPrivately(body=c.EndWish()), day(50))
    assert [mail.stepped_away for mail in told.mails("ended")] == [None, None]


@pytest.mark.parametrize(
    ("end", "why"),
    [(c.End(reason="stepped_away", leaver="p-stranger"), "not_a_participant"), (c.End(reason="conduct", leaver="p-mentor"), "malformed")],
)
def test_only_one_of_the_two_can_be_the_leaver_and_only_of_an_end_for_that(story, day, end, why):
    told = story()
    assert told.operator(end, day(50)) == why
    assert told.state.ended is None


# -- what is carried over -----------------------------------------------------------------------------------------------------


def test_what_was_done_until_the_end_goes_along_with_its_instant_also_what_was_waived(story, day):
    told = story().record("m1", "m2", at=day(20), done_at=day(10))
    told.operator(c.WaiveMilestone(milestone="m3"), day(30))
    told.operator(c.End(reason="stepped_away", leaver="p-mentor"), day(50))
    assert [(e.milestone, e.done_at, e.waived) for e in earned(told.state)] == [("m1", day(10), False), ("m2", day(10), False), ("m3", day(30), True)]


def test_it_goes_along_a_second_time(story, starts, day):
    told = story(earned=brought(starts, "m1")).record("m2", at=day(20))
    told.operator(c.End(reason="stepped_away", leaver="p-mentor"), day(50))
    assert [e.milestone for e in earned(told.state)] == ["m1", "m2"]


def test_it_counts_from_the_first_day_and_is_no_news(story, starts):
    told = story(earned=brought(starts, "m1", "m2"))
    assert tuple(done_in_time(told.state)) == ("m1", "m2")
    told.wait(starts + timedelta(days=30))
    assert told.entries_named("meeting_prepared")
    assert not told.entries_named("milestone_reached") + told.entries_named("milestone_reopened")
    assert [fact.carried for fact in milestone_facts(told.state)] == [True, True] + [False] * 8


def test_it_is_neither_reported_nor_waived_again(story, starts, day):
    told = story(earned=brought(starts, "m1"))
    assert told.tell("mentor", c.RecordMilestone(milestone="m1"), day(1)) == "already_done"
    assert told.operator(c.WaiveMilestone(milestone="m1"), day(1)) == "already_done"
    assert told.tell("mentor", c.ObjectToMilestone(milestone="m1"), day(1)) == "no_such_report"


# -- whose share of what --------------------------------------------------------------------------------------------------


def test_the_mentee_needs_the_share_of_all_and_the_new_mentor_of_what_remained(story, starts, ends):
    """Five of ten were carried over: three more make the mentee's eight of ten, but only three of the mentor's five."""
    told = story(earned=brought(starts, "m1", "m2", "m3", "m4", "m5")).record("m6", "m7", "m8", at=ends)
    told.until_decided()
    assert [effect.to for effect in issued(told)] == [("mentee",)]
    told.take([c.NoteCertificates(message_id="certificates", certificates={"p-mentee": "cert"})], told.state.now)
    results = {mail.to: mail for mail in told.mails("result")}
    assert (results["mentee"].met_with_share, results["mentee"].certificate, len(results["mentee"].milestones), results["mentee"].needed) == (
        True,
        "cert",
        10,
        8,
    )
    assert (results["mentor"].met_with_share, results["mentor"].certificate, len(results["mentor"].milestones), results["mentor"].needed) == (False, None, 5, 4)


def test_one_more_and_both_are_certified(story, starts, ends):
    told = story(earned=brought(starts, "m1", "m2", "m3", "m4", "m5")).record("m6", "m7", "m8", "m9", at=ends)
    told.until_decided()
    (issue,) = issued(told)
    assert issue.to == ("mentor", "mentee")
    assert [len(counting_for(side, issue.milestones)) for side in issue.to] == [5, 10]


def test_a_mentor_for_whom_nothing_remained_has_nothing_to_earn(story, starts, ends):
    told = story(earned=brought(starts, *(f"m{n}" for n in range(1, 11))))
    told.until_decided()
    assert told.state.decided.certified == ("mentee",)


@given(done=st.integers(0, 10), share=st.integers(1, 100))
def test_a_pair_that_brought_nothing_along_is_certified_together_or_not_at_all(story, ends, done, share):
    """H7: both people or nobody."""
    told = story(share=share).record(*(f"m{n}" for n in range(1, done + 1)), at=ends)
    assert certified(told.state, ends) in ((), ("mentor", "mentee"))


def test_the_journal_alone_tells_it(story, starts, day):
    """The events fold to the same state, so a rematch needs nothing but the journal."""
    told = story(earned=brought(starts, "m1")).record("m2", at=day(20))
    events = [MentorshipStarted.model_validate({"at": entry.at, **entry.body}) for entry in told.entries_named("mentorship_started")]
    assert earned(fold(events)) == brought(starts, "m1")
