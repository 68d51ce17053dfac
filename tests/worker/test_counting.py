"""The counts that alerts are based on: which kind of failure an activity met, and never what it said (H12)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from records.errors import RecordsUnavailable
from worker.counting import Counting


class Work(ActivityInboundInterceptor):
    """An activity that ends as it is told to."""

    def __init__(self, end: BaseException | None = None) -> None:
        self.end = end

    async def execute_activity(self, input: ExecuteActivityInput) -> str:  # noqa: A002, ARG002 - the SDK's name
        if self.end is not None:
            raise self.end
        return "done"


@pytest.fixture
def counted() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.fixture
def counting(counted: Counter[tuple[str, str]]) -> Counting:
    def add(value: int, labels: dict[str, Any]) -> None:
        counted[labels["activity"], labels["error"]] += value

    meter: Any = SimpleNamespace(create_counter=lambda *_: SimpleNamespace(add=add))
    return Counting(meter)


async def ended(counting: Counting, end: BaseException | None = None) -> str:
    environment, work = ActivityEnvironment(), Work(end)
    environment.info = dataclasses.replace(environment.info, activity_type="append_journal")
    given = ExecuteActivityInput(fn=work.execute_activity, args=[], executor=None, headers={})
    said: str = await environment.run(counting.intercept_activity(work).execute_activity, given)
    return said


async def test_what_somebody_has_to_look_at_is_counted_from_nought(counting, counted):
    """Prometheus sees no increase in a series whose first value is one."""
    assert await ended(counting) == "done"
    assert counted == {("append_journal", "Diverged"): 0, ("issue_certificates", "Unprintable"): 0}


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (ApplicationError("canary-58311", type="Diverged"), "Diverged"),
        (ApplicationError("canary-58311"), "ApplicationError"),
        (RecordsUnavailable("gone"), "RecordsUnavailable"),
    ],
)
async def test_an_attempt_that_failed_counts_once_by_its_kind(counting, counted, end, kind):
    with pytest.raises(type(end)) as caught:
        await ended(counting, end)
    assert caught.value is end
    assert +counted == {("append_journal", kind): 1}


async def test_what_was_cancelled_did_not_fail(counting, counted):
    with pytest.raises(asyncio.CancelledError):
        await ended(counting, asyncio.CancelledError())
    assert not +counted
