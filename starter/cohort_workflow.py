"""How a command wakes a cohort's workflow, which starts its pairs, and sees what it did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from records.store import Records
from wire.inputs import CohortOf
from wire.label import Label
from wire.names import COHORT, ENROL_SIGNAL, WORK_QUEUE, cohort_id

_LOOK_EVERY = 0.2  # seconds


async def signal_with_start(client: Client, cohort: str) -> None:
    """Wakes the cohort's workflow, or starts it. Durable once this returns, with or without a worker."""
    await client.start_workflow(
        COHORT,
        CohortOf(cohort=cohort),
        id=cohort_id(cohort),
        task_queue=WORK_QUEUE,
        start_signal=ENROL_SIGNAL,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=Label(f"cohort {cohort}"),
    )


async def watch(records: Records, cohort: str, patience: float, moved: Callable[[int, int], None]) -> int:
    """Waits until records have every pair as started; gives up after `patience` seconds without progress.

    Calls `moved(started, all)`. Returns how many are still pending.
    """
    loop = asyncio.get_running_loop()
    pending, since = -1, loop.time()
    while True:
        counts = await records.cohorts.counts(cohort)
        moved(counts["started"] + counts["over"], sum(counts.values()))
        if counts["pending"] != pending:
            pending, since = counts["pending"], loop.time()
        if not pending or loop.time() - since >= patience:
            return pending
        await asyncio.sleep(_LOOK_EVERY)
