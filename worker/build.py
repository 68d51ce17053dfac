"""The workers of one process: three task queues, one of them rate-limited. Tests build theirs with the same function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.options import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE
from worker.beating import Beating
from worker.ports import Activities
from workflows.case import Case
from workflows.cohort import Cohort
from workflows.doorkeeper import Doorkeeper
from workflows.mentorship import Mentorship

GRACE = timedelta(seconds=10)
"""How long running activities may go on after SIGTERM; they are idempotent, so what is cut is done again."""

STICKY = timedelta(seconds=5)
"""How long a workflow waits for the worker that has it in memory, before any other may take it: what a crash costs."""

MAILS_PER_SECOND = 20.0
"""Over all workers of the queue: a mail server's patience, not ours."""


def workers(client: Client, ports: Activities, *, mails_per_second: float = MAILS_PER_SECOND, max_cached_workflows: int = 1000) -> tuple[Worker, ...]:
    return (
        _worker(client, WORK_QUEUE, ports.work, workflows=[Mentorship, Cohort, Case], max_cached_workflows=max_cached_workflows),
        _worker(client, NOTICES_QUEUE, ports.notices, max_task_queue_activities_per_second=mails_per_second),
        _worker(client, CERTIFICATES_QUEUE, ports.certificates, max_concurrent_activities=2),
    )


def _worker(client: Client, queue: str, activities: Sequence[object], **options: Any) -> Worker:
    callables: list[Callable[..., Any]] = [activity for activity in activities if callable(activity)]
    return Worker(
        client,
        task_queue=queue,
        activities=callables,
        interceptors=[Beating(), Doorkeeper()],
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        **options,
    )
