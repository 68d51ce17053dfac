"""The workflows whose histories are kept. Each is acted out on the time-skipping server or, where that is impossible, on Temporal's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowContinuedAsNewError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from mentorship import advance as advanced
from mentorship.advance import Advanced
from mentorship.commands import (
    EXPECTATIONS,
    SERVICE,
    AskExtension,
    Attendance,
    CancelMeeting,
    Command,
    ConfirmExpectations,
    ConfirmMeeting,
    Dispute,
    End,
    EndWish,
    Excuse,
    Extend,
    Feedback,
    Flag,
    MoveMeeting,
    NoteFailedNotice,
    ObjectToMilestone,
    Pause,
    Pins,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    Resolve,
    Resume,
    SetGoal,
    Slot,
    SubmitPrivately,
    SurveyAnswers,
    WaiveMilestone,
    Withdraw,
)
from mentorship.duration import iso
from mentorship.events import EarnedMilestone, MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import REVISION, Cancellations, MeetingsHeld, MilestoneRule, Rules, Surveys
from tests.replay.skipping import settled, until
from wire.inputs import CaseOf, CertificateOf, CohortOf, Wish
from workflows.mentorship import Carried, MentorshipInput
from workflows.outbox import OutboxState
from workflows.pending import Pending
from workflows.status import TimelineEntry

PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
DAY = timedelta(days=1)
QUEUE = "mentorship"

OVER_MORE_RUNS = frozenset({"a-new-run", "after-a-new-run"})
"""These run on Temporal's own server, in real time, because the time-skipping one never asks a workflow to continue as new."""
MANY = 60
"""How many messages are sent. A server that records this is set to ask for a new run after fewer events than usual."""
SLOW = 2  # seconds

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


def slot(start: datetime) -> Slot:
    return Slot(start=start, prepare_at=start - 3 * DAY, ask_at=start + DAY)


class Story:
    """A running workflow, the server's time, and what the two participants do."""

    def __init__(self, environment: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], starts: datetime) -> None:
        self.environment = environment
        self.handle = handle
        self.starts = starts
        self._sent = 0

    async def day(self, number: float) -> datetime:
        at = self.starts + number * DAY
        await until(self.environment, self.handle, at)
        return at

    async def say(self, command) -> None:
        self._sent += 1
        await self.handle.signal(command.command, command.model_copy(update={"message_id": f"m{self._sent}"}))

    async def both(self, make) -> None:
        for who in (PAIR.mentor, PAIR.mentee):
            await self.say(make(who))

    async def order(self, command) -> None:
        self._sent += 1
        await settled(self.environment, self.handle)
        await self.handle.execute_update(command.command, command.model_copy(update={"message_id": f"m{self._sent}", "by": "p-operator"}))


async def now(environment: WorkflowEnvironment) -> datetime:
    return (await environment.get_current_time()).astimezone(UTC).replace(microsecond=0)


def workflow_id(name: str) -> str:
    return f"mentorship.replay.{name}"


def _begun(starts: datetime, rules: Rules = RULES, **more) -> MentorshipStarted:
    return MentorshipStarted(
        at=starts,
        pair=PAIR,
        rules=rules.model_copy(update={"revision": REVISION}),
        starts=starts,
        ends=starts + 84 * DAY,
        reporting_ends=starts + 91 * DAY,
        slots=tuple(slot(starts + (7 + 14 * n) * DAY) for n in range(5)),
        **more,
    )


async def begin(environment: WorkflowEnvironment, name: str, ago: timedelta = timedelta(), **more) -> Story:
    starts = await now(environment) - ago
    handle = await environment.client.start_workflow(
        "Mentorship", MentorshipInput(cohort="replay", texts="0" * 64, begins=_begun(starts, **more)), id=workflow_id(name), task_queue=QUEUE
    )
    return Story(environment, handle, starts)


async def in_full(pair: Story) -> None:
    """Everything is done, and both get certificates."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.day(7.1)
    await pair.both(lambda who: ConfirmExpectations(by=who, expectations=EXPECTATIONS))
    for n in range(5):
        await pair.day(7.2 + 14 * n)
        await pair.both(lambda who, n=n: ReportMeeting(by=who, meeting=n + 1, held=True))
    await pair.say(RecordMilestone(by=PAIR.mentor, milestone="shadowing"))
    await pair.both(lambda who: RecordMilestone(by=who, milestone="letter"))
    await pair.day(120)


async def late_cancellations(pair: Story) -> None:
    """Up the ladder to the coordinator; one move is agreed, one stays unanswered; a command that its sender may not give is refused."""
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


async def disputed_and_withdrawn(pair: Story) -> None:
    """Absences admitted and claimed, an objection, a withdrawn report, goals, feedback, the survey."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.day(7.2)
    await pair.say(ReportMeeting(by=PAIR.mentor, meeting=1, held=False, attendance=Attendance(own="on_time", partner="absent")))
    await pair.say(SetGoal(by=PAIR.mentee, goal="one"))
    await pair.day(16)
    await pair.say(CancelMeeting(by=PAIR.mentee, meeting=2, reason="work"))
    await pair.say(Excuse(by=PAIR.mentor, meeting=2))
    await pair.say(RecordMilestone(by=PAIR.mentee, milestone="shadowing"))
    await pair.day(18)
    await pair.say(ObjectToMilestone(by=PAIR.mentor, milestone="shadowing"))
    await pair.say(ReportGoal(by=PAIR.mentee, goal="one", progress="progressed"))
    await pair.say(Withdraw(by=PAIR.mentee, report="m7"))
    await pair.day(85)
    await pair.both(lambda who: SubmitPrivately(by=who, body=SurveyAnswers(survey="closing", answers={"trust": 4, "satisfaction": 5})))
    await pair.day(120)


async def paused_and_extended(pair: Story) -> None:
    """An operator's pause and resume, the pair's own extension, a waiver."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.order(Pause(at=await pair.day(10)))
    await pair.order(Resume(at=await pair.day(24)))
    await pair.both(lambda who: AskExtension(by=who))
    await pair.order(WaiveMilestone(at=await pair.day(30), milestone="letter"))
    await pair.day(160)


async def on_leave(pair: Story) -> None:
    """HR reports that somebody will be away, and is back, with signals that nobody waits for (P6)."""
    at = await pair.day(3)
    await pair.handle.signal("order", Pause(message_id="leave", by="p-hr", at=at, away=PAIR.mentee, begins=at + 10 * DAY, until=at + 30 * DAY))
    await pair.handle.signal("order", Resume(message_id="back", by="p-hr", at=await pair.day(28), away=PAIR.mentee))
    await pair.day(160)


async def late_words(pair: Story) -> None:
    """An absence admitted too late, one admitted before anybody was asked, and a yes that took days to arrive."""
    absent, missed = Attendance(own="absent"), Attendance(own="on_time", partner="absent")
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    for day, who, word in ((7.2, PAIR.mentee, absent), (7.3, PAIR.mentor, missed), (7.4, PAIR.mentee, Attendance(own="on_time"))):
        await pair.day(day)
        await pair.say(ReportMeeting(by=who, meeting=1, attendance=word))
    await pair.day(21.8)
    await pair.say(ReportMeeting(by=PAIR.mentor, meeting=2, attendance=missed))
    await pair.say(ReportMeeting(by=PAIR.mentee, meeting=2, attendance=absent))
    to = pair.starts + 44 * DAY
    await pair.say(MoveMeeting(by=PAIR.mentee, meeting=3, to=to, at=await pair.day(34.9)))
    await pair.day(40)
    await pair.say(MoveMeeting(by=PAIR.mentor, meeting=3, to=to, agreeing=True, at=pair.starts + 36 * DAY))
    await pair.day(130)


async def mails_that_wait(pair: Story) -> None:
    """What mails say or ask changes in the hours for which they wait here (answers.py): a topic, pins, the ladder, a line, the end, the survey, an absence."""
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.day(4.1)
    await pair.say(SubmitPrivately(by=PAIR.mentor, body=Pins(benefits=("mentor.0",))))
    await pair.say(ReportMeeting(by=PAIR.mentee, held_at=pair.starts + 3 * DAY, held=True))
    for n in (2, 3):
        await pair.day(14 * n - 7.1)
        await pair.say(CancelMeeting(by=PAIR.mentor, meeting=n, reason="work"))
    await pair.order(Pause(at=await pair.day(35)))
    await pair.order(Resume(at=await pair.day(45)))
    await pair.day(46)
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    await pair.day(52.1)
    await pair.say(CancelMeeting(by=PAIR.mentor, meeting=4, reason="work"))
    await pair.order(Resolve(at=await pair.day(52.2), line="cancellations_mentor"))
    await pair.order(Pause(at=await pair.day(52.3)))
    await pair.order(Resume(at=await pair.day(55.3)))
    await pair.day(76.1)
    await pair.both(lambda who: AskExtension(by=who))
    await pair.day(125.1)
    await pair.say(SubmitPrivately(by=PAIR.mentee, body=SurveyAnswers(survey="closing", answers={"trust": 4})))
    await pair.day(131.9)
    await pair.say(ReportMeeting(by=PAIR.mentor, meeting=7, attendance=Attendance(own="on_time", partner="absent")))
    await pair.day(168)


async def ended_early(pair: Story) -> None:
    """One of the two wished to end it; after that nothing is left to do."""
    await pair.day(9)
    await pair.say(SubmitPrivately(by=PAIR.mentee, body=EndWish()))
    await pair.day(12)


async def ended_by_an_operator(pair: Story) -> None:
    """One of the two left the programme. The other is told so, and the mentee's milestones can be carried over (P6)."""
    await pair.both(lambda who: ConfirmExpectations(by=who, expectations=EXPECTATIONS))
    await pair.order(End(at=await pair.day(9), reason="stepped_away", leaver=PAIR.mentor))
    await pair.day(12)


async def cancelled(pair: Story) -> None:
    """Cancelled in Temporal's UI, which counts as an operator's end."""
    await pair.day(9)
    await pair.handle.cancel()
    await pair.day(12)


async def silent(pair: Story) -> None:
    """Nobody ever says a word."""
    await pair.day(130)


Scenario = Callable[[Story], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {
    "in-full": in_full,
    "late-cancellations": late_cancellations,
    "disputed-and-withdrawn": disputed_and_withdrawn,
    "paused-and-extended": paused_and_extended,
    "on-leave": on_leave,
    "late-words": late_words,
    "mails-that-wait": mails_that_wait,
    "ended-early": ended_early,
    "ended-by-an-operator": ended_by_an_operator,
    "cancelled": cancelled,
    "silent": silent,
}


async def mentorship(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    pair = await begin(environment, name)
    await SCENARIOS[name](pair)
    return pair.handle


async def matched_again(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """A mentee with a new mentor: two of five milestones were carried over, and the mentor's share is of the remaining ones (P6)."""
    before = await now(environment) - 30 * DAY
    brought = tuple(EarnedMilestone(milestone=milestone, done_at=before) for milestone in ("aligned", "shadowing"))
    pair = await begin(environment, name, earned=brought)
    await in_full(pair)
    return pair.handle


async def a_new_run(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """More messages than one run may hold, while a mail is still being handed to the mail server."""
    pair = await begin(environment, name, RULES.mail.spread.span)  # so long ago that the first mail is not spread any more
    for n in range(MANY):
        await pair.say(ConfirmMeeting(by=PAIR.mentor, meeting=n % 5 + 1))
    first = environment.client.get_workflow_handle(pair.handle.id, run_id=pair.handle.first_execution_run_id, result_type=None)
    with suppress(WorkflowContinuedAsNewError):
        await first.result(follow_runs=False)
    return first


async def after_a_new_run(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """What the new run makes of everything that the first one handed on, up to the end."""
    await a_new_run(environment, name)
    newest = environment.client.get_workflow_handle(workflow_id(name))
    await newest.signal("order", End(message_id="end", by="p-operator"))
    await newest.result()
    return newest


def _lived(starts: datetime, rules: Rules, told: list[tuple[float, Command]]) -> tuple[Advanced, ...]:
    """What the core makes of what it is told, and on which day."""
    turns = [advanced.begin(_begun(starts, rules))]
    for number, (days, command) in enumerate(told):
        at = starts + days * DAY
        named = command.model_copy(update={"message_id": command.message_id or f"c{number}", "at": at})
        turns.append(advanced.advance(turns[-1].state, [named], at))
    return tuple(turns)


async def _carry_on(environment: WorkflowEnvironment, name: str, turns: tuple[Advanced, ...], said: Command, here: datetime, *, unsent: int):
    """A run that begins with what the previous one handed on: its state, a journal not yet written, its `unsent` turns' effects, and a message."""
    carried = Carried(
        state=turns[-1].state.compact(),
        inbox=(said,),
        outbox=OutboxState(
            entries=tuple(entry for turn in turns for entry in turn.entries),
            pending=tuple(Pending(effect=effect, in_vain=1) for turn in turns[-unsent:] for effect in turn.effects),
        ),
        timeline=(TimelineEntry(at=here, what="extended"),),
    )
    handle = await environment.client.start_workflow(
        "Mentorship", MentorshipInput(cohort="replay", texts="0" * 64, carried=carried), id=workflow_id(name), task_queue=QUEUE
    )
    await until(environment, handle, here + 100 * DAY)
    return handle


async def carried_on(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """Sixty days in which everything happens that the other scenarios leave out; then a later run."""
    here = await now(environment)

    def day(number: float) -> datetime:
        return here + (number - 60) * DAY

    told: list[tuple[float, Command]] = [
        *((1, ConfirmMeeting(by=who, meeting="all")) for who in (PAIR.mentor, PAIR.mentee)),
        (2, SubmitPrivately(by=PAIR.mentee, body=Pins(benefits=("mentee.0",)))),
        (4, MoveMeeting(by=PAIR.mentee, meeting=1, to=day(8))),  # nobody answers
        (7.5, ReportMeeting(by=PAIR.mentor, meeting=1, attendance=Attendance(own="on_time", partner="absent"))),
        (8, Dispute(by=PAIR.mentee, meeting=1)),
        (10, ReportMeeting(by=PAIR.mentee, held_at=day(9), held=True)),
        (10, SubmitPrivately(by=PAIR.mentee, body=Feedback(meeting=1, note_id="n-0123456789abcdef"))),
        (20.9, CancelMeeting(by=PAIR.mentor, meeting=2, reason="work")),
        (34.9, CancelMeeting(by=PAIR.mentor, meeting=3, reason="work")),
        (49.2, ReportMeeting(message_id="held", by=PAIR.mentee, meeting=4, held=True)),
        (49.3, Withdraw(by=PAIR.mentee, report="held")),
        (49.4, ReportMeeting(by=PAIR.mentor, meeting=4, attendance=Attendance(own="on_time", partner="absent"))),
        (49.5, NoteFailedNotice(by=SERVICE, notice="absence_reported", to="mentee", meeting=4, why="bounced")),
        (49.6, SetGoal(by=PAIR.mentee, goal="one", note_id="n-0123456789abcdef")),
        (50, Flag(by="p-operator")),
        (51, Resolve(by="p-operator", line="reporting_line")),
        (52, Pause(by="p-hr", away=PAIR.mentee, until=day(54))),
        (53, Pause(by="p-hr", away=PAIR.mentee, until=day(55))),
        (59, MoveMeeting(by=PAIR.mentor, meeting=5, to=day(66))),
        (59, AskExtension(by=PAIR.mentee)),
        (59.5, Extend(by="p-operator", length=iso("P7D"))),
    ]
    often = RULES.model_copy(update={"cancellations": Cancellations(episode_ends_after_held=1), "surveys": Surveys(closing_reminder=iso("P10D"))})
    turns = _lived(day(0), often, told)
    turns = (*turns, advanced.advance(turns[-1].state, [], here))
    said = ConfirmExpectations(message_id="waiting", by=PAIR.mentor, at=here, expectations=EXPECTATIONS)
    return await _carry_on(environment, name, turns, said, here, unsent=5)


async def without_slots(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """No worker lives from a pause's end to the programme's, so the dropped slots are never planned. In the pause they talked. A nudge waits all the time."""
    here = await now(environment)
    told: list[tuple[float, Command]] = [
        *((1, ConfirmMeeting(by=who, meeting="all")) for who in (PAIR.mentor, PAIR.mentee)),
        *((7.1, ConfirmExpectations(by=who, expectations=EXPECTATIONS)) for who in (PAIR.mentor, PAIR.mentee)),
        *((6.9 + 14 * n, CancelMeeting(by=PAIR.mentor, meeting=n + 1, reason="work")) for n in range(1, 4)),
        (50, Pause(by="p-operator")),
        (60, Resume(by="p-operator")),
    ]
    turns = _lived(here - 99 * DAY, RULES, told)
    talked = ReportMeeting(message_id="waiting", by=PAIR.mentee, at=here - 9 * DAY, held_at=here - 45 * DAY, held=True)
    return await _carry_on(environment, name, turns, talked, here, unsent=len(turns))


async def cohort(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    starts = await now(environment)
    handle = await environment.client.start_workflow("Cohort", CohortOf(cohort="replay"), id=f"{name}.replay", task_queue=QUEUE)
    await until(environment, handle, starts + 3 * DAY)
    return handle


async def case(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """Two reminders; then somebody looks, takes it, and closes it."""
    starts = await now(environment)
    handle = await environment.client.start_workflow("Case", CaseOf(case="replay"), id=f"{name}.replay", task_queue=QUEUE)
    await until(environment, handle, starts + 4 * DAY)
    await handle.signal("look")
    await until(environment, handle, starts + 20 * DAY)
    return handle


async def certificate(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    """A later edition, requested twice."""
    starts = await now(environment)
    wanted = CertificateOf(mentorship="mentorship.replay.pair", person=PAIR.mentor)
    handle = await environment.client.start_workflow(
        "Certificate", wanted, id=f"{name}.replay", task_queue=QUEUE, start_signal="ask", start_signal_args=[Wish(results=True)]
    )
    await handle.signal("ask", Wish(results=False))
    await until(environment, handle, starts + 2 * DAY)
    return handle


HISTORIES: dict[str, Callable[[WorkflowEnvironment, str], Awaitable[WorkflowHandle[Any, Any]]]] = {
    **dict.fromkeys(SCENARIOS, mentorship),
    "matched-again": matched_again,
    "a-new-run": a_new_run,
    "after-a-new-run": after_a_new_run,
    "carried-on": carried_on,
    "without-slots": without_slots,
    "cohort": cohort,
    "case": case,
    "certificate": certificate,
}
"""Every history that is kept, by name, with the scenario that produces it. A scenario returns the workflow, over or not."""
