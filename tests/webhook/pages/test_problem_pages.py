"""Whatever goes wrong gets a page that says so and repeats nothing (H12)."""

from __future__ import annotations

import pytest

from records.errors import RecordsUnavailable


@pytest.mark.parametrize("path", ["calendar", "reminders", "private_link"])
async def test_a_form_from_elsewhere_changes_nothing(path, http, two):
    answer = await http.post(two.page("ben", path), data={"form": "x", "reminders": "off"})
    assert answer.status_code == 403
    assert not await two.records.notices.is_unsubscribed(two.ref("ben"))


async def test_a_fault_of_ours_is_a_page_that_repeats_nothing(browser, two, monkeypatch, says):
    async def broken(*_args, **_more):
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(two.records.journal, "entries", broken)
    answer = await browser.get(two.page())
    assert answer.status_code == 500
    assert "Something went wrong here" in says(answer)
    assert "what somebody wrote" not in answer.text


@pytest.mark.parametrize("path", ["", "calendar", "reminders", "set_goal"])
async def test_records_away_is_a_page_that_says_so(path, browser, two, monkeypatch, says):
    async def gone(*_args, **_more):
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(two.records.cohorts, "by_mentorship", gone)
    answer = await browser.get(two.page("ben", *([path] if path else [])))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Nothing is lost, and an outage makes nobody late." in says(answer)


async def test_an_address_that_there_is_not_is_a_page_for_people_and_a_document_for_programs(http, two):
    for path in ("/nonsense", "/v1/nothing", "/p"):
        for_people = await http.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (for_people.status_code, "There is nothing here" in for_people.text) == (404, True)
        assert (await http.get(path)).headers["content-type"] == "application/problem+json"


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
