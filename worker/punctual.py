"""A workflow decides by the time of its own task, never by that of the task before (P5).

A question to a workflow (a query) that waited while no worker had the workflow in memory is handed over with the history as it is by then. If a timer fired
meanwhile, or a signal came, the SDK lets the workflow handle these as well. But their own task has not begun, so the clock of the workflow still shows the task
before, which may be weeks ago. The workflow would take a deadline that has come for one that is far off, and a command for one from the future. What it decided
so would stand in its history, and every later worker, which sees the right time there, would fail at it: the mentorship would stand still.

Such a turn is refused, and the worker forgets the workflow. Whoever asked asks once more (gateway/asking.py). The task that is on its way goes first: it finds
all in the history, and its own time.
"""

from __future__ import annotations

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

    def prepare_workflow(self, defn: _Definition) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _PunctualInstance(self._runner.create_instance(det))

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _PunctualInstance(WorkflowInstance):
    """Passes everything on but those turns."""

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance
        self._clock: tuple[int, int] | None = None
        self._events = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """A task that has begun says when, and how large the history was: if neither has moved on and the history has, no task has begun for the rest of it."""
        clock = (act.timestamp.ToNanoseconds(), act.history_size_bytes)
        if not act.is_replaying and clock == self._clock and act.history_length > self._events:
            refused = WorkflowActivationCompletion(run_id=act.run_id)
            refused.failed.failure.message = BETWEEN_TASKS
            return refused
        self._clock, self._events = clock, act.history_length
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()
