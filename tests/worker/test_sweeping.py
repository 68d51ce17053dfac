"""Whatever a sweep could not read is reported by name, each kind as what it is (P8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from records.errors import RecordsUnavailable
from records.retention import Retention, Swept
from worker import sweeping as clock
from worker.sweeping import sweeping


async def noon() -> datetime:
    return datetime(2027, 4, 1, 12, tzinfo=UTC)


class Sweeps(Retention):
    """The first sweep finds damage; `again` says that the second has begun, so that the first was reported."""

    def __init__(self) -> None:
        self.again = asyncio.Event()
        self._begun = 0

    async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:  # noqa: ARG002 - the signature of the real one
        self._begun += 1
        if self._begun == 1:
            return Swept(damaged=("cohort.spring", "case.c-1", "mentorship.spring.m-1"))
        self.again.set()
        return Swept()


async def test_whatever_stays_as_evidence_is_told_as_what_it_is():
    retention: Any = Sweeps()
    with capture_logs() as said:
        async with sweeping(retention, noon, every=timedelta(0)):
            await asyncio.wait_for(retention.again.wait(), 5)
    assert said == [
        {"event": "cohort_unreadable", "cohort": "cohort.spring", "log_level": "error"},
        {"event": "case_unreadable", "case": "case.c-1", "log_level": "error"},
        {"event": "journal_damaged", "mentorship": "mentorship.spring.m-1", "log_level": "error"},
    ]


@pytest.mark.parametrize("trouble", [RecordsUnavailable("away"), RuntimeError("canary")])
async def test_a_sweep_that_fails_is_not_the_last_one_and_is_told_without_what_it_held(trouble, monkeypatch):
    """P8, H12: a sweep is repeated within the hour if records are away; after a defect it waits for the next day."""
    monkeypatch.setattr(clock, "AFTER_TROUBLE", timedelta(milliseconds=1))
    again = asyncio.Event()

    class Fails(Retention):
        def __init__(self) -> None:
            self.times = 0

        async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:  # noqa: ARG002 - the signature of the real one
            self.times += 1
            if self.times == 1:
                raise trouble
            again.set()
            return Swept()

    retention: Any = Fails()
    away = isinstance(trouble, RecordsUnavailable)
    with capture_logs() as said:
        async with sweeping(retention, noon, every=timedelta(days=1) if away else timedelta(milliseconds=1)):
            await asyncio.wait_for(again.wait(), 5)
    assert said[0] == {"event": "sweep_failed", "error": type(trouble).__name__, "log_level": "warning" if away else "error"}
