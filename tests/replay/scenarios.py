"""The mentorships whose histories are kept: each is acted out on the time-skipping server with stand-in activities of no content.

What is replayed later is the workflow's own decisions, so the activities here answer as simply as they can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.certificates import CertificateRequest, Certificates
from activities.coordination import LineRequest
from activities.enrolment import CohortOf, DigestRequest, EnrolRequest, Progress
from activities.journal import JournalBatch, JournalHead, JournalOf
from activities.notices import Delivery, NoticeRequest
from activities.planning import Planned, PlanRequest
from mentorship.commands import (
    EXPECTATIONS,
    AskExtension,
    CancelMeeting,
    ConfirmExpectations,
    ConfirmMeeting,
    End,
    EndWish,
    MoveMeeting,
    Pause,
    RecordMilestone,
    ReportMeeting,
    Resume,
    Slot,
    SubmitPrivately,
    WaiveMilestone,
)
from mentorship.duration import iso
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import MeetingsHeld, MilestoneRule, Rules
from workflows.cohort import CohortInput
from workflows.mentorship import MentorshipInput

PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
DAY = timedelta(days=1)

RULES = Rules(
    programme="replay",
    version=1,
    interval=iso("P14D"),
    duration=iso("PT1H"),
    sessions=3,
    closing=2,
    milestones=(
        MilestoneRule(id="aligned", when="expectations_confirmed"),
        MilestoneRule(id="two-talks", when=MeetingsHeld(meetings_held=2)),
        MilestoneRule(id="shadowing"),
        MilestoneRule(id="letter", by="both"),
        MilestoneRule(id="closing", when="closing_held"),
    ),
)


class Answers:
    """Activities that do nothing and say so."""

    def __init__(self) -> None:
        self.late: set[str] = set()

    @activity.defn
    async def append_journal(self, batch: JournalBatch) -> JournalHead:
        return JournalHead(seq=batch.entries[-1].seq, mac="0" * 64)

    @activity.defn
    async def seal_journal(self, _: JournalOf) -> None:
        return None

    @activity.defn
    async def send_notice(self, request: NoticeRequest) -> Delivery:
        if request.notice.kind == "halfway" and request.notice.to == "mentee":
            return Delivery(outcome="failed", why="over_budget")
        if request.notice.kind == "heads_up" and request.key not in self.late:
            self.late.add(request.key)
            return Delivery(outcome="later", until=activity.info().current_attempt_scheduled_time + timedelta(hours=9))
        return Delivery(outcome="sent")

    @activity.defn
    async def plan_meetings(self, request: PlanRequest) -> Planned:
        wanted = request.wanted
        starts = [wanted.after + (n + 1) * 7 * DAY for n in range(wanted.count)]
        return Planned(slots=tuple(slot(at) for at in starts))

    @activity.defn
    async def tell_coordinators(self, _: LineRequest) -> None:
        return None

    @activity.defn
    async def issue_certificates(self, request: CertificateRequest) -> Certificates:
        return Certificates(certificates={request.pair.mentor: "certificate-a", request.pair.mentee: "certificate-b"})

    @activity.defn
    async def enrol_batch(self, _: EnrolRequest) -> Progress:
        return Progress(started=2, look_again=DAY)

    @activity.defn
    async def cohort_progress(self, _: CohortOf) -> Progress:
        return Progress(over=2, look_again=DAY)

    @activity.defn
    async def send_digest(self, _: DigestRequest) -> Progress:
        return Progress(over=2, look_again=DAY)


def slot(start: datetime) -> Slot:
    return Slot(start=start, prepare_at=start - 3 * DAY, ask_at=start + DAY)


class Mentorship:
    """A running one, and the hands of the two."""

    def __init__(self, environment: WorkflowEnvironment, handle: WorkflowHandle, starts: datetime) -> None:
        self.environment = environment
        self.handle = handle
        self.starts = starts
        self._sent = 0

    async def day(self, number: float) -> datetime:
        await self.environment.sleep(self.starts + number * DAY - await self.environment.get_current_time())
        return await self.environment.get_current_time()

    async def say(self, command) -> None:
        self._sent += 1
        await self.handle.signal(command.command, command.model_copy(update={"message_id": f"m{self._sent}"}))

    async def both(self, make) -> None:
        for who in (PAIR.mentor, PAIR.mentee):
            await self.say(make(who))


async def begin(environment: WorkflowEnvironment, name: str, queue: str) -> Mentorship:
    starts = (await environment.get_current_time()).astimezone(UTC).replace(microsecond=0)
    begun = MentorshipStarted(
        at=starts,
        pair=PAIR,
        rules=RULES,
        starts=starts,
        ends=starts + 84 * DAY,
        reporting_ends=starts + 91 * DAY,
        slots=tuple(slot(starts + (7 + 14 * n) * DAY) for n in range(5)),
    )
    handle = await environment.client.start_workflow(
        "Mentorship", MentorshipInput(cohort="replay", texts="0" * 64, begins=begun), id=f"mentorship.replay.{name}", task_queue=queue
    )
    return Mentorship(environment, handle, starts)


async def in_full(pair: Mentorship) -> None:
    """Everything done, certificates for both."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.day(7.1)
    await pair.both(lambda who: ConfirmExpectations(by=who, expectations=EXPECTATIONS))
    for n in range(5):
        await pair.day(7.2 + 14 * n)
        await pair.both(lambda who, n=n: ReportMeeting(by=who, meeting=n + 1, held=True))
    await pair.say(RecordMilestone(by=PAIR.mentor, milestone="shadowing"))
    await pair.both(lambda who: RecordMilestone(by=who, milestone="letter"))
    await pair.day(120)


async def late_cancellations(pair: Mentorship) -> None:
    """Up the ladder to the coordinator; a move agreed, one unanswered; what nobody may do is refused."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    for n in range(3):
        await pair.day(6.9 + 14 * n)
        await pair.say(CancelMeeting(by=PAIR.mentor, meeting=n + 1, reason="work"))
    to = pair.starts + 50 * DAY
    await pair.both(lambda who: MoveMeeting(by=who, meeting=4, to=to))
    await pair.say(CancelMeeting(by="p-stranger", meeting=4))
    await pair.day(62.9)
    await pair.say(MoveMeeting(by=PAIR.mentee, meeting=5, to=pair.starts + 70 * DAY))
    await pair.day(120)


async def paused_and_extended(pair: Mentorship) -> None:
    """An operator's pause and resume, the pair's own extension, a waiver."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    at = await pair.day(10)
    await pair.handle.execute_update("pause", Pause(message_id="pause", by="p-operator", at=at))
    at = await pair.day(24)
    await pair.handle.execute_update("resume", Resume(message_id="resume", by="p-operator", at=at))
    await pair.both(lambda who: AskExtension(by=who))
    at = await pair.day(30)
    await pair.handle.execute_update("waive_milestone", WaiveMilestone(message_id="waive", by="p-operator", at=at, milestone="letter"))
    await pair.day(160)


async def ended_early(pair: Mentorship) -> None:
    """One of the two wished it; then nothing is left to do."""
    await pair.day(9)
    await pair.say(SubmitPrivately(by=PAIR.mentee, body=EndWish()))
    await pair.day(12)


async def ended_by_an_operator(pair: Mentorship) -> None:
    """Cancelled in Temporal: an operator's end."""
    at = await pair.day(9)
    await pair.handle.execute_update("end", End(message_id="end", by="p-operator", at=at, reason="stepped_away"))
    await pair.day(12)


async def silent(pair: Mentorship) -> None:
    """Nobody ever says a word."""
    await pair.day(130)


Scenario = Callable[[Mentorship], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {
    "in-full": in_full,
    "late-cancellations": late_cancellations,
    "paused-and-extended": paused_and_extended,
    "ended-early": ended_early,
    "ended-by-an-operator": ended_by_an_operator,
    "silent": silent,
}


async def cohort(client: Client, queue: str) -> WorkflowHandle:
    return await client.start_workflow("Cohort", CohortInput(cohort="replay"), id="cohort.replay", task_queue=queue)
