"""A real browser: a coordinator goes from the digest to the close, without JavaScript, by keyboard, on a phone, in three languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from activities.digests import DigestRequest
from notices.smtp import Mailer
from worker.digests import SmtpDigests


@pytest_asyncio.fixture
async def busy(desk):
    """Something in every part of the list, and readers of three languages, so that drafts are in other languages than their page."""
    await desk.hire(noor={"language": "ar"}, mia={"language": "de"}, sofia={"language": "ar"}, kwame={"language": "en"}, jonas={"language": "de"})
    lines, ana, carl, now = desk.records.lines, desk.refs["ana"], desk.refs["carl"], desk.clock.now
    for line, pair, days in (
        ("cancellations_mentee", 0, 12),
        ("silence", 0, 3),
        ("no_meeting", 1, 9),
        ("unprintable", 2, 2),
        ("not_held", 3, 1),
        ("rematch", 1, 1),
    ):
        await desk.open(line, pair, days)
    await lines.take(desk.pairs[1].mentorship, "no_meeting", ana, now)
    await lines.take(desk.pairs[1].mentorship, "rematch", carl, now)
    await desk.open("silence", 3, 20)
    await lines.settle(desk.pairs[3].mentorship, "silence", ana, "rhythm_changed", now - timedelta(days=1))
    await desk.open("silence", 2, 4)
    await lines.set_aside(desk.pairs[2].mentorship, "silence", ana, now + timedelta(days=7), now)
    return desk


async def paths(desk, browser) -> list[str]:
    """Every part of the list, and a line's own page in each state."""
    parts = [f"{desk.address()}?show={group}" for group in ("waiting", "mine", "aside", "others", "closed")]
    found = []
    for part in parts:
        page = await browser.get(part)
        found += re.findall(r'href="(/coordinator/[^"/]+/[0-9a-f]{16})"', page.text)
    ref = found[0].rpartition("/")[2]
    return [*parts, f"{desk.address()}?done={ref}", *dict.fromkeys(found)]


async def test_no_page_of_the_list_has_a_barrier_or_is_cut_off(look, served, busy, browser):
    for path in await paths(busy, browser):
        await look.open(served + path)


@pytest.mark.parametrize("scripted", [True, False])
async def test_a_coordinator_takes_a_case_from_the_digest_to_its_close(scripted, chromium, served, desk, mailbox, settings):
    key = await desk.open("silence", 0, days=5)
    mailer = Mailer("127.0.0.1", mailbox.port, None, None, "none", 5.0)
    digests = SmtpDigests(desk.records, mailer, desk.signer, sender=settings.mail_from, base_url=served)
    await digests.send(DigestRequest(cohort="spring", due=desk.clock.now, at=desk.clock.now))
    (mail,) = mailbox.to("ana@example.org")
    context = await chromium.new_context(java_script_enabled=scripted)
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("data:text/html;charset=utf-8," + mail.get_body(("html",)).get_content().replace("#", "%23"))
    await page.get_by_role("link", name="Open your list").click()

    await expect(page.get_by_role("heading", name="Your list", level=1)).to_be_visible()
    take = page.get_by_role("button", name="I'll take it")
    await take.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("It is in your hands.")
    assert (await desk.line(key)).taken_by == desk.refs["ana"]

    await page.get_by_role("status").get_by_role("link").click()
    await expect(page.get_by_label("Text to copy")).to_have_value(re.compile("Hello Mia Brandt and Noor Haddad,"))
    await page.get_by_label("We talked").check()
    await page.get_by_role("button", name="Close it").click()
    await expect(page.get_by_role("status")).to_contain_text("Closed: We talked.")
    assert (await desk.line(key)).outcome == "talked"
    await page.get_by_role("link", name="Closed in the last 30 days").click()
    await expect(page.get_by_role("main")).to_contain_text("Closed on Monday 3 May: We talked.")
    assert all(url.startswith((served, "data:")) for url in asked)
    await context.close()
