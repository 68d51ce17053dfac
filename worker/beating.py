"""Activities send heartbeats, so that a dead worker is noticed within their heartbeat time-out and not only when the attempt's time is over.

Without them, a mail that a killed worker was about to send would block its reader's lane for as long as a whole attempt may take.
The answer to a heartbeat also brings a workflow's cancellation; activities that are to be finished all the same (activities/options.py) continue.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.options import OPTIONS

_BEATS = 4
"""Heartbeats in one time-out; the SDK sends on only those that the server needs."""


class Beating(Interceptor):
    """Sends heartbeats for every activity that has a heartbeat time-out. The attempt's own time-out still bounds an activity that hangs."""

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
    """Whether the workflow cancelled this activity, and it is one to be finished. When a worker stops, or after a time-out, no activity is."""
    details = activity.cancellation_details()
    return details is not None and details.cancel_requested and OPTIONS[activity.info().activity_type].finished


async def _beat(every: timedelta) -> None:
    """Waits before the first heartbeat: nearly every activity is done by then, and costs the server no heartbeat at all."""
    while True:
        await asyncio.sleep(every.total_seconds())
        activity.heartbeat()
