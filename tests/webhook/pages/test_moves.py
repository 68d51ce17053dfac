"""A proposal to move a meeting, from the day it is made until it is answered or lapses (H14)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def proposed(two, before: timedelta, later: timedelta = 2 * DAY):
    """Ana proposes another time for the first meeting, so long before it begins. Returns that time."""
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    start = two.meeting(1).start
    await two.until(start - before)
    assert await two.say("ana", c.MoveMeeting(meeting=1, to=start + later)) == "applied"
    return start + later


async def test_the_partners_time_can_be_agreed_to_after_the_old_one_has_passed(browser, two, mentorship, running, says):
    to = await proposed(two, 5 * HOUR)
    await two.until(two.meeting(1).start + HOUR)
    page = await browser.get(two.page())
    assert "Ana Mentor proposes another time" in says(page)
    await browser.send(page, "/move_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    assert two.meeting(1).start == to


async def test_after_the_old_time_nothing_but_agreeing_is_offered(browser, two, mentorship, running, says):
    to = await proposed(two, 5 * HOUR)
    await two.until(two.meeting(1).start + HOUR)
    page = says(await browser.get(two.page()))
    assert "Propose another" not in page.partition("Your next conversation")[0]
    form = await browser.get(two.page("ben", "move_meeting", 1))
    assert "That time is fine" in says(form)
    assert "New day and time" not in says(form)
    await browser.send(form, "/move_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    assert two.meeting(1).start == to


async def test_what_the_core_no_longer_takes_is_not_offered(browser, two, says):
    """The proposed time has passed as well."""
    await proposed(two, 5 * HOUR, HOUR / 2)
    await two.until(two.meeting(1).start + HOUR)
    assert "That time is fine" not in says(await browser.get(two.page()))
    assert "The meeting had started by then." in says(await browser.get(two.page("ben", "move_meeting", 1)))


async def test_agreeing_while_temporal_is_away_stays_agreeing(browser, two, mentorship):
    to = await proposed(two, 3 * DAY)
    away = await browser.send(await browser.get(two.page()), "/move_meeting/1")
    assert away.status_code == 503
    async with mentorship.accepted():
        await browser.send(away, "/move_meeting/1", follow=False)
        [(_, body)] = await mentorship.signals()
        assert body["to"] == to.isoformat().replace("+00:00", "Z")


async def test_a_yes_to_a_time_that_was_withdrawn_on_the_way_proposes_nothing(browser, two, mentorship, running):
    """Ana proposes yet another time before Ben's yes is handled; taken for a proposal, it would be a late one of his own."""
    to = await proposed(two, 5 * HOUR)
    await browser.send(await browser.get(two.page()), "/move_meeting/1", follow=False)
    assert await two.say("ana", c.MoveMeeting(meeting=1, to=to + HOUR)) == "applied"
    await two.handle(await mentorship.signals())
    assert [(proposal.side, proposal.to) for proposal in two.meeting(1).proposals] == [("mentor", to + HOUR)]


async def test_a_late_proposal_that_stands_is_told_as_one_and_not_as_a_meeting_that_failed(browser, two, mentorship, running, says):
    await proposed(two, 5 * HOUR)
    page = await browser.get(two.page())
    assert "did not work out" not in says(page)
    assert says(page).count("Ana Mentor proposes another time") == 1
    assert "If neither time suits you and you do not mind, say “Fine by me”: then nothing counts either." in says(page)
    await browser.send(page, "/excuse/1", follow=False)
    await two.handle(await mentorship.signals())
    assert two.meeting(1).excused == ("mentor",)


async def test_a_late_proposal_whose_time_has_passed_can_still_be_excused(browser, two, says):
    await proposed(two, 5 * HOUR, HOUR / 2)
    await two.until(two.meeting(1).start + HOUR)
    said = says(await browser.get(two.page()))
    assert "did not work out" not in said
    assert "Monday 8 March, 09:00: Ana Mentor proposed another time If that is fine by you, say so" in said


async def test_a_proposal_in_time_has_nothing_to_excuse(browser, two, says):
    await proposed(two, 3 * DAY)
    assert "Fine by me" not in says(await browser.get(two.page()))


@pytest.fixture
async def lapsed(two):
    """Ben did not answer."""
    await proposed(two, 5 * HOUR)
    await two.until(two.meeting(1).start + 4 * DAY)
    assert two.meeting(1).cancelled.lapsed
    return two


@pytest.mark.parametrize("who", ["ana", "ben"])
async def test_what_lapsed_was_called_off_by_nobody(who, browser, lapsed, says):
    said = says(await browser.get(f"{lapsed.page(who)}?lang=en"))
    assert "Monday 8 March, " in said
    assert "The proposal to move it was not answered." in said
    assert "called it off" not in said
    assert "did not work out" not in said


async def test_of_what_lapsed_only_that_they_met_can_be_said(browser, lapsed, mentorship, running, says):
    form = await browser.get(lapsed.page("ben", "report_meeting", 1))
    assert "The proposal to move it was not answered." in says(form)
    assert "We did not meet" not in says(form)
    assert "I was not there" not in says(form)
    await browser.send(form, "/report_meeting/1", follow=False)
    await lapsed.handle(await mentorship.signals())
    assert lapsed.meeting(1).held


async def test_an_absence_beside_a_proposal_that_lapsed_is_not_said_to_be_without_consequence(browser, two, says):
    """H14: the absence does not count, but the late proposal does."""
    await proposed(two, 5 * HOUR)
    await two.until(two.meeting(1).start + 2 * HOUR)
    assert await two.say("ben", c.ReportMeeting(meeting=1, attendance=c.Attendance(partner="absent"))) == "applied"
    await two.until(two.meeting(1).start + 4 * DAY)
    said = says(await browser.get(f"{two.page('ana')}?lang=en"))
    assert "Ben Mentee says that you were not there The proposal to move it was not answered. You may still say how it was, until Monday 15 March" in said
    assert "Nothing counts here." not in said
