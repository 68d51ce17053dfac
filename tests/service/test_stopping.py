"""A worker that is told to stop takes nothing more, whatever it is in the middle of (docs/operations.md, Upgrade)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from worker.build import GRACE


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    """The port of a mail server that lets everybody in and never says a word."""
    callers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: callers.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for caller in callers:
        caller.close()


async def test_no_queue_is_served_on_while_another_ones_activity_has_its_grace(house, calm, processes, silent):
    await house.start(calm())
    worker = processes(house.worker_process(SMTP_PORT=str(silent)))

    async def mails() -> bool:
        activities = (await house.handle().describe()).raw_description.pending_activities
        return any(one.activity_type.name == "send_notice" and one.HasField("last_started_time") for one in activities)

    await house.until(mails, within=60)
    worker._process.send_signal(signal.SIGTERM)
    await house.until(lambda: said(worker, "worker_stopping"))
    await asyncio.sleep(1)  # until then somebody who asks for work may still be given some
    await house.post(0, "mentor", "record_milestone", "after", milestone="visit")

    await house.until(lambda: said(worker, "worker_stopped"), within=GRACE.total_seconds() + 10)
    assert await house.records.journal.receipt(house.pairs[0].mentorship, "after") is None, "decided by a worker that was told to stop"
    assert await asyncio.to_thread(worker._process.wait, 10) == 0
    async with house.worker():
        await house.journalled("after")
        await house.check_books()


async def said(worker, word: str) -> bool:
    return word in worker.said()
