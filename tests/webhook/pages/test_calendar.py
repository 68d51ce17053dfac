"""The calendar to subscribe to, and the page with its link (H12)."""

from __future__ import annotations

from datetime import UTC, timedelta
from urllib.parse import urlsplit

import recurring_ical_events
from icalendar import Calendar

from mentorship import commands as c
from mentorship.commands import EndWish, SubmitPrivately
from tests.webhook.browser import found_in

MONTH = timedelta(days=30)


def calendar_link(page) -> str:
    """The path of the link that the page shows."""
    return urlsplit(found_in(page.text, r'id="address"[^>]*value="([^"]*)"')).path


async def test_a_new_calendar_link_opens_and_the_old_ones_stop(browser, http, two, says):
    page = await browser.get(two.page("ben", "calendar"))
    mailed, shown = f"/p/{two.token('ben', 'calendar')}/calendar.ics", calendar_link(page)
    assert Calendar.from_ical((await http.get(mailed)).text).walk("VEVENT")
    after = await browser.send(page, "/calendar")
    assert "This is your new calendar link." in says(after)
    for old in (mailed, shown):
        answer = await http.get(old)
        assert answer.status_code == 410
        assert "This calendar link was replaced" in answer.text
    assert Calendar.from_ical((await http.get(calendar_link(after))).text).walk("VEVENT")


async def sweep(two) -> None:
    """Sweeps a mentorship that ended at somebody's wish, after its journal's 24 months have passed."""
    await two.say("ana", SubmitPrivately(body=EndWish()))
    await two.until(two.clock.now + 2 * MONTH)
    await two.records.journal.seal(two.mentorship)
    assert (await two.records.retention.sweep(two.clock.now + 30 * MONTH)).journals == 1


async def test_a_calendar_link_that_was_replaced_stays_shut_when_the_journal_is_gone(browser, http, two):
    """The replacement was forgotten with the journal, and the old link opened again, on nothing."""
    page = await browser.get(two.page("ben", "calendar"))
    old, new = calendar_link(page), calendar_link(await browser.send(page, "/calendar"))
    await sweep(two)
    for path in (old, new, two.page("ben", "calendar")):
        answer = await http.get(path)
        assert answer.status_code == 410, path
        assert "There is nothing here" in answer.text


async def test_no_new_calendar_link_is_kept_of_a_mentorship_that_is_not(browser, two):
    page = await browser.get(two.page("ben", "calendar"))
    await sweep(two)
    assert (await browser.send(page, "/calendar")).status_code == 410
    assert await two.records.calendar_links.valid_after(two.mentorship, two.ref("ben")) is None


async def test_what_is_no_longer_kept_is_not_said_to_be_set_up(browser, certify, two, says):
    """A fresh link opens the page for ever; certificates stay (H8)."""
    await certify("ben")
    await sweep(two)
    for who, button in (("ana", False), ("ben", True)):
        page = await browser.get(two.page(who) + "?lang=en")
        assert "This mentorship is over. What happened in it is no longer kept." in says(page)
        assert "set up" not in says(page)
        assert ("/certificate" in page.text) == button
    assert (await browser.get(two.page("ben", "certificate"))).status_code == 200
    concern = says(await browser.get(f"/concern/{two.token('ben', 'private')}"))
    assert "Tell somebody" in concern
    assert "pause the meetings" not in concern


async def test_only_the_readers_own_link_stops(browser, http, two):
    hers = f"/p/{two.token('ana', 'calendar')}/calendar.ics"
    await browser.send(await browser.get(two.page("ben", "calendar")), "/calendar")
    assert (await http.get(hers)).status_code == 200
    assert (await browser.get(two.page("ben"))).status_code == 200, "the page's own link stays"


async def test_a_double_click_and_a_second_tab_make_one_new_calendar_link(browser, http, two):
    tabs = [await browser.get(two.page("ben", "calendar")) for _ in range(2)]
    new = calendar_link(await browser.send(tabs[0], "/calendar"))
    for tab in tabs:
        await browser.send(tab, "/calendar")
    assert (await http.get(new)).status_code == 200


def starts(answer):
    year = recurring_ical_events.of(Calendar.from_ical(answer.content)).between((2027, 1, 1), (2028, 1, 1))
    return {event["DTSTART"].dt.astimezone(UTC) for event in year}


async def test_the_calendar_is_the_same_series_as_the_mails_one_and_says_no_topic(http, two):
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.say("ben", c.CancelMeeting(meeting=2))
    answer = await http.get(f"/p/{two.token('ben', 'calendar')}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(events[0]["UID"]).endswith("@example.org")
    assert "Getting started" not in answer.text
    assert "Ana" not in answer.text
    assert starts(answer) == {meeting.start for meeting in two.state.meetings if meeting.n != 2}, "one was called off"
    await two.say("op-1", c.End())
    assert starts(await http.get(answer.request.url.path)) == set(), "an early end leaves nothing to come"
