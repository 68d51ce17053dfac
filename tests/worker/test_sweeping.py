"""Every worker looks once a day for data that is kept too long, and nothing ends that loop. What it could not read is told by name, as what it is (P8)."""

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

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


async def noon() -> datetime:
    return NOON


class Sweeps(Retention):
    """A retention whose database comes and goes. `enough` says that a sweep has begun after all that was `said`, so that this was reported."""

    def __init__(self, *said: Swept | Exception) -> None:
        self.said = list(said)
        self.enough = asyncio.Event()
        self.by = set[datetime]()

    async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:  # noqa: ARG002 - the signature of the real one
        self.by.add(now)
        if not self.said:
            self.enough.set()
            return Swept()
        found = self.said.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


async def logged(retention: Sweeps, every: timedelta = MILLISECOND) -> list[Any]:
    """What is logged until it was all said."""
    with capture_logs() as said:
        async with sweeping(retention, noon, every=every):
            await asyncio.wait_for(retention.enough.wait(), 5)
    return said


async def test_it_goes_on_after_trouble_and_says_what_went_in_numbers_only():
    said = await logged(Sweeps(RecordsUnavailable("away"), Swept(notes=3, damaged=("mentorship.spring.m-1",))))
    assert [(line["event"], line.get("notes")) for line in said] == [("sweep_failed", None), ("swept", 3), ("journal_damaged", None)]


async def test_it_goes_by_the_clock_that_it_was_given():
    """The one that records and this host agree on: with a wrong one, words and journals would go for good (records/clock.py)."""
    retention = Sweeps(Swept())
    await logged(retention)
    assert retention.by == {NOON}


async def test_it_ends_with_the_worker():
    await logged(Sweeps(), clock.EVERY)
    assert len(asyncio.all_tasks()) == 1


async def test_whatever_stays_as_evidence_is_told_as_what_it_is():
    assert await logged(Sweeps(Swept(damaged=("cohort.spring", "case.c-1", "mentorship.spring.m-1")))) == [
        {"event": "cohort_unreadable", "cohort": "cohort.spring", "log_level": "error"},
        {"event": "case_unreadable", "case": "case.c-1", "log_level": "error"},
        {"event": "journal_damaged", "mentorship": "mentorship.spring.m-1", "log_level": "error"},
    ]


@pytest.mark.parametrize("trouble", [RecordsUnavailable("away"), RuntimeError("canary")])
async def test_a_sweep_that_fails_is_not_the_last_one_and_is_told_without_what_it_held(trouble, monkeypatch):
    """P8, H12: a sweep is repeated within the hour if records are away; after a defect it waits for the next day."""
    monkeypatch.setattr(clock, "AFTER_TROUBLE", MILLISECOND)
    away = isinstance(trouble, RecordsUnavailable)
    said = await logged(Sweeps(trouble), timedelta(days=1) if away else MILLISECOND)
    assert said[0] == {"event": "sweep_failed", "error": type(trouble).__name__, "log_level": "warning" if away else "error"}
