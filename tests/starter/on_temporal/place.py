"""What these tests do in a place besides calling the command line: run a real worker there, and read records."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from records.cohorts import State
from records.store import Records
from tests.forked import begun

Run = Callable[..., Any]


@contextmanager
def worker(log: Path) -> Iterator[None]:
    """Runs a worker inside the block; commands wait for its answer as long as they do for operators."""
    process = begun("worker", env=os.environ, out=log, err=log)
    try:
        with pytest.MonkeyPatch.context() as patient:
            patient.delenv("MENTORSHIP_UPDATE_TIMEOUT")
            yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def registered(run: Run) -> None:
    told = run("doctor", "--fix", "--json")
    assert {check["name"] for check in told.json["checks"] if check["state"] == "wrong"} <= {"workers"}, told.err


async def _counts(site: Settings, cohort: str) -> dict[State, int]:
    records = await Records.open(site.database_url, site.keyring())
    try:
        return await records.cohorts.counts(cohort)
    finally:
        await records.close()


def counts(site: Settings, cohort: str) -> dict[State, int]:
    return asyncio.run(_counts(site, cohort))
