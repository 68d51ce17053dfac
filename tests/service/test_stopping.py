"""A worker that is told to stop takes no more work, whatever it is in the middle of (docs/operations.md, Upgrade)."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from temporalio.api.enums.v1 import PendingActivityState

from tests.processes import free_port
from worker.build import GRACE


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    """The port of a mail server that accepts every connection and never answers."""
    callers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: callers.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for caller in callers:
        caller.close()


async def test_no_queue_is_served_on_while_another_ones_activity_has_its_grace(house, calm, processes, silent):
    await house.start(calm())
    metrics = f"127.0.0.1:{free_port()}"
    worker = processes(house.worker_process(SMTP_PORT=str(silent), METRICS_ADDRESS=metrics, LOG_FORMAT="json"))

    async def mails() -> bool:
        activities = (await house.handle().describe()).raw_description.pending_activities
        return any((one.activity_type.name, one.state) == ("send_notice", PendingActivityState.PENDING_ACTIVITY_STATE_STARTED) for one in activities)

    await house.until(mails, within=60)
    worker._process.send_signal(signal.SIGTERM)
    await house.until(lambda: said(worker, "worker_stopping"))
    await house.until(lambda: asks_for_nothing(metrics))  # until then it may still be given some work
    assert await mails(), "the mail is not over, and no queue is served for as long as that"
    await house.post(0, "mentor", "record_milestone", "after", milestone="visit")

    await house.until(lambda: said(worker, "worker_stopped"), within=GRACE.total_seconds() + 10)
    assert await house.records.journal.receipt(house.pairs[0].mentorship, "after") is None, "decided by a worker that was told to stop"
    assert await asyncio.to_thread(worker._process.wait, 10) == 0
    assert json.loads(worker.said().splitlines()[-1])["event"] == "worker_stopped", "logged as the settings say"
    async with house.worker():
        await house.journalled("after")
        await house.check_books()


async def said(worker, word: str) -> bool:
    return word in worker.said()


async def asks_for_nothing(metrics: str) -> bool:
    text = await asyncio.to_thread(lambda: urlopen(f"http://{metrics}/metrics", timeout=20).read().decode())
    asking = [sample.value for family in text_string_to_metric_families(text) for sample in family.samples if sample.name == "temporal_num_pollers"]
    assert asking
    return not any(asking)
