"""A real browser: readable by everybody, usable without JavaScript, with a keyboard, on a phone, at 200 %, in every language."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from playwright.async_api import expect

from gateway.links import Bearer
from mentorship import commands as c
from mentorship.programme import Programme
from records.errors import RecordsUnavailable
from records.people import Profile
from webhook.pages.actions import ACTIONS
from webhook.pages.form_tokens import FormTokens


def paths(two) -> list[str]:
    """Every page of Ben's that a GET opens, and those that are public."""
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
        ("report_meeting", "several"),
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
    assert {*ACTIONS} - {act for act, *_ in acts} == {"withdraw"}, "every form is looked at; that one by the report that it takes back"
    private = [(), ("feedback", 1), ("pulse",), ("closing",), ("pins",), ("end_wish",), ("everything",)]
    concern = f"/concern/{two.token('ben', 'private')}"
    unsubscribe = f"/u/{two.token('ben', 'unsubscribe')}"
    everybodys = ["/", "/new-link", "/who-sees-what", "/c/unknown", unsubscribe, "/p/forged", two.page("ben", "nonsense")]
    return [two.page(), *(two.page("ben", *act) for act in acts), *(two.private("ben", *act) for act in private), concern, f"{concern}/new", *everybodys]


@pytest.fixture
def programme(programme) -> Programme:
    """One milestone needs the word of both."""
    milestones = (one.model_copy(update={"by": "both"}) if one.id == "introduction" else one for one in programme.milestones)
    return programme.model_copy(update={"milestones": tuple(milestones)})


@pytest.fixture
async def team(lived) -> dict[str, str]:
    """The people whom the programme names, among whom Ben can choose."""
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


async def refused_goal(lived, settings) -> None:
    """Ben's page reports the refusal, with what he wrote."""
    note = await lived.records.notes.put(lived.ref("ben"), lived.mentorship, "action", "https://example.org/" + "a-long-address-" * 20)
    writer = FormTokens(settings.link_secrets).writer(Bearer(lived.mentorship, lived.ref("ben")))
    assert await lived.say("ben", c.SetGoal(goal="g-1", actions=(note,) * 21, message_id=f"{writer}1")) == "too_many"


async def test_no_page_has_a_barrier_or_is_cut_off(look, served, lived, team, certify, running, old, monkeypatch, settings):
    made = await certify()
    await refused_goal(lived, settings)
    await lived.say("ana", c.RecordMilestone(milestone="introduction"))
    note = next(note.id for note in await lived.records.notes.of(lived.mentorship) if note.kind == "feedback" and not note.shared)
    expired = [f"/p/{old('page', timedelta(days=61))}", f"/private/{old('private', timedelta(minutes=16))}"]
    every = [*paths(lived), lived.private("ben", "share", note), f"/c/{made.id}", await withdrawable(lived), *expired]
    for path in every:
        await look.open(served + path)
    page, address = look.page, lambda path: f"{served}{path}?lang={look.lang}"

    async def pressed(what: str) -> None:
        async with page.expect_navigation():
            await page.locator("main form button").first.click()
        await look.judge(what)

    await page.goto(address(lived.page()))
    await expect(page.locator("pre.kept").first).to_be_visible()
    await expect(page.locator("section[aria-labelledby=todo] a[href*='/record_milestone/introduction']")).to_be_visible()

    # Pages that only a form leads to: each step of a concern, an empty form, a link that was asked for, reminders that are off.
    await page.goto(address(f"/concern/{lived.token('ben', 'private')}/new"))
    await page.locator("input[value=partner]").check()
    await pressed("whom to tell")
    await page.locator("input[name=contact]").first.check()
    await page.locator("textarea").fill("It weighs on me.")
    await pressed("a concern that was sent")
    await expect(page.locator("form[action*='/withdraw'] button")).to_be_hidden()  # one tap too many would close it for good
    await page.locator("summary").click()
    await expect(page.locator("form[action*='/withdraw'] button")).to_be_visible()
    await look.judge("a concern that nobody is needed for any more")
    case = (await lived.records.cases.of_raiser(lived.ref("ben"), lived.mentorship))[-1]
    await look.open(f"{served}/case/{lived.signer.token('case', Bearer(case.id, case.contacts[0]))}")
    await pressed("a concern that is read")
    await pressed("a concern that was taken")
    await pressed("a concern that is read again")
    await page.goto(address(lived.page("ben", "report_meeting", 3)))
    await pressed("a form with a fault")
    await page.goto(address(lived.page("ben", "private_link")))
    await pressed("a link on its way")
    await page.goto(address(f"/u/{lived.token('ben', 'unsubscribe')}"))
    await pressed("reminders that are off")
    await look.open(served + lived.page())

    with records_away(lived, monkeypatch):
        await look.open(served + lived.page())
    await lived.say("ana", c.SubmitPrivately(body=c.EndWish()))
    for path in (lived.page(), lived.private(), lived.page("ben", "set_goal")):
        await look.open(served + path)


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


async def test_on_a_phone_with_letters_twice_as_large_no_button_breaks_in_the_middle_of_a_word(chromium, served, lived):
    page = await chromium.new_page(viewport={"width": 360, "height": 900})
    for act in ("", "confirm_meeting/all", "set_goal"):
        await page.goto(f"{served}{lived.page()}/{act}".rstrip("/") + "?lang=de")
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        whole = "nodes => nodes.map(one => { one.style.overflowWrap = 'normal'; return [one.innerText, one.scrollWidth <= one.clientWidth] })"
        told = dict(await page.locator(".button:visible, button:visible").evaluate_all(whole))
        assert told
        assert {name for name, fits in told.items() if not fits} == set(), act


async def test_on_paper_nothing_stands_beside_the_page_and_letters_are_dark(chromium, served, lived):
    """A browser prints from the leftmost letter: what waited beside the screen in Arabic moved the whole page off its paper."""
    page = await chromium.new_page(color_scheme="dark", viewport={"width": 690, "height": 900})
    await page.emulate_media(media="print")
    for path in (lived.page(), "/who-sees-what"):
        await page.goto(f"{served}{path}?lang=ar")
        beside = await page.evaluate(
            """() => [...document.querySelectorAll("body *:not(svg *)")].filter(e => { const box = e.getBoundingClientRect();
            return box.width && (box.left < -1 || box.right > innerWidth + 1); }).map(e => e.outerHTML.slice(0, 80))"""
        )
        assert beside == [], path
        colour = await page.evaluate("getComputedStyle(document.body).color")
        assert max(map(int, re.findall(r"\d+", colour))) < 100, colour


FAULTS = {
    "report_meeting/3": "held",
    "report_meeting/several": "meeting",
    "confirm_expectations": "expectation",
    "report_goal/g-1": "progress",
    "set_goal/g-1": "steps",
    "set_goal": "text",
}
"""Forms that are sent empty, each with the field that is then wrong."""


@pytest.mark.parametrize("scripted", [True, False])
async def test_a_form_that_comes_back_says_so_first_and_leads_to_the_field(scripted, chromium, served, lived):
    """The title says so, where reading begins, and a link leads to what is wrong: there is no script to announce it."""
    page = await (await chromium.new_context(java_script_enabled=scripted)).new_page()
    for path, field in FAULTS.items():
        await page.goto(served + lived.page("ben", path))
        name = await page.title()
        await page.locator("textarea[required]").evaluate_all("fields => fields.forEach(field => field.required = false)")
        await page.locator("main form button").click()
        await expect(page).to_have_title(f"Not sent yet. {name}")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"#wrong-{field}$"))
        await page.keyboard.press("Tab")
        assert await page.locator(f"[aria-describedby~=wrong-{field}]").evaluate("field => field.matches(':focus-within')"), path


async def test_what_a_field_says_besides_its_name_belongs_to_it(chromium, served, lived, team):
    """Its hint, even while it is wrong: in which zone a time is, what 1 and 5 mean."""
    page = await chromium.new_page()
    for path in paths(lived):
        await page.goto(served + path)
        assert (
            await page.evaluate("[...document.querySelectorAll('.hint')].filter(hint => !document.querySelector(`[aria-describedby~='${hint.id}']`)).length")
            == 0
        ), path
    await page.goto(served + lived.page("ben", "move_meeting", 5))
    await page.get_by_label("New day and time").fill("2027-01-04T10:00")
    await page.get_by_role("button", name="Propose this time").click()
    await expect(page.get_by_label("New day and time")).to_have_accessible_description("In London time. That time is not ahead any more.")


async def test_on_a_small_screen_every_cell_keeps_its_column(chromium, served, lived):
    """Cells are only hidden from the eye; for a screen reader the following cells would otherwise be under another's name (H12)."""
    page = await (await chromium.new_context(viewport={"width": 320, "height": 900})).new_page()
    await page.goto(f"{served}/who-sees-what")
    columns = await page.get_by_role("columnheader").count()
    for row in (await page.get_by_role("row").all())[1:]:
        assert await row.get_by_role("cell").count() == columns - 1


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


async def test_the_picture_can_be_read_on_a_phone(chromium, served, lived):
    """Its marks do not shrink with the window, and none covers its neighbour."""
    page = await chromium.new_page(viewport={"width": 320, "height": 700})
    await page.goto(served + lived.page())
    boxes = [await dot.bounding_box() for dot in await page.locator("svg.picture circle").all()]
    assert len(boxes) == len(lived.state.meetings)
    assert all(box["width"] >= 12 for box in boxes)
    assert all(left["x"] + left["width"] <= right["x"] for left, right in pairwise(boxes))
    segments = [await segment.bounding_box() for segment in await page.locator("svg.picture rect").all()]
    assert segments
    assert all(segment["height"] >= 12 for segment in segments)


async def test_another_language_shows_the_same_page(chromium, served, lived):
    page = await chromium.new_page()
    await page.goto(served + lived.page("ben", "cancel_meeting", 5))
    await page.get_by_role("link", name="العربية").click()
    assert re.search(r"/cancel_meeting/5\?lang=ar$", page.url)
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
