"""A worker without the right keys loses nothing; a workflow that decides differently from its journal sends nothing until a person has looked."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime

from google.protobuf.json_format import MessageToJson

from gateway.keyring import Keyring
from mentorship.commands import RecordMilestone, Resolve
from records.journal import JournalEntry
from wire.search_attributes import NEEDS_ATTENTION


async def test_a_worker_with_other_keys_fails_its_tasks_clearly_and_the_right_one_goes_on(house, calm, mailbox, processes):
    await house.start(calm())
    await house.post(0, "mentor", "record_milestone", "visit", milestone="visit")
    Keyring.generate(house.folder / "other-keys.json")
    wrong = processes(house.worker_process(key_file=house.folder / "other-keys.json", name="wrong"))

    async def refused() -> str | None:
        if not wrong.alive:
            return wrong.said()
        failures = [event for event in await house.histories() if event.HasField("workflow_task_failed_event_attributes")]
        return MessageToJson(failures[0]) if failures else None

    said = await house.until(refused, within=60)
    assert "key" in said.lower()
    assert house.keyring.active in said, "which key is missing"
    wrong.stop()
    assert not mailbox.mails
    description = await house.handle().describe()
    assert description.status.name == "RUNNING"

    async with house.worker():
        assert await house.receipt_within("visit") == {"outcome": "applied", "reason": None}
        await house.idle()
        await house.check_books()
    assert len(mailbox.mails) == 2


async def test_a_worker_without_usable_keys_does_not_start_and_says_why(house, processes):
    missing, open_to_all, malformed = (house.folder / f"{name}.json" for name in ("missing", "open-to-all", "malformed"))
    Keyring.generate(open_to_all)
    open_to_all.chmod(0o644)
    malformed.write_text("{}")
    malformed.chmod(0o600)
    workers = {path: processes(house.worker_process(key_file=path, name=path.stem)) for path in (missing, open_to_all, malformed)}

    async def all_gone() -> bool:
        return not any(worker.alive for worker in workers.values())

    await house.until(all_gone, within=60)
    for path, worker in workers.items():
        assert worker.said().startswith(f"mentorship-worker: {path}")
        assert "Traceback" not in worker.said()


async def needs_attention(house) -> bool:
    description = await house.handle().describe()
    return bool(description.typed_search_attributes.get(NEEDS_ATTENTION))


async def tampered(house, statement: str, *values: object) -> None:
    """Changes the journal as somebody with the database's file could. In a thread: a worker of this process may be writing."""

    def changed() -> None:
        connection = sqlite3.connect(house.folder / "records.db", timeout=20)
        with connection:
            assert connection.execute(statement, values).rowcount == 1
        connection.close()

    await asyncio.to_thread(changed)


async def test_a_workflow_that_diverged_sends_nothing_until_the_journal_is_restored_and_an_operator_resolves_it(house, calm, mailbox):
    await house.start(calm())
    mentorship = house.pairs[0].mentorship
    async with house.worker():
        head = (await house.idle()).head
        other = JournalEntry(seq=head.seq + 1, at=datetime.now(UTC), kind="event", name="somebody_elses")
        await house.records.journal.append(mentorship, [other])
        before = len(mailbox.mails)

        await house.post(0, "mentor", "cancel_meeting", "cancel", meeting=2)

        await house.until(house.diverged)
        assert await house.receipt_within("cancel") == {"outcome": "applied", "reason": None}
        await house.until(lambda: needs_attention(house))
        said = [check["detail"] for check in (await house.cli("doctor", expect=1))["checks"] if check["name"] == "mentorship"]
        assert said == [f"{mentorship} decides differently from its journal and sends nothing; see docs/operations.md, Diverged"]
        assert (await house.status()).pending_effects > 0
        assert len(mailbox.mails) == before
        assert await house.records.journal.receipt(mentorship, "cancel") is None

        answer = await house.handle().execute_update("resolve", Resolve(message_id="too-soon", by="p-operator", line="diverged"))
        assert answer["outcome"] == "applied"
        await house.until(house.diverged)  # nothing was restored: found again at once

        await tampered(house, "delete from journal where mentorship = ? and seq = ?", mentorship, head.seq + 1)
        answer = await house.handle().execute_update("resolve", Resolve(message_id="restored", by="p-operator", line="diverged"))
        assert answer["outcome"] == "applied"
        status = await house.idle()
        assert not status.diverged
        assert not await needs_attention(house)
        await house.check_books()
    assert len(mailbox.mails) == before + 2  # both hear that the meeting is cancelled


async def test_a_workflow_that_was_reset_and_decides_differently_sends_nothing(house, calm, mailbox):
    """It is reset to its beginning and loses the signals that it had, which only the journal still knows."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
        for n, milestone in enumerate(("visit", "talk")):
            await house.signal(RecordMilestone(message_id=f"m-{n}", by=house.mentor, milestone=milestone))
            await house.journalled(f"m-{n}")
        mails = len(mailbox.mails)
        await house.reset()
        await house.post(0, "mentor", "cancel_meeting", "cancel", meeting=1)

        await house.until(house.diverged)
        await house.until(lambda: needs_attention(house))
    assert len(mailbox.mails) == mails, "the welcome went once, and nothing since"
    assert await house.records.journal.verify(cohort=house.cohort) == []
