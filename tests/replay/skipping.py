"""Moves the test server's time on, one timer after the other.

If the clock skips over several timers at once, the server fires one while an earlier one's activity still runs. A workflow task that
cancels a timer which fired meanwhile is then refused ("invalid history builder state for action") and never comes again, so the
workflow is stuck for good (temporalio/sdk-java#3088; Temporal's own server drops the fired timer and continues). The clock also runs
between two skips, so two deadlines a few milliseconds apart have the same effect.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

HAIR = timedelta(milliseconds=3)
LOOK = 0.005  # seconds
PATIENCE = 4000


async def until(environment: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], instant: datetime) -> None:
    """Advances the server's clock to this instant and does everything that falls due on the way. Raises RuntimeError when the workflow is stuck."""
    await settled(environment, handle)
    while (due := await _next_timer(handle)) is not None and due <= instant:
        await _sleep(environment, due + HAIR)
        await settled(environment, handle)
    await _sleep(environment, instant)
    await settled(environment, handle)


async def settled(environment: WorkflowEnvironment, handle: WorkflowHandle[Any, Any]) -> None:
    """Waits until no task and no activity of the workflow is under way. Asks with a plain request: the SDK cannot read this server's search attributes."""
    client = environment.client
    asked = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=WorkflowExecution(workflow_id=handle.id))
    for _ in range(PATIENCE):
        answer = await client.workflow_service.describe_workflow_execution(asked)
        if not answer.pending_activities and not answer.HasField("pending_workflow_task"):
            return
        await asyncio.sleep(LOOK)
    raise RuntimeError(f"{handle.id} stands still with a task under way")


async def _sleep(environment: WorkflowEnvironment, instant: datetime) -> None:
    pause = instant - await environment.get_current_time()
    if pause > timedelta(0):
        await environment.sleep(pause)


async def _next_timer(handle: WorkflowHandle[Any, Any]) -> datetime | None:
    """When the next of the workflow's timers fires, read from its history; None when it waits for none."""
    waiting: dict[str, datetime] = {}
    async for event in handle.fetch_history_events():
        if event.HasField("timer_started_event_attributes"):
            started = event.timer_started_event_attributes
            waiting[started.timer_id] = event.event_time.ToDatetime(UTC) + started.start_to_fire_timeout.ToTimedelta()
        elif event.HasField("timer_fired_event_attributes"):
            waiting.pop(event.timer_fired_event_attributes.timer_id, None)
        elif event.HasField("timer_canceled_event_attributes"):
            waiting.pop(event.timer_canceled_event_attributes.timer_id, None)
    return min(waiting.values(), default=None)
