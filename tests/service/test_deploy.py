"""A new build of the worker takes over while people keep sending, and the old one takes over again after a rollback (P5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType, TimeoutType, VersioningBehavior
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentVersionRequest
from temporalio.service import RPCError

PAIRS = 4
_QUEUES = {
    ("mentorship", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    ("mentorship", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    ("mentorship-notices", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    ("mentorship-certificates", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
}


def build(house: Any, build_id: str, name: str) -> Any:
    process = house.worker_process(name=name)
    process.env |= {"MENTORSHIP_BUILD_ID": build_id}
    return process


async def polls(house: Any, build_id: str) -> None:
    """Returns once a worker of this build asks for work on every queue."""
    version = WorkerDeploymentVersion(deployment_name="mentorship", build_id=build_id)
    request = DescribeWorkerDeploymentVersionRequest(namespace=house.client.namespace, deployment_version=version)

    async def known() -> bool:
        try:
            answer = await house.client.workflow_service.describe_worker_deployment_version(request)
        except RPCError:
            return False
        return {(queue.name, queue.type) for queue in answer.version_task_queues} >= _QUEUES

    await house.until(known, within=30)


async def make_current(house: Any, build_id: str) -> None:
    """Runs the operator's own command."""
    await house.temporal("worker", "deployment", "set-current-version", "--deployment-name", "mentorship", "--build-id", build_id, "--yes")


@asynccontextmanager
async def people_sending(house: Any) -> Any:
    """Has both people of every pair record and take back milestones through the web hook's door until the block ends; yields how often each has."""
    stop = asyncio.Event()
    done = dict.fromkeys(((pair, side) for pair in range(PAIRS) for side in ("mentor", "mentee")), 0)

    async def one(who: tuple[int, str]) -> None:
        while not stop.is_set():
            report = report_of(who, done[who] + 1)
            await house.persist(*who, "record_milestone", report, milestone="visit")
            await house.persist(*who, "withdraw", f"{report}-back", report=report)
            done[who] += 1
            await asyncio.sleep(0.25)

    async with asyncio.TaskGroup() as group:
        for who in done:
            group.create_task(one(who))
        try:
            yield done
        finally:
            stop.set()


def report_of(who: tuple[int, str], number: int) -> str:
    pair, side = who
    return f"{side}-{pair}-{number}"


async def heard(house: Any, done: dict[tuple[int, str], int]) -> None:
    """Returns once a worker has handled what everybody began to say after this call: the first messages to finish may be older."""
    wanted = {who: number + 2 for who, number in done.items()}

    async def said() -> bool:
        return all(done[who] >= number for who, number in wanted.items())

    await house.until(said)
    for who, number in wanted.items():
        await house.journalled(report_of(who, number), who[0])


async def test_a_second_build_takes_over_under_load_and_is_rolled_back_and_nothing_is_lost_or_late(
    house: Any, calm: Callable[..., Any], processes: Callable[..., Any], mailbox: Any
) -> None:
    notice = timedelta(seconds=3)
    await house.start(calm(cancellations={"notice": f"PT{notice.seconds}S", "answer_within": "PT5M", "window": "P1D"}), PAIRS)

    one = processes(build(house, "one", "one"))
    await polls(house, "one")
    checks = {check["name"]: check for check in (await house.cli("doctor", expect=1))["checks"]}
    assert "one waits, since none is current" in checks["builds"]["detail"]
    await make_current(house, "one")
    began = datetime.now(UTC)
    for pair in range(PAIRS):
        for side in ("mentor", "mentee"):
            await house.post(pair, side, "confirm_meeting", f"both-{side}-{pair}", meeting="all")
    to_tell_all = datetime.now(UTC) - began

    async with people_sending(house) as done:
        two = processes(build(house, "two", "two"))
        await polls(house, "two")
        await make_current(house, "two")
        stops = [await stop(one)]
        await heard(house, done)

        # Rolled back the hard way: for a while no worker runs, and the time to cancel passes meanwhile.
        stops.append(await stop(two))
        agreed = datetime.now(UTC) + notice + max(notice, 10 * to_tell_all)
        for pair in range(PAIRS):
            for side in ("mentor", "mentee"):
                await house.post(pair, side, "move_meeting", f"move-{side}-{pair}", meeting=1, to=agreed.isoformat())
            await house.post(pair, "mentor", "cancel_meeting", f"in-time-{pair}", meeting=1, reason="work")
        assert datetime.now(UTC) < agreed - notice, "this machine is too slow for this test"
        await asyncio.sleep((agreed - notice - datetime.now(UTC)).total_seconds())
        again = processes(build(house, "one", "one-again"))
        await polls(house, "one")
        await make_current(house, "one")
        await heard(house, done)

    for pair in range(PAIRS):
        await house.journalled(f"in-time-{pair}", pair)
        await house.idle(pair)
    counted = await house.check_books()
    assert counted["refused"] == 0
    assert counted["applied"] >= 2 * PAIRS * 8

    for pair in range(PAIRS):
        [cancelled] = [row for row in await house.journal(pair) if row.name == "meeting_cancelled"]
        assert cancelled.body["late"] is False, "judged by when it was sent, not by when a worker came"
        await unharmed(house, pair, stops)
    assert "worker_stopped" in one.said(), "it drained"
    assert "worker_stopped" in two.said()
    assert again.alive


async def stop(worker: Any) -> tuple[datetime, datetime]:
    """Stops it; returns when it was told to stop and when it had."""
    told = datetime.now(UTC)
    await asyncio.to_thread(worker.stop)
    return told, datetime.now(UTC)


async def unharmed(house: Any, pair: int, stops: Sequence[tuple[datetime, datetime]]) -> None:
    """Asserts that no workflow task failed or timed out at work, and that the workflow moved to each build that became current.

    A task that Temporal hands to a worker just as it stops asking is lost with it, and goes to another after ten seconds.
    """
    events = await house.histories(pair)
    handed_out = {event.event_id: event.event_time.ToDatetime(UTC) for event in events if event.HasField("workflow_task_started_event_attributes")}
    failed = [event.workflow_task_failed_event_attributes for event in events if event.HasField("workflow_task_failed_event_attributes")]
    timed_out = [event.workflow_task_timed_out_event_attributes for event in events if event.HasField("workflow_task_timed_out_event_attributes")]
    broken = [*failed, *(task for task in timed_out if task.timeout_type == TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE)]
    for task in broken:
        assert any(told - timedelta(seconds=1) < handed_out[task.started_event_id] < gone for told, gone in stops), task
    done = [event.workflow_task_completed_event_attributes for event in events if event.HasField("workflow_task_completed_event_attributes")]
    builds = [one.deployment_version.build_id for one in done]
    assert [build for build, before in zip(builds, [None, *builds], strict=False) if build != before] == ["one", "two", "one"]
    assert {one.versioning_behavior for one in done} == {VersioningBehavior.VERSIONING_BEHAVIOR_AUTO_UPGRADE}
