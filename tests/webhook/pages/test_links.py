"""Links: whose they are and until when; what anybody may learn about them; what a page sends out (H12)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from gateway.links import Bearer, LinkSigner
from gateway.logs import configure
from mentorship import commands as c
from records.errors import RecordsUnavailable


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


@pytest.mark.parametrize(("purpose", "path", "ago"), [("page", "p", timedelta(days=61)), ("private", "private", timedelta(minutes=16))])
async def test_a_link_that_is_too_old_is_told_of_in_the_language_of_whose_it_is(purpose, path, ago, old, http, two, monkeypatch):
    """In the language of the mail that it came by, whatever the browser of somebody abroad prefers; nothing else about them is said."""
    hers = f"/{path}/{old(purpose, ago, 'ana')}"
    arabic = {"Accept-Language": "ar"}
    assert "Dieser Link ist zu alt" in (answer := await http.get(hers, headers=arabic)).text
    assert answer.headers["content-language"] == "de"
    assert not any(word in answer.text for word in ("Ana", "Ben", "Engineering"))
    assert "This link is too old" in (chosen := await http.get(f"{hers}?lang=en", headers=arabic)).text
    assert 'href="/who-sees-what?lang=en"' in chosen.text, "the language that was chosen goes on"
    assert "Dieser Link ist zu alt" in (await http.post(f"{hers}/set_goal", headers=arabic, data={"form": "x", "text": "x"})).text

    async def away(_: Any) -> None:
        raise RecordsUnavailable("records cannot be reached")

    monkeypatch.setattr(two.records.people, "profiles", away)
    answer = await http.get(hers, headers=arabic)
    assert (answer.status_code, answer.headers["content-language"]) == (410, "ar"), "nobody needs records to ask for a fresh one"


async def test_an_old_link_of_somebody_who_was_erased_says_what_everybody_elses_does(old, http, two):
    hers = f"/p/{old('page', timedelta(days=61), 'ana')}"
    await two.records.people.erase(two.ref("ana"))
    answer = await http.get(hers, headers={"Accept-Language": "ar"})
    assert (answer.status_code, answer.headers["content-language"]) == (410, "ar")


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


async def test_a_page_is_closed_to_the_outside(http, two):
    """No script, nothing loaded from elsewhere or sent elsewhere, and in nobody's frame, where a click on something else would press our buttons."""
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
