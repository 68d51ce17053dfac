"""The workers of one process: three task queues, one of them rate-limited. Tests build theirs with the same function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import PollerBehavior, PollerBehaviorAutoscaling, PollerBehaviorSimpleMaximum, UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from gateway.connect import process
from wire.names import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE
from worker.beating import Beating
from worker.counting import Counting
from worker.ports import Activities
from worker.punctual import Punctual
from workflows.case import Case
from workflows.certificate import Certificate
from workflows.cohort import Cohort
from workflows.doorkeeper import Doorkeeper
from workflows.mentorship import Mentorship

GRACE = timedelta(seconds=10)
"""How long running activities may continue after SIGTERM. They are idempotent, so one that is cut off is repeated."""

STICKY = timedelta(seconds=5)
"""How long a workflow task waits for the worker that has the workflow in memory before another may take it: the delay after a crash."""

MAILS_PER_SECOND = 20.0
"""Over all workers of the queue: mail servers set this limit, not we."""

_POLLERS = PollerBehaviorAutoscaling()

_NO_VERSION = WorkerDeploymentConfig(version=WorkerDeploymentVersion("mentorship", "unversioned"), use_worker_versioning=False)
"""Without a name the SDK computes one from the bytes of every loaded module, which takes seconds."""


def workers(
    client: Client,
    ports: Activities,
    *,
    mails_per_second: float = MAILS_PER_SECOND,
    max_cached_workflows: int = 1000,
    version: WorkerDeploymentVersion | None = None,
    rehearsing: bool = False,
) -> tuple[Worker, ...]:
    """With a `version`, these workers get work only while it is the deployment's current (or ramping) one; without, there is no versioning.

    A rehearsal's workers are alone on their server, and should be fast: two pollers of each kind, and no sandbox, which guards the tests instead.
    """
    release: dict[str, Any] = {"deployment_config": _deployment(version) if version is not None else _NO_VERSION}
    release |= {"workflow_runner": Punctual(UnsandboxedWorkflowRunner() if rehearsing else SandboxedWorkflowRunner())}
    release |= {"pollers": PollerBehaviorSimpleMaximum(2)} if rehearsing else {}
    return (
        _worker(client, WORK_QUEUE, ports.work, workflows=[Mentorship, Cohort, Case, Certificate], max_cached_workflows=max_cached_workflows, **release),
        _worker(client, NOTICES_QUEUE, ports.notices, max_task_queue_activities_per_second=mails_per_second, **release),
        _worker(client, CERTIFICATES_QUEUE, ports.certificates, max_concurrent_activities=2, **release),
    )


def _deployment(version: WorkerDeploymentVersion) -> WorkerDeploymentConfig:
    """Running workflows move to the current build: they live for half a year, and no build should have to."""
    return WorkerDeploymentConfig(version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE)


def _worker(client: Client, queue: str, activities: Sequence[Callable[..., Any]], *, pollers: PollerBehavior = _POLLERS, **options: Any) -> Worker:
    return Worker(
        client,
        identity=process("worker"),  # workers have an identity each, for whoever operates them; senders of commands do not
        task_queue=queue,
        activities=activities,
        interceptors=[Counting((client.service_client.config.runtime or Runtime.default()).metric_meter), Beating(), Doorkeeper()],
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY,
        workflow_task_poller_behavior=pollers,
        activity_task_poller_behavior=pollers,
        **options,
    )
