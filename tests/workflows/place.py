"""An outbox by itself: its journal is written, and a test controls its clock and its mail server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow

from activities.journal import JournalHead
from activities.notices import Delivery, NoticeRequest
from mentorship.advance import begin
from mentorship.commands import NoteFailedNotice, Slot
from mentorship.duration import iso
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Mail, MilestoneRule, Rules
from workflows import outbox as module
from workflows.outbox import Outbox, OutboxState

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
    """An outbox whose journal is written, with a clock of its own and a mail server that a test can keep waiting."""

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
        monkeypatch.setattr(workflow, "now", lambda: self.now)
        monkeypatch.setattr(module, "execute", self._execute)

    def _deliver(self, command: Any) -> None:
        self.back.append(command)

    async def _execute(self, _: Any, request: NoticeRequest, *, within: timedelta | None = None) -> Delivery:
        self.asked.append(request.notice)
        self.within.append(within)
        answer = self.answers.get(request.notice.id, lambda: Delivery(outcome="sent"))()
        return await answer if asyncio.isfuture(answer) else answer

    async def carry(self) -> None:
        """Carries effects until none can go any more."""
        for _ in range(20):
            self.outbox.pump()
            await asyncio.sleep(0)

    def held(self, notice: str) -> asyncio.Future[Delivery]:
        """The mail server does not answer about this mail yet."""
        open_end: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self.answers[notice] = lambda: open_end
        return open_end

    @property
    def waiting(self) -> list[str]:
        return [pending.effect.id for pending in self.outbox.carried().pending]
