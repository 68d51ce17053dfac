"""`/new-link` knows coordinators, too: one who lost the digest gets back to all their lists (P7)."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from gateway.links import LIFETIMES
from records.cohorts import Cohort


async def ask(http, email):
    return await http.post("/new-link", data={"email": email})


def links(mail):
    return re.findall(r"http://hook(/\S+)", mail.get_body(("plain",)).get_content())


def lists(mail):
    return [link for link in links(mail) if link.startswith("/coordinator/")]


async def begin(desk, cohort, *, programme=None, days=0):
    """Another cohort, without pairs yet, which began so many days after the first."""
    chosen = programme or desk.programme
    await desk.records.programmes.put(chosen)
    head, started = chosen.programme, desk.clock.now - timedelta(days=60 - days)
    digest = chosen.texts().digest
    await desk.records.cohorts.put(Cohort(id=cohort, programme=head.id, version=head.version, texts_digest=digest, starts_at=started, created_at=started))


def coordinated_by(programme, *who, **head):
    contacts = programme.contacts.model_copy(update={"coordinators": who})
    return programme.model_copy(update={"contacts": contacts, "programme": programme.programme.model_copy(update=head)})


async def test_a_coordinator_who_lost_the_digest_gets_a_link_that_opens_the_list(http, desk, outbox, says):
    await desk.open("no_meeting", 0)
    assert (await ask(http, "ANA@example.org")).status_code == 200
    [mail] = outbox.mails
    assert mail["To"] == "Ana Coordinator <ana@example.org>"
    [link] = lists(mail)
    assert "Mia Brandt and Noor Haddad" in says(await http.get(link))
    assert "Mia" not in mail.as_string()
    assert "It works until Tuesday 18 May, 11:00." in " ".join(mail.get_body(("plain",)).get_content().split())


async def test_each_cohort_that_they_look_after_has_its_link_and_no_other(http, desk, outbox, programme, says):
    await begin(desk, "summer", days=30)
    await begin(desk, "elsewhere", programme=coordinated_by(programme, "carl", id="another", title="Another programme"))
    await ask(http, "ana@example.org")
    [mail] = outbox.mails
    assert len(lists(mail)) == 2
    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert "The cohort of Thursday 4 March" in text
    assert "The cohort of Saturday 3 April" in text
    assert "Another programme" not in text
    for link in lists(mail):
        assert "Your list" in says(await http.get(link))


async def test_who_takes_part_and_coordinates_gets_one_mail_with_all(http, desk, outbox):
    pairs = await desk.records.cohorts.enrol_pairs("spring", [("of-ana", desk.refs["ana"], desk.refs["noor"])])
    await desk.records.cohorts.mark_started(pairs.added[0].mentorship, desk.clock.now)
    await ask(http, "ana@example.org")
    [mail] = outbox.mails
    assert [link.split("/")[1] for link in links(mail)] == ["p", "coordinator", "who-sees-what"]
    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert "Noor Haddad" in text
    assert "Pages can be opened until Friday 2 July, 11:00, lists until Tuesday 18 May, 11:00." in text


@pytest.mark.parametrize("who", ["lee", "sam", "max"])
async def test_who_has_no_page_gets_no_mail(who, http, desk, outbox):
    """An owner is told numbers by mail, and a contact for a concern gets a link for that concern alone; neither has a list."""
    known, unknown = await ask(http, f"{who}@example.org"), await ask(http, "nobody@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert outbox.mails == []


async def test_who_left_or_coordinates_no_longer_gets_none(http, desk, outbox, programme):
    await desk.hire(carl={"status": "gone"})
    await ask(http, "carl@example.org")
    newer = coordinated_by(programme, "carl", version=programme.programme.version + 1)
    await begin(desk, "spring", programme=newer)
    await ask(http, "ana@example.org")
    assert outbox.mails == []


async def test_the_answer_is_the_same_for_everyone_and_given_before_any_mail_is_made(app, desk, outbox, monkeypatch):
    """Nobody can find out at the door who coordinates, neither from the answer nor from how long it takes."""
    order = []
    look, send = desk.records.people.by_email, outbox.send

    async def looked(email):
        order.append("looked")
        return await look(email)

    async def sent(message):
        order.append("mail")
        await send(message)

    monkeypatch.setattr(desk.records.people, "by_email", looked)
    monkeypatch.setattr(outbox, "send", sent)

    async def watched(scope, receive, tell):
        async def telling(event):
            if event["type"] == "http.response.body" and not event.get("more_body"):
                order.append("answer")
            await tell(event)

        await app(scope, receive, telling)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(watched), base_url="http://hook") as http:
        answers = [await ask(http, f"{who}@example.org") for who in ("ana", "nobody", "noor")]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert order == ["answer", "looked", "mail", "answer", "looked", "answer", "looked", "mail"]


async def test_nobody_fills_a_coordinators_mailbox_nor_uses_up_what_their_own_link_may_ask_for(http, browser, desk, outbox, monkeypatch):
    """Four an hour to one person whoever asks, and four more for somebody with a link, even an old one."""
    old = desk.address()
    monkeypatch.setitem(LIFETIMES, "coordinator", timedelta(seconds=-1))
    for _ in range(6):
        await ask(http, "ana@example.org")
    assert len(outbox.mails) == 4
    for _ in range(6):
        await browser.send(await browser.get(old), "/again")
    assert len(outbox.mails) == 8
    desk.clock.now += timedelta(hours=1)
    await ask(http, "ana@example.org")
    assert len(outbox.mails) == 9


async def test_it_is_written_in_the_coordinators_language(http, desk, outbox):
    await ask(http, "carl@example.org")
    [mail] = outbox.mails
    assert mail["Content-Language"] == "de"
    assert "Liste öffnen" in mail.get_body(("plain",)).get_content()
