"""A workflow decides by the time of its own task, also if somebody asked it something while no worker had it in memory (P5)."""

from __future__ import annotations

import sysconfig
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest, RespondWorkflowTaskCompletedRequest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowInstance, WorkflowRunner

from wire.names import BETWEEN_TASKS
from worker import build
from worker.punctual import Punctual

SOON = timedelta(seconds=60)
LIMIT = timedelta(seconds=10)
EARLIER, LATER = datetime(2026, 10, 16, 9, tzinfo=UTC), datetime(2026, 11, 13, 9, tzinfo=UTC)


class Counts(WorkflowInstance):
    """Stands for the workflow."""

    def __init__(self) -> None:
        self.turns = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.turns += 1
        return WorkflowActivationCompletion(run_id=act.run_id)

    def get_serialization_context(self, command_info: Any) -> None: ...

    def get_external_store_context(self, command_info: Any) -> Any: ...

    def get_info(self) -> Any: ...


class Runs(WorkflowRunner):
    def __init__(self, instance: WorkflowInstance) -> None:
        self.instance = instance

    def prepare_workflow(self, defn: Any) -> None: ...

    def create_instance(self, det: Any) -> WorkflowInstance:  # noqa: ARG002 - the SDK's signature
        return self.instance


def turn(at: datetime | None, events: int, size: int, *, run: str = "r", replaying: bool = False, **job: dict[str, Any]) -> WorkflowActivation:
    return WorkflowActivation(run_id=run, timestamp=at, history_length=events, history_size_bytes=size, is_replaying=replaying, jobs=[job])  # type: ignore[arg-type, list-item]


def loaded(punctual: Punctual, limit: timedelta = LIMIT) -> WorkflowInstance:
    """Returns a workflow as a worker runs it that has just read three events."""
    details: Any = SimpleNamespace(info=SimpleNamespace(task_timeout=limit))
    instance = punctual.create_instance(details)
    instance.activate(turn(EARLIER, 3, 224, replaying=True, initialize_workflow={}))
    return instance


@pytest.mark.parametrize(
    ("later", "refused"),
    [
        # What the SDK hands over for a question that waited while no worker lived: the timer's task has not begun, so the time is that of the first one.
        pytest.param(turn(EARLIER, 7, 224, fire_timer={"seq": 1}), True, id="a timer that fired between two tasks"),
        pytest.param(turn(EARLIER, 7, 224, signal_workflow={}), True, id="a signal that came between two tasks"),
        pytest.param(turn(LATER, 10, 641, fire_timer={"seq": 1}), False, id="the timer's own task"),
        pytest.param(turn(EARLIER, 10, 641, fire_timer={"seq": 1}), False, id="its own task by a coarse clock"),
        pytest.param(turn(EARLIER, 3, 224, resolve_activity={"seq": 1}), False, id="more of the same task"),
        pytest.param(turn(EARLIER, 7, 224, replaying=True, query_workflow={}), False, id="the question itself"),
        pytest.param(turn(None, 7, 0, remove_from_cache={}), False, id="the farewell"),
    ],
)
def test_a_workflow_takes_no_turn_for_which_no_task_has_begun(later: WorkflowActivation, refused: bool) -> None:
    workflow = Counts()

    done = loaded(Punctual(Runs(workflow)), limit=timedelta.max).activate(later)

    assert (workflow.turns, done.run_id, done.failed.failure.message) == ((1, "r", BETWEEN_TASKS) if refused else (2, "r", ""))


def takes(punctual: Punctual, at: datetime, run: str = "r") -> bool:
    """Whether a worker that has just read a workflow lets it take a turn whose time is `at`."""
    return not loaded(punctual).activate(turn(at, 10, 641, run=run, fire_timer={"seq": 1})).HasField("failed")


def test_a_workflow_takes_no_turn_of_a_task_that_has_run_out_of_time() -> None:
    """The task before began, but its worker is gone. What has come since waits for a task of its own."""
    punctual = Punctual(Runs(Counts()))
    began = datetime.now(UTC)
    assert not takes(punctual, began - LIMIT)
    assert not takes(punctual, began - LIMIT), "asked once more, its time is still that of the other task"
    assert takes(punctual, began), "this is its own task"
    assert takes(punctual, began - LIMIT / 2, run="another"), "a task that is late, but not too late"


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_hosts_clock_that_is_wrong_costs_one_task_that_is_given_twice(ahead: timedelta) -> None:
    punctual = Punctual(Runs(Counts()))
    temporal = datetime.now(UTC) - ahead
    assert takes(punctual, temporal) is (ahead < LIMIT)
    assert takes(punctual, temporal + timedelta(milliseconds=1)), "the same task, given once more"
    assert takes(punctual, temporal, run="another"), "from then on the worker knows its clock"
    assert not takes(punctual, temporal - LIMIT, run="a third"), "and what has run out of time by it"


def test_everything_else_is_passed_on_also_what_a_later_sdk_may_add() -> None:
    punctual = Punctual(Runs(Counts()))
    for ours, theirs in ((punctual, WorkflowRunner), (loaded(punctual), WorkflowInstance)):
        assert {name for name in vars(theirs) if not name.startswith("_")} <= vars(type(ours)).keys()


@pytest.mark.parametrize("rehearsing", [False, True])
def test_the_workers_run_all_workflows_so(rehearsing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "Worker", lambda _, **options: options)
    client: Any = SimpleNamespace(service_client=SimpleNamespace(config=SimpleNamespace(runtime=None)))
    made: Any = build.workers(client, SimpleNamespace(work=(), notices=(), certificates=()), rehearsing=rehearsing)  # type: ignore[arg-type]
    assert [type(options["workflow_runner"]) for options in made if "workflows" in options] == [Punctual]


@workflow.defn
class Hears:
    """Notes when it heard something, by its own clock."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    def say(self) -> None:
        self.heard.append(workflow.now().isoformat())

    @workflow.query
    def asked(self) -> list[str]:
        return self.heard


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(binary), dev_server_log_level="error") as environment:
        yield environment.client


async def timed_out(handle: WorkflowHandle[Any, Any]) -> None:
    async for one in handle.fetch_history_events(wait_new_event=True):
        if one.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            return


async def ask_between_two_tasks(client: Client, runner: WorkflowRunner, lost: bool) -> tuple[list[datetime], datetime]:
    """Returns when the workflow heard what was said last, by its own clock, and when it was said. Only its first task was ever done; with `lost` another began.

    The workflow is ended before a worker starts, so that no other task can begin while it is asked.
    """
    queue = type(runner).__name__
    handle = await client.start_workflow(Hears.run, id=queue, task_queue=queue, task_timeout=timedelta(seconds=1))
    asks = PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue))
    task = await client.workflow_service.poll_workflow_task_queue(asks, timeout=SOON)
    done = RespondWorkflowTaskCompletedRequest(namespace=client.namespace, task_token=task.task_token)
    await client.workflow_service.respond_workflow_task_completed(done)
    if lost:
        await handle.signal(Hears.say)
        await client.workflow_service.poll_workflow_task_queue(asks, timeout=SOON)
        await timed_out(handle)
    await handle.signal(Hears.say)
    await handle.terminate()
    said = [one.event_time.ToDatetime(UTC) async for one in handle.fetch_history_events() if one.HasField("workflow_execution_signaled_event_attributes")]
    async with Worker(client, task_queue=queue, workflows=[Hears], workflow_runner=runner):
        heard = await handle.query(Hears.asked, rpc_timeout=SOON)
    return [datetime.fromisoformat(at) for at in heard][-1:], said[-1]


@pytest.mark.parametrize("lost", [False, True])
async def test_the_sdk_lets_a_workflow_hear_what_no_task_of_it_brought(client: Client, lost: bool) -> None:
    """Once this fails, since the SDK does so no longer, worker/punctual.py can go, and gateway/asking.py with it."""
    heard, said = await ask_between_two_tasks(client, UnsandboxedWorkflowRunner(), lost)
    assert [at < said for at in heard] == [True], "it hears it before it was said"


@pytest.mark.parametrize("lost", [False, True])
async def test_our_workers_do_not(client: Client, lost: bool) -> None:
    with pytest.raises(WorkflowQueryFailedError, match=f"^{BETWEEN_TASKS}$"):
        await ask_between_two_tasks(client, Punctual(UnsandboxedWorkflowRunner()), lost)
