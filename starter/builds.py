"""Whether the build of the worker that gets the work is one that runs (docs/operations.md): one that nobody made current idles."""

from __future__ import annotations

from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeWorkerDeploymentRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from gateway.names import TASK_QUEUE
from starter.check import Check

_VERSIONED = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED


async def builds(client: Client, deployment: str) -> list[Check]:
    """Nothing to say where no worker ever had a build id. Raises RPCError."""
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
        )
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED}:
            return []
        raise
    current = answer.worker_deployment_info.routing_config.current_deployment_version.build_id
    queue = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE), task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
    pollers = (await client.workflow_service.describe_task_queue(queue)).pollers
    running = {poller.deployment_options.build_id for poller in pollers if poller.deployment_options.worker_versioning_mode == _VERSIONED}
    set_current = f"temporal worker deployment set-current-version --deployment-name {deployment} --build-id"
    if current in running:
        others = ", ".join(sorted(running - {current}))
        return [Check("builds", "ok", f"{current} is current{f', {others} wait' if others else ''}")]
    if current:
        waiting = f"; running are {', '.join(sorted(running))}: {set_current} …" if running else ""
        return [Check("builds", "wrong", f"{current} is current, and no worker of it asks for work{waiting}")]
    if running and len(running) == len({poller.deployment_options.build_id for poller in pollers}):
        return [Check("builds", "wrong", f"{', '.join(sorted(running))} wait, since none is current: {set_current} …")]
    return []
