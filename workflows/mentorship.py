"""One mentorship: a long-lived workflow around the pure core.

Handlers only append to an inbox. The loop drains it in the order of instants, folds, and hands effects to the outbox. One timer
waits for the next deadline. Nothing that a participant sends can fail or wedge the workflow.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta
from typing import Any, assert_never

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import SearchAttributePair
from temporalio.exceptions import ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.journal import JournalActivities, JournalOf
    from mentorship import commands as c
    from mentorship.advance import Advanced, advance, begin, in_order, receipt
    from mentorship.decide import unfit_extension
    from mentorship.events import MentorshipStarted
    from mentorship.policy.deadlines import Due, next_due
    from mentorship.state import State
    from wire.label import Label
    from wire.names import MENTORSHIP, ORDER_SIGNAL, RECEIPT_QUERY, STATUS_QUERY, TIMELINE_QUERY
    from workflows.attributes import attributes, card, changes
    from workflows.execute import execute
    from workflows.outbox import Outbox, OutboxState
    from workflows.status import Answer, Outcome, Receipt, Status, TimelineEntry, listed, outcome_of, status_of
    from workflows.waiting import until, wait

TIMELINE = 20

MOST_AT_ONCE = 200
"""The most commands that one workflow task takes in. Thousands can come at once, and the SDK treats a task of two seconds as a deadlock, at each retry anew.

A mentorship remembers more messages than that (`MESSAGES_KEPT`), so that whoever waits for an answer finds it before the next turn.
"""


class Carried(BaseModel, frozen=True):
    """What continue-as-new, or a revival, hands to the next run. `State.compact` packs `state`; `inbox` comes before what is due by now (P5)."""

    state: dict[str, Any]
    inbox: tuple[c.Command, ...] = ()
    outbox: OutboxState = OutboxState()
    timeline: tuple[TimelineEntry, ...] = ()


class MentorshipInput(BaseModel, frozen=True):
    """A new mentorship has `begins`; a continued one has `carried`. `texts` is the digest of the programme's words in records."""

    cohort: str
    texts: str
    begins: MentorshipStarted | None = None
    carried: Carried | None = None


@workflow.defn(name=MENTORSHIP)
class Mentorship:
    @workflow.init
    def __init__(self, start: MentorshipInput) -> None:
        """Restores the state here, since a signal can be handled before `run` begins."""
        self._cohort = start.cohort
        self._shown: dict[str, SearchAttributePair[Any]] = {}
        self._card = ""
        self._shown_diverged = False
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._sealed = False
        self._cancelled = False
        carried = start.carried
        self._inbox: list[c.Command] = list(carried.inbox) if carried else []
        self._timeline: deque[TimelineEntry] = deque(carried.timeline if carried else (), maxlen=TIMELINE)
        begun: Advanced | None = None
        if carried is not None:
            self._state = State.model_validate(carried.state)
        elif start.begins is not None:
            begun = begin(start.begins)
            self._state = begun.state
        else:
            raise ApplicationError("a mentorship starts with what it begins with, or with what it carries on", non_retryable=True)
        self._outbox = Outbox(
            workflow.info().workflow_id,
            start.texts,
            carried.outbox if carried else OutboxState(),
            state=lambda: self._state,
            deliver=self._inbox.append,
            listed=lambda: listed(self._state),
        )
        if begun is not None:
            self._take(begun)

    @workflow.run
    async def run(self, start: MentorshipInput) -> Outcome:
        while True:
            try:
                await self._live(start)
            except BaseException as stopped:
                if not is_cancelled_exception(stopped):
                    raise
                continue  # the next turn adds an operator's end
            return outcome_of(self._state)

    async def _live(self, start: MentorshipInput) -> None:
        """Takes turns until the mentorship is over and everything that follows from it is done."""
        while True:
            more = self._turn()
            self._outbox.pump()
            self._show()
            if more:
                await self._breathe()
                continue
            if self._state.over and self._outbox.empty and not self._inbox and not self._outbox.carrying:
                self._silence()
                self._sealed = True  # whatever still arrives comes after the end, and nobody can act on it
                await execute(JournalActivities.seal_journal, JournalOf(mentorship=workflow.info().workflow_id))
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            if workflow.info().is_continue_as_new_suggested() and self._outbox.light:
                await self._continue_as_new(start)
                continue  # meanwhile more came in than can be handed on: this run works it off first
            self._set_alarm()
            await workflow.wait_condition(self._has_work)

    def _turn(self) -> bool:
        """Takes in what has come and what is due. Returns True when more has come than one task should hold: it then took the earliest."""
        if workflow.cancellation_reason() is not None and not self._cancelled:
            # Somebody cancelled the workflow. It counts as an operator's end, and both people hear of it as of any other end.
            self._cancelled = True
            if not self._state.over:
                self._inbox.append(c.End(message_id=f"cancelled.{workflow.info().run_id}", by="operator", at=workflow.now()))
        now = workflow.now()
        inbox = in_order(self._inbox, now)
        # The rest waits for the next task, but it has come now: a command without an instant gets this one, and so stays before what comes later.
        self._inbox[:] = [command if command.at is not None else command.model_copy(update={"at": now}) for command in inbox[MOST_AT_ONCE:]]
        more = bool(self._inbox)
        self._take(advance(self._state, inbox[:MOST_AT_ONCE], now, more=more))
        return more

    async def _breathe(self) -> None:
        """Ends this workflow task, and continues once the journal has taken a batch, or a moment later."""
        before = self._outbox.head
        await wait(lambda: self._outbox.head != before, timedelta(milliseconds=1), "More to take in")

    def _take(self, turn: Advanced) -> None:
        self._state = turn.state
        self._outbox.add(turn.entries, turn.effects)
        self._timeline.extend(TimelineEntry(at=entry.at, what=entry.name, reason=entry.reason) for entry in turn.entries)

    def _has_work(self) -> bool:
        if self._inbox or (self._alarm is not None and self._alarm.done()):  # the timer has fired: the loop looks at everything
            return True
        now = workflow.now()
        due = self._next_instant()
        if due is not None and (due <= now or self._alarm_at is None or due < self._alarm_at):
            return True  # also when a mail was put off to an instant before the timer's
        if self._outbox.diverged != self._shown_diverged:  # a person has to see it, even if nothing else happens
            return True
        if self._outbox.diverged:
            return False
        return self._outbox.has_released() or (self._state.over and self._outbox.empty and not self._outbox.carrying)

    def _next_instant(self) -> datetime | None:
        due = next_due(self._state)
        instants = [due.at if due is not None else None, None if self._outbox.diverged else self._outbox.next_wake()]
        return min((at for at in instants if at is not None), default=None)

    def _set_alarm(self) -> None:
        """Keeps one timer, and replaces it only when the next instant has changed."""
        at = self._next_instant()
        if at == self._alarm_at and self._alarm is not None and not self._alarm.done():
            return
        self._silence()
        if at is None or at <= workflow.now():
            return
        due = next_due(self._state)
        what = _timer_label(due) if due is not None and due.at == at else "a mail"
        self._alarm_at = at
        self._alarm = asyncio.create_task(workflow.sleep(until(at), summary=Label(f"Next: {what}")))

    def _silence(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, None

    async def _continue_as_new(self, start: MentorshipInput) -> None:
        """Cancels the carriers, lets handlers finish, and hands state, inbox and outbox to a new run. Returns only if that is too much to hand on.

        The new run begins when a timer fires, never when a signal comes. When one task brings signals and a cancellation, the SDK delivers
        the signals first and lets the workflow run: if this run ended then, the cancellation would be lost.
        """
        await self._outbox.stop()
        self._silence()
        while True:
            await workflow.sleep(timedelta(milliseconds=1), summary=Label("Next: a new run"))
            self._turn()  # takes in what the carriers still brought, every update that waits for its answer, and a cancellation
            if workflow.all_handlers_finished():
                break
        if not self._outbox.light:
            return
        workflow.continue_as_new(
            MentorshipInput(
                cohort=start.cohort,
                texts=start.texts,
                carried=Carried(state=self._state.compact(), inbox=tuple(self._inbox), outbox=self._outbox.carried(), timeline=tuple(self._timeline)),
            )
        )

    # -- what others see ------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Updates the search attributes that changed, and the card once a loop."""
        now = attributes(self._state, self._cohort, diverged=self._outbox.diverged)
        updates = changes(self._shown, now)
        if updates:
            workflow.upsert_search_attributes(updates)
        self._shown, self._shown_diverged = now, self._outbox.diverged
        text = card(self._state, diverged=self._outbox.diverged)
        if text != self._card:
            workflow.set_current_details(text)
            self._card = text

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> Status:
        return status_of(self._state, head=self._outbox.head, diverged=self._outbox.diverged, pending_effects=self._outbox.size)

    @workflow.query(name=RECEIPT_QUERY)
    def receipt(self, message_id: str) -> Receipt:
        found = receipt(self._state, message_id)
        return Receipt(outcome="waiting") if found is None else Receipt(outcome=found[0], reason=found[1])

    @workflow.query(name=TIMELINE_QUERY)
    def timeline(self) -> list[TimelineEntry]:
        """The last 20 entries, newest last."""
        return list(self._timeline)

    # -- participants' signals ------------------------------------------------------------------------------------------------

    def _arrived(self, command: c.ParticipantCommand | c.OperatorCommand | None) -> None:
        """Keeps the command for the loop, unless the signal came without one. A message without an id gets one, so that it is journaled like any other."""
        if command is None or self._sealed:
            return
        given: dict[str, Any] = {} if command.message_id else {"message_id": f"unnamed.{workflow.uuid4()}"}
        if command.by == c.SERVICE:  # nobody outside speaks for the service itself
            given["by"] = ""
        self._inbox.append(command.model_copy(update=given) if given else command)

    @workflow.signal
    def confirm_expectations(self, command: c.ConfirmExpectations | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def confirm_meeting(self, command: c.ConfirmMeeting | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def move_meeting(self, command: c.MoveMeeting | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def cancel_meeting(self, command: c.CancelMeeting | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def excuse(self, command: c.Excuse | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def report_meeting(self, command: c.ReportMeeting | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def dispute(self, command: c.Dispute | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def record_milestone(self, command: c.RecordMilestone | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def object_to_milestone(self, command: c.ObjectToMilestone | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def withdraw(self, command: c.Withdraw | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def set_goal(self, command: c.SetGoal | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def report_goal(self, command: c.ReportGoal | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def ask_extension(self, command: c.AskExtension | None = None) -> None:
        self._arrived(command)

    @workflow.signal
    def submit_privately(self, command: c.SubmitPrivately | None = None) -> None:
        self._arrived(command)

    @workflow.signal(name=ORDER_SIGNAL)
    def order(self, command: c.OperatorCommand | None = None) -> None:
        """An operator's command that nobody waits for, such as HR's events: durable with no worker alive (P5)."""
        self._arrived(command)

    # -- operators' updates ---------------------------------------------------------------------------------------------------

    async def _ask(self, command: c.OperatorCommand) -> Answer:
        """Appends the command like a signal, and waits for its outcome. A command that was decided before gets the same answer again."""
        if receipt(self._state, command.message_id) is None:
            self._inbox.append(command)
        while (found := receipt(self._state, command.message_id)) is None:
            await workflow.wait_condition(lambda: receipt(self._state, command.message_id) is not None)
        return Answer(outcome=found[0], reason=found[1])

    def _check(self, command: c.OperatorCommand) -> None:
        if not command.message_id or not command.by:
            raise ApplicationError("expected message_id and by", type="malformed")
        if self._sealed or (self._state.over and not self._outbox.diverged):
            raise ApplicationError("this mentorship is over", type="over")

    @workflow.update
    async def pause(self, command: c.Pause) -> Answer:
        return await self._ask(command)

    @pause.validator
    def _check_pause(self, command: c.Pause) -> None:
        self._check(command)

    @workflow.update
    async def resume(self, command: c.Resume) -> Answer:
        return await self._ask(command)

    @resume.validator
    def _check_resume(self, command: c.Resume) -> None:
        self._check(command)

    @workflow.update
    async def extend(self, command: c.Extend) -> Answer:
        return await self._ask(command)

    @extend.validator
    def _check_extend(self, command: c.Extend) -> None:
        self._check(command)
        if not self._state.closing and (unfit := unfit_extension(self._state, command.length)) is not None:
            raise ApplicationError(unfit, type=unfit)

    @workflow.update
    async def waive_milestone(self, command: c.WaiveMilestone) -> Answer:
        return await self._ask(command)

    @waive_milestone.validator
    def _check_waive_milestone(self, command: c.WaiveMilestone) -> None:
        self._check(command)

    @workflow.update
    async def end(self, command: c.End) -> Answer:
        return await self._ask(command)

    @end.validator
    def _check_end(self, command: c.End) -> None:
        self._check(command)

    @workflow.update
    async def resolve(self, command: c.Resolve) -> Answer:
        """Closes a line. Closing `diverged` says that an operator has looked, and the outbox tries again."""
        if command.line == "diverged" and self._outbox.diverged:
            self._outbox.diverged = False
            return Answer(outcome="applied")
        return await self._ask(command)

    @resolve.validator
    def _check_resolve(self, command: c.Resolve) -> None:
        self._check(command)


def _timer_label(due: Due) -> str:
    """What an admin may read about a deadline: never whose cancellations or absences it concerns (H12)."""
    match due.kind:
        case "prepare":
            return f"prepare meeting {due.meeting}"
        case "ask":
            return f"ask about meeting {due.meeting}"
        case "claim" | "proposal" | "episode" | "leave":
            return "a deadline"
        case "alignment" | "no_meeting" | "rematch" | "halfway" | "heads_up" | "end" | "decide" | "survey" | "complete" | "resume":
            return due.kind.replace("_", " ")
        case _:
            assert_never(due.kind)
