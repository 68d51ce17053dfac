"""H7, H8: one certificate a person, the same bytes, and one mail by Message-ID, wherever a worker dies and whatever is repeated."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from certificates.verify import verify_file
from workflows.status import Status

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = run_path(str(Path(__file__).parent / "stopping_worker.py"))["STEPS"]
RESETS = 8
"""Pairs to reset, each to another kind of task; there are fewer kinds."""


async def test_a_worker_killed_at_any_step_of_issuance_leaves_nothing_twice_and_nothing_out(deadly, holds, eventually):
    """H7: one pair is stopped at each step, all at once, when the worker is killed with -9. Under another worker each ends as if nothing had happened."""
    twos = [await deadly.done(number) for number in range(len(STEPS))]
    stops = {
        two.mentorship: {"step": step, "addresses": [two.address("mentor"), two.address("mentee")], "marker": str(deadly.folder / f"step-{two.number}")}
        for two, step in zip(twos, STEPS, strict=True)
    }
    async with deadly.worker(json.dumps(stops)) as doomed:

        def missing() -> list[str]:
            assert doomed.poll() is None, deadly.said
            return [stop["step"] for stop in stops.values() if not Path(stop["marker"]).exists()]

        try:
            await eventually(lambda: not missing(), 90)
        except TimeoutError:
            pytest.fail(f"never reached: {missing()}\n{deadly.said[-3000:]}")
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()

    before = {two.number: await deadly.documents(two) for two in twos}
    reserved = {two.number: {one.id for one in await deadly.records.certificates.of(two.mentorship)} for two in twos}
    assert {len(found) for found in before.values()} == {0, 1, 2}, "they were killed at different steps"
    async with deadly.worker():
        await asyncio.wait_for(asyncio.gather(*(two.handle.result() for two in twos)), 120)

    def genuine(pdf: bytes) -> bool:
        return verify_file(pdf, trust=deadly.issuer.trust()).valid

    failed = {}
    for two, step in zip(twos, STEPS, strict=True):
        try:
            await holds(deadly, two, before[two.number], genuine)
            assert {one.id for one in await deadly.records.certificates.of(two.mentorship)} >= reserved[two.number]
        except AssertionError as error:
            failed[step] = str(error)
    assert not failed


EVERY_STEP = {"append_journal", "issue_certificates", "send_notice", "seal_journal"}


async def test_a_workflow_reset_to_any_kind_of_task_gives_the_same_certificates_and_no_other_mail(place, holds, eventually):
    """H7: a run that decides differently stops and shows it. None makes a second certificate or another mail."""
    twos = [await place.done(number) for number in range(100, 100 + RESETS)]
    await asyncio.gather(*(two.handle.result() for two in twos))
    before = {two.number: await place.documents(two) for two in twos}
    kinds: dict[str, tuple[Any, ...]] = {}
    left = list(twos)
    while left:  # each pair is reset once, to a kind of task not yet used
        two = left.pop()
        described = await two.handle.describe()
        fresh = {kind: task for kind, task in (await _tasks(two.handle)).items() if kind not in kinds}
        if fresh:
            missing = EVERY_STEP - {name for kind in kinds for name in kind.split()}
            late = 1 if len(kinds) % 2 else -1
            kind = max(fresh, key=lambda kind: (bool(missing & set(kind.split())), late * fresh[kind]))
            kinds[kind] = (two, described.run_id, fresh[kind])
    assert {name for kind in kinds for name in kind.split()} >= EVERY_STEP
    await asyncio.gather(*(_reset(place, *chosen) for chosen in kinds.values()))

    async def settled(two) -> bool:
        """Waits until it has completed again, or waits for an operator because it decided differently."""
        if (await two.handle.describe()).close_time is not None:
            return True
        return Status.model_validate(await two.handle.query("status")).diverged

    for kind, (two, _, _) in kinds.items():
        try:
            await eventually(lambda two=two: settled(two))
        except TimeoutError:
            pytest.fail(f"reset to the task that asks for {kind}: neither completed nor stopped")
        await holds(place, two, before[two.number], lambda pdf: verify_file(pdf, trust=place.issuer.trust()).valid, most=1)
    completed = [(await two.handle.describe()).close_time is not None for two, _, _ in kinds.values()]
    assert any(completed), "no reset run ever completed, so this says nothing about those that do"


async def _tasks(handle) -> dict[str, int]:
    """The workflow's tasks by what they ask for (the names of the activities, in alphabetical order), the last of each kind."""
    tasks: dict[int, set[str]] = {}
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            tasks[event.event_id] = set()
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            tasks[scheduled.workflow_task_completed_event_id].add(scheduled.activity_type.name)
    return {" ".join(sorted(asked)) or "nothing": task for task, asked in tasks.items()}


async def _reset(place, two, run_id: str, task: int) -> None:
    await place.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=place.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=two.handle.id, run_id=run_id),
            reason="a test",
            request_id=f"reset-{two.number}",
            workflow_task_finish_event_id=task,
        )
    )
