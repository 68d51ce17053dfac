"""What a page says about whether a cancellation or an absence counts, before and after it is sent, and what the partner reads (H13, H14)."""

from __future__ import annotations

from datetime import timedelta

from mentorship import commands as c
from tests.webhook.pages.said import confirmed


async def test_late_is_said_before_one_confirms_and_what_would_not_count(browser, two, says):
    await confirmed(two)
    two.clock.now = two.meeting(1).start - timedelta(hours=24)
    assert "This is in time: it does not count." in says(await browser.get(two.page("ben", "cancel_meeting", 1)))
    two.clock.now += timedelta(seconds=1)
    said = says(await browser.get(two.page("ben", "cancel_meeting", 1)))
    assert "This is late: less than 24 hours before the start." in said
    assert "With the reason personal or technical it does not count" in said
    assert "Never counts." in said


async def test_an_unconfirmed_meeting_is_never_late(browser, two, says):
    two.clock.now = two.meeting(1).start - timedelta(hours=1)
    said = says(await browser.get(two.page("ben", "cancel_meeting", 1)))
    assert "This does not count." in said
    assert "This is late" not in said


async def test_the_partner_hears_that_it_is_off_and_never_the_reason(browser, two, says):
    await confirmed(two)
    await two.say("ana", c.CancelMeeting(meeting=1, reason="personal"))
    page = await browser.get(two.page())
    assert "Ana Mentor called it off." in says(page)
    assert "personal" not in page.text.lower()


ABSENCE = "If you say nothing, it counts as one absence."


async def say_absent(two, who="ana", **more):
    """Two hours after the first meeting began, `who` says that the other was not there."""
    await two.until(two.meeting(1).start + timedelta(hours=2))
    assert await two.say(who, c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="on_time", partner="absent"), **more)) == "applied"


async def test_an_absence_that_would_count_says_so_and_until_when_to_see_it_differently(browser, two, says):
    await confirmed(two)
    await say_absent(two)
    said = says(await browser.get(two.page()))
    assert ABSENCE in said
    assert "nothing counts" not in said


async def test_an_absence_at_a_time_that_was_never_confirmed_is_said_not_to_count(browser, two, says):
    """H14: only a confirmed slot can be missed."""
    await two.until(two.meeting(1).start + timedelta(hours=2))
    before = says(await browser.get(f"{two.page('ana', 'report_meeting', 1)}?lang=en"))
    assert "Ben Mentee is told. The time was never confirmed by both of you, so nothing counts." in before
    await say_absent(two)
    said = says(await browser.get(two.page()))
    assert ABSENCE not in said
    assert "The time was never confirmed by both of you, so nothing counts. You may still say how it was, until Monday 15 March, 11:00." in said
    assert "I see it differently" in said
    await two.until(two.meeting(1).start + timedelta(days=9))
    assert "of yours counts" not in says(await browser.get(two.page()))


async def test_an_absence_that_the_partner_excused_is_said_not_to_count_and_by_whom(browser, two, says):
    await confirmed(two)
    await say_absent(two)
    excuse = says(await browser.get(f"{two.page('ana', 'excuse', 1)}?lang=en"))
    assert "It appears on the page of Ben Mentee, and nobody else is told." in excuse
    await two.say("ana", c.Excuse(meeting=1))
    said = says(await browser.get(two.page()))
    assert ABSENCE not in said
    assert "Ana Mentor said “fine by me”, so nothing counts. You may still say how it was" in said
    assert "It did not take place. Ana Mentor said “fine by me”, so nothing counts." in said, "also where all meetings stand"
    assert "It counts as one absence" not in says(await browser.get(two.page("ben", "cancel_meeting", 1)))


async def test_an_absence_on_leave_is_said_not_to_count_and_not_that_the_partner_said_so(browser, two, says):
    await confirmed(two)
    await say_absent(two)
    start = two.meeting(1).start
    leave = c.Pause(away=two.ref("ben"), begins=start - timedelta(days=1), until=two.clock.now + timedelta(days=9))
    assert await two.say("operator", leave) == "applied"
    said = says(await browser.get(two.page()))
    assert ABSENCE not in said
    assert "fine by me" not in said
    assert "Nothing counts here. You may still say how it was" in said


async def test_who_could_not_come_because_they_are_on_leave_is_told_that_nothing_counts(browser, two, says):
    await confirmed(two)
    start = two.meeting(1).start
    await two.until(start + timedelta(hours=3))
    leave = c.Pause(away=two.ref("ben"), begins=start - timedelta(days=1), until=two.clock.now + timedelta(days=9))
    assert await two.say("operator", leave) == "applied"
    said = says(await browser.get(two.page("ben", "cancel_meeting", 1)))
    assert "so this says that you were not there. Nothing counts here." in said
    assert "It counts as one absence" not in said


async def test_an_absence_for_a_reason_that_never_counts_is_said_not_to_count(browser, two, says):
    await confirmed(two)
    await say_absent(two)
    page = says(await browser.get(two.page("ben", "cancel_meeting", 1)))
    assert "Ana Mentor reads on their own page that it did not work out for you, never the reason." in page
    await two.say("ben", c.CancelMeeting(meeting=1, reason="personal"))
    said = says(await browser.get(two.page()))
    assert ABSENCE not in said
    assert "did not work out for Ben Mentee" in says(await browser.get(f"{two.page('ana')}?lang=en"))


async def test_a_late_move_that_the_partner_excused_is_said_not_to_count(browser, two, says):
    await confirmed(two)
    two.clock.now = two.meeting(1).start - timedelta(hours=3)
    await two.say("ben", c.MoveMeeting(meeting=1, to=two.meeting(1).start + timedelta(days=1)))
    await two.say("ana", c.Excuse(meeting=1))
    for action in ("cancel_meeting", "move_meeting"):
        said = says(await browser.get(two.page("ben", action, 1)))
        assert "Ana Mentor said “fine by me”, so nothing counts." in said
        assert "late cancellation" not in said
