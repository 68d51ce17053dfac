"""The outbox at work: a mail server that is away, a reader in mail-free hours, a journal that is being closed (P3, P5, Calm)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.worker import Worker

from activities.coordination import LineRequest
from activities.journal import JournalBatch, JournalHead, JournalOf
from activities.notices import Delivery, NoticeRequest
from activities.options import OPTIONS
from mentorship.commands import ConfirmMeeting, End
from tests.workflows.place import DAY, HOUR, began
from workflows.mentorship import Mentorship, MentorshipInput


@activity.defn(name="append_journal")
async def append_journal(batch: JournalBatch) -> JournalHead:
    WRITTEN.extend((entry.name, entry.body) for entry in batch.entries)
    return JournalHead(seq=batch.entries[-1].seq)


class Closing:
    """Writes the journal's last row. The first attempt lasts until the test lets it go, or until there is a second one."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.lets_go = asyncio.Event()
        self.lets_go.set()

    @activity.defn(name="seal_journal")
    async def seal_journal(self, _: JournalOf) -> None:
        if self.begun.is_set():
            self.lets_go.set()
        self.begun.set()
        await self.lets_go.wait()


@activity.defn(name="tell_coordinators")
async def tell_coordinators(_: LineRequest) -> None:
    return None


WRITTEN: list[tuple[str, Any]] = []


class MailServer:
    """Away for these kinds of mail to the mentee as long as the test says so; accepts what it gets once it is back.

    With both readers' mails, attempts would be milliseconds apart, which is what the time-skipping server stumbles over (temporalio/sdk-java#3088).
    """

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.opens: dict[str, datetime] = {}
        """Until when mails of a kind have to wait for the mentee's morning."""
        self.mentor_has = asyncio.Event()
        self.took: list[tuple[str, str]] = []

    @activity.defn(name="send_notice")
    async def send_notice(self, request: NoticeRequest) -> Delivery:
        if request.notice.kind in self.away and request.notice.to == "mentee":
            raise ConnectionRefusedError
        opens = self.opens.get(request.notice.kind)
        if opens is not None and request.notice.to == "mentee" and activity.info().started_time < opens:
            await self.mentor_has.wait()  # so that the mentorship receives nothing after this for now
            return Delivery(outcome="later", until=opens)
        self.took.append((request.notice.kind, request.notice.to))
        if opens is not None:
            self.mentor_has.set()
        return Delivery(outcome="sent")


@pytest.fixture
def closing() -> Closing:
    return Closing()


@pytest.fixture
async def house(skipping, closing, request):
    """A mentorship's worker, and one for mails when the test wants it. Every task replays everything before it, except where that is weeks (`seldom`)."""
    WRITTEN.clear()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Worker(
                skipping.client,
                task_queue="mentorship",
                workflows=[Mentorship],
                activities=[append_journal, closing.seal_journal, tell_coordinators],
                max_cached_workflows=1 if "seldom" in request.fixturenames else 0,
            )
        )
        mails = MailServer()

        async def open_mails() -> None:
            await stack.enter_async_context(Worker(skipping.client, task_queue="mentorship-notices", activities=[mails.send_notice]))

        async def begin_one() -> tuple[Any, MailServer, Callable[[], Awaitable[None]]]:
            starts = (await skipping.get_current_time()).astimezone(UTC).replace(microsecond=0)
            begun = MentorshipInput(cohort="spring", texts="t", begins=began(starts))
            return await skipping.client.start_workflow("Mentorship", begun, id="mentorship.spring.m-1", task_queue="mentorship"), mails, open_mails

        yield begin_one


@pytest.fixture
def seldom(monkeypatch):
    """Four attempts a day, so that weeks pass in seconds."""
    monkeypatch.setitem(OPTIONS, "send_notice", OPTIONS["send_notice"]._replace(first_pause=6 * HOUR, longest_pause=6 * HOUR))


async def pass_by(environment: Any, span: timedelta) -> None:
    """Sleeps in steps: one long sleep would time out."""
    for _ in range(span // (6 * HOUR)):
        await environment.sleep(6 * HOUR)


async def comes(environment: Any, true: Callable[[], bool]) -> None:
    """Waits up to a fortnight: while a slow machine is at one step of the workflow, the server's time continues and uses up attempts."""
    for _ in range(56):
        if true():
            return
        await environment.sleep(6 * HOUR)
    raise AssertionError("this did not come true")


def failed() -> set[tuple[str, str]]:
    return {(body["notice"], body["why"]) for name, body in WRITTEN if name == "notice_failed"}


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(150):
        if await true():
            return
        await asyncio.sleep(0.2)
    raise AssertionError("this did not come true")


async def test_an_outage_of_more_than_a_day_loses_no_mail_that_still_helps(house, monkeypatch):
    """P5: the mail was on its way to a worker when the last one died, and is sent once when there is one again."""
    monkeypatch.setitem(OPTIONS, "send_notice", OPTIONS["send_notice"]._replace(within=timedelta(seconds=2)))  # a day; no worker, no skipping
    handle, mails, open_mails = await house()

    async def ran_out() -> bool:
        return sum(event.HasField("activity_task_timed_out_event_attributes") for event in (await handle.fetch_history()).events) == 2

    await _until(ran_out)
    await open_mails()

    async def took_both() -> bool:
        return len(mails.took) >= 2

    await _until(took_both)
    assert sorted(mails.took) == [("welcome", "mentee"), ("welcome", "mentor")]
    assert failed() == set()


async def test_a_mail_server_that_is_away_for_weeks_loses_what_helps_no_more_and_writes_no_long_history(skipping, house, seldom):
    """P5: a welcome waits for the server; a preparation goes before its meeting, or not at all. Nothing is tried every minute for ever."""
    handle, mails, open_mails = await house()
    mails.away = {"welcome", "prepare", "ask", "alignment_reminder"}
    await open_mails()
    await pass_by(skipping, 16 * DAY)
    events = len((await handle.fetch_history()).events)
    assert "mentee" not in {to for _, to in mails.took}
    assert ("prepare", "too_late") in failed()
    assert {why for _, why in failed()} <= {"too_late", "superseded"}
    assert events < 800, events  # a dozen a day for each mail that waits
    mails.away = set()
    await comes(skipping, lambda: ("welcome", "mentee") in mails.took)
    await pass_by(skipping, DAY)
    assert mails.took.count(("welcome", "mentee")) == 1


async def test_a_mail_that_cannot_be_made_holds_up_nobody_for_long(skipping, house, seldom):
    """A mail that always breaks is retried for ever, an hour at a time, and the reader's other mails go before it."""
    _, mails, open_mails = await house()
    mails.away = {"welcome"}
    await open_mails()
    await pass_by(skipping, 6 * DAY)
    assert sorted(mails.took) == [("prepare", "mentee"), ("prepare", "mentor"), ("welcome", "mentor")]


async def test_a_mentorship_is_over_once_its_last_mail_went(skipping, house):
    """Calm: somebody in mail-free hours is told of the end in their morning."""
    handle, mails, open_mails = await house()
    morning = (await skipping.get_current_time()).astimezone(UTC) + 12 * HOUR
    mails.opens["ended"] = morning
    await open_mails()
    await handle.signal("order", End(message_id="end", by="p-operator"))
    await handle.result()
    assert {to for kind, to in mails.took if kind == "ended"} == {"mentor", "mentee"}
    assert await skipping.get_current_time() >= morning


async def test_what_is_said_while_the_journal_is_being_closed_is_not_written_behind_its_last_row(house, closing):
    """P3: also where somebody cancels the workflow in Temporal's UI meanwhile, so that it takes another turn."""
    handle, _, open_mails = await house()
    await open_mails()
    closing.lets_go.clear()
    await handle.signal("order", End(message_id="end", by="p-operator"))
    await closing.begun.wait()
    await handle.signal("confirm_meeting", ConfirmMeeting(message_id="late", by="p-mentor", meeting=1))
    await handle.cancel()
    assert (await handle.result())["ended"] == "operator"
    assert "mentorship_ended" in [name for name, _ in WRITTEN]
    assert "confirm_meeting" not in [name for name, _ in WRITTEN]
