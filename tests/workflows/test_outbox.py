"""Mails that wait: what gives way while another is carried, and what an outage leaves (P5, H10, *Time*, Calm)."""

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
from mentorship.advance import Entry, advance, begin
from mentorship.commands import SERVICE, ConfirmMeeting, End, NoteFailedNotice, Slot
from mentorship.duration import iso
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Mail, MilestoneRule, Rules
from workflows import outbox as module
from workflows.execute import pause_after
from workflows.mentorship import Mentorship, MentorshipInput
from workflows.outbox import BATCH, MOST_CARRIED, Outbox, OutboxState
from workflows.pending import Pending

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
EVENING = datetime(2027, 3, 1, 20, tzinfo=UTC)


def began(starts: datetime, meetings: int = 6) -> MentorshipStarted:
    rules = Rules(
        programme="waiting",
        version=1,
        interval=iso("P14D"),
        duration=iso("PT1H"),
        sessions=6,
        milestones=(MilestoneRule(id="one"),),
        mail=Mail(spread=iso("PT0S")),
    )
    slots = tuple(Slot(start=at, prepare_at=at - 3 * DAY, ask_at=at + DAY) for at in (starts + (7 + 14 * n) * DAY for n in range(meetings)))
    ends = starts + 84 * DAY
    pair = Pair(mentor="p-mentor", mentee="p-mentee")
    return MentorshipStarted(at=starts, pair=pair, rules=rules, starts=starts, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots)


def mail(kind: str, number: str, meeting: int | MeetingFacts | None = None, **facts: Any) -> SendNotice:
    if meeting is not None:
        facts["meeting"] = about(meeting) if isinstance(meeting, int) else meeting
    return SendNotice.model_validate({"kind": kind, "to": "mentee", "due": EVENING, "id": number} | facts)


def about(meeting: int, **facts: Any) -> MeetingFacts:
    start = began(EVENING).slots[meeting - 1].start
    return MeetingFacts.model_validate({"meeting": meeting, "start": start, "ends": start + HOUR} | facts)


class Place:
    """An outbox whose journal is written, a clock of its own, and a mail server that the test holds open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = EVENING
        self.state = begin(began(EVENING)).state
        self.back: list[NoteFailedNotice] = []
        self.asked: list[SendNotice] = []
        self.within: list[timedelta | None] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        self.outbox = Outbox(
            "mentorship.spring.m-1", "t", OutboxState(head=JournalHead(seq=1000)), state=lambda: self.state, deliver=self._deliver, listed=dict
        )
        monkeypatch.setattr(module.workflow, "now", lambda: self.now)
        monkeypatch.setattr(module, "execute", self._execute)

    def _deliver(self, command: Any) -> None:
        self.back.append(command)

    async def _execute(self, _: str, request: NoticeRequest, __: Any, *, within: timedelta | None = None) -> Delivery:
        self.asked.append(request.notice)
        self.within.append(within)
        answer = self.answers.get(request.notice.id, lambda: Delivery(outcome="sent"))()
        return await answer if asyncio.isfuture(answer) else answer

    async def carry(self) -> None:
        """Until nothing can go any more."""
        for _ in range(20):
            self.outbox.pump()
            await asyncio.sleep(0)

    def held(self, notice: str) -> asyncio.Future[Delivery]:
        """The mail server does not answer about this one yet."""
        open_end: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self.answers[notice] = lambda: open_end
        return open_end

    @property
    def waiting(self) -> list[str]:
        return [pending.effect.id for pending in self.outbox.carried().pending]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(monkeypatch)


async def test_whoever_has_a_coordinator_told_hears_it_first(place):
    """H14: the coordinators' mail waits for that person's morning, whatever the hour is where they are."""
    morning = EVENING + 12 * HOUR
    place.answers["1.0"] = lambda: Delivery(outcome="later", until=morning) if place.now < morning else Delivery(outcome="sent")
    place.outbox.add([], [mail("coordinator_told", "1.0"), mail("case", "1.1", to="coordinators", line="cancellations_mentee")])
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0"]
    place.now = morning
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0", "1.0", "1.1"]


async def test_a_coordinators_evening_or_full_mailbox_keeps_no_mail_from_whom_it_is_about(place):
    """A lane a recipient: their next mail does not wait for somebody else's."""
    full = place.held("1.1")
    place.outbox.add([], [mail("coordinator_told", "1.0"), mail("case", "1.1", to="coordinators", line="cancellations_mentee")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "2.0", 1)])
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0", "1.1", "2.0"]
    full.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    place.outbox.add([], [mail("halfway", "3.0")])
    held = place.held("4.0")
    place.outbox.add([], [mail("heads_up", "4.0")])
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["1.0", "1.1", "2.0", "3.0", "4.0"], ["1.1", "4.0"])
    place.now = EVENING + 12 * HOUR
    place.answers["1.1"] = lambda: Delivery(outcome="sent")
    await place.carry()
    assert place.waiting == ["4.0"], "nor does theirs wait for a later one that is on its way"
    held.set_result(Delivery(outcome="sent"))
    await place.carry()
    assert place.waiting == []


async def test_what_waits_behind_a_mail_that_is_being_carried_gives_way(place):
    """For a day, if the mail server is away: only what is on its way to it just now is exempt."""
    answer = place.held("1.0")
    place.outbox.add([], [mail("halfway", "1.0")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "2.0", 1)])
    place.outbox.add([], [mail("rescheduled", "3.0", 1, change="cancelled")])
    assert place.waiting == ["1.0", "3.0"]
    place.outbox.add([], [mail("ended", "4.0")])
    assert place.waiting == ["1.0", "4.0"]
    answer.set_result(Delivery(outcome="sent"))
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["1.0", "4.0"], [])
    assert [(lost.effect, lost.why) for lost in place.back] == [("2.0", "superseded"), ("3.0", "superseded")]


async def test_a_mail_that_has_to_wait_after_all_gives_way_to_what_came_meanwhile(place):
    """Calm, H10: it was on its way when the news came; in the morning one mail goes, with the topic."""
    answer = place.held("2.0")
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, session=0))])
    await place.carry()
    news = about(1, previous_start=EVENING)
    place.outbox.add([], [mail("rescheduled", "3.0", meeting=news, change="moved")])
    assert place.waiting == ["2.0", "3.0"]
    answer.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    assert [(notice.id, notice.meeting.session if notice.meeting else None) for notice in place.asked] == [("2.0", 0), ("3.0", 0)]
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("2.0", "superseded", None)]


async def test_a_preparation_goes_along_with_news_that_was_on_its_way_when_it_came(place):
    """Never two about one meeting at once: the news has to wait after all, for the morning or for a mail server."""
    answer = place.held("2.0")
    place.outbox.add([], [mail("rescheduled", "2.0", 1, change="moved")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    answer.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    assert place.waiting == ["2.0"]
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("3.0", "superseded", None)]


def in_vain(place, *notices):
    """These have run out of their time, and rest until tomorrow."""
    resting = tuple(Pending(effect=notice, not_before=EVENING + DAY, in_vain=3) for notice in notices)
    carried = OutboxState(head=JournalHead(seq=1000), pending=resting)
    place.outbox = Outbox("mentorship.spring.m-1", "t", carried, state=lambda: place.state, deliver=place._deliver, listed=dict)


@pytest.mark.parametrize(
    "news",
    [mail("move_proposed", "2.0", meeting=about(1, start=EVENING + 2 * DAY)), mail("rescheduled", "2.0", 1, change="moved")],
    ids=["settled meanwhile", "still true"],
)
async def test_a_mail_that_waits_again_does_not_give_way_to_older_news_that_rests(place, news):
    """What is newer stays: the older one, which nobody could send, may help nobody any more."""
    in_vain(place, news)
    place.answers["3.0"] = lambda: Delivery(outcome="later", until=EVENING + 12 * HOUR)
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    await place.carry()
    assert (place.waiting, place.back) == (["2.0", "3.0"], [])


async def test_what_ran_out_of_its_day_is_tried_for_an_hour(place):
    """Calm: what else its reader gets waits no longer behind it."""
    in_vain(place, mail("halfway", "1.0"))
    place.now = EVENING + DAY
    await place.carry()
    place.outbox.add([], [mail("heads_up", "2.0", due=EVENING + DAY)])
    await place.carry()
    assert [(notice.id, within) for notice, within in zip(place.asked, place.within, strict=True)] == [("1.0", HOUR), ("2.0", None)]


async def test_a_preparation_does_not_go_along_with_what_could_not_be_sent(place):
    """What always breaks would take it along."""
    in_vain(place, mail("rescheduled", "2.0", 1, change="moved"))
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["3.0"], ["2.0"])


async def test_what_helps_no_more_is_dropped_right_before_it_would_go(place):
    """*Time*: while it waited for the morning its meeting moved elsewhere."""
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, start=EVENING + DAY, session=0))])
    await place.carry()
    assert (place.asked, place.waiting) == ([], [])
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("2.0", "too_late", 0)]


@pytest.mark.parametrize("late", [True, False], ids=["an-outage", "too-much-mail"])
async def test_a_topic_that_could_not_go_goes_with_the_next_preparation_that_waits(place, late):
    """H10: both were decided before anybody knew that the first would not bring it."""
    helps = {"helps_until": EVENING - HOUR} if late else {}
    if not late:
        place.answers["2.0"] = lambda: Delivery(outcome="failed", why="over_budget")
    first, second = about(1, session=1), about(2, session=1, session_sent=True)
    place.outbox.add([], [mail("prepare", "2.0", meeting=first, **helps), mail("prepare", "3.0", meeting=second)])
    await place.carry()
    assert place.asked[-1].id == "3.0"
    assert place.asked[-1].meeting.session_sent is False
    assert [(lost.effect, lost.session) for lost in place.back] == [("2.0", None)]


async def test_a_topic_that_gave_way_goes_with_a_preparation_of_the_same_turn(place):
    """H10: called off in an outage, which was over two preparations."""
    off = mail("rescheduled", "3.0", 1, change="cancelled")
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, session=1)), off, mail("prepare", "4.0", meeting=about(2, session=1, session_sent=True))])
    await place.carry()
    assert [(notice.id, notice.meeting.session_sent) for notice in place.asked] == [("3.0", False), ("4.0", False)]
    assert [(lost.effect, lost.session) for lost in place.back] == [("2.0", None)]


@pytest.mark.parametrize("ended", [True, False])
async def test_the_journal_hears_of_the_end_with_the_last_of_its_batches(ended, place, monkeypatch):
    """Records: what is kept for so long after the end counts from when it ended, not from when the last row of it was written."""
    batches: list[JournalBatch] = []

    async def append(name: str, batch: JournalBatch, _: Any) -> JournalHead:
        assert name == "append_journal"
        batches.append(batch)
        return JournalHead(seq=batch.entries[-1].seq)

    monkeypatch.setattr(module, "execute", append)
    if ended:
        turn = advance(place.state, [End(message_id="end", by="p-operator", at=EVENING + DAY)], EVENING + DAY)
        place.state = advance(
            turn.state, [NoteFailedNotice(message_id="f", by=SERVICE, at=EVENING + 3 * DAY, notice="ended", to="mentee")], EVENING + 3 * DAY
        ).state
    rows = tuple(Entry(seq=n + 1, at=EVENING, kind="event", name="paused") for n in range(BATCH + 1))
    place.outbox.add(rows, [])
    await place.carry()
    assert [len(batch.entries) for batch in batches] == [BATCH, 1]
    assert [batch.over_at for batch in batches] == [None, EVENING + DAY if ended else None]
    assert place.outbox.head.seq == BATCH + 1


def test_a_new_run_takes_along_all_that_is_on_its_way():
    """P5: rows that are not written yet, mails, how often each was tried in vain and until when it rests, and where the journal stands."""
    on_its_way = OutboxState(
        entries=(Entry(seq=8, at=EVENING, kind="event", name="paused"),),
        pending=(Pending(effect=mail("halfway", "7.0"), not_before=EVENING + DAY, in_vain=3),),
        head=JournalHead(seq=7, mac="m"),
        diverged=True,
    )
    outbox = Outbox("mentorship.spring.m-1", "t", on_its_way, state=lambda: begin(began(EVENING)).state, deliver=lambda _: None, listed=dict)
    assert outbox.carried() == on_its_way
    assert (outbox.empty, outbox.size, outbox.head, outbox.diverged) == (False, 2, on_its_way.head, True)


@pytest.mark.parametrize(("waiting", "light"), [(MOST_CARRIED, True), (MOST_CARRIED + 1, False)])
def test_a_new_run_takes_no_more_than_temporal_would_let_it(waiting, light):
    """What is more is written and sent first: Temporal ends a workflow that hands on more than two megabytes."""
    backlog = tuple(Entry(seq=n, at=EVENING, kind="event", name="paused") for n in range(waiting - 1))
    carried = OutboxState(entries=backlog, pending=(Pending(effect=mail("halfway", "7.0")),))
    assert Outbox("m", "t", carried, state=lambda: begin(began(EVENING)).state, deliver=lambda _: None, listed=dict).light is light


def test_the_pauses_of_what_cannot_be_sent_grow_to_a_day():
    assert [pause_after(n) for n in (1, 2, 3, 4)] == [timedelta(), HOUR, 2 * HOUR, 4 * HOUR]
    assert pause_after(9) == pause_after(5000) == DAY


# -- on Temporal ----------------------------------------------------------------------------------------------------------


@activity.defn(name="append_journal")
async def append_journal(batch: JournalBatch) -> JournalHead:
    WRITTEN.extend((entry.name, entry.body) for entry in batch.entries)
    return JournalHead(seq=batch.entries[-1].seq)


class Closing:
    """The journal's last row. The first attempt lasts until the test lets it go, or there is a second one."""

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
    """Away for these kinds of mail to the mentee as long as the test says so; takes what it gets once it is back.

    Both readers' mails would be tried milliseconds apart, which is what the time-skipping server stumbles over (temporalio/sdk-java#3088).
    """

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.opens: dict[str, datetime] = {}
        """Until when mails of a kind to the mentee have to wait for her morning."""
        self.mentor_has = asyncio.Event()
        self.took: list[tuple[str, str]] = []

    @activity.defn(name="send_notice")
    async def send_notice(self, request: NoticeRequest) -> Delivery:
        if request.notice.kind in self.away and request.notice.to == "mentee":
            raise ConnectionRefusedError
        opens = self.opens.get(request.notice.kind)
        if opens is not None and request.notice.to == "mentee" and activity.info().started_time < opens:
            await self.mentor_has.wait()  # so that this is the last that the mentorship hears for now
            return Delivery(outcome="later", until=opens)
        self.took.append((request.notice.kind, request.notice.to))
        if opens is not None:
            self.mentor_has.set()
        return Delivery(outcome="sent")


@pytest.fixture
def closing() -> Closing:
    return Closing()


@pytest.fixture
async def house(skipping, closing):
    """A mentorship's worker, and another one for mails, when the test wants it."""
    WRITTEN.clear()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Worker(
                skipping.client,
                task_queue="mentorship",
                workflows=[Mentorship],
                activities=[append_journal, closing.seal_journal, tell_coordinators],
                max_cached_workflows=0,
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
    """Step by step: one long sleep runs out of its own time."""
    for _ in range(span // (6 * HOUR)):
        await environment.sleep(6 * HOUR)


def failed() -> set[tuple[str, str]]:
    return {(body["notice"], body["why"]) for name, body in WRITTEN if name == "notice_failed"}


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(150):
        if await true():
            return
        await asyncio.sleep(0.2)
    raise AssertionError("this did not come true")


async def test_an_outage_of_more_than_a_day_loses_no_mail_that_still_helps(house, monkeypatch):
    """P5: the mail was on its way to a worker when the last one died, and goes once, when there is one again."""
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
    """P5: a welcome waits for it; a preparation goes before its meeting, or not at all. Nothing is tried every minute for ever."""
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
    await pass_by(skipping, 2 * DAY)
    assert mails.took.count(("welcome", "mentee")) == 1


async def test_a_mail_that_cannot_be_made_holds_up_nobody_for_long(skipping, house, seldom):
    """One that always breaks is tried for ever, an hour at a time, and the reader's other mails go before it."""
    _, mails, open_mails = await house()
    mails.away = {"welcome"}
    await open_mails()
    await pass_by(skipping, 6 * DAY)
    assert sorted(mails.took) == [("prepare", "mentee"), ("prepare", "mentor"), ("welcome", "mentor")]


async def test_a_mentorship_is_over_once_its_last_mail_went(skipping, house):
    """Calm: somebody who sleeps hears of the end in their morning, and hears of it."""
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
