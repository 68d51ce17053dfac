"""`revive`: a mentorship that Temporal lost, or that diverged, continues from its journal, and acknowledged messages come along (P5)."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.connect import connect
from gateway.keyring import Keyring
from mentorship.commands import End, Excuse, Pause, Resolve
from records.errors import Gap
from starter import journal_refill, revive
from starter.doctor_mentorships import mentorships
from tests.service.house import lose
from worker.coordinators_list import CoordinatorsList


async def recorded(house: Any) -> None:
    """Two milestones stand in its journal."""
    await house.idle()
    for milestone in ("visit", "talk"):
        await house.post(0, "mentor", "record_milestone", milestone, milestone=milestone)
        await house.journalled(milestone)


async def test_a_mentorship_that_diverged_is_revived_from_what_was_written(house, calm, mailbox):
    await house.start(calm())
    async with house.worker():
        await recorded(house)
        before = await house.idle()
        await house.reset()
        await house.post(0, "mentee", "cancel_meeting", "unwritten", meeting=1)
        await house.until(house.diverged)
        mails = len(mailbox.mails)
        revived = await house.cli("revive", "spring", "pair-1")
        assert [one["was"] for one in revived["revived"]] == ["diverged"]
        assert revived["sent_again"] == ["unwritten"], "it was acknowledged, so it is not lost"
        await house.journalled("unwritten")
        after = await house.idle()
        assert after.milestones == before.milestones
        assert [meeting.cancelled for meeting in after.meetings] == [True, False, False]
        written = await house.journal()
        await lose(house, "delete from journal")
        await house.cli("journal", "refill")
        assert await house.journal() == written, "without what the diverged run would have written"
        await house.check_books()
    assert len(mailbox.mails) == mails + 2, "both hear that the meeting is cancelled, and nothing twice"


async def test_an_operators_update_that_a_second_reset_took_over_is_sent_again(house, calm):
    """After a second reset of what diverged, the new run's history has the update, but not the point at which it was accepted."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
        await house.post(0, "mentor", "record_milestone", "visit", milestone="visit")
        await house.journalled("visit")
        await house.idle()
        await house.reset()
        await house.post(0, "mentor", "confirm_meeting", "unwritten", meeting=1)
        await house.until(house.diverged)
        pause = Pause(message_id="held", by="p-operator", at=datetime.now(UTC))
        assert (await house.handle().execute_update("pause", pause))["outcome"] == "applied"
        await house.reset(forgetful=False, request="once more")
        await house.until(house.diverged)
        assert (await house.cli("revive", "spring", "pair-1"))["sent_again"] == ["unwritten", "held"]
        await house.journalled("held")
        assert (await house.idle()).phase == "paused"


async def test_what_a_diverged_mentorship_was_sent_over_several_runs_is_sent_again(houses, calm):
    """Its journal waits for an operator, so acknowledged messages pass from run to run; the newest run's history has only the last of them."""
    house = await houses(dynamic={"limit.historyCount.suggestContinueAsNew": 120, "history.workflowIdReuseMinimalInterval": "0s"})
    await house.start(calm())
    async with house.worker():
        await recorded(house)
        await house.idle()
        await house.reset()
        run = (await house.handle().describe()).run_id
        ids = [f"unwritten-{n:02}" for n in range(40)]
        for n, message in enumerate(ids):
            await house.post(0, "mentor", "confirm_meeting", message, meeting=n % 3 + 1)
            await house.receipt_within(message)
        pause = Pause(message_id="held", by="p-operator", at=datetime.now(UTC))
        assert (await house.handle().execute_update("pause", pause))["outcome"] == "applied", "as it is told to who raised a concern and holds the meetings"
        refused = Resolve(message_id="refused", by="p-operator", at=datetime.now(UTC), line="silence")
        assert (await house.handle().execute_update("resolve", refused))["outcome"] == "refused", "who was told so may have done something else since"
        again = Resolve(message_id="again", by="p-operator", at=datetime.now(UTC), line="diverged")
        assert (await house.handle().execute_update("resolve", again))["outcome"] == "applied", "which says nothing to the run that begins"
        await house.until(house.diverged)
        assert (await house.handle().describe()).run_id != run
        assert (await house.cli("revive", "spring", "pair-1"))["sent_again"] == [*ids, "held"]
        await house.journalled("held")
        assert (await house.idle()).phase == "paused"
        await house.check_books()


async def test_what_a_mentorship_was_sent_before_somebody_terminated_it_is_sent_again(house, calm):
    """No worker was running: it was acknowledged, and the journal does not have it yet. Messages under a key that was dropped since stop nothing."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
    gone = await connect(house.settings, Keyring.generate(house.folder / "gone.json"), role="test")
    await gone.get_workflow_handle(house.pairs[0].mentorship).signal("excuse", Excuse(message_id="unreadable", by=house.mentor, meeting=1))
    await house.post(0, "mentor", "confirm_meeting", "unwritten", meeting=1)
    await house.handle().terminate("taken for another one")
    async with house.worker():
        revived = await house.cli("revive", "spring", "pair-1")
        assert ([one["was"] for one in revived["revived"]], revived["sent_again"]) == (["lost"], ["unwritten"])
        await house.journalled("unwritten")
        await house.idle()
        await house.check_books()
        # Records of before all this are put back: what the first run had written is in its history, from which the second does not continue.
        written = await house.journal()
        await lose(house, "delete from journal", "update enrolments set state = 'pending'")
        assert [one["rows"] for one in (await house.cli("journal", "refill"))["filled"]] == [len(written)]
        assert await house.journal() == written
        await house.check_books()


async def test_a_mentorship_that_ended_and_has_its_people_still_to_tell_is_revived_and_its_journal_refilled_and_closed(house, calm, mailbox, monkeypatch):
    """H7, P5: records have it as over from its end on. Its workflow ends, and closes the journal, once the people's mailboxes have accepted the news."""
    await house.start(calm())
    mentorship = house.pairs[0].mentorship

    async def in_records() -> tuple[str, bool]:
        pair = await house.records.cohorts.by_mentorship(mentorship)
        return pair.state, await house.records.journal.is_sealed(mentorship)

    async def over() -> bool:
        """Asserts that it is over and that nothing but the two mails is left to do."""
        return (await in_records())[0] == "over" and (await house.status()).pending_effects == 2

    async def closed() -> bool:
        return await in_records() == ("over", True)

    async with house.worker():
        await house.idle()
        mailbox.refuse |= {f"{side}-1@example.org": "451 4.2.1 busy" for side in ("mentor", "mentee")}
        await house.handle().execute_update("end", End(message_id="end", by="p-operator", at=datetime.now(UTC), reason="stepped_away"))
        await house.until(over)
        await house.handle().terminate("taken for another one")
    mailbox.refuse.clear()
    [lost] = await mentorships(house.settings, house.client, fix=False, ask=False)
    assert f"{mentorship} should run and is terminated" in lost.detail
    async with house.worker():
        assert [one["was"] for one in (await house.cli("revive", "spring"))["revived"]] == ["lost"]
        await house.until(closed)
        for side in ("mentor", "mentee"):
            assert len(mailbox.to(f"{side}-1@example.org")) == 2, "welcomed, and told of the end, each once"
        written = await house.journal()
        assert [row.name for row in written].count("mentorship_ended") == 1
        await lose(house, "delete from seals", "delete from journal where seq = (select max(seq) from journal)")
        await house.cli("journal", "refill")
        assert await closed()
    assert await house.journal() == written

    await lose(house, "delete from seals", "delete from journal where seq = (select max(seq) from journal)")

    async def forgotten(*_: Any) -> list[Any]:
        """Temporal no longer keeps the first run, and the second wrote nothing, so that nobody knows the last row any more."""
        return []

    monkeypatch.setattr(journal_refill, "_written", forgotten)
    with pytest.raises(Gap) as gap:
        await journal_refill._fill(house.client, house.records, house.pairs[0])
    assert (gap.value.expected, await in_records()) == (written[-1].seq, ("over", False)), "it is not closed without that row"


async def test_a_revival_that_breaks_off_is_done_again_and_loses_nothing(house, calm, monkeypatch):
    """Temporal may go away in the middle of it. A case that was altered keeps no mentorship from being revived. Another pair is left until it is asked for."""
    await house.start(calm(), pairs=2)
    async with house.worker():
        await house.idle()
    await CoordinatorsList(house.records, house.client).open(house.pairs[0].mentorship, "silence", None, datetime.now(UTC), "a-line")
    await house.post(0, "mentor", "confirm_meeting", "unwritten", meeting=1)
    for pair in (0, 1):
        await house.handle(pair).terminate("taken for another one")

    async def away(*_: Any, **__: Any) -> None:
        raise RuntimeError("Temporal is away")

    with monkeypatch.context() as broken:
        for name, value in house.worker_process().env.items():
            broken.setenv(name, value)
        broken.setattr(revive, "start_case", away)
        with pytest.raises(RuntimeError):
            await revive._revive("spring", "pair-1", as_json=True)
    with sqlite3.connect(house.folder / "records.db", timeout=20) as connection:
        assert connection.execute("update cases set sealed = zeroblob(length(sealed))").rowcount == 1
    connection.close()
    async with house.worker():
        told = await house.cli("revive", "spring", "pair-1")
        assert ([one["pair_id"] for one in told["revived"]], told["running"], told["sent_again"]) == (["pair-1"], 0, ["unwritten"])
        await house.journalled("unwritten")
        await house.idle()
        told = await house.cli("revive", "spring")
        assert ([one["pair_id"] for one in told["revived"]], told["running"]) == (["pair-2"], 1)


@pytest.mark.parametrize("at", ["signal_with_start", "watch"])
async def test_what_a_mentorship_was_sent_comes_along_although_its_revival_broke_off(at, house, calm, monkeypatch):
    """The command was killed, or lost Temporal, before or after it had the mentorship started."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
    for message in ("first", "second"):
        await house.post(0, "mentor", "confirm_meeting", message, meeting=1)
    await house.handle().terminate("taken for another one")

    async def away(*_: Any) -> None:
        raise RuntimeError("Temporal is away")

    async with house.worker():
        with monkeypatch.context() as broken:
            for name, value in house.worker_process().env.items():
                broken.setenv(name, value)
            broken.setattr(revive, at, away)
            with pytest.raises(RuntimeError):
                await revive._revive("spring", "pair-1", as_json=True)
        assert (await house.cli("revive", "spring"))["revived"] == []
        for message in ("first", "second"):
            await house.journalled(message)
        await house.idle()
        await house.check_books()


async def test_what_was_acknowledged_before_a_deadline_comes_before_it_although_the_mentorship_is_revived_afterwards(house, quick):
    """P5, H7: the fourth milestone of five earns the certificates. Somebody terminates the mentorship with that report unread, and reports close meanwhile."""
    await house.start(quick(length="PT20S", grace="PT2S"))
    async with house.worker():
        for milestone in ("shadowing", "talk", "visit"):
            await house.post(0, "mentor", "record_milestone", milestone, milestone=milestone)
            await house.journalled(milestone)
        closes = (await house.status()).reporting_ends
    await house.post(0, "mentee", "set_goal", "unread", goal="speak-up", text="Speak up")
    await house.handle().terminate("taken for another one")
    await asyncio.sleep((closes - datetime.now(UTC)).total_seconds() + 1)
    async with house.worker():
        assert (await house.cli("revive", "spring"))["sent_again"] == ["unread"]
        assert len((await house.outcome()).certificates) == 2
    await house.check_books()
