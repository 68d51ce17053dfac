"""What one person may send from their pages: plenty at once, little in the long run. Anything beyond is refused as a whole, kindly (decision 35)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from itsdangerous import TimestampSigner

from gateway.links import Bearer
from gateway.settings import Settings
from mentorship import commands as c
from records.cases import Case
from records.people import Profile
from webhook.pages.form_tokens import FormTokens
from webhook.pages.forms import MOST

TOO_MANY = "nothing was taken this time. What you had sent before stands."


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_page_burst": 3, "webhook_page_rate": 0.5})


@pytest.fixture
async def team(two) -> dict[str, str]:
    names = (("e-1001", "Petra Sommer"), ("e-1002", "Ali Haddad"), ("e-1003", "Lee Owner"), ("e-1004", "Sam Outside"))
    return await two.records.people.enrol([Profile(person_id=one, name=name, email=f"{one}@example.org") for one, name in names])


@pytest.fixture
def spend(browser, two):
    """Sends goals as somebody until no more fit."""

    async def spend(who="ben", times=3):
        for number in range(times):
            answer = await browser.send(await browser.get(two.page(who, "set_goal")), "/set_goal", follow=False, text=f"Goal {number}", steps="")
            assert answer.status_code == 303

    return spend


async def test_what_is_too_much_is_refused_whole_and_the_form_keeps_what_was_typed(browser, two, mentorship, running, spend, says):
    await spend()
    answer = await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text="One more", steps="And a step")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "120"
    assert answer.headers["content-type"].startswith("text/html")
    assert TOO_MANY in says(answer)
    assert "Please try again in 2 minutes. What you typed is still in the form." in says(answer)
    assert "One more</textarea>" in answer.text
    assert "And a step</textarea>" in answer.text
    assert len(await mentorship.signals()) == 3
    assert [note.text for note in await two.records.notes.of(two.mentorship)] == ["Goal 0", "Goal 1", "Goal 2"]
    known = await two.records.doors.of(two.mentorship, "page:")
    assert len(known) == 3, "the door never saw it"


async def test_the_page_says_when_and_means_it(browser, two, mentorship, running, spend, clock):
    await spend()
    page = await browser.get(two.page("ben", "set_goal"))
    refused = await browser.send(page, "/set_goal", text="One more", steps="")
    wait = int(refused.headers["retry-after"])
    clock.forward(timedelta(seconds=wait - 1))
    refused = await browser.send(refused, "/set_goal", text="One more", steps="")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    clock.forward(timedelta(seconds=1))
    assert (await browser.send(refused, "/set_goal", follow=False, text="One more", steps="")).status_code == 303
    assert len(await mentorship.signals()) == 4


@pytest.mark.parametrize(
    ("lang", "said", "kept"),
    [
        (
            "de",
            "diesmal wurde deshalb nichts übernommen. Was Sie vorher gesendet hatten, gilt. Bitte versuchen Sie es in 2 Minuten noch einmal.",
            "im Formular",
        ),
        ("ar", "لم يُسجَّل شيء هذه المرة. وما أرسلتموه من قبل قائم. يرجى المحاولة مرة أخرى بعد دقيقتين.", "ما زال في النموذج"),
    ],
)
async def test_it_is_said_in_the_readers_language(lang, said, kept, browser, two, running, spend, says):
    await spend()
    words = says(await browser.send(await browser.get(f"{two.page('ben', 'set_goal')}?lang={lang}"), "/set_goal", text="x", steps=""))
    assert said in words
    assert kept in words
    problem = await browser.send(await browser.get(f"{two.page('ben', 'reminders')}?lang={lang}"), "/reminders", reminders="off")
    assert problem.status_code == 429
    assert said in says(problem)


async def test_each_tick_counts_and_a_form_with_too_many_keeps_them(browser, two, mentorship, running, spend, clock):
    """The door's bound is on messages, whatever brings them."""
    await two.until(two.meeting(4).start + timedelta(hours=1))
    await spend(times=1)
    form = await browser.get(two.page("ben", "report_meeting", "several"))
    refused = await browser.send(form, "/report_meeting/several", meeting=["1", "2", "3"])
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "120"
    assert refused.text.count("checked") == 3
    assert len(await mentorship.signals()) == 1
    clock.forward(timedelta(minutes=2))
    assert (await browser.send(refused, "/report_meeting/several", follow=False, meeting=["1", "2", "3"])).status_code == 303
    assert len(await mentorship.signals()) == 4


async def test_looking_is_free(browser, two, running, spend):
    await spend()
    for path in ((), ("set_goal",), ("calendar",), ("reminders",)):
        for _ in range(5):
            assert (await browser.get(two.page("ben", *path))).status_code == 200


async def test_a_double_click_counts_like_any_other(browser, two, mentorship, running):
    tab = await browser.get(two.page("ben", "set_goal"))
    answers = [(await browser.send(tab, "/set_goal", follow=False, text="Speak up", steps="")).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]
    assert len(await mentorship.signals()) == 1


async def test_a_fresh_link_or_another_kind_of_link_opens_no_further_bucket(browser, two, running, spend, monkeypatch):
    await spend()
    first = two.page("ben", "set_goal")
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) - 60)
    fresh = two.page("ben", "set_goal")
    monkeypatch.undo()
    assert fresh != first
    assert (await browser.send(await browser.get(fresh), "/set_goal", text="x", steps="")).status_code == 429
    assert (await browser.send(await browser.get(two.private("ben", "pins")), "/pins")).status_code == 429


async def test_the_partner_and_another_mentorship_of_the_same_person_have_their_own(browser, two, running, spend, http, settings):
    await spend()
    await spend("ana", 1)
    refs = await two.records.people.enrol([Profile(person_id="cleo", name="Cleo", email="cleo@example.org")])
    enrolled = await two.records.cohorts.enrol_pairs("summer-2027", [("pair-10", two.ref("ben"), refs["cleo"])])
    await two.records.cohorts.mark_started(enrolled.added[0].mentorship)
    bearer = Bearer(enrolled.added[0].mentorship, two.ref("ben"))
    form = FormTokens(settings.link_secrets).token(bearer, "reminders", "", "none")
    answer = await http.post(f"/p/{two.signer.token('page', bearer)}/reminders", data={"form": form, "reminders": "on"})
    assert answer.status_code == 303


def post(http, settings, two, **more):
    """Sends a form of Ben's, made by hand."""

    async def send(root, link, path, action, target="", carried="none", *, bearer=None, **typed):
        bearer = bearer or Bearer(two.mentorship, two.ref("ben"))
        form = FormTokens(settings.link_secrets).token(bearer, action, target, carried)
        return await http.post(f"/{root}/{two.signer.token(link, bearer)}/{path}", data={"form": form, **typed}, **more)

    return send


async def test_every_form_that_changes_something_is_counted(http, settings, two, running, spend, certify, team, app):
    """Lists all addresses to which a form can be sent: counted, or with what they change, which is nothing or has a limit of its own."""
    await certify()
    note = await two.records.notes.put(two.ref("ben"), two.mentorship, "feedback", "Thank you.", shared=False)
    await two.say("ben", c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=note)))
    await spend()
    send = post(http, settings, two)
    concern = await two.records.cases.open(_case(two, team), "It weighs on me.", "key")
    raised = ("concern", "private", f"{concern.id}/withdraw", "concern", concern.id)
    assert [(await send(*raised)).status_code for _ in range(3)] == [303, 303, 303], "a concern has a pace of its own"
    own = {
        "/p/{token}/{action}": ("p", "page", "set_goal", "set_goal"),
        "/p/{token}/{action}/{target}": ("p", "page", "confirm_meeting/1", "confirm_meeting", "1"),
        "/p/{token}/calendar": ("p", "page", "calendar", "calendar"),
        "/p/{token}/reminders": ("p", "page", "reminders", "reminders"),
        "/p/{token}/certificate": ("p", "page", "certificate", "certificate"),
        "/private/{token}/{action}": ("private", "private", "pins", "private/pins"),
        "/private/{token}/{action}/{target}": ("private", "private", "feedback/1", "private/feedback", "1"),
        "/private/{token}/share/{note}": ("private", "private", f"share/{note}", "private/share", note),
        "/concern/{token}/send": ("concern", "private", "send", "concern", "new"),
        "/concern/{token}/{case}/{action}": raised,
    }
    for address, (root, link, path, *form) in own.items():
        answer = await send(root, link, path, *form, about="nobody")
        assert answer.status_code == 429, address
        assert answer.headers["retry-after"] == "120", address
    uncounted = {
        "/p/{token}/private_link",  # mails, which have a limit of their own
        "/p/{token}/again",
        "/private/{token}/again",
        "/coordinator/{token}/again",
        "/new-link",
        "/u/{token}",  # gives the same answer however often it comes, as RFC 8058 wants it
        "/u/{token}/again",
        "/concern/{token}/new",  # asks whom it is about, and keeps nothing
        "/c/{certificate}",  # looks at a file
    }
    others = {"/case/{token}/{action}", "/coordinator/{token}/{ref}/{action}"}  # tested below and beside their pages
    assert {path for path in addresses(app) if not path.startswith("/v1/")} == set(own) | others | uncounted


def addresses(app):
    """All addresses to which a form can be sent."""
    return [route.path for route in app.routes if "POST" in route.methods]


def _case(two, team):
    return Case(
        id="",
        raiser=two.ref("ben"),
        mentorship=two.mentorship,
        programme=two.programme.programme.id,
        subject=None,
        contacts=(team["e-1004"],),
        opened_at=datetime(2027, 3, 7, tzinfo=UTC),
        hold="none",
        pause=None,
    )


async def test_what_else_came_too_fast_keeps_no_concern_back(browser, two, running, spend, team, outbox):
    """H16: it is sent from the page whose link is in the mailbox, since a link to where a concern is raised lasts for fifteen minutes."""
    await spend()
    asked = await browser.send(await browser.get(two.page("ben", "private_link")), "/private_link")
    assert asked.status_code == 200
    mailed = next(word for word in outbox.mails[0].get_body(("plain",)).get_content().split() if word.startswith("http://hook/private/"))
    link = urlsplit(mailed).path.replace("/private/", "/concern/")
    step = await browser.send(await browser.get(f"{link}/new"), "/new", about="nobody")
    assert (await browser.send(step, "/send", follow=False, contact=team["e-1004"], text="It weighs on me.")).status_code == 303


async def test_a_concern_that_came_too_fast_stays_in_its_form_and_nobody_has_it(browser, two, running, team, says):
    link = f"/concern/{two.token('ben', 'private')}"
    for _ in range(5):
        step = await browser.send(await browser.get(f"{link}/new"), "/new", about="nobody")
        assert step.status_code == 200, "asking whom it is about keeps nothing"
    for _ in range(3):  # without words: nothing is kept, and it counts
        assert (await browser.send(step, "/send", contact=team["e-1004"], text="")).status_code == 422
    refused = await browser.send(step, "/send", contact=team["e-1004"], text="It weighs on me.", hold="yes")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "120"
    assert TOO_MANY in says(refused)
    assert "It weighs on me.</textarea>" in refused.text
    assert f'value="{team["e-1004"]}" checked' in refused.text
    assert await two.records.cases.of_raiser(two.ref("ben"), two.mentorship) == []


async def test_who_is_asked_about_a_concern_reads_freely_and_takes_at_a_pace(http, settings, two, running, team, says):
    case = await two.records.cases.open(_case(two, team), "It weighs on me.", "key")
    bearer = Bearer(case.id, team["e-1004"])
    send = post(http, settings, two)
    for _ in range(5):
        read = await send("case", "case", "read", "case", bearer=bearer)
        assert read.status_code == 200
    answers = [await send("case", "case", "close", "case", bearer=bearer) for _ in range(4)]  # without an outcome: each changes nothing, and counts
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "That was a lot at once" in says(answers[-1])
    assert (await two.records.cases.get(case.id)).state == "waiting"


async def test_a_stranger_uses_up_nobodys_pace_and_the_link_is_judged_first(http, settings, two, running, old, browser, spend):
    """The link is judged first, then the size, then the pace. Less is accepted of what comes without a link of ours."""
    large, whole = b"x" * (MOST + 1), b"text=" + b"x" * 65_536
    stale = f"/p/{old('page', timedelta(days=61))}/set_goal"
    forged = f"/p/{secrets.token_urlsafe(30)}/set_goal"
    for _ in range(5):
        for link, status in ((stale, 410), (forged, 404)):
            answer = await http.post(link, content=large)
            assert answer.status_code == status
            assert answer.headers["connection"] == "close", "its end is not waited for"
        assert "x" * 65_536 in (await http.post(stale, content=whole)).text
        assert "x" * 100 not in (await http.post(forged, content=whole)).text
        assert (await http.post(urlsplit(two.page("ben", "set_goal")).path, content=large)).status_code == 413
        assert (await http.post(two.page("ben", "set_goal"), data={"form": "nobody's", "text": "x"})).status_code == 403
    await spend()
    assert (await http.post(two.page("ben", "set_goal"), content=large)).status_code == 413


async def test_a_stale_link_still_shows_what_was_typed(http, old, says):
    answer = await http.post(f"/p/{old('page', timedelta(days=61))}/set_goal", data={"form": "x", "text": "Speak up in reviews"})
    assert answer.status_code == 410
    assert "Speak up in reviews" in says(answer)
