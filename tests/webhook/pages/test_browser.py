"""A real browser: readable by everybody, usable without JavaScript, with a keyboard, on a phone, at 200 %, in every language."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from gateway.links import Bearer
from mentorship import commands as c
from records.errors import RecordsUnavailable
from records.people import Profile

VARIANTS = [("light", 320, "de"), ("dark", 320, "ar"), ("dark", 500, "en"), ("light", 1000, "ar")]
"""Colours, width and language. 320 is a small phone, 500 a window of 1,000 at 200 %."""


def paths(two) -> list[str]:
    """Every page of Ben's that a look opens, and those that are everybody's."""
    acts = [
        ("confirm_expectations",),
        ("confirm_meeting", 5),
        ("confirm_meeting", "all"),
        ("move_meeting", 5),
        ("move_meeting", 4),
        ("cancel_meeting", 5),
        ("cancel_meeting", 3),
        ("excuse", 2),
        ("report_meeting", 3),
        ("report_meeting",),
        ("dispute", 3),
        ("record_milestone", "introduction"),
        ("object_to_milestone", "shadowing"),
        ("set_goal",),
        ("set_goal", "g-1"),
        ("report_goal", "g-1"),
        ("ask_extension",),
        ("calendar",),
        ("reminders",),
        ("certificate",),
        ("private_link",),
    ]
    private = [(), ("feedback", 1), ("pulse",), ("closing",), ("pins",), ("end_wish",), ("everything",)]
    concern = f"/concern/{two.token('ben', 'private')}"
    unsubscribe = f"/u/{two.token('ben', 'unsubscribe')}"
    everybodys = ["/", "/new-link", "/who-sees-what", "/c/unknown", unsubscribe, "/p/forged", two.page("ben", "nonsense")]
    return [two.page(), *(two.page("ben", *act) for act in acts), *(two.private("ben", *act) for act in private), concern, f"{concern}/new", *everybodys]


@pytest.fixture
async def team(lived) -> dict[str, str]:
    """Whom the programme names, and Ben can choose from."""
    names = (("e-1001", "Petra Sommer"), ("e-1002", "Ali Haddad"), ("e-1003", "Lee Owner"), ("e-1004", "Sam Outside"))
    return await lived.records.people.enrol([Profile(person_id=one, name=name, email=f"{one}@example.org") for one, name in names])


async def withdrawable(lived) -> str:
    """The address at which Ben can take back what he reported."""
    return lived.page("ben", "withdraw", next(iter(lived.meeting(1).reports)).report)


@contextmanager
def records_away(lived, monkeypatch):
    async def gone(*_args, **_more):
        raise RecordsUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(lived.records.cohorts, "by_mentorship", gone)
        yield


Check = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def looking(chromium, scheme: str, width: int) -> AsyncIterator[tuple[Page, Check]]:
    """A page, and the check of what it shows: nothing that axe finds, nothing cut off, nothing beside one main heading."""
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = await context.new_page()
    axe = Axe()

    async def check(what: str) -> None:
        found = (await axe.run(page, options={"resultTypes": ["violations"]})).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], what
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, what
        assert await page.locator("h1").count() == 1, what

    yield page, check
    await context.close()


@pytest.mark.parametrize(("scheme", "width", "lang"), VARIANTS)
async def test_no_page_has_a_barrier_or_is_cut_off(scheme, width, lang, chromium, served, lived, team, certify, running, old, monkeypatch):
    made = await certify()
    note = next(note.id for note in await lived.records.notes.of(lived.mentorship) if note.kind == "feedback" and not note.shared)
    expired = [f"/p/{old('page', timedelta(days=61))}", f"/private/{old('private', timedelta(minutes=16))}"]
    every = [*paths(lived), lived.private("ben", "share", note), f"/c/{made.id}", await withdrawable(lived), *expired]
    async with looking(chromium, scheme, width) as (page, check):
        for path in every:
            await page.goto(f"{served}{path}?lang={lang}")
            await check(path)

        async def pressed(what: str) -> None:
            await page.locator("main form button").first.click()
            await check(what)

        # What only a form leads to: each step of a concern, an empty form, a link that was asked for, reminders that are off.
        await page.goto(f"{served}/concern/{lived.token('ben', 'private')}/new?lang={lang}")
        await page.locator("input[value=partner]").check()
        await pressed("whom to tell")
        await page.locator("input[name=contact]").first.check()
        await page.locator("textarea").fill("It weighs on me.")
        await pressed("a concern that was sent")
        case = (await lived.records.cases.of_raiser(lived.ref("ben"), lived.mentorship))[-1]
        await page.goto(f"{served}/case/{lived.signer.token('case', Bearer(case.id, case.contacts[0]))}?lang={lang}")
        await check("somebody was asked")
        await pressed("a concern that is read")
        await pressed("a concern that was taken")
        await pressed("a concern that is read again")
        await page.goto(f"{served}{lived.page('ben', 'report_meeting', 3)}?lang={lang}")
        await pressed("a form with a fault")
        await page.goto(f"{served}{lived.page('ben', 'private_link')}?lang={lang}")
        await pressed("a link on its way")
        await page.goto(f"{served}/u/{lived.token('ben', 'unsubscribe')}?lang={lang}")
        await pressed("reminders that are off")
        await page.goto(f"{served}{lived.page()}?lang={lang}")
        await check("a page without reminders")

        with records_away(lived, monkeypatch):
            await page.goto(f"{served}{lived.page()}?lang={lang}")
            await check("records away")
        await lived.say("ana", c.SubmitPrivately(body=c.EndWish()))
        for path in (lived.page(), lived.private(), lived.page("ben", "set_goal")):
            await page.goto(f"{served}{path}?lang={lang}")
            await check(f"over: {path}")


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


async def test_where_the_keyboard_is_can_be_seen_on_everything_that_can_be_reached(chromium, served, lived):
    page = await chromium.new_page()
    for path in (lived.page(), lived.page("ben", "report_meeting", 3), lived.page("ben", "set_goal")):
        await page.goto(served + path)
        reached = 0
        for _ in range(80):
            await page.keyboard.press("Tab")
            seen = await page.evaluate(
                """() => { const e = document.activeElement; if (e === document.body) return null;
                const s = getComputedStyle(e); return [e.outerHTML.slice(0, 80), s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
            )
            if seen is None:
                break
            reached += 1
            assert seen[1] == "solid", seen
            assert seen[2] >= 2, seen
        assert reached > 5


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


async def test_another_language_shows_the_same_page(chromium, served, lived):
    page = await chromium.new_page()
    await page.goto(served + lived.page("ben", "cancel_meeting", 5))
    await page.get_by_role("link", name="العربية").click()
    assert re.search(r"/cancel_meeting/5\?lang=ar$", page.url)
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
