"""Taking, setting aside, giving back, closing (P7): only forms change anything, each counts once, and when two act, the first one's action stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from gateway.settings import Settings
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from wire.names import case_id


async def test_reading_changes_nothing(browser, desk, http):
    key = await desk.open("silence", 0)
    page = await browser.get(desk.address())
    line = await browser.line(page)
    before = await desk.line(key)
    for address in (desk.address(), str(line.request.url), f"{desk.address()}?done={line.request.url.path.rpartition('/')[2]}"):
        assert (await http.head(address)).status_code == 200
        assert (await browser.get(address)).status_code == 200
    for action in ("take", "close", "set_aside", "give_back"):
        assert (await browser.get(f"{line.request.url.path}/{action}")).status_code == 405
    assert await desk.line(key) == before


async def test_who_takes_it_first_has_it_and_both_are_told_so(browser, desk, says):
    key = await desk.open("silence", 0)
    anas, carls = await browser.get(desk.address()), await browser.get(desk.address("carl") + "?lang=en")
    assert "It is in your hands. Mia Brandt and Noor Haddad: nobody else is reminded" in says(await browser.send(anas, "/take"))
    assert "Somebody else has it. Mia Brandt and Noor Haddad: in the hands of Ana Coordinator." in says(await browser.send(carls, "/take"))
    assert (await desk.line(key)).taken_by == desk.refs["ana"]
    assert "With others (1)" in says(await browser.get(desk.address("carl") + "?lang=en"))


async def test_a_double_click_takes_it_once(browser, desk, clock):
    key = await desk.open("silence", 0)
    page = await browser.get(desk.address())
    await browser.send(page, "/take")
    first = await desk.line(key)
    clock.now += timedelta(minutes=1)
    assert (await browser.send(page, "/take")).status_code == 200
    assert await desk.line(key) == first


async def test_set_aside_it_is_mine_leaves_the_list_and_comes_back_on_its_day(browser, desk, says, clock):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    assert [day in says(line) for day in ("Thursday 6 May", "Monday 10 May", "Monday 17 May")] == [True, True, True]
    after = await browser.send(line, "/set_aside", days="7")
    assert "Set aside until Monday 10 May." in says(after)
    assert "In your hands (0)" in says(after)
    assert (await desk.line(key)).taken_by == desk.refs["ana"]
    assert (await desk.line(key)).aside_until == datetime(2027, 5, 9, 22, tzinfo=UTC)  # the tenth begins in Berlin
    clock.now += timedelta(hours=12)
    await browser.send(line, "/set_aside", days="7")  # the same form again, on the same evening
    assert (await desk.line(key)).aside_until == datetime(2027, 5, 9, 22, tzinfo=UTC)
    clock.now = datetime(2027, 5, 10, 6, tzinfo=UTC)
    assert "In your hands (1)" in says(await browser.get(desk.address()))


async def test_a_form_that_lay_open_for_weeks_sets_nothing_aside_into_the_past(browser, desk, says, clock):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    clock.now += timedelta(days=4)
    answer = await browser.send(line, "/set_aside", days="3")
    assert answer.status_code == 422
    assert "Not sent yet. Please choose." in says(answer)
    assert (await desk.line(key)).aside_until is None


@pytest.mark.parametrize(("action", "typed"), [("/close", {}), ("/close", {"outcome": "made_up"}), ("/set_aside", {}), ("/set_aside", {"days": "365"})])
async def test_what_was_not_chosen_is_asked_for(action, typed, browser, desk, says):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    answer = await browser.send(line, action, **typed)
    assert answer.status_code == 422
    assert "Please choose." in says(answer)
    assert (await desk.line(key)).taken_by is None


async def test_closed_with_an_outcome_it_stands_among_those_of_the_last_30_days(browser, desk, says, clock):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    after = await browser.send(line, "/close", outcome="rhythm_changed")
    assert "Closed: Another rhythm was agreed. Mia Brandt and Noor Haddad: kept safely." in says(after)
    stored = await desk.line(key)
    assert (stored.outcome, stored.taken_by, stored.closed_at) == ("rhythm_changed", desk.refs["ana"], clock.now)
    closed = says(await browser.get(desk.address("carl") + "?lang=en&show=closed"))
    assert "Closed on Monday 3 May: Another rhythm was agreed. By Ana Coordinator." in closed
    clock.now += timedelta(days=30)
    assert "Another rhythm was agreed." in says(await browser.get(desk.address() + "?lang=en&show=closed"))
    clock.now += timedelta(seconds=1)
    assert "Nothing was closed" in says(await browser.get(desk.address() + "?show=closed"))


async def test_closing_is_durable_with_no_worker_alive(browser, desk, client):
    """P5: Temporal has the line's case before the answer is given; a worker will find the rest in records."""
    key = await desk.open("silence", 0)
    case = await desk.records.cases.of_line(key)
    handle = client.get_workflow_handle(case_id(case.id))
    with pytest.raises(RPCError):
        await handle.describe()
    line = await browser.line(await browser.get(desk.address()))
    await browser.send(line, "/close", outcome="talked")
    assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    await handle.terminate()


async def test_closing_again_with_another_outcome_changes_nothing_and_says_so(browser, desk, says):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    carls = await browser.line(await browser.get(desk.address("carl") + "?lang=en"))
    await browser.send(line, "/close", outcome="talked")
    assert "Closed: We talked." in says(await browser.send(line, "/close", outcome="ended"))
    assert "It was closed before." in says(await browser.send(carls, "/close", outcome="ended"))
    assert (await desk.line(key)).outcome == "talked"


async def test_nobody_closes_sets_aside_or_gives_back_what_somebody_else_took(browser, desk, says):
    key = await desk.open("silence", 0)
    carls = await browser.line(await browser.get(desk.address("carl")))
    await browser.send(await browser.get(desk.address()), "/take")
    mine = await browser.line(await browser.get(desk.address()))
    taken = await desk.line(key)
    for action, typed in (("/close", {"outcome": "talked"}), ("/set_aside", {"days": "3"})):
        await browser.send(carls, action, **typed)
        assert await desk.line(key) == taken
    assert "Given back." in says(await browser.send(mine, "/give_back"))
    assert (await desk.line(key)).taken_by is None


async def test_what_somebody_else_took_can_be_taken_over_but_not_from_whom_one_did_not_see(browser, desk, says):
    key = await desk.open("silence", 0)
    lines = desk.records.lines
    mentorship = desk.pairs[0].mentorship
    await lines.take(mentorship, "silence", desk.refs["ana"], desk.clock.now)
    stale = await browser.line(await browser.get(desk.address("carl") + "?show=others"))
    await lines.give_back(mentorship, "silence", desk.refs["ana"])
    await lines.take(mentorship, "silence", desk.refs["ana"], desk.clock.now + timedelta(minutes=1))
    await browser.send(stale, "/take_over")
    assert (await desk.line(key)).taken_by == desk.refs["ana"]
    seen = await browser.line(await browser.get(desk.address("carl") + "?lang=en&show=others"))
    assert "If Ana Coordinator is away, you can take it over." in says(seen)
    await browser.send(seen, "/take_over")
    assert (await desk.line(key)).taken_by == desk.refs["carl"]


async def test_a_line_that_closed_by_itself_meanwhile_stays_closed_and_says_so(browser, desk, says):
    key = await desk.open("silence", 0)
    line = await browser.line(await browser.get(desk.address()))
    await desk.records.lines.close(desk.pairs[0].mentorship, "silence", desk.clock.now)
    assert "without a coordinator: its reason was gone" in says(await browser.send(line, "/take"))
    assert (await desk.line(key)).taken_by is None


async def test_a_line_that_stands_again_is_another_one(browser, desk):
    """The closed line's address still opens: it is among those of the last 30 days."""
    first = await desk.open("silence", 0, days=9)
    free = await browser.get(desk.address())
    await browser.send(free, "/take")
    mine = await browser.line(await browser.get(desk.address()))
    await desk.records.lines.close(desk.pairs[0].mentorship, "silence", desk.clock.now - timedelta(days=3))
    again = await desk.open("silence", 0, days=1)
    before = await desk.line(again)
    for page, action, typed in ((free, "/take", {}), (mine, "/set_aside", {"days": "7"}), (mine, "/close", {"outcome": "talked"})):
        assert (await browser.send(page, action, **typed)).status_code == 200
        assert await desk.line(again) == before
    await desk.records.lines.take(before.mentorship, "silence", desk.refs["ana"], desk.clock.now)
    taken = await desk.line(again)
    assert (await browser.send(mine, "/give_back")).status_code == 200
    assert await desk.line(again) == taken
    assert (await desk.line(first)).outcome is None


async def test_a_form_of_somebody_else_or_of_another_line_changes_nothing(browser, desk, form_on, http):
    await desk.open("silence", 0)
    other = await desk.open("silence", 1)
    page = await browser.get(desk.address())
    url, hidden = form_on(page, "/take")
    (second, _) = form_on(await browser.line(page, 1), "/take")
    assert url != second
    for address, fields in ((second, hidden), (url, {"form": "made-up"}), (url, {})):
        assert (await http.post(address, data=fields)).status_code == 403
    carls = "/".join((*url.split("/")[:2], desk.token("carl"), *url.split("/")[3:]))
    assert (await http.post(carls, data=hidden)).status_code == 403
    assert (await http.post(url, data=hidden, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert all(line.taken_by is None for line in await desk.records.lines.all())
    assert (await desk.line(other)).taken_by is None


async def test_with_temporal_away_closing_is_kept_and_may_be_sent_again(browser, desk, settings: Settings, records, clock, keyring, monkeypatch, http, says):
    """Records have it, and the case finds it by itself; the answer says honestly what happened."""
    import httpx  # noqa: PLC0415 - beside its one use

    from gateway.connect import connect  # noqa: PLC0415

    key = await desk.open("silence", 0)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    lost = await connect(settings.model_copy(update={"connect_timeout": 0.2}), keyring, role="test", lazy=True)
    app = create_app(settings.model_copy(update={"webhook_timeout": 0.5}), lost, records, post=Outbox(), clock=clock)
    line = await browser.line(await browser.get(desk.address()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as away:
        answer = await type(browser)(away).send(line, "/close", outcome="talked")
        assert answer.status_code == 503
        assert "Nothing is lost" in says(answer)
    assert (await desk.line(key)).outcome == "talked"
    assert (await browser.send(line, "/close", outcome="talked")).status_code == 200


async def test_what_is_too_much_is_refused_whole_and_says_when_to_come_again(desk, browser, settings, client, records, clock, says):
    """Decision 35: a coordinator has one pace for each cohort, whichever line a form is about."""
    import httpx  # noqa: PLC0415

    few = settings.model_copy(update={"webhook_page_burst": 2})
    first, second = await desk.open("silence", 0), await desk.open("silence", 1)
    app = create_app(few, client, records, post=Outbox(), clock=clock, ticks=lambda: clock.ticks)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as opened:
        hasty = type(browser)(opened)
        page = await hasty.get(desk.address())
        lines = [await hasty.line(page, number) for number in (0, 1)]
        assert [(await hasty.send(lines[0], "/take")).status_code for _ in range(2)] == [200, 200]
        refused = await hasty.send(lines[1], "/take")
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "120"
        assert "nothing was taken this time" in says(refused)
        assert {(await desk.line(key)).taken_by for key in (first, second)} == {desk.refs["ana"], None}
        assert (await hasty.get(desk.address())).status_code == 200, "looking is free"
        clock.forward(timedelta(seconds=120))
        assert (await hasty.send(lines[1], "/take")).status_code == 200
        assert {(await desk.line(key)).taken_by for key in (first, second)} == {desk.refs["ana"]}
