"""How a workflow runs an activity, by its row in the one table (activities/options.py), and how it treats one whose time ran out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, RetryState
from temporalio.exceptions import TimeoutError as TimedOut
from temporalio.workflow import ActivityCancellationType as Cancelled

with workflow.unsafe.imports_passed_through():
    from activities.options import OPTIONS
    from wire.label import Label

Request = TypeVar("Request", bound=BaseModel)
Result = TypeVar("Result")

AGAIN = timedelta(hours=1)
"""How long each later round of attempts lasts, once a mail's time ran out. Its reader's other mails wait no longer than that behind it."""

RARELY = timedelta(days=1)
"""The longest pause between two such rounds: a mail server that is away for months must not make a long history."""


async def execute(activity: Callable[[Any, Request], Awaitable[Result]], request: Request, *, within: timedelta | None = None) -> Result:
    """Runs `activity`, a method of one of the classes in `activities`. `within` gives all attempts together less time than the table does."""
    options = OPTIONS[activity.__name__]
    finished = options.finished and workflow.patched("mails-are-sent-to-their-end")  # a run from before this change still cuts a mail off (decision 3)
    return await workflow.execute_activity_method(
        activity,
        request,
        task_queue=options.queue,
        start_to_close_timeout=options.attempt,
        schedule_to_close_timeout=within or options.within,
        heartbeat_timeout=options.heartbeat,
        retry_policy=options.retry,
        cancellation_type=Cancelled.WAIT_CANCELLATION_COMPLETED if finished else Cancelled.TRY_CANCEL,
        summary=Label(options.summary),
    )


def ran_out(error: ActivityError) -> bool:
    """Whether the activity's time ran out, because no worker took it or something that it needs was away. It was not refused, and may be tried again."""
    return error.retry_state is RetryState.TIMEOUT or isinstance(error.cause, TimedOut)


def pause_after(in_vain: int) -> timedelta:
    """How long a mail rests after its time ran out `in_vain` times: at first not at all, since whoever was away may be back, then longer each time."""
    return min(AGAIN * 2 ** min(in_vain - 2, 10), RARELY) if in_vain > 1 else timedelta()
