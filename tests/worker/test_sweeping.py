"""What a sweep could not read is told with its name, each kind as what it is (P8)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from records.retention import Retention, Swept
from worker.sweeping import sweeping


class Sweeps(Retention):
    def __init__(self) -> None:
        self.done = asyncio.Event()

    async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:  # noqa: ARG002 - the signature of the real one
        self.done.set()
        return Swept(damaged=("cohort.spring", "case.c-1", "mentorship.spring.m-1"))


async def test_whatever_stays_as_evidence_is_told_as_what_it_is():
    retention: Any = Sweeps()
    with capture_logs() as said:
        async with sweeping(retention, every=timedelta(days=1)):
            await asyncio.wait_for(retention.done.wait(), 5)
    assert said == [
        {"event": "cohort_unreadable", "cohort": "cohort.spring", "log_level": "error"},
        {"event": "case_unreadable", "case": "case.c-1", "log_level": "error"},
        {"event": "journal_damaged", "mentorship": "mentorship.spring.m-1", "log_level": "error"},
    ]
