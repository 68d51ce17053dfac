"""Whether the worker build that gets the work is running (docs/operations.md). A build that nobody made current idles."""

from __future__ import annotations

from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.doctor_check import Check
from starter.doctor_workers import pollers
from wire.names import WORK_QUEUE

_VERSIONED = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED


async def builds(client: Client, deployment: str) -> list[Check]:
    """Empty if no worker ever had a build id. Raises RPCError."""
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
        )
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED}:
            return []
        raise
    current = answer.worker_deployment_info.routing_config.current_deployment_version.build_id
    options = [poller.deployment_options for poller in await pollers(client, WORK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)]
    running = {option.build_id for option in options if option.worker_versioning_mode == _VERSIONED}
    unversioned = any(option.worker_versioning_mode != _VERSIONED for option in options)
    set_current = f"temporal worker deployment set-current-version --deployment-name {deployment} --build-id"
    if current in running:
        others = sorted(running - {current})
        waiting = f", {', '.join(others)} {'waits' if len(others) == 1 else 'wait'}" if others else ""
        return [Check("builds", "ok", f"{current} is current{waiting}")]
    if current:
        waiting = f"; running are {', '.join(sorted(running))}: {set_current} …" if running else ""
        return [Check("builds", "wrong", f"{current} is current, and no worker of it asks for work{waiting}")]
    if not running:
        return []
    names = f"{', '.join(sorted(running))} {'waits' if len(running) == 1 else 'wait'}"
    if unversioned:  # none is current: work goes to workers that have no build
        return [Check("builds", "ok", f"workers without a build get the work, {names}: {set_current} …")]
    return [Check("builds", "wrong", f"{names}, since none is current: {set_current} …")]
