"""Replays a history and checks more than the SDK does: what each activity is asked, not only its name."""

from __future__ import annotations

import json
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from workflows.case import Case
from workflows.certificate import Certificate
from workflows.cohort import Cohort
from workflows.mentorship import Mentorship

WORKFLOWS = [Mentorship, Cohort, Case, Certificate]
REPLAYS = "replays"


class Witness(Interceptor):
    """Writes down what activities are asked, in order, and with which options each is to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.started: list[StartActivityInput] = []

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        asked, started = self.asked, self.started

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> Any:  # noqa: A002 - the SDK's name
                payload = pydantic_data_converter.payload_converter.to_payload(input.args[0])
                asked.append((input.activity, json.loads(payload.data)))
                started.append(input)
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound


def asked(history: WorkflowHistory) -> list[tuple[str, Any]]:
    """What activities were asked when the history was written."""
    scheduled = [e.activity_task_scheduled_event_attributes for e in history.events if e.HasField("activity_task_scheduled_event_attributes")]
    return [(one.activity_type.name, json.loads(one.input.payloads[0].data)) for one in scheduled]


async def replayed(history: WorkflowHistory, witness: Witness | None = None) -> str:
    """REPLAYS, or what is wrong: the SDK's own finding, or the first activity that would be asked something else."""
    witness = witness or Witness()
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter, interceptors=[witness], workflow_runner=UnsandboxedWorkflowRunner())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        return str(result.replay_failure)
    before = asked(history)
    for (name, was), (again, now) in zip(before, witness.asked, strict=False):
        if name != again or not _asks_the_same(name, now, was):
            return f"{name} was asked something else: {_difference(was, now)}"
    return REPLAYS if len(before) == len(witness.asked) else "asks more or fewer activities"


def _asks_the_same(name: str, now: Any, was: Any) -> bool:
    """Journal rows may not even say more: a run that was reset, or took a batch over, may write rows a second time, and different ones would diverge."""
    return says(now, was) and (name != "append_journal" or bool(now["entries"] == was["entries"]))


def says(now: Any, was: Any) -> bool:
    """Whether everything that was said then is said now; a field that a later release added may say more."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(key in now and says(now[key], value) for key, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(says(later, earlier) for later, earlier in zip(now, was, strict=True))
    return bool(now == was)


def _difference(was: Any, now: Any) -> str:
    keys = sorted(key for key in was if now.get(key) != was[key])
    return ", ".join(f"{key} {was.get(key)!r} → {now.get(key)!r}" for key in keys)[:500]
