"""A case runs on until nothing is left to do (H16, P7): on the time-skipping server, with a desk that the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.cases import Standing
from wire.inputs import CaseOf
from wire.names import WORK_QUEUE
from workflows.case import Case

DAY = timedelta(days=1)


class Desk:
    """Reports these findings in turn, repeating the last, and notes when it was asked. The first answer waits for the test, or for a second call."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self.findings: list[Standing] = []
        self.looks: list[datetime] = []
        self.begun = asyncio.Event()
        self.lets_go = asyncio.Event()
        self.lets_go.set()

    async def now(self) -> datetime:
        return (await self._environment.get_current_time()).astimezone(UTC)

    @activity.defn(name="tend_case")
    async def tend_case(self, _: CaseOf) -> Standing:
        self.looks.append(await self.now())
        self.begun.set()
        if len(self.looks) > 1:
            self.lets_go.set()
        await self.lets_go.wait()
        return self.findings.pop(0) if len(self.findings) > 1 else self.findings[0]


@pytest.fixture
async def desk(skipping) -> AsyncIterator[Desk]:
    desk = Desk(skipping)
    async with Worker(skipping.client, task_queue=WORK_QUEUE, workflows=[Case], activities=[desk.tend_case]):
        yield desk


async def open_case(environment: WorkflowEnvironment):
    return await environment.client.start_workflow("Case", CaseOf(case="one"), id="case.one", task_queue=WORK_QUEUE)


async def test_it_looks_again_when_it_was_told_to_and_ends_when_nothing_is_left(skipping, desk):
    begins = await desk.now()
    desk.findings = [Standing(look_again=begins + 3 * DAY), Standing(state="taken", look_again=begins + 7 * DAY), Standing(state="closed")]
    case = await open_case(skipping)
    assert await case.result() == {"state": "closed", "look_again": None}
    assert [at - begins for at in desk.looks[1:]] == [pytest.approx(span, abs=timedelta(seconds=5)) for span in (3 * DAY, 7 * DAY)]
    assert all(at >= begins + span for at, span in zip(desk.looks[1:], (3 * DAY, 7 * DAY), strict=True)), "what is due is due when it looks"


async def test_temporals_ui_shows_how_it_stands_and_nothing_else(skipping, desk):
    """H12: it does not reveal whether it is a concern or a line."""
    desk.findings = [Standing(state="taken", look_again=await desk.now() + 3 * DAY)]
    case = await open_case(skipping)
    await skipping.sleep(DAY)
    assert (await case.query("__temporal_workflow_metadata")).current_details == "### Case\n\n- **State:** taken"
    assert (await case.query("standing"))["state"] == "taken"


async def test_somebody_did_something_and_it_looks_at_once(skipping, desk):
    desk.findings = [Standing(look_again=await desk.now() + 14 * DAY), Standing(state="closed")]
    case = await open_case(skipping)
    await skipping.sleep(DAY)
    await case.signal("look")
    assert (await case.result())["state"] == "closed"
    assert desk.looks[1] - desk.looks[0] < 2 * DAY


async def test_what_somebody_does_while_it_is_looked_after_is_looked_at_before_it_ends(skipping, desk):
    """A hold is let go just as the case is done; otherwise the meetings would stay on hold for good."""
    desk.findings = [Standing(state="closed")]
    desk.lets_go.clear()
    case = await open_case(skipping)
    await desk.begun.wait()
    await case.signal("look")
    desk.lets_go.set()
    await case.result()
    assert len(desk.looks) == 2


@pytest.mark.parametrize("waiting", [True, False])
async def test_who_cancels_it_in_temporals_ui_ends_nothing(waiting, skipping, desk):
    """Only a person closes a case, even while it is being tended."""
    desk.findings = [Standing(look_again=await desk.now() + 3 * DAY), Standing(state="closed")] if waiting else [Standing(state="closed")]
    if not waiting:
        desk.lets_go.clear()
    case = await open_case(skipping)
    await desk.begun.wait()
    if waiting:
        await skipping.sleep(DAY)
    await case.cancel()
    assert (await case.result())["state"] == "closed"
    assert len(desk.looks) == 2


async def test_a_clock_that_is_ahead_does_not_make_it_look_without_end(skipping, desk):
    """What records call due may be past by Temporal's clock: the case waits a second each time all the same."""
    desk.findings = [Standing(look_again=await desk.now() - DAY)]
    await open_case(skipping)
    await skipping.sleep(timedelta(seconds=10))
    assert len(desk.looks) > 1
    assert min(later - earlier for earlier, later in pairwise(desk.looks)) >= timedelta(seconds=1)


async def test_a_case_of_many_runs_goes_on_looking_and_ends_when_nothing_is_left(often, skipping, desk):
    begins = await desk.now()
    desk.findings = [Standing(look_again=begins + n * DAY) for n in (1, 2, 2, 3, 3)] + [Standing(state="closed")]
    case = await open_case(skipping)
    assert (await case.result())["state"] == "closed"
    assert [round((at - begins) / DAY) for at in desk.looks] == [0, 1, 1, 2, 2, 3]
