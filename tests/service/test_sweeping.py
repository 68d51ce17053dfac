"""Every worker looks once a day for data that is kept too long, and nothing ends that loop (P8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from records.errors import RecordsUnavailable
from records.retention import Retention, Swept
from worker.sweeping import sweeping


async def noon() -> datetime:
    return datetime(2027, 4, 1, 12, tzinfo=UTC)


class Sweeps(Retention):
    """A retention whose database comes and goes."""

    def __init__(self, *said: Any) -> None:
        self.said = list(said)
        self.enough = asyncio.Event()

    async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:  # noqa: ARG002 - the signature of the real one
        if not self.said:
            self.enough.set()
            return Swept()
        found = self.said.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


async def test_it_goes_on_after_trouble_and_says_what_went_in_numbers_only():
    retention = Sweeps(RecordsUnavailable("records cannot be reached"), ValueError("a value"), Swept(notes=3, damaged=("mentorship.spring.m-1",)))
    with capture_logs() as said:
        async with sweeping(retention, noon, every=timedelta(milliseconds=1)):
            await asyncio.wait_for(retention.enough.wait(), 5)
    assert [(line["event"], line.get("error"), line.get("notes")) for line in said] == [
        ("sweep_failed", "RecordsUnavailable", None),
        ("sweep_failed", "ValueError", None),
        ("swept", None, 3),
        ("journal_damaged", None, None),
    ]
    assert "a value" not in repr(said)


async def test_it_ends_with_the_worker():
    retention = Sweeps()
    async with sweeping(retention, noon):
        await asyncio.wait_for(retention.enough.wait(), 5)
    assert len(asyncio.all_tasks()) == 1
