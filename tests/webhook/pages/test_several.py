"""Several meetings that wait for a word: the page asks about the newest, and one form takes all that are ticked, a command for each (decision 40)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from mentorship import commands as c
from mentorship.state import MOST_MEETINGS
from tests.webhook.pages.conftest import STARTS
from webhook.door import Door
from webhook.problems import unavailable

SEVERAL = "/report_meeting/several"
WE_MET = "Did you and Ana Mentor meet on"
SENT_BEFORE = "This form was sent before, with something else in it."


@pytest.fixture
async def silent(two):
    """Nobody has said a word about five meetings."""
    await two.until(two.meeting(5).start + timedelta(hours=2))
    return two


@pytest.fixture
def tick(browser, two):
    """Sends the form, by default a new one, with these meetings ticked."""

    async def tick(*numbers, form=None, follow=False):
        form = form or await browser.get(two.page("ben", "report_meeting", "several"))
        return await browser.send(form, SEVERAL, follow=follow, meeting=[*map(str, numbers)])

    return tick


def ticked(page):
    return [int(n) for n in re.findall(r'name="meeting" value="(\d+)" checked', page.text)]


async def test_the_page_asks_about_the_newest_and_leads_to_all(browser, silent, says, http):
    page = await browser.get(silent.page())
    assert re.findall(f"{WE_MET} ([^?]+)", says(page)) == ["Monday 3 May"]
    assert page.text.count("<button>We met</button>") == 1
    assert "Meetings without a word so far: 5. Answer for several at once" in says(page)
    await silent.say("ben", c.ReportMeeting(meeting=5, held=True))
    assert re.findall(f"{WE_MET} ([^?]+)", says(await browser.get(silent.page()))) == ["Monday 19 April"]
    for n in (2, 3, 4):
        await silent.say("ben", c.ReportMeeting(meeting=n, held=False))
    alone = await browser.get(silent.page())
    assert f"{WE_MET} Monday 8 March?" in says(alone)
    assert SEVERAL not in alone.text


async def test_each_that_is_ticked_is_a_command_of_its_own_and_counts_from_the_same_instant(tick, silent, mentorship, running, browser, says):
    answer = await tick(1, 2, 4)
    assert answer.status_code == 303
    signals = await mentorship.signals()
    assert sorted((name, body["meeting"], body["held"]) for name, body in signals) == [("report_meeting", n, True) for n in (1, 2, 4)]
    assert {body["at"] for _, body in signals} == {silent.clock.now.isoformat().replace("+00:00", "Z")}
    assert len({body["message_id"] for _, body in signals}) == 3
    await silent.handle(signals)
    page = says(await browser.get(answer.headers["location"]))
    assert page.count("Done. What you see below already includes it.") == 1
    assert "3 conversations held" in page
    assert "Meetings without a word so far: 2." in page


async def test_a_double_click_the_back_button_and_the_meetings_own_button_are_the_same_messages(tick, silent, mentorship, running, browser):
    page, form = await browser.get(silent.page()), await browser.get(silent.page("ben", "report_meeting", "several"))
    for _ in range(2):
        assert (await tick(4, 5, form=form)).status_code == 303
    assert (await browser.send(page, "/report_meeting/5", follow=False)).status_code == 303
    assert (await tick(3, 4, 5, form=form)).status_code == 303  # one more, which the others do not keep back
    assert sorted(body["meeting"] for _, body in await mentorship.signals()) == [3, 4, 5]


async def test_who_took_it_back_can_say_it_again(tick, silent, mentorship, running):
    await tick(1, 2)
    first = await mentorship.signals()
    await silent.handle(first)
    await silent.say("ben", c.Withdraw(report=first[0][1]["message_id"]))
    await tick(first[0][1]["meeting"])
    [*_, again] = await mentorship.signals()
    await silent.handle([again])
    assert all(silent.meeting(n).held for n in (1, 2))


async def test_what_changed_nothing_is_named_with_why_and_the_rest_is_done(tick, silent, mentorship, running, browser, says):
    form = await browser.get(silent.page("ben", "report_meeting", "several"))
    await silent.say("ana", c.CancelMeeting(meeting=2), at=silent.meeting(2).start - timedelta(minutes=4))
    await silent.say("ana", c.CancelMeeting(meeting=3), at=silent.meeting(3).start - timedelta(minutes=4))
    answer = await tick(1, 2, 3, form=form)
    await silent.handle(await mentorship.signals())
    page = says(await browser.get(answer.headers["location"]))
    assert "Done." in page
    for when in ("Monday 22 March, 09:00", "Monday 5 April, 10:00"):
        assert re.search(
            f"“Say how it was” for the meeting on {when}, sent on [^.]*, changed nothing. That meeting was called off. If you met all the same", page
        )
    assert "Monday 8 March, 09:00, sent on" not in page

    await silent.say("ana", c.CancelMeeting(meeting=4), at=silent.meeting(4).start - timedelta(minutes=4))
    answer = await tick(2, 4, form=form)
    await silent.handle([signal for signal in await mentorship.signals() if signal[1]["meeting"] == 4])
    none = says(await browser.get(answer.headers["location"]))
    assert "Done." not in none
    assert "for the meeting on Monday 19 April, 10:00, sent on" in none


@pytest.mark.parametrize("numbers", [(), (7,), (99,), ("", "several", "x")])
async def test_without_a_tick_that_can_be_taken_the_form_asks_for_one(numbers, tick, silent, mentorship, running, says):
    answer = await tick(*numbers)
    assert answer.status_code == 422
    assert "Not sent yet. Please choose." in says(answer)
    assert 'id="wrong-meeting"' in answer.text
    assert await mentorship.signals() == []


async def test_a_meeting_that_begins_while_the_form_comes_back_can_be_ticked_there(tick, silent, mentorship, running):
    back = await tick()
    await silent.until(silent.meeting(6).start + timedelta(hours=1))
    back = await tick(form=back)
    await tick(1, 6, form=back)
    assert sorted(body["meeting"] for _, body in await mentorship.signals()) == [1, 6]


async def test_while_temporal_is_away_all_keep_their_ticks_and_their_first_instant(tick, silent, mentorship, says):
    answer = await tick(1, 3, 5)
    assert answer.status_code == 503
    assert "It counts from your first try." in says(answer)
    assert ticked(answer) == [1, 3, 5]
    first = silent.clock.now
    silent.clock.now += timedelta(hours=3)
    async with mentorship.accepted():
        assert (await tick(1, 3, 5, form=answer)).status_code == 303
        signals = await mentorship.signals()
    assert sorted((body["meeting"], body["at"]) for _, body in signals) == [(n, first.isoformat().replace("+00:00", "Z")) for n in (1, 3, 5)]


async def test_what_got_through_before_temporal_went_away_is_not_sent_again(tick, silent, mentorship, running, monkeypatch):
    real = Door._signal

    async def away(self, enrolment, command):
        if command.meeting != 1:
            raise unavailable("temporal", "gone", 5)
        await real(self, enrolment, command)

    with monkeypatch.context() as patch:
        patch.setattr(Door, "_signal", away)
        answer = await tick(1, 2, 3)
    assert answer.status_code == 503
    assert ticked(answer) == [1, 2, 3]
    assert [body["meeting"] for _, body in await mentorship.signals()] == [1]
    assert (await tick(1, 2, 3, form=answer)).status_code == 303
    assert sorted(body["meeting"] for _, body in await mentorship.signals()) == [1, 2, 3]


async def test_what_was_said_otherwise_meanwhile_stands_until_it_is_said_once_more(tick, silent, mentorship, running, browser, says):
    form, own = [await browser.get(silent.page("ben", "report_meeting", one)) for one in ("several", 2)]
    await browser.send(own, "/report_meeting/2", held="no")
    answer = await tick(1, 2, form=form)
    assert answer.status_code == 409
    assert SENT_BEFORE in says(answer)
    assert ticked(answer) == [1, 2]
    assert (await tick(1, 2, form=answer)).status_code == 303
    signals = await mentorship.signals()
    assert sorted((body["meeting"], body["held"]) for _, body in signals) == [(1, True), (2, False), (2, True)]


async def test_when_it_is_over_the_form_says_so(tick, silent, mentorship, browser, says):
    form = await browser.get(silent.page("ben", "report_meeting", "several"))
    await mentorship.end()
    answer = await tick(1, 2, form=form)
    assert answer.status_code == 409
    assert "This mentorship is over." in says(answer)


async def test_where_nothing_waits_there_is_nothing_to_tick(browser, two, says):
    page = await browser.get(two.page("ben", "report_meeting", "several"))
    assert "There is nothing to do here." in says(page)
    assert "<form" not in page.text


async def test_once_certificates_are_decided_the_form_does_not_say_that_all_is_said(browser, silent, says):
    await silent.until(silent.state.reporting_ends + timedelta(minutes=1))
    page = await browser.get(silent.page("ben", "report_meeting", "several"))
    assert "This is not possible at the moment. The programme's time for that is over." in says(page)
    assert "<form" not in page.text


async def test_while_no_worker_lives_only_one_question_is_asked(tick, silent, mentorship, running, browser, says, monkeypatch):
    """Each takes as long as a worker may need to answer."""
    asked = []
    real = Door._ask

    async def counted(self, mentorship, message_id):
        asked.append(message_id)
        return await real(self, mentorship, message_id)

    monkeypatch.setattr(Door, "_ask", counted)
    answer = await tick(1, 2, 3, 4, 5)
    page = says(await browser.get(answer.headers["location"]))
    assert page.count("Kept safely.") == 1
    assert "will be handled soon" not in page
    assert len(asked) == 1


async def test_nobody_reads_what_became_of_the_partners(tick, silent, mentorship, running, browser, says):
    answer = await tick(1, 2)
    assert "Kept safely" not in says(await browser.get(f"{silent.page('ana')}?lang=en&{answer.headers['location'].partition('?')[2]}"))


@pytest.mark.parametrize("scripted", [True, False])
async def test_by_keyboard_alone_with_and_without_javascript(scripted, chromium, served, silent, mentorship, running):
    page = await (await chromium.new_context(java_script_enabled=scripted)).new_page()
    await page.goto(served + silent.page())
    await page.get_by_role("link", name="Answer for several at once").press("Enter")
    boxes = page.get_by_role("group", name="Please tick those that took place.").get_by_role("checkbox")
    names = [await box.locator("..").inner_text() for box in await boxes.all()]
    assert len({*names}) == len(names) == 5
    await page.get_by_role("checkbox", name="Monday 22 March, 09:00").press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Kept safely.")
    assert sorted(body["meeting"] for _, body in await mentorship.signals()) == [2, 3]


async def test_no_two_things_of_the_page_that_wait_have_one_name(chromium, served, silent):
    """Whoever has a list of links or buttons read to them cannot see beside which meeting one stands."""
    page = await chromium.new_page()
    await page.goto(served + silent.page())
    todo = page.get_by_role("region", name="Waiting for you")
    for role in ("button", "link"):
        names = [await one.inner_text() for one in await todo.get_by_role(role).all()]
        assert names
        assert len({*names}) == len(names), names


async def test_as_many_as_a_mentorship_can_have_are_taken_from_one_form(matched, mentorship, running, browser, says):
    """However long the two said nothing."""
    slots = tuple(matched._slot(STARTS + timedelta(hours=n)) for n in range(MOST_MEETINGS))
    two = await matched.begin(slots=slots)
    await two.until(STARTS + timedelta(hours=MOST_MEETINGS + 1))
    form = await browser.get(two.page("ben", "report_meeting", "several"))
    boxes = re.findall(r'name="meeting" value="(\d+)"', form.text)
    assert len(boxes) == MOST_MEETINGS
    answer = await browser.send(form, SEVERAL, follow=False, meeting=boxes)
    assert answer.status_code == 303
    assert len(answer.headers["location"]) < 8000, "what servers in front of ours take"
    signals = await mentorship.signals()
    assert sorted(body["meeting"] for _, body in signals) == [*range(1, MOST_MEETINGS + 1)]
    await two.handle(signals)
    page = says(await browser.get(answer.headers["location"]))
    assert "Done." in page
    assert f"{MOST_MEETINGS} conversations held" in page
