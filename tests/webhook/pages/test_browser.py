"""A real browser: readable by everybody, usable without JavaScript, with a keyboard, on a phone, at 200 %."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright, expect

from mentorship import commands as c

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def served(app) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest_asyncio.fixture
async def lived(two):
    """Some weeks in: held, called off, moved, goals, a milestone, one meeting to report."""
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.say("ben", c.SetGoal(goal="g-1", note_id=await two.records.notes.put(two.ref("ben"), two.mentorship, "goal", "Lead a design review")))
    await two.until(two.meeting(1).start + timedelta(hours=1))
    await two.say("ben", c.ReportMeeting(meeting=1, held=True))
    await two.until(two.meeting(2).start - timedelta(hours=3))
    await two.say("ana", c.CancelMeeting(meeting=2, reason="work"))
    await two.say("ana", c.MoveMeeting(meeting=4, to=two.meeting(4).start + timedelta(days=1)))
    await two.until(two.meeting(3).start + timedelta(hours=2))
    await two.say("ana", c.RecordMilestone(milestone="shadowing"))
    return two


def paths(two) -> list[str]:
    acts = [
        ("cancel_meeting", 5),
        ("move_meeting", 5),
        ("report_meeting", 3),
        ("excuse", 2),
        ("set_goal",),
        ("confirm_expectations",),
        ("object_to_milestone", "shadowing"),
    ]
    own = [two.page("ben", *act) for act in acts] + [two.page(), two.page("ben", "private_link")]
    private = [two.private(), two.private("ben", "pulse"), two.private("ben", "feedback", 1), two.private("ben", "pins"), two.private("ben", "end_wish")]
    return [*own, *private, "/who-sees-what", "/new-link", "/c/unknown", "/p/forged"]


@pytest.mark.parametrize(("scheme", "lang"), [("light", "en"), ("dark", "de"), ("light", "ar")])
async def test_no_page_has_a_barrier_that_axe_finds(scheme, lang, chromium, served, lived):
    page = await chromium.new_page(color_scheme=scheme, viewport={"width": 1000, "height": 900})
    for path in paths(lived):
        await page.goto(f"{served}{path}?lang={lang}")
        found = (await Axe().run(page)).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], path


@pytest.mark.parametrize("width", [320, 500])
async def test_nothing_is_cut_off_on_a_phone_or_at_200_percent(width, chromium, served, lived):
    """A window of 1,000 points at 200 % is one of 500."""
    page = await chromium.new_page(viewport={"width": width, "height": 700})
    for lang in ("en", "de", "ar"):
        for path in paths(lived):
            await page.goto(f"{served}{path}?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, lang)


@pytest.mark.parametrize("scripted", [True, False])
async def test_we_met_by_keyboard_alone_with_and_without_javascript(scripted, chromium, served, lived, mentorship, running):
    context = await chromium.new_context(java_script_enabled=scripted)
    page = await context.new_page()
    await page.goto(served + lived.page())
    button = page.get_by_role("button", name="We met", exact=True)
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await button.evaluate("e => e === document.activeElement") if scripted else await page.locator("button:focus", has_text="We met").count():
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Kept safely.")
    assert [name for name, _ in await mentorship.signals()] == ["report_meeting"]


async def test_the_browser_loads_nothing_from_elsewhere_and_complains_of_nothing(chromium, served, lived):
    page = await chromium.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    await page.goto(served + lived.page())
    assert asked
    assert all(url.startswith(served) for url in asked)
    assert said == []


async def test_the_picture_grows_from_the_right_in_arabic(chromium, served, lived):
    page = await chromium.new_page()
    held = {}
    for lang in ("en", "ar"):
        await page.goto(f"{served}{lived.page()}?lang={lang}")
        held[lang] = (await page.locator("svg.picture circle.held").first.bounding_box())["x"]
    assert held["en"] < 640 < held["ar"]  # the middle of the window
