"""Links: whose they are, until when; what everybody may know of them; what leaves with a page (H12)."""

from __future__ import annotations

import io
from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest
import recurring_ical_events
from icalendar import Calendar

from gateway.links import Bearer, LinkSigner
from gateway.logs import configure
from mentorship import commands as c
from records.people import Profile
from webhook.pages.mails import FreshLinks


async def test_an_old_link_says_so_and_mails_a_fresh_one_to_the_known_address(old, http, two, outbox):
    token = old("page", timedelta(days=61))
    answer = await http.get(f"/p/{token}")
    assert answer.status_code == 410
    assert "This link is too old" in answer.text
    assert (await http.post(f"/p/{token}/again")).status_code == 200
    [mail] = outbox.mails
    assert mail["To"] == "Ben Mentee <ben@example.org>"
    assert "http://hook/p/" in mail.get_body(("plain",)).get_content()


async def test_a_private_link_closes_after_fifteen_minutes_and_what_was_typed_is_shown(old, http, two, mentorship, running):
    token = old("private", timedelta(minutes=16))
    answer = await http.post(f"/private/{token}/feedback/1", data={"form": "x", "text": "What helped me"})
    assert answer.status_code == 410
    assert "What helped me" in answer.text
    assert await mentorship.signals() == []


@pytest.mark.parametrize("change", [lambda t: t[:-3], lambda t: t + "x", lambda _: "e30.aaaa.bbbb", lambda t: t[1:], lambda t: t.swapcase()])
async def test_a_forged_or_shortened_link_opens_nothing(change, http, two):
    answer = await http.get(f"/p/{change(two.token())}")
    assert answer.status_code == 404
    assert "This link does not open anything" in answer.text


async def test_a_link_with_somebody_elses_name_in_it_opens_nothing(http, two):
    hers, his = two.token("ana").split("."), two.token("ben").split(".")
    for mixed in ([hers[0], *his[1:]], [his[0], *hers[1:]], [*his[:2], hers[2]]):
        answer = await http.get(f"/p/{'.'.join(mixed)}")
        assert (answer.status_code, "This link does not open anything" in answer.text) == (404, True)


async def test_a_link_of_one_purpose_never_opens_another(http, two):
    for path, purpose in (
        ("/p/{}", "calendar"),
        ("/p/{}/calendar.ics", "page"),
        ("/private/{}", "page"),
        ("/p/{}", "private"),
        ("/u/{}", "page"),
        ("/p/{}", "unsubscribe"),
    ):
        answer = await http.get(path.format(two.token("ben", purpose)))
        assert answer.status_code == 404, (path, purpose)


async def test_a_link_of_another_pair_or_of_a_stranger_opens_nothing(http, two, settings):
    signer = LinkSigner(settings.link_secrets)
    for bearer in (Bearer(two.mentorship, "p-nobody"), Bearer("mentorship.spring-2027.m-none", two.ref("ben"))):
        assert (await http.get(f"/p/{signer.token('page', bearer)}")).status_code == 404


async def test_a_form_that_comes_after_the_end_gives_the_words_back(browser, two, mentorship, running, says):
    tab = await browser.get(two.page("ben", "set_goal"))
    await two.say("ana", c.SubmitPrivately(body=c.EndWish()))
    answer = await browser.send(tab, "/set_goal", text="Speak up in reviews", steps="Ask one question")
    assert answer.status_code == 409
    assert "This mentorship is over." in says(answer)
    assert "Speak up in reviews</textarea>" in answer.text
    assert await mentorship.signals() == []


async def test_a_pages_link_that_went_stale_while_writing_gives_the_words_back_and_mails_a_fresh_one(old, http, two, outbox, says):
    token = old("page", timedelta(days=61))
    answer = await http.post(f"/p/{token}/set_goal", data={"form": "x", "text": "Speak up in reviews", "steps": "Ask one question"})
    assert answer.status_code == 410
    assert "Speak up in reviews" in says(answer)
    assert f"/p/{token}/again" in answer.text


async def test_a_pair_that_is_over_hears_that_it_ended_and_not_who_or_why(browser, two, says):
    assert await two.say("ana", c.SubmitPrivately(body=c.EndWish())) == "applied"
    said = says(await browser.get(two.page()))
    assert "This mentorship ended on" in said
    assert "wish" not in said.replace("the wish to end", "")
    form = await browser.get(two.page("ben", "set_goal"))
    assert "The programme's time for that is over." in says(form)


async def test_an_erased_persons_page_is_gone(http, two):
    await two.records.people.erase(two.ref("ben"))
    answer = await http.get(two.page())
    assert answer.status_code == 410
    assert (await http.get(two.page("ana"))).status_code == 200


POLICY = {"default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"}
"""No script, nothing from elsewhere or to elsewhere, and in nobody's frame, where a click on something else would press our buttons."""


async def test_a_page_is_closed_to_the_outside(http, two):
    for path in (two.page(), two.page("ben", "set_goal"), "/who-sees-what", "/new-link", "/c/none", "/p/forged", two.private()):
        answer = await http.get(path)
        assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"
        assert answer.headers["cross-origin-opener-policy"] == answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert "http://" not in answer.text.replace("http://www.w3.org", "")


async def test_no_token_and_no_word_stands_in_the_logs(http, browser, two, mentorship, running):
    stream = io.StringIO()
    configure("json", "INFO", stream)
    await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text="Kanarienvogel", steps="")
    await http.get(two.page()[:-2])
    told = stream.getvalue()
    assert "/p/{token}" in told
    for secret in (two.token()[:30], "Kanarienvogel", "Ben Mentee", "ben@example.org"):
        assert secret not in told


async def test_the_calendar_is_the_same_series_as_the_mails_one_and_says_no_topic(http, two):
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.say("ben", c.CancelMeeting(meeting=2))
    answer = await http.get(f"/p/{two.token('ben', 'calendar')}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(events[0]["UID"]).endswith("@example.org")
    assert "Getting started" not in answer.text
    assert "Ana" not in answer.text
    assert starts(answer) == {meeting.start for meeting in two.state.meetings if meeting.n != 2}, "one was called off"
    await two.say("op-1", c.End())
    assert starts(await http.get(answer.request.url.path)) == set(), "an early end leaves nothing to come"


def starts(answer):
    year = recurring_ical_events.of(Calendar.from_ical(answer.content)).between((2027, 1, 1), (2028, 1, 1))
    return {event["DTSTART"].dt.astimezone(UTC) for event in year}


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
    """A concern is raised behind the private link: who tried through an outage need not wait for another hour (H16)."""
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
        assert await fresh.send_private(SimpleNamespace(bearer=Bearer(enrolment.mentorship, enrolment.mentor), enrolment=enrolment))
    assert len(outbox.mails) == 51
    for n in range(51):  # and of strangers who know many addresses, fifty times as many as one person is sent
        await fresh.send_to_address(f"e-{n}@example.org")
    assert len(outbox.mails) == 51 + 50


@pytest.mark.parametrize(("purpose", "ago"), [("page", timedelta(days=61)), ("private", timedelta(minutes=16))])
async def test_an_old_link_says_so_when_no_fresh_one_could_be_sent(purpose, ago, old, http, two, outbox, says):
    again = f"/{'p' if purpose == 'page' else purpose}/{old(purpose, ago)}/again"
    outbox.away = True
    answer = await http.post(again)
    assert answer.status_code == 503
    assert "No mail can be sent at the moment" in says(answer)
    assert "on its way" not in says(answer)
    outbox.away = False
    sent = await http.post(again)
    assert sent.status_code == 200
    assert "A fresh link is on its way to the address that we know." in says(sent)
    assert "Everybody gets this answer" not in says(sent)


async def test_an_old_link_to_a_concern_offers_nothing_that_is_not_there(old, http, says):
    answer = await http.get(f"/case/{old('case', timedelta(days=15, hours=1))}")
    assert answer.status_code == 410
    assert "the next mail about it brings a fresh one" in says(answer)
    assert "just ask" not in says(answer)


async def test_a_mail_server_that_is_away_changes_the_answer_for_nobody(http, two, outbox):
    outbox.away = True
    assert (await http.post("/new-link", data={"email": "ben@example.org"})).status_code == 200
