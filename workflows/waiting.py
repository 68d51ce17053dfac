"""How a workflow waits: until something has come, or a timer fires. An admin reads the timer's summary in the Temporal UI."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from wire.label import Label

SHORTEST = timedelta(seconds=1)
"""The shortest pause between two attempts at the same thing, whatever the clocks say."""


def until(instant: datetime) -> timedelta:
    """How long a timer for `instant` runs. Its length is rounded to milliseconds, so it is one longer, and the instant has come when the timer fires."""
    return instant - workflow.now() + timedelta(milliseconds=1)


async def wait(condition: Callable[[], bool], at_most: timedelta, summary: str) -> None:
    """Returns when `condition` holds or the time is over; the caller looks again in either case."""
    try:
        await workflow.wait_condition(condition, timeout=at_most, timeout_summary=Label(summary))
    except TimeoutError:
        return
