"""After a loss: records alone bring every mentorship back, Temporal's histories bring the journal back, and what lost the thread finds it (P5)."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowUpdateInput, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from gateway.connect import connect
from gateway.keyring import Keyring
from mentorship.commands import End, Excuse, Extend, Pause, Resolve
from mentorship.duration import iso
from records.errors import Gap
from records.store import Records
from starter import journal_refill, revive
from starter.doctor_mentorships import mentorships
from starter.operator_update import send
from worker.coordinators_list import CoordinatorsList
from worker.office import RecordsOffice


async def elsewhere(house: Any, folder: Path, server: Any) -> Any:
    """The same service with the records of `folder`, on that server."""
    settings = house.settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{folder}/records.db"})
    moved = dataclasses.replace(house, server=server, settings=settings, folder=folder, sent={})
    if not (folder / "records.db").exists():
        return moved
    records = await Records.open(settings.database_url, house.keyring)
    return dataclasses.replace(
        moved, records=records, client=await connect(settings, house.keyring, role="test"), pairs=await records.cohorts.enrolments(house.cohort)
    )


@asynccontextmanager
async def people_sending(house: Any, pairs: int) -> Any:
    """Milestones come and go in some pairs until the block ends; yields how many messages are through."""
    stop, count = asyncio.Event(), {"sent": 0}

    async def one(pair: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await house.persist(pair, "mentor", "record_milestone", f"r-{pair}-{number}", milestone="visit")
            await house.persist(pair, "mentee", "withdraw", f"w-{pair}-{number}", report=f"r-{pair}-{number}")
            count["sent"] += 2

    async with asyncio.TaskGroup() as group:
        for pair in range(pairs):
            group.create_task(one(pair))
        try:
            yield count
        finally:
            stop.set()


async def reached(house: Any, count: dict[str, int], more: int) -> None:
    wanted = count["sent"] + more

    async def enough() -> bool:
        return count["sent"] >= wanted

    await house.until(enough)


async def test_records_that_were_copied_under_load_bring_everything_back_in_an_empty_place(houses, servers, calm, mailbox, tmp_path):
    house = await houses()
    await house.start(calm(), 3)
    idle = 2  # the third pair says something before the copy, and nothing after
    async with house.worker():
        await house.post(idle, "mentor", "record_milestone", "before", milestone="talk")
        await house.journalled("before", idle)
        before = await house.idle(idle)
        async with people_sending(house, 2) as count:
            await reached(house, count, 12)
            copied = await house.cli("records", "backup", str(tmp_path / "copy"))
            await reached(house, count, 8)
        for pair in range(3):
            await house.idle(pair)
    welcomed = len(mailbox.mails)
    assert welcomed == 6
    assert copied["keys_needed"] == [house.keyring.active]

    # The machine burns down: another Temporal, which knows nothing, and an empty folder.
    house.server.kill()
    await house.records.close()
    place = tmp_path / "place"
    there = await elsewhere(house, place, await servers())
    assert (await there.cli("records", "restore", str(tmp_path / "copy")))["keys_missing"] == []
    there = await elsewhere(house, place, there.server)
    try:
        async with there.worker():
            revived = await there.cli("revive", "spring")
            assert [one["was"] for one in revived["revived"]] == ["lost"] * 3
            assert (revived["pending"], revived["left"]) == (0, [])
            assert await there.status(idle) == before, "where it was, to the last field"
            assert await there.records.journal.verify() == []

            for pair in range(3):
                await there.post(pair, "mentee", "record_milestone", f"after-{pair}", milestone="shadowing")
            for pair in range(3):
                assert await there.receipt_within(f"after-{pair}", pair) == {"outcome": "applied", "reason": None}
                await there.idle(pair)
            await there.check_books()
            assert (await there.cli("journal", "verify"))["compared_with_running"] == 3
    finally:
        await there.records.close()
    assert len(mailbox.mails) == welcomed, "nobody is welcomed twice"


async def test_records_older_than_temporal_wait_and_get_their_rows_back_from_its_histories(house, calm, mailbox, tmp_path):
    await house.start(calm(), 2)
    async with house.worker():
        await house.post(0, "mentor", "record_milestone", "before", milestone="talk")
        await house.journalled("before")
        await house.idle(0)
        await house.idle(1)
        await house.cli("records", "backup", str(tmp_path / "copy"))
        for n, milestone in enumerate(("visit", "shadowing")):
            await house.post(0, "mentor", "record_milestone", f"lost-{n}", milestone=milestone)
            await house.journalled(f"lost-{n}")
        head = (await house.idle(0)).head
    mails = len(mailbox.mails)

    place = tmp_path / "place"
    older = await elsewhere(house, place, house.server)
    await older.cli("records", "restore", str(tmp_path / "copy"))
    older = await elsewhere(house, place, house.server)
    older.sent = {mentorship: list(ids) for mentorship, ids in house.sent.items()}
    try:
        async with older.worker():
            await older.post(0, "mentee", "withdraw", "new", report="nothing")
            assert (await older.receipt_within("new"))["outcome"] == "refused"
            assert (await older.status(0)).pending_effects > 0, "its rows do not follow on what records have"
            known = {older.pairs[0].mentorship: await older.known_head(0)}
            assert {finding.problem for finding in await older.records.journal.verify(expected=known)} == {"cut"}
            assert (await older.cli("revive", "spring", expect=1))["left"][0]["is"] == "ahead", "taking it back would lose what was decided"

            filled = await older.cli("journal", "refill")
            assert [(one["pair_id"], filled["lacking"]) for one in filled["filled"]] == [("pair-1", [])]
            assert filled["filled"][0]["rows"] >= 4
            await older.journalled("new", within=90)  # the retry's own pace
            status = await older.idle(0)
            assert status.head.seq > head.seq
            await older.check_books()
            assert (await older.cli("journal", "verify"))["findings"] == []
    finally:
        await older.records.close()
    assert len(mailbox.mails) == mails


async def test_a_mentorship_that_diverged_is_revived_from_what_was_written(house, calm, mailbox):
    await house.start(calm())
    async with house.worker():
        await house.idle()
        for milestone in ("visit", "talk"):
            await house.post(0, "mentor", "record_milestone", milestone, milestone=milestone)
            await house.journalled(milestone)
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
        lose(house, "delete from journal")
        await house.cli("journal", "refill")
        assert await house.journal() == written, "without what the diverged run would have written"
        await house.check_books()
    assert len(mailbox.mails) == mails + 2, "both hear that the meeting is cancelled, and nothing twice"


async def test_an_operators_update_that_a_second_reset_took_over_is_sent_again(house, calm):
    """Who resets once more what diverged has the update in the new run's history, but not where it was accepted."""
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
    """Its journal waits for an operator, so what was acknowledged goes from run to run; the newest one's history has only the last of it."""
    house = await houses(dynamic={"limit.historyCount.suggestContinueAsNew": 120, "history.workflowIdReuseMinimalInterval": "0s"})
    await house.start(calm())
    async with house.worker():
        await house.idle()
        for milestone in ("visit", "talk"):
            await house.post(0, "mentor", "record_milestone", milestone, milestone=milestone)
            await house.journalled(milestone)
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
    """While no worker lived: it was acknowledged, and the journal knows nothing of it yet. What lies under a key that was dropped since stops nothing."""
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
        # Records of before all this are put back: what the first run had written stands in its history, which the second does not go on from.
        written = await house.journal()
        lose(house, "delete from journal", "update enrolments set state = 'pending'")
        assert [one["rows"] for one in (await house.cli("journal", "refill"))["filled"]] == [len(written)]
        assert await house.journal() == written
        await house.check_books()


async def test_a_journal_is_refilled_with_what_each_run_wrote_as_far_as_the_next_goes_on_from_it(house, calm):
    """Records of an earlier moment twice: what the first run wrote behind the row from which it was revived is not what stood there in the end."""
    await house.start(calm())

    async def planned() -> bool:
        return "plan_applied" in [row.name for row in await house.journal()]

    async with house.worker():
        await house.idle()
        extend = Extend(message_id="extend", by="p-operator", at=datetime.now(UTC), length=iso("P1D"))
        await house.handle().execute_update("extend", extend)
        await house.until(planned)
        await house.idle()
        before = await house.journal()
        await house.handle().terminate("records of before the plan")
        lose(house, "delete from journal where seq >= (select seq from journal where name = 'apply_plan')")
        await house.records.cohorts.await_start(house.pairs[0].mentorship)
        await RecordsOffice(house.records, house.client).enrol(house.cohort, 1, lambda *_: None)
        await house.until(planned)
        await house.idle()
        written = await house.journal()
        assert [row.name for row in written] == [row.name for row in before]
        assert written != before
        lose(house, "delete from journal where seq > 1")
        assert await journal_refill._fill(house.client, house.records, house.pairs[0]) == len(written) - 1
        assert await house.journal() == written


async def test_a_mentorship_that_ended_and_has_its_people_still_to_tell_is_revived_and_its_journal_refilled_and_closed(house, calm, mailbox, monkeypatch):
    """H7, P5: it is over in records from the moment that it ended, and its workflow ends and closes the journal once their mailboxes took the news."""
    await house.start(calm())
    mentorship = house.pairs[0].mentorship

    async def in_records() -> tuple[str, bool]:
        pair = await house.records.cohorts.by_mentorship(mentorship)
        return pair.state, await house.records.journal.is_sealed(mentorship)

    async def over() -> bool:
        """And nothing but the two mails is left to do."""
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
        lose(house, "delete from seals", "delete from journal where seq = (select max(seq) from journal)")
        await house.cli("journal", "refill")
        assert await closed()
    assert await house.journal() == written

    lose(house, "delete from seals", "delete from journal where seq = (select max(seq) from journal)")

    async def forgotten(*_: Any) -> list[Any]:
        """The first run's time in Temporal is over; the second wrote nothing, so that nobody knows the last row any more."""
        return []

    monkeypatch.setattr(journal_refill, "_written", forgotten)
    with pytest.raises(Gap) as gap:
        await journal_refill._fill(house.client, house.records, house.pairs[0])
    assert (gap.value.expected, await in_records()) == (written[-1].seq, ("over", False)), "it is not closed without that row"


async def test_a_revival_that_breaks_off_is_done_again_and_loses_nothing(house, calm, monkeypatch):
    """Temporal may go away in the middle of it. Nor does a case that was altered keep any mentorship from being revived."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
    await CoordinatorsList(house.records, house.client).open(house.pairs[0].mentorship, "silence", None, datetime.now(UTC), "a-line")
    await house.post(0, "mentor", "confirm_meeting", "unwritten", meeting=1)
    await house.handle().terminate("taken for another one")

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
        assert (await house.cli("revive", "spring", "pair-1"))["sent_again"] == ["unwritten"]
        await house.journalled("unwritten")
        await house.idle()


@pytest.mark.parametrize(("at", "left"), [("signal_with_start", ["first", "second"]), ("watch", ["first", "second"]), ("signal", ["second"])])
async def test_what_a_revival_that_broke_off_had_still_to_send_the_next_one_sends(at, left, house, calm, monkeypatch, capsys):
    """Killed, or without Temporal: the next one finds a mentorship that waits for its start, or that runs."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
    for message in ("first", "second"):
        await house.post(0, "mentor", "confirm_meeting", message, meeting=1)
    await house.handle().terminate("taken for another one")
    signal = WorkflowHandle.signal

    async def away(*told: Any) -> None:
        if at != "signal" or told[2]["message_id"] == "second":
            raise RuntimeError("Temporal is away")
        await signal(*told)

    async with house.worker():
        with monkeypatch.context() as broken:
            for name, value in house.worker_process().env.items():
                broken.setenv(name, value)
            broken.setattr(WorkflowHandle if at == "signal" else revive, at, away)
            with pytest.raises(RuntimeError):
                await revive._revive("spring", "pair-1", as_json=True)
        assert capsys.readouterr().err.endswith(f": {', '.join(left)}\n")
        assert (await house.cli("revive", "spring", "pair-1"))["sent_again"] == left
        for message in ("first", "second"):
            await house.journalled(message)
        assert (await house.cli("revive", "spring"))["sent_again"] == []


async def test_a_journal_is_refilled_out_of_the_run_that_a_reset_began(house, calm):
    """Somebody reset it in Temporal's own tools; it decided the same again, and went on in another run than it was started in."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
        await house.post(0, "mentor", "confirm_meeting", "before", meeting=1)
        await house.journalled("before")
        await house.reset(forgetful=False)
        await house.post(0, "mentor", "confirm_meeting", "after", meeting=2)
        await house.journalled("after")
        assert not (await house.idle()).diverged
        written = await house.journal()
        lose(house, f"delete from journal where seq > {written[-1].seq - 2}")
        filled = await house.cli("journal", "refill")
        assert [one["rows"] for one in filled["filled"]] == [2]
        assert await house.journal() == written
        lose(house, "update journal set name = 'else' where seq = 2")
        refused = await house.cli("journal", "refill", expect=1)
        assert [(one["problem"], one["seq"]) for one in refused["lacking"]] == [("differs", 2)]


def lose(house: Any, *statements: str) -> None:
    """Records of an earlier moment."""
    with sqlite3.connect(house.folder / "records.db", timeout=20, isolation_level="IMMEDIATE") as connection:  # which waits for a worker's write
        for statement in statements:
            connection.execute(statement)
    connection.close()


class LosesTheFirstAnswer(Interceptor):
    """The server did what an update asked, and went away before it said so."""

    def __init__(self) -> None:
        self.lost = False

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        line = self

        class Line(OutboundInterceptor):
            async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> Any:  # noqa: A002 - the SDK's name
                answered = await super().start_workflow_update(input)
                if not line.lost:
                    line.lost = True
                    raise RPCError("connection reset", RPCStatusCode.UNAVAILABLE, b"")
                return answered

        return Line(next)


async def test_an_operators_command_whose_answer_was_lost_is_done_once_and_answered(house, calm):
    """Not told as one that did not arrive, since whoever then repeats it extends twice."""
    await house.start(calm())
    client = Client(**{**house.client.config(), "interceptors": [LosesTheFirstAnswer()]})
    async with house.worker():
        longer = Extend(message_id="op-1", by="p-operator", length="PT1H")
        assert (await send(client, house.pairs[0], longer, 15))["outcome"] == "applied"
        assert [row.name for row in await house.journal() if row.kind == "event"].count("extended") == 1
