"""Each worker deletes once a day what was kept for its time (H12, P8), so that operators need no scheduled job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from records.errors import RecordsError
from records.retention import Retention

EVERY = timedelta(days=1)
AFTER_TROUBLE = timedelta(hours=1)

log = structlog.get_logger("retention")


@asynccontextmanager
async def sweeping(retention: Retention, now: Callable[[], Awaitable[datetime]], *, every: timedelta = EVERY) -> AsyncIterator[None]:
    """Sweeps while the block runs, by what `now` says each time. When the block ends, a step that has begun is finished first."""
    task = asyncio.create_task(_keep_sweeping(retention, now, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_sweeping(retention: Retention, now: Callable[[], Awaitable[datetime]], every: timedelta) -> None:
    """Sweeps at once, and then in this rhythm. Several workers may: the second finds nothing to do."""
    while True:
        pause = every
        try:
            swept = await retention.sweep(await now())
        except RecordsError as error:
            log.warning("sweep_failed", error=type(error).__name__)
            pause = min(every, AFTER_TROUBLE)
        except Exception as error:  # noqa: BLE001 - a defect of one sweep must not be the end of sweeping
            log.error("sweep_failed", error=type(error).__name__)  # noqa: TRY400 - a traceback may repeat values
        else:
            if not swept.nothing:
                log.info("swept", notes=swept.notes, cases=swept.cases, closed_cases=swept.closed_cases, journals=swept.journals, rows=swept.rows)
            for name in swept.damaged:
                kind = name.partition(".")[0]
                log.error("journal_damaged" if kind == "mentorship" else f"{kind}_unreadable", **{kind: name})
        await asyncio.sleep(pause.total_seconds())
