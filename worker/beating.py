"""Activities that show they are alive: a worker that dies is noticed within their heartbeat time-out, not only when the attempt is over.

Without it, a mail that a killed worker was about to send would hold up its reader's lane for as long as a whole attempt may take.
A beat's answer also brings a workflow's cancellation; what is to be finished all the same (activities/options.py) goes on.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.options import OPTIONS

_BEATS = 4
"""Beats in one time-out; the SDK sends on what the server needs."""


class Beating(Interceptor):
    """Beats for every activity that has a heartbeat time-out. What hangs is still bounded by the attempt's own time-out."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Beating(super().intercept_activity(next))


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        timeout = activity.info().heartbeat_timeout
        if not timeout:
            return await super().execute_activity(input)
        beating = asyncio.create_task(_beat(timeout / _BEATS))
        work = asyncio.create_task(super().execute_activity(input))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if not _to_be_finished():
                work.cancel()
            return await work
        finally:
            beating.cancel()


def _to_be_finished() -> bool:
    """Whether it was the workflow that cancelled it, and it is one to be finished: a worker that stops, or a time-out, ends any of them."""
    details = activity.cancellation_details()
    return details is not None and details.cancel_requested and OPTIONS[activity.info().activity_type].finished


async def _beat(every: timedelta) -> None:
    """Whatever is done before the first beat is due, which nearly everything is, costs the server no beat at all."""
    while True:
        await asyncio.sleep(every.total_seconds())
        activity.heartbeat()
