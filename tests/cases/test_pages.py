"""The pages for whoever raises a concern and for whoever is asked: forms change things, opening a link never does (H16)."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from gateway.links import Bearer, LinkSigner
from mentorship.commands import Pause, Resume
from tests.webhook.outbox import Outbox
from webhook.app import create_app

CANARY = "canary-in-the-words"


class _Forms(HTMLParser):
    """What a browser would send with each form, by the form's address."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, list[tuple[str, str]]] = {}
        self._at = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self._at = given["action"]
            self.forms[self._at] = []
        elif tag == "input" and given.get("type") == "hidden":
            self.forms[self._at].append((given["name"], given.get("value", "")))


class Browser:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, address: str) -> httpx.Response:
        return await self.http.get(address)

    async def send(self, page: httpx.Response, ending: str, *more: tuple[str, str]) -> httpx.Response:
        """Sends the form whose address ends with `ending`, with what is chosen and typed."""
        parsed = _Forms()
        parsed.feed(page.text)
        address = next((address for address in parsed.forms if address.partition("?")[0].endswith(ending)), None)
        assert address is not None, page.text
        fields = [*parsed.forms[address], *more]
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return await self.http.post(address, data=data)


@pytest.fixture
async def browser(house):
    app = create_app(house.settings, house.environment.client, house.records, post=Outbox(), clock=house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook", follow_redirects=True) as http:
        yield Browser(http)


@pytest.fixture
def link(house):
    signer = LinkSigner(house.settings.link_secrets)

    def link(who: str = "noor") -> str:
        return f"/concern/{signer.token('private', Bearer(house.enrolment.mentorship, house.refs[who]))}"

    return link


def in_mail(mailbox, who) -> str:
    """Opens the link in the newest mail, as somebody would click it."""
    text = mailbox.to(f"{who}@example.org")[-1].get_body(("plain",)).get_content()
    found = re.search(r"http://[^/]+(/case/\S+)", text)
    assert found is not None
    return found[1]


async def raise_it(house, browser, link, *contacts: str, hold: bool = False, about: str = "partner"):
    page = await browser.get(f"{link()}/new")
    page = await browser.send(page, "/new", ("about", house.refs.get(about, about)))
    chosen = [("contact", house.refs[name]) for name in contacts]
    return await browser.send(page, "/send", ("text", CANARY), *chosen, *([("hold", "yes")] if hold else []))


async def of_noor(house):
    return await house.records.cases.of_raiser(house.refs["noor"], house.enrolment.mentorship)


async def test_a_person_tells_somebody_and_never_sees_the_words_again(house, browser, link):
    await house.wait(hours=9)
    page = await raise_it(house, browser, link, "sam", hold=True)
    assert page.status_code == 200
    assert "What you sent waits for somebody." in page.text
    assert CANARY not in page.text
    (case,) = await of_noor(house)
    assert (case.contacts, case.subject, await house.records.cases.words(case.id)) == ((house.refs["sam"],), house.refs["mia"], CANARY)
    await house.wait(hours=1)
    assert (await house.status()).phase == "paused"
    for address in (link(), f"{link()}/new"):
        assert CANARY not in (await browser.get(address)).text


async def test_who_is_close_to_the_one_it_is_about_is_not_on_the_page_and_cannot_be_sent_either(house, browser, link):
    mia = await house.records.people.profile(house.refs["mia"])
    await house.records.people.enrol([mia.model_copy(update={"manager_id": "ana"})])
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "partner"))
    assert [name in page.text for name in ("Ana", "Carl", "Sam", "outside the programme")] == [False, True, True, True]
    tried = await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["ana"]))
    assert tried.status_code == 422
    assert CANARY in tried.text, "what was typed stays in the form"
    assert await of_noor(house) == []


async def test_the_subject_may_be_one_of_the_team_or_somebody_by_address(house, browser, link):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", house.refs["carl"]))
    assert ("Carl" in page.text, "Ana" in page.text) == (False, True)
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "else"), ("email", "ANA@example.org"))
    assert ("Ana" in page.text, "Carl" in page.text) == (False, True)
    unknown = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "else"), ("email", "nobody@example.org"))
    assert "Ana" in unknown.text


async def test_a_form_without_words_or_without_anybody_chosen_says_so(house, browser, link):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "partner"))
    assert (await browser.send(page, "/send", ("contact", house.refs["sam"]), ("text", ""))).status_code == 422
    assert (await browser.send(page, "/send", ("text", CANARY))).status_code == 422
    assert (await browser.send(await browser.get(f"{link()}/new"), "/new")).status_code == 422
    assert await of_noor(house) == []


async def test_a_form_that_is_sent_again_with_something_else_takes_the_place_of_the_first(house, browser, link):
    """Its raiser went back, or was told that a part of the service was away. The last version is meant, and only those chosen in it read it."""
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "nobody"))
    for text, who, more in (("First words", "carl", ()), (CANARY, "sam", (("hold", "yes"),))):
        await browser.send(page, "/send", ("text", text), ("contact", house.refs[who]), *more)
    (case,) = await of_noor(house)
    assert (case.contacts, await house.records.cases.words(case.id)) == ((house.refs["sam"],), CANARY)
    await house.wait(hours=10)
    assert (await house.status()).phase == "paused"
    again = await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["sam"]))
    assert again.status_code == 200
    await house.wait(hours=1)
    assert (await house.status()).phase != "paused"


async def test_a_form_that_is_sent_again_once_somebody_has_taken_it_stays_with_its_author(house, browser, link, mailbox):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "nobody"))
    await browser.send(page, "/send", ("text", "First words"), ("contact", house.refs["sam"]))
    await house.wait(hours=10)
    (case,) = await of_noor(house)
    await house.records.cases.take(case.id, house.refs["sam"], house.clock())
    tried = await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["carl"]))
    assert (tried.status_code, CANARY in tried.text) == (409, True)
    assert "This form was sent before, with something else in it." in tried.text
    await browser.send(tried, "/send", ("text", CANARY), ("contact", house.refs["carl"]))
    assert [one.contacts for one in await of_noor(house)] == [(house.refs["sam"],), (house.refs["carl"],)]


async def test_a_double_click_sends_one(house, browser, link):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "nobody"))
    for _ in range(2):
        await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["sam"]))
    assert len(await of_noor(house)) == 1


async def test_a_link_of_weeks_opens_nothing_here_and_a_form_of_another_is_refused(house, browser, link):
    signer = LinkSigner(house.settings.link_secrets)
    lasting = signer.token("page", Bearer(house.enrolment.mentorship, house.refs["noor"]))
    assert (await browser.get(f"/concern/{lasting}")).status_code == 404
    mias = await browser.get(f"{link('mia')}/new")
    parsed = _Forms()
    parsed.feed(mias.text)
    (token,) = [value for fields in parsed.forms.values() for name, value in fields if name == "form"]
    tried = await browser.http.post(f"{link()}/send", data={"form": token, "about": "partner", "text": CANARY, "contact": house.refs["sam"]})
    assert tried.status_code == 403
    assert CANARY in tried.text, "nothing that somebody wrote is lost"
    assert await of_noor(house) == []


async def test_a_link_that_went_stale_while_writing_gives_the_words_back(house, browser, link, monkeypatch):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "partner"))
    from itsdangerous import TimestampSigner  # noqa: PLC0415 - its clock

    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 16 * 60)
    late = await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["sam"]))
    assert late.status_code == 410
    assert CANARY in late.text
    assert await of_noor(house) == []


async def test_opening_links_changes_nothing_and_shows_no_words(house, browser, link, mailbox):
    """Programs that check mails open links in real browsers."""
    await house.wait(hours=9)
    await raise_it(house, browser, link, "sam", "ana")
    await house.wait(hours=1)
    (before,) = await of_noor(house)
    for address in (link(), f"{link()}/new", in_mail(mailbox, "sam"), in_mail(mailbox, "ana")):
        for method in ("GET", "HEAD"):
            answer = await browser.http.request(method, address)
            assert answer.status_code == 200
            assert CANARY not in answer.text
            assert "Noor" not in answer.text or address.startswith("/concern")
    for ending in ("/take", "/close", "/read"):
        assert (await browser.get(in_mail(mailbox, "sam") + ending)).status_code == 405
    assert await of_noor(house) == [before]


async def test_who_is_asked_reads_takes_and_closes_and_the_others_read_no_more(house, browser, link, mailbox):
    await house.wait(hours=9)
    await raise_it(house, browser, link, "sam", "ana", hold=True)
    await house.wait(hours=1)
    sam, ana = in_mail(mailbox, "sam"), in_mail(mailbox, "ana")
    read = await browser.send(await browser.get(sam), "/read")
    assert CANARY in read.text
    assert "Noor" in read.text
    anas = await browser.get(ana)
    taken = await browser.send(read, "/take")
    assert "You look after this." in taken.text
    assert CANARY not in (await browser.send(anas, "/read")).text
    assert "Somebody else is looking after it" in (await browser.get(ana)).text
    assert "Somebody looks after what you sent." in (await browser.get(link())).text

    mine = await browser.send(taken, "/read")
    assert CANARY in mine.text
    closed = await browser.send(mine, "/close", ("outcome", "talked"), ("release", "yes"))
    assert "This is closed." in html.unescape(closed.text)
    await house.wait(hours=1)
    (case,) = await of_noor(house)
    assert (case.state, case.outcome, case.hold) == ("closed", "talked", "released")
    assert (await house.status()).phase != "paused"
    assert CANARY not in (await browser.send(anas, "/read")).text


async def test_closing_needs_an_outcome_and_only_who_took_it_closes(house, browser, link, mailbox):
    await house.wait(hours=9)
    await raise_it(house, browser, link, "sam", "ana")
    await house.wait(hours=1)
    page = await browser.send(await browser.get(in_mail(mailbox, "sam")), "/read")
    page = await browser.send(page, "/take")
    page = await browser.send(page, "/read")
    for fields in ((), (("outcome", "withdrawn"),), (("outcome", "whatever"),)):
        await browser.send(page, "/close", *fields)
        assert [case.state for case in await of_noor(house)] == ["taken"]
    parsed = _Forms()
    signer = LinkSigner(house.settings.link_secrets)
    (case,) = await of_noor(house)
    parsed.feed(page.text)
    ana = f"/case/{signer.token('case', Bearer(case.id, house.refs['ana']))}"
    token = next(value for fields in parsed.forms.values() for name, value in fields if name == "form")
    assert (await browser.http.post(f"{ana}/close", data={"form": token, "outcome": "talked"})).status_code == 403
    assert [case.state for case in await of_noor(house)] == ["taken"]


async def test_a_link_of_somebody_who_was_not_asked_opens_nothing(house, browser, link):
    await raise_it(house, browser, link, "sam")
    (case,) = await of_noor(house)
    signer = LinkSigner(house.settings.link_secrets)
    for who in ("ana", "lee", "mia", "noor"):
        assert (await browser.get(f"/case/{signer.token('case', Bearer(case.id, house.refs[who]))}")).status_code == 404
    assert (await browser.get(f"/case/{signer.token('coordinator', Bearer(case.id, house.refs['sam']))}")).status_code == 404


async def test_a_concerns_link_is_not_found_by_an_address(house):
    """H16: anybody can type an address, and an immediate mail would tell whoever sees that mailbox whether there is a concern."""
    await house.concern(contacts=("sam", "ana"))
    sent = []

    class Outbox:
        async def send(self, message):
            sent.append(message)

    app = create_app(house.settings, house.environment.client, house.records, post=Outbox(), clock=house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as http:
        for who in ("sam", "ana", "noor"):
            assert (await http.post("/new-link", data={"email": f"{who}@example.org"})).status_code == 200
    assert not [mail for mail in sent if "sam@" in mail["To"]], "who has nothing else to open gets nothing"
    assert {mail["To"].partition("<")[2] for mail in sent} == {"ana@example.org>", "noor@example.org>"}
    assert not [mail for mail in sent if "/case/" in mail.as_string() or "confidence" in mail.as_string()]


async def test_the_raiser_holds_lets_go_asks_more_and_withdraws(house, browser, link, mailbox):
    await house.wait(hours=9)
    page = await raise_it(house, browser, link, "sam")
    page = await browser.send(page, "/hold")
    await house.wait(hours=1)
    assert (await house.status()).phase == "paused"
    page = await browser.send(await browser.get(link()), "/release")
    await house.wait(hours=1)
    assert (await house.status()).phase != "paused"
    page = await browser.send(page, "/ask", ("contact", house.refs["carl"]), ("contact", house.refs["lee"]), ("contact", house.refs["mia"]))
    await house.wait(hours=1)
    assert [case.contacts for case in await of_noor(house)] == [(house.refs["sam"], house.refs["carl"])]
    assert len(mailbox.to("carl@example.org")) == 1
    page = await browser.send(page, "/withdraw")
    assert "What you sent is closed." in page.text
    await house.wait(5)
    assert len(mailbox.to("sam@example.org")) == 1


@pytest.mark.parametrize("how", ["erased", "refused", "left"])
async def test_who_waits_for_nobody_who_can_be_reached_is_told_so_and_asks_somebody_else(house, browser, link, mailbox, how):
    """H16: a page may not claim that somebody is being reminded when nobody is."""
    await house.wait(hours=9)
    if how == "refused":
        mailbox.refuse["sam@example.org"] = "550 5.1.1 no such user"
    await raise_it(house, browser, link, "sam")
    if how == "erased":
        await house.records.people.erase(house.refs["sam"])
    if how == "left":
        sam = await house.records.people.profile(house.refs["sam"])
        await house.records.people.enrol([sam.model_copy(update={"status": "gone"})])
    await house.wait(hours=1)
    page = await browser.get(link())
    assert "Nobody whom you chose can be reached at the moment. Please ask somebody else as well, below." in page.text
    assert "are reminded until one of them takes it" not in page.text
    page = await browser.send(page, "/ask", ("contact", house.refs["ana"]))
    await house.wait(hours=1)
    assert len(mailbox.to("ana@example.org")) == 1
    for text in (page.text, (await browser.get(link())).text):
        assert "are reminded until one of them takes it" in text
        assert "Nobody whom you chose can be reached" not in text


async def test_where_nobody_else_can_be_asked_either_the_page_says_where_to_turn(house, browser, link):
    page = await raise_it(house, browser, link, "sam", "ana", "carl")
    for name in ("sam", "ana", "carl", "lee"):
        await house.records.people.erase(house.refs[name])
    page = await browser.get(link())
    assert "Nobody whom you chose can be reached at the moment. Please turn to somebody in your company whom you trust." in page.text


async def act_as_operator(house, command):
    by = await house.records.people.operator("olga")
    await house.mentorship.execute_update(
        command.__name__.lower(), command(message_id=f"op-{command.__name__}", by=by, at=await house.environment.get_current_time())
    )


async def test_when_an_operator_lets_the_meetings_go_on_the_raiser_is_told_so_and_holds_them_again(house, browser, link, mailbox):
    await house.wait(hours=9)
    await raise_it(house, browser, link, "sam", hold=True)
    await house.wait(hours=1)
    assert "You have paused the meetings." in (await browser.get(link())).text
    await act_as_operator(house, Resume)
    await house.wait(hours=1)
    page = await browser.get(link())
    assert "the meetings go on. You can pause them again." in page.text
    assert "You have paused the meetings." not in page.text
    assert "holds the meetings" not in (await browser.send(await browser.get(in_mail(mailbox, "sam")), "/read")).text
    await browser.send(page, "/hold")
    await house.wait(hours=1)
    assert (await house.status()).phase == "paused"
    assert "You have paused the meetings." in (await browser.get(link())).text


async def test_when_no_pause_is_left_both_are_told_that_the_meetings_go_on_and_what_one_can_do(house, browser, link, mailbox):
    await act_as_operator(house, Pause)
    await house.wait(183, hours=9)
    await raise_it(house, browser, link, "sam", hold=True)
    await house.wait(hours=1)
    page = await browser.get(link())
    assert "they have been paused for as long as the programme allows" in page.text
    assert "You may leave out any of them without giving a reason" in page.text
    assert "pause already" not in page.text
    assert "/hold" not in page.text
    read = await browser.send(await browser.get(in_mail(mailbox, "sam")), "/read")
    assert "The person wanted to pause the meetings" in read.text


async def test_the_partner_acts_on_nothing_of_the_raisers(house, browser, link):
    await raise_it(house, browser, link, "sam", hold=True)
    (case,) = await of_noor(house)
    mias = await browser.get(link("mia"))
    assert case.id not in mias.text
    page = await browser.get(link())
    parsed = _Forms()
    parsed.feed(page.text)
    token = next(value for address, fields in parsed.forms.items() if address.endswith("/release") for _, value in fields)
    tried = await browser.http.post(f"{link('mia')}/{case.id}/release", data={"form": token})
    assert tried.status_code == 403
    assert (await of_noor(house))[0].hold in ("wanted", "held")


async def test_when_temporal_is_away_the_form_stays_and_the_same_one_counts_once(house, browser, link, monkeypatch):
    page = await browser.send(await browser.get(f"{link()}/new"), "/new", ("about", "partner"))
    client = house.environment.client
    real = client.start_workflow

    async def away(*_args, **_given):
        raise RuntimeError("cannot connect")

    monkeypatch.setattr(client, "start_workflow", away)
    tried = await browser.send(page, "/send", ("text", CANARY), ("contact", house.refs["sam"]))
    assert tried.status_code == 503
    assert CANARY in tried.text
    monkeypatch.setattr(client, "start_workflow", real)
    sent = await browser.send(tried, "/send", ("text", CANARY), ("contact", house.refs["sam"]))
    assert "What you sent waits for somebody." in sent.text
    assert len(await of_noor(house)) == 1
    await house.wait(hours=1)
    assert (await house.case((await of_noor(house))[0]).describe()).status is not None


@pytest.mark.parametrize("code", ["de", "ar"])
async def test_the_pages_speak_the_readers_language(house, browser, link, mailbox, code):
    await house.wait(hours=9)
    await raise_it(house, browser, link, "sam")
    await house.wait(hours=1)
    for address in (link(), f"{link()}/new", in_mail(mailbox, "sam")):
        page = await browser.get(f"{address}?lang={code}")
        assert f'<html lang="{code}"' in page.text
        assert not any(english in page.text for english in ("In confidence", "Something weighs on me", "Whom is it about"))
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert house.clock.now > await house.environment.get_current_time() - timedelta(days=1)
