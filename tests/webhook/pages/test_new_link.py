"""Asking for a fresh link: everybody gets the same answer, and people whom we know get a mail (H12)."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gateway.links import Bearer
from gateway.logs import configure
from records.people import Profile
from webhook.app import create_app
from webhook.pages.fresh_links import FreshLinks


async def test_the_front_door_mails_a_fresh_link(http, two, says):
    assert "Your page opens with a link of your own" in says(await http.get("/"))


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


async def test_a_new_link_answers_everyone_the_same_and_mails_only_who_is_known(http, two, outbox):
    known = await http.post("/new-link", data={"email": "BEN@example.org"})
    unknown = await http.post("/new-link", data={"email": "nobody@example.org"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    [mail] = outbox.mails
    assert mail["To"] == "Ben Mentee <ben@example.org>"
    assert "Ana Mentor" not in mail["Subject"]


async def test_nobodys_mailbox_is_filled_through_us(http, two, outbox):
    for _ in range(10):
        assert (await http.post("/new-link", data={"email": "ben@example.org"})).status_code == 200
    assert len(outbox.mails) == 4


async def test_who_knows_an_address_locks_nobody_out_of_their_private_pages(http, browser, two, outbox, says):
    for _ in range(10):
        await http.post("/new-link", data={"email": "ben@example.org"})
    asked = await browser.send(await browser.get(two.page("ben", "private_link")), "/private_link")
    assert "It is on its way." in says(asked)
    assert "http://hook/private/" in outbox.mails[-1].get_body(("plain",)).get_content()


async def test_who_asks_with_their_own_link_is_spared_a_full_mailbox_too(browser, two, outbox):
    for _ in range(6):
        await browser.send(await browser.get(two.page("ben", "private_link")), "/private_link")
    assert len(outbox.mails) == 4


async def test_tries_while_no_mail_could_be_sent_use_nothing_up(browser, two, outbox, says):
    """A concern is raised behind the private link: somebody who tried during an outage need not wait for another hour (H16)."""
    outbox.away = True
    for _ in range(6):
        assert (await browser.send(await browser.get(two.page("ben", "private_link")), "/private_link")).status_code == 503
    outbox.away = False
    assert "It is on its way." in says(await browser.send(await browser.get(two.page("ben", "private_link")), "/private_link"))


async def test_of_many_who_ask_with_their_own_links_nobody_is_left_out(two, outbox, records, settings, clock):
    """When a cohort is asked a question, hundreds want their private links within the hour."""
    people = [Profile(person_id=f"e-{n}", name=f"Person {n}", email=f"e-{n}@example.org") for n in range(102)]
    refs = list((await records.people.enrol(people)).values())
    pairs = [(f"many-{n}", refs[n], refs[n + 51]) for n in range(51)]
    fresh = FreshLinks(records, two.signer, outbox, clock, base_url=settings.base_url, sender=settings.mail_from, most=1)
    for enrolment in (await records.cohorts.enrol_pairs("summer-2027", pairs)).added:
        await records.cohorts.mark_started(enrolment.mentorship)
        known: Any = SimpleNamespace(bearer=Bearer(enrolment.mentorship, enrolment.mentor), enrolment=enrolment)
        assert await fresh.send(known, "private")
    assert len(outbox.mails) == 51
    for n in range(51):  # and strangers who know many addresses, fifty times as many as one person is sent
        await fresh.send_to_address(f"e-{n}@example.org")
    assert len(outbox.mails) == 51 + 50


async def test_a_mail_server_that_is_away_changes_the_answer_for_nobody(http, two, outbox):
    outbox.away = True
    assert (await http.post("/new-link", data={"email": "ben@example.org"})).status_code == 200
