"""Counts which activities fail, and how: the SDK counts failures by activity, not by kind, and only some kinds need a person.

`mentorship_activity_failures_total{activity, error}` is exported beside the SDK's own metrics. An error's kind is a class's name or one of
our codes, never its message (H12).
"""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.common import MetricCounter, MetricMeter
from temporalio.exceptions import ApplicationError, is_cancelled_exception
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

NAME = "mentorship_activity_failures"

ALARMING = (("append_journal", "Diverged"), ("issue_certificates", "Unprintable"))
"""Counted from zero, since Prometheus sees no increase in a series whose first value is one."""


class Counting(Interceptor):
    """`meter` is the runtime's. Without an address to expose metrics at, it discards what is counted."""

    def __init__(self, meter: MetricMeter) -> None:
        self._failures = meter.create_counter(NAME, "Attempts of activities that failed, by activity and kind of error.")
        for name, error in ALARMING:
            self._failures.add(0, {"activity": name, "error": error})

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Counting(super().intercept_activity(next), self._failures)


class _Counting(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, failures: MetricCounter) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._failures = failures

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        try:
            return await super().execute_activity(input)
        except BaseException as error:
            if not is_cancelled_exception(error):
                self._failures.add(1, {"activity": activity.info().activity_type, "error": _kind(error)})
            raise


def _kind(error: BaseException) -> str:
    return (isinstance(error, ApplicationError) and error.type) or type(error).__name__
