"""A person downloads everything that is kept about them, behind a fresh link, and nobody else can (H12, P8)."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from playwright.async_api import expect

from mentorship import commands as c
from records.cases import Case
from records.cohorts import Cohort
from records.errors import RecordsUnavailable

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "own-data.schema.json").read_text())
HIS, HERS_SHARED = "Your question about what I avoid stayed with me.", "Ben prepares so well that an hour is short."


def conforms(told) -> None:
    assert [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(told)] == []


def this_one(told):
    """The mentorship that Ben and Ana lived; the door's fixtures enrolled the two in others."""
    return next(one for one in told["mentorships"] if one["cohort"] == "summer-2027")


async def stored(two):
    """Everything that a request could have left behind."""
    mentorship = two.mentorship
    records = two.records
    return (
        await records.doors.of(mentorship),
        await records.journal.head(mentorship),
        await records.notes.of(mentorship),
        await records.notices.of(two.ref("ben")),
        await records.people.whole(two.ref("ben")),
    )


async def test_the_download_is_one_file_that_no_browser_keeps_or_shows(http, lived):
    answer = await http.get(lived.private("ben", "everything.json"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="mentorship-\d{4}-\d\d-\d\d\.json"', answer.headers["content-disposition"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_it_has_everything_of_ones_own_as_documented(http, lived, certify):
    made = await certify()
    told = (await http.get(lived.private("ben", "everything.json"))).json()
    conforms(told)
    assert (told["reader"], told["profile"]["email"]) == ("own", "ben@example.org")
    mine = this_one(told)
    assert {word["text"] for word in mine["words"]} == {HIS, "Lead a design review", "Ask who has led one", "Take the next one"}
    assert mine["plan"]["meetings"][0]["held"] is True
    assert ("report_meeting", "applied") in [(fact["name"], fact["outcome"]) for fact in mine["facts"]]
    assert [one["id"] for one in told["certificates"]] == [made.id]


async def test_nothing_of_the_partners_is_in_it(http, lived, certify):
    """Not even the feedback that she shared: he reads it on his page, but it is hers."""
    await certify("ana")
    await lived.records.notices.begin("hers", lived.ref("ana"), "nudge", False, lived.clock.now, 6, timedelta(days=30))
    text = (await http.get(lived.private("ben", "everything.json"))).text
    for theirs in (HERS_SHARED, "Ana", lived.ref("ana"), "nudge", "pair-9", '"reason": "work"'):
        assert theirs not in text, theirs


async def test_a_concern_about_the_reader_leaves_no_trace_and_the_raiser_gets_what_they_wrote(http, lived):
    """H16: the same bytes with and without it."""
    address = {who: lived.private(who, "everything.json") for who in ("ana", "ben")}
    before = {who: (await http.get(path)).content for who, path in address.items()}
    opened_at = lived.clock.now
    case = Case(
        id="", raiser=lived.ref("ben"), mentorship=lived.mentorship, programme="engineering", subject=lived.ref("ana"), contacts=(), opened_at=opened_at
    )
    await lived.records.cases.open(case, "It weighs on me", "form")
    assert (await http.get(address["ana"])).content == before["ana"]
    his = (await http.get(address["ben"])).json()
    conforms(his)
    assert [one["text"] for one in his["concerns"]] == ["It weighs on me"]


async def test_it_has_the_mentorships_with_everybody_else_too(http, lived):
    """Whichever of their mentorships the link is for."""
    cohort = await lived.records.cohorts.get("summer-2027")
    await lived.records.cohorts.put(Cohort(**{**cohort.model_dump(), "id": "autumn-2027"}))
    await lived.records.cohorts.enrol_pairs("autumn-2027", [("pair-x", lived.ref("ben"), lived.ref("ana"))])
    told = (await http.get(lived.private("ben", "everything.json"))).json()
    assert {("summer-2027", "mentee"), ("autumn-2027", "mentor")} <= {(one["cohort"], one["side"]) for one in told["mentorships"]}


@pytest.mark.parametrize("path", ["everything", "everything.json"])
async def test_only_a_fresh_private_link_opens_it(path, http, lived, old):
    for purpose in ("page", "calendar", "unsubscribe"):
        assert (await http.get(f"/private/{lived.token('ben', purpose)}/{path}")).status_code == 404
    assert (await http.get(f"/p/{lived.token('ben')}/{path}")).status_code == 404
    late = await http.get(f"/private/{old('private', timedelta(minutes=16))}/{path}")
    assert late.status_code == 410
    assert HIS not in late.text
    assert "content-disposition" not in late.headers


@pytest.mark.parametrize("path", ["everything", "everything.json"])
async def test_looking_changes_nothing_and_there_is_nothing_to_send(path, http, lived):
    before = await stored(lived)
    for method in ("GET", "HEAD"):
        assert (await http.request(method, lived.private("ben", path))).status_code == 200
    assert await stored(lived) == before
    assert (await http.post(lived.private("ben", path))).status_code in (403, 404, 405)
    assert await stored(lived) == before


async def test_what_is_said_in_any_language_is_downloaded_as_it_was_written(http, lived):
    note = await lived.records.notes.put(lived.ref("ben"), lived.mentorship, "feedback", "شكرًا, Zoë 🌱")
    await lived.say("ben", c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=note)))
    answer = await http.get(lived.private("ben", "everything.json"))
    assert "شكرًا, Zoë 🌱" in answer.content.decode("utf-8")


async def test_before_it_begins_a_person_gets_what_is_kept_by_then(browser, http, lived, says, outbox):
    cohort = await lived.records.cohorts.get("summer-2027")
    await lived.records.cohorts.put(Cohort(**{**cohort.model_dump(), "id": "autumn-2027"}))
    enrolled = await lived.records.cohorts.enrol_pairs("autumn-2027", [("pair-x", lived.ref("ana"), lived.ref("ben"))])
    lived.enrolment = enrolled.added[0]
    page = await browser.get(lived.page())
    assert "Your mentorship is being set up" in says(page)
    assert "/private_link" in page.text
    await browser.send(await browser.get(lived.page("ben", "private_link")), "/private_link")
    address = next(word for word in outbox.mails[0].get_body(("plain",)).get_content().split() if word.startswith("http://hook/private/"))
    opened = await http.get(address)
    assert "Everything that is kept about you" in says(opened)
    told = (await http.get(f"{address}/everything.json")).json()
    conforms(told)
    assert told["profile"]["name"] == "Ben Mentee"


async def test_who_was_erased_has_nothing_to_download(http, lived):
    address = lived.private("ben", "everything.json")
    await lived.records.people.erase(lived.ref("ben"))
    answer = await http.get(address)
    assert (answer.status_code, "content-disposition" in answer.headers) == (410, False)


async def test_records_that_go_away_in_the_middle_are_a_page_that_says_so(http, lived, monkeypatch, says):
    async def gone(*_args, **_more):
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(lived.records.people, "whole", gone)
    answer = await http.get(lived.private("ben", "everything.json"))
    assert (answer.status_code, "content-disposition" in answer.headers) == (503, False)
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(("lang", "label"), [("en", "Download everything"), ("de", "Alles herunterladen"), ("ar", "تنزيل كل ما")])
async def test_from_ones_page_to_the_file_in_a_real_browser(lang, label, chromium, served, lived, outbox, tmp_path):
    page = await chromium.new_page()
    await page.goto(f"{served}{lived.page()}?lang={lang}")
    await page.get_by_role("link", name=label).click()
    await page.locator("main form button").click()
    await expect(page.get_by_role("status")).to_be_visible()
    mailed = outbox.mails[0].get_body(("plain",)).get_content()
    address = next(word for word in mailed.split() if word.startswith("http://hook/private/")).removeprefix("http://hook")
    await page.goto(f"{served}{address}?lang={lang}")
    await page.locator("a[href*='/everything']").click()
    async with page.expect_download() as waited:
        await page.get_by_role("link", name=label).click()
    download = await waited.value
    assert re.fullmatch(r"mentorship-\d{4}-\d\d-\d\d\.json", download.suggested_filename)
    await download.save_as(tmp_path / "own.json")
    told = json.loads(await asyncio.to_thread((tmp_path / "own.json").read_text, encoding="utf-8"))
    conforms(told)
    assert HIS in [word["text"] for word in this_one(told)["words"]]
    await expect(page.locator("h1")).to_be_visible()
