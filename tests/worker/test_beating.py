"""What a cancellation does to an activity that has begun: a mail is sent to the end, everything else stops."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.options import ALIVE
from worker.beating import Beating

BY_THE_WORKFLOW = ActivityCancellationDetails(cancel_requested=True)
BY_THE_WORKER = ActivityCancellationDetails(worker_shutdown=True)


class Work(ActivityInboundInterceptor):
    """An activity that waits until it is done."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def execute_activity(self, input: ExecuteActivityInput) -> str:  # noqa: A002, ARG002 - the SDK's name
        self.begun.set()
        await self.may_end.wait()
        return "done"


@pytest.fixture
def work() -> Work:
    return Work()


def running(work: Work, activity_type: str) -> tuple[ActivityEnvironment, asyncio.Task[str]]:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, activity_type=activity_type, heartbeat_timeout=ALIVE)
    interceptor = Beating().intercept_activity(work)
    given = ExecuteActivityInput(fn=work.execute_activity, args=[], executor=None, headers={})
    return environment, asyncio.ensure_future(environment.run(interceptor.execute_activity, given))


async def test_a_mail_that_the_workflow_cancels_is_sent_to_its_end(work):
    environment, activity = running(work, "send_notice")
    await work.begun.wait()
    environment.cancel(BY_THE_WORKFLOW)
    await asyncio.sleep(0)
    work.may_end.set()
    assert await activity == "done"


@pytest.mark.parametrize(("activity_type", "why"), [("send_notice", BY_THE_WORKER), ("append_journal", BY_THE_WORKFLOW)])
async def test_what_a_stopping_worker_or_another_activitys_workflow_cancels_stops(work, activity_type, why):
    environment, activity = running(work, activity_type)
    await work.begun.wait()
    environment.cancel(why)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(activity, 5)


async def test_what_has_ended_beats_no_longer(work):
    """A worker runs some thousands of them a day, and each heartbeat is a call."""
    before = asyncio.all_tasks()
    _, activity = running(work, "append_journal")
    work.may_end.set()
    assert await activity == "done"
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_what_takes_long_says_that_it_is_alive(work, monkeypatch):
    """It sends heartbeats again and again, before its time-out is over."""
    environment, activity = running(work, "append_journal")
    beats: list[float] = []
    loop = asyncio.get_running_loop()
    environment.on_heartbeat = lambda *_: beats.append(loop.time())
    monkeypatch.setattr("worker.beating._BEATS", ALIVE.total_seconds() * 100)
    await work.begun.wait()
    async with asyncio.timeout(5):
        while len(beats) < 3:  # noqa: ASYNC110 - nothing tells of a beat
            await asyncio.sleep(0.005)
    work.may_end.set()
    assert await activity == "done"
