"""A cohort lives as long as its pairs, whatever becomes of a digest (H9, P7): on the time-skipping server, with an office that a test can close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.digests import DigestActivities, DigestRequest
from activities.enrolment import EnrolmentActivities, Progress
from tests.processes import until
from wire.inputs import CohortOf
from wire.names import COHORT, NOTICES_QUEUE, WORK_QUEUE, cohort_id
from workflows.cohort import Cohort

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
EIGHT = time(8, tzinfo=UTC)


class Office:
    """Records and mail of a cohort, either of which can be away until an instant."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self.pending, self.started, self.over = 3, 0, 0
        self.ended: datetime | None = None
        self.records_back: datetime | None = None
        self.mail_back: datetime | None = None
        self.opens: datetime | None = None
        self.enrols: asyncio.Event | None = None
        """Set when the first enrolment has begun, which does not end before there is a second one."""
        self.again = asyncio.Event()
        self.asked: list[DigestRequest] = []
        self.sent: list[DigestRequest] = []

    async def now(self) -> datetime:
        return (await self._environment.get_current_time()).astimezone(UTC)

    async def until(self, instant: datetime) -> None:
        """Sleeps in steps: while something is away it is retried again and again, and one long sleep would time out."""
        while (left := instant - await self.now()) > timedelta():
            await self._environment.sleep(min(left, 2 * HOUR))

    async def end_all(self) -> datetime:
        self.over, self.started, self.ended = self.over + self.started, 0, await self.now()
        return self.ended

    async def enrol(self, cohort: str, _most: int, _beat: Callable[..., None]) -> Progress:
        if self.enrols is not None:
            if self.enrols.is_set():
                self.again.set()
            self.enrols.set()
            await self.again.wait()
        self.started, self.pending = self.started + self.pending, 0
        return await self.progress(cohort)

    async def progress(self, _: str) -> Progress:
        now = await self.now()
        if self.records_back is not None and now < self.records_back:
            raise ConnectionRefusedError("records are away")
        return Progress(pending=self.pending, started=self.started, over=self.over, last_end=self.ended, next_digest=monday_after(now))

    async def send(self, request: DigestRequest) -> datetime | None:
        self.asked.append(request)
        if self.mail_back is not None and await self.now() < self.mail_back:
            raise ConnectionRefusedError("the mail server is away")
        if self.opens is not None and request.at < self.opens:
            return self.opens
        self.sent.append(request)
        return None


def monday_after(now: datetime) -> datetime:
    monday = datetime.combine(now.date() - timedelta(days=now.weekday()), EIGHT)
    return monday if monday > now else monday + WEEK


@pytest.fixture
def office(skipping: WorkflowEnvironment) -> Office:
    return Office(skipping)


@pytest.fixture
async def cohort(skipping: WorkflowEnvironment, office: Office) -> AsyncIterator[Callable[[], Any]]:
    """Starts the cohort as `cohort start` does, on a Friday at half past seven: it checks every day half an hour before a digest would be due."""
    activities = EnrolmentActivities(office)
    async with AsyncExitStack() as stack:
        work: list[Callable[..., Any]] = [activities.enrol_batch, activities.cohort_progress]
        await stack.enter_async_context(Worker(skipping.client, task_queue=WORK_QUEUE, workflows=[Cohort], activities=work))
        await stack.enter_async_context(Worker(skipping.client, task_queue=NOTICES_QUEUE, activities=[DigestActivities(office).send_digest]))
        await office.until(monday_after(await office.now()) + timedelta(days=4, minutes=-30))

        async def start() -> WorkflowHandle[Any, Any]:
            started = CohortOf(cohort="spring")
            handle = await skipping.client.start_workflow(COHORT, started, id=cohort_id("spring"), task_queue=WORK_QUEUE, start_signal="enrol")
            await skipping.sleep(timedelta(minutes=1))
            assert not office.pending
            return handle

        yield start


async def test_a_digest_that_cannot_be_sent_is_given_up_and_that_of_the_next_week_comes(cohort, office):
    handle = await cohort()
    monday = monday_after(await office.now())
    office.mail_back = monday + 2 * DAY
    await office.until(monday + WEEK + DAY)
    assert [digest.at.date() for digest in office.sent] == [(monday + WEEK).date()]
    await office.end_all()
    await handle.result()
    assert office.sent[-1].closing


async def test_who_sleeps_gets_the_digest_in_their_own_morning(cohort, office):
    """Meetings: messages go out between 08 and 18 in the reader's zone."""
    await cohort()
    monday = monday_after(await office.now())
    office.opens = monday + 6 * HOUR
    await office.until(monday + DAY)
    assert [(digest.due, digest.at >= office.opens) for digest in office.sent] == [(monday, True)]
    assert [digest.due for digest in office.asked] == [monday, monday]


async def test_the_card_says_which_digest_was_given_up(cohort, office):
    handle = await cohort()
    monday = monday_after(await office.now())
    office.mail_back = monday + 2 * DAY
    await office.until(monday + 2 * DAY)
    assert f"- **Not sent:** the digest of {monday:%Y-%m-%d} 08:00Z" in (await handle.query("__temporal_workflow_metadata")).current_details


async def test_the_card_counts_who_runs_and_who_is_over(cohort, office):
    handle = await cohort()
    office.started, office.over = 2, 1
    await office.until(monday_after(await office.now()))
    card = (await handle.query("__temporal_workflow_metadata")).current_details
    assert card == "### Cohort spring\n\n- **Started:** 3 of 3\n- **Running:** 2\n- **Over:** 1"


async def test_who_joins_while_a_digest_cannot_be_sent_is_enrolled_at_once(cohort, office):
    """P6."""
    handle = await cohort()
    monday = monday_after(await office.now())
    office.mail_back = monday + 2 * DAY
    await office.until(monday + timedelta(hours=2))
    office.pending = 1
    await handle.signal("enrol")
    await office.until(monday + timedelta(hours=3))
    assert (office.pending, office.started) == (0, 4)
    assert not office.sent


async def test_the_report_at_the_close_is_tried_until_it_is_sent(cohort, office):
    handle = await cohort()
    ended = await office.end_all()
    office.mail_back = ended + 36 * HOUR
    await handle.result()
    assert [digest.closing for digest in office.sent] == [True]
    assert {digest.due for digest in office.asked} == {ended}, "who has it already would get it again"


@pytest.mark.parametrize(("joins", "back"), [(26 * HOUR, 30 * HOUR), (2 * DAY, 3 * DAY)], ids=["and it goes all the same", "and was given up"])
async def test_who_joins_while_the_report_waits_keeps_the_cohort_open(joins, back, cohort, office):
    """P6."""
    handle = await cohort()
    ended = await office.end_all()
    office.mail_back = ended + back
    await office.until(ended + joins)
    office.pending, office.ended = 1, None
    await handle.signal("enrol")
    await office.until(ended + 9 * DAY)
    office.sent.clear()
    again = await office.end_all()
    await handle.result()
    assert [(digest.closing, digest.due) for digest in office.sent if digest.closing] == [(True, again)]


async def test_records_that_are_away_on_monday_morning_delay_the_digest_and_skip_none(cohort, office):
    """The daily check waits for them, and is then told the Monday after."""
    await cohort()
    monday = monday_after(await office.now())
    office.records_back = monday + timedelta(hours=3)
    await office.until(monday + WEEK + DAY)
    assert [digest.at.date() for digest in office.sent] == [monday.date(), (monday + WEEK).date()]


async def test_a_digest_names_the_monday_that_it_is_of_also_in_a_cohort_that_begins_again(cohort, office):
    """H9, P6: a counter would begin at one, and coordinators would count as told for as many weeks as the first run lasted."""
    first = await cohort()
    monday = monday_after(await office.now())
    await office.until(monday + DAY)
    await first.terminate()
    await cohort()
    await office.until(monday + WEEK + DAY)
    assert [digest.due for digest in office.sent] == [monday, monday + WEEK]


@pytest.mark.parametrize("while_mail_is_away", [False, True])
async def test_who_cancels_it_in_temporals_ui_ends_nothing(cohort, office, while_mail_is_away):
    """A cohort ends with its last pair."""
    handle = await cohort()
    monday = monday_after(await office.now())
    if while_mail_is_away:
        office.mail_back = monday + timedelta(hours=6)
        await office.until(monday + timedelta(hours=2))
    await handle.cancel()
    await office.until(monday + DAY)
    assert [digest.at.date() for digest in office.sent] == [monday.date()]
    await office.end_all()
    await handle.result()
    assert office.sent[-1].closing


async def test_who_cancels_it_while_pairs_are_being_started_leaves_nobody_waiting(cohort, office):
    """H9: the next enrolment starts what an interrupted one did not, and nobody has to ask for it."""
    handle = await cohort()
    office.pending, office.enrols = 1, asyncio.Event()
    await handle.signal("enrol")
    await office.enrols.wait()
    await handle.cancel()
    await asyncio.wait_for(office.again.wait(), 20)
    await office.until(monday_after(await office.now()) + DAY)
    assert (office.pending, office.started) == (0, 4)


async def runs(handle: WorkflowHandle[Any, Any], skipping: WorkflowEnvironment) -> int:
    """How many runs the cohort has had."""
    count, run = 0, None
    while run is None or run:
        one = skipping.client.get_workflow_handle(handle.id, run_id=run)
        count, run = count + 1, (await anext(one.fetch_history_events())).workflow_execution_started_event_attributes.continued_execution_run_id
    return count


async def test_over_many_runs_each_digest_and_the_report_go_once(often, cohort, office, skipping):
    """H9: a cohort of years is a chain of runs, each of which begins with only what the previous one hands on."""
    handle = await cohort()
    monday = monday_after(await office.now())
    await office.until(monday + WEEK + DAY)
    assert [digest.due for digest in office.sent] == [monday, monday + WEEK]
    assert await runs(handle, skipping) > 8
    ended = await office.end_all()
    assert (await handle.result())["over"] == 3
    assert [(digest.due, digest.closing) for digest in office.sent[2:]] == [(ended, True)]


async def test_who_joins_just_as_a_run_ends_is_enrolled_by_the_next(often, cohort, office, skipping):
    """P6: the run has been told the state of every pair, and ends before it starts anybody."""
    handle = await cohort()
    look = office.progress

    async def somebody_joins(name: str) -> Progress:
        office.progress = look
        answer = await look(name)
        office.pending = 1
        await handle.signal("enrol")
        return answer

    async def enrolled() -> bool:
        return (office.pending, office.started) == (0, 4)

    office.progress = somebody_joins
    await office.until(await office.now() + DAY + HOUR)
    await until(enrolled)
    assert await runs(handle, skipping) > 1


async def test_a_run_that_begins_while_records_are_away_skips_no_digest(often, cohort, office, skipping):
    """Once back, records name the Monday after; which one is due the previous run has handed on."""
    handle = await cohort()
    monday = monday_after(await office.now())
    look = office.progress

    async def until_monday_morning(name: str) -> Progress:
        answer = await look(name)
        if await office.now() > monday - HOUR:
            office.records_back = monday + 3 * HOUR
        return answer

    office.progress = until_monday_morning
    await office.until(monday + DAY)
    assert await runs(handle, skipping) > 1
    assert [(digest.due, digest.at > monday + 3 * HOUR) for digest in office.sent] == [(monday, True)]


async def test_what_was_given_up_stands_on_the_card_of_the_next_run(often, cohort, office, skipping):
    handle = await cohort()
    monday = monday_after(await office.now())
    office.mail_back = monday + 2 * DAY
    await office.until(monday)
    before = await runs(handle, skipping)

    async def another_run() -> bool:
        return await runs(handle, skipping) > before

    await office.until(monday + DAY + HOUR)
    await until(another_run)
    assert f"- **Not sent:** the digest of {monday:%Y-%m-%d} 08:00Z" in (await handle.query("__temporal_workflow_metadata")).current_details
