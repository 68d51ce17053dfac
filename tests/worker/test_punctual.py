"""A workflow decides by the time of its own task, also if somebody asked it something while no worker had it in memory (P5)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner

from worker import build
from worker.punctual import REFUSED, Punctual


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


def turn(second: int, events: int, size: int, *, replaying: bool = False, **job: dict[str, Any]) -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=events, history_size_bytes=size, is_replaying=replaying, jobs=[job])  # type: ignore[list-item]
    act.timestamp.FromSeconds(second)
    return act


@pytest.mark.parametrize(
    ("later", "refused"),
    [
        # What the SDK hands over for a question that waited while no worker lived: the timer's task has not begun, so the time is that of the first one.
        pytest.param(turn(10, 7, 224, fire_timer={"seq": 1}), True, id="a timer that fired between two tasks"),
        pytest.param(turn(10, 7, 224, signal_workflow={}), True, id="a signal that came between two tasks"),
        pytest.param(turn(15, 10, 641, fire_timer={"seq": 1}), False, id="the timer's own task"),
        pytest.param(turn(10, 10, 641, fire_timer={"seq": 1}), False, id="its own task by a coarse clock"),
        pytest.param(turn(10, 3, 224, resolve_activity={"seq": 1}), False, id="more of the same task"),
        pytest.param(turn(10, 7, 224, replaying=True, query_workflow={}), False, id="the question itself"),
        pytest.param(turn(0, 7, 0, remove_from_cache={}), False, id="the farewell"),
    ],
)
def test_a_workflow_takes_no_turn_for_which_no_task_has_begun(later: WorkflowActivation, refused: bool) -> None:
    workflow = Counts()
    instance = Punctual(Runs(workflow)).create_instance(None)  # type: ignore[arg-type] - nobody here reads it
    instance.activate(turn(10, 3, 224, replaying=True, initialize_workflow={}))

    done = instance.activate(later)

    assert (workflow.turns, done.run_id, done.failed.failure.message) == ((1, "r", REFUSED) if refused else (2, "r", ""))


@pytest.mark.parametrize("rehearsing", [False, True])
def test_the_workers_run_all_workflows_so(rehearsing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "Worker", lambda _, **options: options)
    client: Any = SimpleNamespace(service_client=SimpleNamespace(config=SimpleNamespace(runtime=None)))
    made: Any = build.workers(client, SimpleNamespace(work=(), notices=(), certificates=()), rehearsing=rehearsing)  # type: ignore[arg-type]
    assert [type(options["workflow_runner"]) for options in made if "workflows" in options] == [Punctual]
