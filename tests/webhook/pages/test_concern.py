"""What the pages offer while somebody raises a concern (H16); tests/cases says what becomes of one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.service import RPCError, RPCStatusCode

from gateway.links import Bearer
from records.cases import Case, PauseOrder
from records.people import Profile
from wire.names import case_id


async def test_meetings_are_offered_to_be_held_only_while_there_are_any(browser, two, says):
    """H16: a concern can be raised after the end, but then there are no meetings to hold."""
    hold = ("pause the meetings at once", "Pause the meetings now")

    async def pages():
        link = f"/concern/{two.token('ben', 'private')}"
        start = await browser.get(link)
        words = await browser.send(await browser.get(f"{link}/new"), "/new", about="nobody")
        assert words.status_code == 200
        return says(start), says(words)

    assert all(offer in page for offer, page in zip(hold, await pages(), strict=True))
    await two.until(two.state.ends + timedelta(hours=1))
    assert two.state.closing
    assert not any(offer in page for offer, page in zip(hold, await pages(), strict=True))
    await two.until(two.state.reporting_ends + timedelta(days=60))
    assert two.state.over
    assert not any(offer in page for offer, page in zip(hold, await pages(), strict=True))


async def test_neither_logs_nor_metrics_tell_a_concern_from_feedback(browser, http, lived):
    """H16: a route of its own would show in which second somebody raised a concern, and so which case in Temporal is not a line's."""
    link = f"/private/{lived.token('ben', 'private')}"
    asked = lived.signer.token("case", Bearer("c-0000000000000000", lived.ref("ana")))
    with capture_logs() as told:
        await browser.send(await browser.get(f"{link}/feedback/1"), "/feedback/1", text="Kind words")
        await browser.send(await browser.get(f"{link.replace('private', 'concern')}/new"), "/new", about="nobody")
        assert (await http.get(f"/case/{asked}")).status_code == 404
    requests = [(line["route"], line["method"], line["status"]) for line in told if line["event"] == "request"]
    assert {(route, method) for route, method, _ in requests} == {("(private)", "(none)")}
    assert [status for *_, status in requests] == [200, 503, 200, 200, 404], "no mentorship runs here"
    metrics = (await http.get("/metrics")).text
    assert 'requests_total{method="(none)",route="(private)",status="200"} 3.0' in metrics
    assert not re.search(r'route="/(concern|case|private)', metrics)


@pytest.fixture
async def team(two) -> dict[str, str]:
    """Ali reports to Petra."""
    roster = (("e-1001", "Petra Sommer", None), ("e-1002", "Ali Haddad", "e-1001"), ("e-1003", "Lee Owner", None), ("e-1004", "Sam Outside", None))
    people = [Profile(person_id=one, name=name, email=f"{one}@example.org", manager_id=boss) for one, name, boss in roster]
    return await two.records.people.enrol(people)


@pytest.fixture
def raised(two, team):
    """Ben's concern; Sam and Petra are asked."""

    async def raised(*, held: bool = False, contacts=("e-1004", "e-1001"), about: str | None = None) -> Case:
        wanted = Case(
            id="",
            raiser=two.ref("ben"),
            mentorship=two.mentorship,
            programme=two.programme.programme.id,
            subject=team[about] if about is not None else None,
            contacts=tuple(team[name] for name in contacts),
            opened_at=two.clock.now,
            hold="held" if held else "none",
            pause=PauseOrder(message_id="op-1", resume_id="op-2", by="p-0000000000000000", at=two.clock.now) if held else None,
        )
        return await two.records.cases.open(wanted, "It weighs on me.", "key")

    return raised


@pytest.fixture
def asked(two, team):
    """The address of a concern's page for a contact who was asked."""

    def asked(case: Case, who: str = "e-1004") -> str:
        return f"/case/{two.signer.token('case', Bearer(case.id, team[who]))}"

    return asked


async def test_nobody_close_to_whom_it_is_about_is_asked_with_the_words_or_later(browser, two, team, raised, says):
    """H16: not even if a form names somebody whom no page offered."""
    link = f"/concern/{two.token('ben', 'private')}"
    step = await browser.send(await browser.get(f"{link}/new"), "/new", about=team["e-1001"])
    refused = await browser.send(step, "/send", contact=team["e-1002"], text="It weighs on me.")
    assert refused.status_code == 422
    assert await two.records.cases.of_raiser(two.ref("ben"), two.mentorship) == []

    case = await raised(contacts=("e-1004",), about="e-1001")
    page = await browser.get(link)
    assert [name in says(page) for name in ("Sam Outside", "Petra Sommer", "Ali Haddad", "Lee Owner")] == [False, False, False, True]
    nobody = await browser.send(page, "/ask", contact=[team["e-1001"], team["e-1002"]])
    assert (nobody.status_code, "Not sent yet. Please choose." in says(nobody)) == (422, True)
    assert (await two.records.cases.get(case.id)).contacts == case.contacts


@pytest.mark.parametrize("unseen", ["\u2060", "\u200c\u200d", "\u3164"])
async def test_whoever_can_be_asked_has_a_label_although_their_name_shows_nothing(unseen, browser, two, team, raised, says):
    """Such a name is older than the rule that refuses it (mentorship/blank.py)."""
    await two.records.people.tell(team["e-1004"], {"name": unseen}, two.clock.now)
    link, label = f"/concern/{two.token('ben', 'private')}", "Somebody without a name outside the programme's team"
    about = await browser.get(f"{link}/new")
    assert label in says(about)
    assert label in says(await browser.send(about, "/new", about="nobody"))
    await raised(contacts=("e-1001",))
    assert label in says(await browser.get(link))


async def test_a_form_may_be_about_nobody_whom_it_did_not_name(browser, two, team):
    step = await browser.get(f"/concern/{two.token('ben', 'private')}/new")
    assert (await browser.send(step, "/new", about="p-0000000000000000")).status_code == 422


async def test_words_have_a_length(browser, two, team):
    link = f"/concern/{two.token('ben', 'private')}"
    step = await browser.send(await browser.get(f"{link}/new"), "/new", about="nobody")
    assert (await browser.send(step, "/send", contact=team["e-1004"], text="x" * 4001)).status_code == 422
    assert (await browser.send(step, "/send", follow=False, contact=team["e-1004"], text="x" * 4000)).status_code == 303


async def test_only_who_looks_after_it_lets_the_meetings_go_on_and_only_if_they_say_so(browser, two, raised, asked, says):
    """H16: Petra was asked as well, and still has the earlier form."""
    case = await raised(held=True)
    petras = await browser.send(await browser.get(asked(case, "e-1001")), "/read")
    await browser.send(await browser.send(await browser.get(asked(case)), "/read"), "/take")
    sams = await browser.send(await browser.get(asked(case)), "/read")
    close = petras.text.replace('/take"', '/close"')
    forged = type(petras)(200, text=close, request=petras.request)
    await browser.send(forged, "/close", follow=False, outcome="talked", release="yes")
    now = await two.records.cases.get(case.id)
    assert (now.state, now.hold) == ("taken", "held")

    unsaid = await browser.send(sams, "/close")
    assert (unsaid.status_code, "Not sent yet. Please choose." in says(unsaid)) == (422, True)
    assert "It weighs on me." in says(unsaid)
    assert (await browser.send(petras, "/take", follow=False)).status_code == 303
    assert (await browser.send(forged, "/close", follow=False)).status_code == 303, "it is no longer hers to say"
    await browser.send(sams, "/close", follow=False, outcome="talked")
    now = await two.records.cases.get(case.id)
    assert (now.state, now.hold) == ("closed", "held")
    address = sams.text.replace('/close"', '/read"')
    again = await browser.send(type(sams)(200, text=address, request=sams.request), "/read")
    assert "It weighs on me." not in says(again), "in the end nobody reads it"
    assert "looking after it" not in says(await browser.get(asked(case, "e-1001")))


async def test_once_somebody_looks_after_it_nobody_else_can_be_asked(browser, two, team, raised, asked):
    case = await raised(contacts=("e-1004",))
    await browser.send(await browser.send(await browser.get(asked(case)), "/read"), "/take")
    page = await browser.get(f"/concern/{two.token('ben', 'private')}")
    assert page.status_code == 200
    assert "/ask" not in page.text


async def test_who_looks_after_the_concern_of_somebody_erased_learns_that_its_words_are_gone(browser, two, raised, asked, says):
    """P8, H16: nobody searches for words that no longer exist."""
    case = await raised()
    page = await browser.get(asked(case))
    await two.records.people.erase(two.ref("ben"))
    read = await browser.send(page, "/read")
    assert read.status_code == 200
    assert "What was written is gone" in says(read)
    assert "Ben" not in says(read)


async def test_a_pause_that_the_end_of_the_mentorship_took_away_is_told_as_that(browser, two, raised, says):
    await raised(held=True)
    link = f"/concern/{two.token('ben', 'private')}"
    assert "You have paused the meetings." in says(await browser.get(link))
    await two.until(two.state.ends + timedelta(hours=1))
    page = says(await browser.get(link))
    assert "There are no meetings left to pause: they are over." in page
    assert "You have paused the meetings." not in page


async def test_what_cannot_be_passed_on_is_a_page_that_says_so(browser, client, raised, asked, says, monkeypatch):
    """P5: otherwise a contact would think that they had taken it, or see an answer meant for programs."""
    case = await raised()
    read = await browser.send(await browser.get(asked(case)), "/read")

    async def away(*_, **__):
        raise RuntimeError("cannot connect")

    monkeypatch.setattr(client, "start_workflow", away)
    tried = await browser.send(read, "/take")
    assert tried.status_code == 503
    assert tried.headers["content-type"].startswith("text/html")
    assert "retry-after" in tried.headers


async def test_a_mentorship_that_takes_no_order_keeps_no_concern_from_those_who_were_asked(browser, client, two, raised, monkeypatch):
    """H16: Temporal refuses more signals to a workflow that has too many. The case asks for the pause itself, and reminds its contacts."""
    case = await raised()
    started: list[str] = []

    async def start(_: str, __: object, *, id: str, **___: object) -> None:  # noqa: A002 - the client's own name for it
        started.append(id)

    class Full:
        async def signal(self, *_: object, **__: object) -> None:
            raise RPCError("too many signals", RPCStatusCode.RESOURCE_EXHAUSTED, b"")

    monkeypatch.setattr(client, "get_workflow_handle", lambda _: Full())
    monkeypatch.setattr(client, "start_workflow", start)
    tried = await browser.send(await browser.get(f"/concern/{two.token('ben', 'private')}"), "/hold")
    assert tried.status_code == 503
    assert started == [case_id(case.id)]
