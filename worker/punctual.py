"""A workflow decides by the time of its own task, never by that of the task before (P5).

A question to a workflow (a query) that waited while no worker had the workflow in memory is handed over with the history as it is by then. If a timer fired
meanwhile, or a signal came, the SDK lets the workflow handle these as well. But their own task has not begun, so the clock of the workflow still shows the task
before, which may be weeks ago. The workflow would take a deadline that has come for one that is far off, and a command for one from the future. What it decided
so would stand in its history, and every later worker, which sees the right time there, would fail at it: the mentorship would stand still.

Such a turn is refused, and the worker forgets the workflow. Whoever asked asks once more (gateway/asking.py). The task that is on its way goes first: it finds
all in the history, and its own time.

Two signs tell such a turn. Its clock is one that the workflow has seen already, although more has happened. Or, if the task before began and then failed or
timed out, its clock is that of that task, which no worker has time for any more. A task which itself comes that late would be lost anyhow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info

from wire.names import BETWEEN_TASKS

if TYPE_CHECKING:  # the SDK keeps this name to itself, and workers should start without it
    from temporalio.workflow import _Definition


class Punctual(WorkflowRunner):
    """Runs workflows as another runner does, and refuses the turns that have no time of their own."""

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner
        self._stopwatch = _Stopwatch()

    def prepare_workflow(self, defn: _Definition) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _PunctualInstance(self._runner.create_instance(det), self._stopwatch, det.info.task_timeout)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _Stopwatch:
    """Tells by this host's clock whether a task has run out of time, also if that clock is ahead of Temporal's.

    By how much it is ahead shows when a task is refused and given once more: that one has just begun. So a wrong clock costs one refusal, and no task is ever
    refused for good.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._refused: dict[str, datetime] = {}

    def has_run_out(self, run: str, began: datetime, limit: timedelta) -> bool:
        """`began` is by Temporal's clock."""
        late = datetime.now(UTC) - began
        again = began > self._refused.get(run, began)
        if late - self._ahead >= limit and not again:
            self._refused[run] = began
            return True
        self._refused.pop(run, None)
        self._ahead = late if again else min(self._ahead, late)
        return False


class _PunctualInstance(WorkflowInstance):
    """Passes everything on but those turns."""

    def __init__(self, instance: WorkflowInstance, stopwatch: _Stopwatch, limit: timedelta) -> None:
        self._instance = instance
        self._stopwatch = stopwatch
        self._limit = limit
        self._clock: tuple[int, int] | None = None
        self._events = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if self._is_between_tasks(act):
            refused = WorkflowActivationCompletion(run_id=act.run_id)
            refused.failed.failure.message = BETWEEN_TASKS
            return refused
        self._clock, self._events = _clock(act), act.history_length
        return self._instance.activate(act)

    def _is_between_tasks(self, act: WorkflowActivation) -> bool:
        """A task that has begun says when, and how large the history was: if neither has moved on and the history has, no task has begun for the rest of it."""
        if act.is_replaying or not act.HasField("timestamp"):  # the farewell to a workflow that is forgotten has no time
            return False
        if _clock(act) == self._clock:
            return act.history_length > self._events
        return self._stopwatch.has_run_out(act.run_id, act.timestamp.ToDatetime(UTC), self._limit)

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


def _clock(act: WorkflowActivation) -> tuple[int, int]:
    return act.timestamp.ToNanoseconds(), act.history_size_bytes
