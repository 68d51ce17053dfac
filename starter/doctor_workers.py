"""Whether a worker asks for the work of each task queue. Without one, nothing is lost but nothing happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from starter.doctor_check import Check
from wire.names import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE

_WORKFLOW, _ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_ASKS_EVERY = timedelta(seconds=70)
"""A worker asks again after a minute at the latest. Temporal lists one that is gone for five more."""
_WORK = {
    "decisions": (WORK_QUEUE, _WORKFLOW),
    "records": (WORK_QUEUE, _ACTIVITY),
    "mails": (NOTICES_QUEUE, _ACTIVITY),
    "certificates": (CERTIFICATES_QUEUE, _ACTIVITY),
}


async def workers(client: Client) -> list[Check]:
    """Which work some worker asked for a moment ago, by this machine's clock. Raises RPCError."""
    idle = [work for work, (queue, kind) in _WORK.items() if not await pollers(client, queue, kind)]
    if not idle:
        return [Check("workers", "ok", f"ask for {', '.join(_WORK)}")]
    return [Check("workers", "wrong", f"no worker has asked for {', '.join(idle)} for more than a minute; start one with `mentorship-worker`")]


async def pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[PollerInfo]:
    """The pollers that are alive. Raises RPCError."""
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
    since = datetime.now(UTC) - _ASKS_EVERY
    listed = (await client.workflow_service.describe_task_queue(request)).pollers
    return [poller for poller in listed if poller.last_access_time.ToDatetime(tzinfo=UTC) > since]
