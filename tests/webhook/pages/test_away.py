"""Records or Temporal are away: the typed text stays, and the instant of the first attempt counts (P5, H14)."""

from __future__ import annotations

from datetime import timedelta

from records.errors import RecordsUnavailable


async def test_records_away_keeps_what_was_typed(browser, two, monkeypatch, says):
    tab = await browser.get(two.page("ben", "set_goal"))

    async def gone(*_args, **_more):
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(two.records.cohorts, "by_mentorship", gone)
    answer = await browser.send(tab, "/set_goal", text="Speak up in reviews", steps="")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Speak up in reviews" in says(answer)


async def test_temporal_away_keeps_what_was_typed_and_the_first_instant(browser, two, mentorship, says):
    """No workflow runs, so Temporal does not accept the signal."""
    tab = await browser.get(two.page("ben", "set_goal"))
    answer = await browser.send(tab, "/set_goal", text="Speak up in reviews", steps="")
    assert answer.status_code == 503
    assert "Not sent yet." in says(answer)
    assert "Speak up in reviews</textarea>" in answer.text
    first = two.clock.now
    two.clock.now += timedelta(hours=3)
    async with mentorship.accepted():
        assert (await browser.send(answer, "/set_goal", follow=False, text="Speak up in reviews", steps="")).status_code == 303
        [(_, body)] = await mentorship.signals()
        assert body["at"] == first.isoformat().replace("+00:00", "Z")


async def test_a_time_that_was_ahead_when_temporal_was_away_is_not_too_late_afterwards(browser, two, mentorship):
    first, typed = two.clock.now, {"to": f"{two.clock.now + timedelta(hours=2):%Y-%m-%dT%H:%M}"}
    answer = await browser.send(await browser.get(two.page("ben", "move_meeting", 1)), "/move_meeting/1", **typed)
    assert answer.status_code == 503
    two.clock.now += timedelta(hours=3)
    async with mentorship.accepted():
        assert (await browser.send(answer, "/move_meeting/1", follow=False, **typed)).status_code == 303
        [(_, body)] = await mentorship.signals()
        assert body["at"] == first.isoformat().replace("+00:00", "Z")


async def test_what_was_changed_after_temporal_was_away_is_taken(browser, two, mentorship):
    answer = await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text="Speak up", steps="")
    async with mentorship.accepted():
        assert (await browser.send(answer, "/set_goal", follow=False, text="Speak up in reviews", steps="")).status_code == 303
        assert len(await mentorship.signals()) == 1


async def test_what_was_changed_while_temporal_was_away_keeps_the_instant_of_the_first_try_with_it(browser, two, mentorship):
    """Otherwise the third attempt would make late what the second one said in time (P5, H14)."""
    answer = await browser.send(await browser.get(two.page("ben", "cancel_meeting", 1)), "/cancel_meeting/1", reason="work")
    two.clock.now += timedelta(hours=1)
    changed = two.clock.now
    for _ in range(2):
        answer = await browser.send(answer, "/cancel_meeting/1", reason="technical")
        assert answer.status_code == 503
        two.clock.now += timedelta(hours=1)
    answer = await browser.send(answer, "/cancel_meeting/1", reason="personal")
    assert answer.status_code == 503
    async with mentorship.accepted():
        assert (await browser.send(answer, "/cancel_meeting/1", follow=False, reason="technical")).status_code == 303
        [(_, body)] = await mentorship.signals()
        assert (body["reason"], body["at"]) == ("technical", changed.isoformat().replace("+00:00", "Z"))


async def test_what_temporal_has_is_kept_also_when_it_cannot_be_asked_any_more(browser, two, mentorship, running, monkeypatch, says):
    """P5: acknowledged means durable, and the next page says so."""
    monkeypatch.setattr("webhook.pages.outcomes.JOURNAL_WAIT", 0)
    answer = await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", follow=False, text="Listen", steps="")

    async def away(*_args, **_more):
        raise RuntimeError("cannot connect")

    monkeypatch.setattr("temporalio.client.WorkflowHandle.query", away)
    after = await browser.get(answer.headers["location"])
    assert (after.status_code, "Kept safely" in says(after)) == (200, True)
