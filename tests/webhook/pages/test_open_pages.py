"""Pages for everybody: who sees what (H12, P8)."""

from __future__ import annotations

import html
import io
import re

import httpx
import pytest

from gateway.logs import configure
from mentorship.visibility import THINGS, VIEWERS, may_read, sight
from webhook.app import create_app
from webhook.pages.wording import guest_language


@pytest.mark.parametrize("spoken", ["en", "de", "ar"])
async def test_the_page_has_a_cell_for_everything_and_everybody(spoken, http, two):
    page = await http.get(f"/who-sees-what?lang={spoken}")
    assert page.text.count("<td ") == len(THINGS) * len(VIEWERS)
    assert page.text.count('class="yes"') == sum(sight(viewer, thing) == "yes" for viewer in VIEWERS for thing in THINGS)


def test_what_a_participant_writes_is_read_by_nobody_else():
    for thing in ("feedback", "pins", "end_wish", "surveys", "cancel_reasons", "late_count", "goals"):
        for viewer in VIEWERS:
            if viewer != "own" and (thing, viewer) != ("goals", "partner"):
                assert not may_read(viewer, thing), (thing, viewer)
    assert may_read("partner", "feedback", shared=True)
    assert all(sight("everyone_else", thing) == "no" for thing in THINGS)


async def test_the_browsers_language_is_spoken_to_strangers(http, two):
    for accepted, code, direction in (("de-AT,de;q=0.9", "de", "ltr"), ("ar", "ar", "rtl"), ("fr;q=1, en;q=0.5", "en", "ltr"), ("*;q=x,,", "en", "ltr")):
        page = await http.get("/who-sees-what", headers={"Accept-Language": accepted})
        assert f'<html lang="{code}" dir="{direction}">' in page.text


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("de;q=0, ar;q=0.1", "ar"),
        ("de;q=0", "en"),
        ("de;q=0.0, en;q=0.000", "en"),
        ("ar ; q=0.2, de ;\tQ=0.3", "de"),
        ("en;q=0.5, de;q=0.5", "en"),
        ("de;q=0.5, en;q=0.5", "de"),
        ("fr, *;q=0.5", "en"),
        ("en;q=0, *;q=0.5", "de"),
        ("en;q=0, de;q=0, *", "ar"),
        ("ar;q=0.3, *;q=0.1", "ar"),
        ("*;q=0, ar;q=0.1", "ar"),
        ("*;q=0", "en"),
        ("*", "en"),
        ("de-AT;q=0, de;q=0.4", "de"),
        ("de;q=nan, ar;q=inf, de;q=-1, de;q=2, de;q=, de;q=0.1234, de;level=1, en", "en"),
        ("", "en"),
    ],
)
def test_a_browsers_wishes_are_weighed_as_the_standard_says(accepted, code):
    """RFC 9110, 12.5.4: a weight of 0 says what is not wanted, and `*` is whatever was not named."""
    assert guest_language(None, accepted).code == code
    assert guest_language("ar", accepted).code == "ar"


@pytest.mark.parametrize(("path", "status"), [("/who-sees-what", 200), ("/new-link", 200), ("/c/none", 404), ("/p/forged", 404)])
async def test_a_language_that_nobody_here_speaks_is_passed_over(path, status, http, two):
    for tag in ("ach", "cak", "son", "sco", "bar", "mul", "x-default", "i-klingon", "de-x-"):
        page = await http.get(path, headers={"Accept-Language": f"{tag},ar;q=0.5"})
        assert (page.status_code, page.headers["content-language"]) == (status, "ar"), tag


@pytest.mark.parametrize("path", ["/", "/new-link"])
async def test_the_form_for_a_fresh_link_is_sent_from_wherever_it_stands_and_keeps_the_language(path, browser, two, outbox):
    answer = await browser.send(await browser.get(f"{path}?lang=de"), "/new-link", email="ben@example.org")
    assert answer.status_code == 200
    assert '<html lang="de"' in answer.text
    assert len(outbox.mails) == 1


async def test_what_breaks_once_the_page_about_a_fresh_link_is_sent_ends_here(http, two, outbox, monkeypatch):
    """H12: the server would log it with its message, which may say to whom."""
    stream = io.StringIO()
    configure("json", "INFO", stream)

    async def breaks(message):
        raise RuntimeError(f"cannot write to {message['To']}")

    monkeypatch.setattr(outbox, "send", breaks)
    assert (await http.post("/new-link", data={"email": "ben@example.org"})).status_code == 200
    assert "RuntimeError" in stream.getvalue()
    assert "ben@example.org" not in stream.getvalue()


async def test_the_form_for_a_fresh_link_knows_under_which_path_we_are_reached(settings, client, records, clock, outbox, two, form_on):
    below = create_app(settings.model_copy(update={"base_url": "http://hook/mentoring"}), client, records, clock=clock, post=outbox)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(below), base_url="http://hook") as http:
        assert form_on(await http.get("/"), "/new-link")[0] == "/mentoring/new-link"


@pytest.mark.parametrize("then", ["", "/again"])
async def test_another_language_can_be_chosen_after_the_reminders_were_stopped_or_begun(then, http, two):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    answer = await http.post(path + then)
    links = [html.unescape(link) for link in re.findall(r'<a href="([^"]*)" lang=', answer.text)]
    assert links == [f"{path}?lang=de", f"{path}?lang=ar"]
    assert (await http.get(links[0])).status_code == 200


async def test_who_looks_at_an_address_that_only_takes_forms_reads_a_page(http, two, problem):
    path = f"/u/{two.token('ben', 'unsubscribe')}/again"
    for method, address in (("GET", path), ("POST", "/")):
        page = await http.request(method, address, headers={"Accept": "text/html"})
        assert page.status_code == 405
        assert "There is nothing here" in page.text
        assert page.headers["allow"] == ("POST" if address == path else "GET, HEAD")
    problem(await http.get(path))


async def test_a_405_names_the_methods_of_all_routes_of_the_address(http, two):
    for path in ("/new-link", f"/u/{two.token('ben', 'unsubscribe')}", "/c/none", two.page("ben", "set_goal")):
        assert (await http.put(path)).headers["allow"] == "GET, HEAD, POST"
