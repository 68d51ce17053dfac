"""P6, H7: after a rematch each of the two is measured by their own count, and no page promises what is not earned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.events import EarnedMilestone

LEFT = ("shadowing", "introduction")
BOTH = "Both of you receive the certificate only if each reaches the share by their own count"


@pytest.fixture
def rematched(matched):
    """Ben brought along what he did with an earlier mentor: all but `left`."""

    async def begin(left=LEFT):
        before = matched.clock.now - timedelta(days=60)
        brought = tuple(EarnedMilestone(milestone=rule.id, done_at=before) for rule in matched.programme.milestones if rule.id not in left)
        return await matched.begin(earned=brought)

    return begin


def in_english(path):
    return f"{path}?lang=en"


async def do(two, *milestones):
    for milestone in milestones:
        assert await two.say("ana", c.RecordMilestone(milestone=milestone)) == "applied"


async def test_the_new_mentor_is_promised_nothing_for_what_was_done_before(browser, rematched, says):
    two = await rematched()
    said = says(await browser.get(in_english(two.page("ana"))))
    assert "Milestones: 0 of 2" in said
    assert "2 more earn your own certificate" in said
    assert f"{BOTH}: yours is of the milestones that remained when you two began, that of Ben Mentee of all." in said
    assert "both certificates" not in said
    assert "each of you, if" not in said


async def test_the_mentee_reads_that_it_is_enough_for_one(browser, rematched, says):
    two = await rematched()
    said = says(await browser.get(two.page()))
    assert "Milestones: 8 of 10" in said
    assert "That is enough for your own certificate" in said
    assert f"{BOTH}: yours is of all milestones, that of Ana Mentor of those that remained when you two began." in said
    assert "both certificates" not in said


async def test_both_are_promised_theirs_once_both_counts_suffice(browser, rematched, says):
    two = await rematched()
    await do(two, "shadowing")
    assert "1 more earns your own certificate" in says(await browser.get(in_english(two.page("ana"))))
    await do(two, "introduction")
    for who, count in (("ana", "2 of 2"), ("ben", "10 of 10")):
        said = says(await browser.get(in_english(two.page(who))))
        assert f"Milestones: {count}" in said
        assert "That is enough for both certificates" in said
        assert f"Milestones done: {count}. Both of you receive the certificate." in says(await browser.get(in_english(two.private(who, "end_wish"))))


async def test_who_wishes_to_end_reads_who_would_receive_a_certificate_and_that_is_what_happens(browser, rematched, says):
    two = await rematched()
    await do(two, "shadowing")
    hers = says(await browser.get(in_english(two.private("ana", "end_wish"))))
    his = says(await browser.get(two.private("ben", "end_wish")))
    assert "Ben Mentee receives the certificate. You would receive none" in hers
    assert "Milestones done: 1 of 2." in hers
    assert "Milestones done: 9 of 10. You receive the certificate. Ana Mentor would receive none" in his
    await two.say("ana", c.SubmitPrivately(body=c.EndWish()))
    assert two.state.decided.certified == ("mentee",)


async def test_where_nothing_remained_the_new_mentor_is_told_so(browser, rematched, says):
    two = await rematched(left=())
    said = says(await browser.get(in_english(two.page("ana"))))
    assert "none remains that could earn you a certificate of your own" in said
    assert "0 of 0" not in said
    assert "Milestones done: 10 of 10. You receive the certificate." in says(await browser.get(two.private("ben", "end_wish")))


async def test_two_who_began_together_are_measured_by_one_count(browser, two, says):
    said = says(await browser.get(two.page()))
    assert "8 more earn a certificate for each of you" in said
    assert BOTH not in said


async def test_what_each_earned_is_told_by_their_own_count(browser, rematched, says):
    two = await rematched()
    await do(two, *LEFT)
    await two.until(two.state.reporting_ends + timedelta(hours=1))
    assert "You both earned it: 2 of 2 milestones." in says(await browser.get(in_english(two.page("ana"))))
    assert "You both earned it: 10 of 10 milestones." in says(await browser.get(two.page()))


async def test_whose_own_share_was_not_reached_is_not_thanked_for_hours_that_there_may_not_have_been(browser, rematched, says):
    """H14: a mentor who took over and never met the mentee would read it as a reproach."""
    two = await rematched()
    await do(two, "shadowing")
    await two.until(two.state.reporting_ends + timedelta(hours=1))
    assert "Thank you for taking part. Your own certificate needs the share" in says(await browser.get(in_english(two.page("ana"))))
