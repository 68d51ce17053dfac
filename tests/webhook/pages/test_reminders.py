"""Reminders off and on again: from a mail, and on a page of one's own (Calm)."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest


async def begins(two, key: str) -> str:
    return await two.records.notices.begin(key, two.ref("ben"), "ask", False, two.clock.now, 6, timedelta(days=30))


async def test_who_unsubscribed_is_offered_to_undo_it_on_the_same_page(browser, two, says):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    off = await browser.http.post(path, content="List-Unsubscribe=One-Click")
    assert await begins(two, "k1") == "unsubscribed"
    assert "Turn them back on" in says(off)
    assert "Reminders are off" in says(await browser.get(path)), "looking again does not switch them on"
    again = await browser.send(off, "/again")
    assert "Reminders reach you again from now on." in says(again)
    assert await begins(two, "k2") == "send"


async def test_that_page_speaks_its_readers_language_like_the_mail_that_led_there(http, two, says):
    path = f"/u/{two.token('ana', 'unsubscribe')}"
    assert "Erinnerungen beenden" in says(await http.get(path, headers={"Accept-Language": "en"}))
    assert "Stop the reminders" in says(await http.get(f"{path}?lang=en"))


async def test_undoing_it_is_for_pages_of_ours_only(http, two):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    await http.post(path)
    assert (await http.post(f"{path}/again", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await begins(two, "k1") == "unsubscribed"


async def test_the_participants_page_stops_reminders_and_offers_them_again(browser, two, says):
    stopped = await browser.send(await browser.get(two.page("ben", "reminders")), "/reminders")
    assert "Reminders are off." in says(stopped)
    assert await begins(two, "k1") == "unsubscribed"
    back = await browser.send(stopped, "/reminders")
    assert "Reminders reach you again from now on." in says(back)
    assert await begins(two, "k2") == "send"


async def test_unsubscribing_shows_first_and_acts_on_one_click_without_cookies(http, two):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    for method in ("GET", "HEAD"):
        assert (await http.request(method, path)).status_code == 200
    begin = two.records.notices.begin
    at, month = two.clock.now, timedelta(days=30)
    assert await begin("k1", two.ref("ben"), "ask", False, at, 6, month) == "send"
    answer = await http.post(
        path, content="List-Unsubscribe=One-Click", headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 200
    assert await begin("k2", two.ref("ben"), "ask", False, at, 6, month) == "unsubscribed"
    assert await begin("k3", two.ref("ana"), "ask", False, at, 6, month) == "send"


@pytest.mark.parametrize("then", ["", "/again"])
async def test_another_language_can_be_chosen_after_the_reminders_were_stopped_or_begun(then, http, two):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    answer = await http.post(path + then)
    links = [html.unescape(link) for link in re.findall(r'<a href="([^"]*)" lang=', answer.text)]
    assert links == [f"{path}?lang=de", f"{path}?lang=ar"]
    assert (await http.get(links[0])).status_code == 200
