"""Lanes of pending effects, each carried to its activity by one task at a time.

The journal is one serial lane, in batches. Mail has a lane per recipient, so that one broken mailbox never holds up the partner.
An effect is released once its event is in the journal. What comes back is a command to the mentorship. Receivers are
idempotent by effect id, so a carrier may be cancelled at any time (continue-as-new) and its work repeated. Only a mail that is being sent is finished first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any, assert_never

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.certificates import CertificateActivities, CertificateRequest
    from activities.coordination import CoordinationActivities, LineRequest
    from activities.journal import JournalActivities, JournalBatch, JournalHead
    from activities.notices import Delivery, NoticeActivities, NoticeRequest
    from activities.planning import PlanningActivities, PlanRequest
    from mentorship.advance import Entry
    from mentorship.commands import ApplyPlan, Command, NoteCertificates, NoteFailedNotice, Undelivered
    from mentorship.effects import SPREAD, AnyEffect, IssueCertificates, PlanMeetings, SendNotice, TellCoordinators
    from mentorship.policy.helping import heir, joined, joined_anew, still_helping
    from mentorship.spread import spread
    from mentorship.state import State
    from workflows.execute import AGAIN, execute, pause_after, ran_out
    from workflows.pending import Pending, Waiting

BATCH = 200
"""Journal entries per batch, so that a storm of signals is written in a few transactions."""

MOST_CARRIED = 1000
"""The most entries and effects that continue-as-new takes along: some 500 KB. Temporal ends a workflow that hands on more than 2 MB."""


class OutboxState(BaseModel, frozen=True):
    """What continue-as-new carries of the outbox."""

    entries: tuple[Entry, ...] = ()
    pending: tuple[Pending, ...] = ()
    head: JournalHead = JournalHead()
    diverged: bool = False


class Outbox:
    """`deliver` takes the commands that come back. `listed` returns what lists show of the mentorship; each batch of the journal brings it along."""

    def __init__(
        self,
        mentorship: str,
        texts: str,
        carried: OutboxState,
        *,
        state: Callable[[], State],
        deliver: Callable[[Command], None],
        listed: Callable[[], dict[str, Any]],
    ) -> None:
        self._mentorship = mentorship
        self._texts = texts
        self._state = state
        self._deliver = deliver
        self._listed = listed
        self._entries = list(carried.entries)
        self._waiting = Waiting(carried.pending)
        self._carriers: dict[str, asyncio.Task[None]] = {}
        self.head = carried.head
        self.diverged = carried.diverged

    # -- what goes in ---------------------------------------------------------------------------------------------------------

    def add(self, entries: Iterable[Entry], effects: Iterable[AnyEffect]) -> None:
        self._entries += entries
        gone: list[tuple[SendNotice, SendNotice]] = []
        for effect in effects:
            if isinstance(effect, SendNotice):
                gone += self._join(effect)
            else:
                self._waiting.add(effect)
        for notice, instead in gone:
            self._fail(notice, "superseded", instead)

    def _join(self, notice: SendNotice) -> tuple[tuple[SendNotice, SendNotice], ...]:
        """Adds `notice` to the mails that wait for the same reader. Returns which mail gave way to which."""
        found = joined(self._waiting.mails_to(notice.to), notice, self._state(), workflow.now(), self._waiting.resting())
        self._waiting.settle(found)
        made = next((one for one in found.waiting if one.id == notice.id), None)
        if made is not None:
            self._waiting.add(made, self._not_before(notice))
        return found.gone

    def _not_before(self, effect: SendNotice) -> datetime | None:
        if effect.kind not in SPREAD:
            return None
        return effect.due + spread(self._mentorship, self._state().rules.mail.spread.span)

    # -- what goes out --------------------------------------------------------------------------------------------------------

    @property
    def empty(self) -> bool:
        return not self.size

    @property
    def size(self) -> int:
        """How many effects and journal entries wait."""
        return len(self._entries) + len(self._waiting)

    @property
    def light(self) -> bool:
        """Whether continue-as-new can hand the outbox on; a storm's backlog is written to the journal first."""
        return self.size <= MOST_CARRIED

    @property
    def carrying(self) -> bool:
        return bool(self._carriers)

    def next_wake(self) -> datetime | None:
        """When the next waiting mail may go; None if no mail waits for its time."""
        return self._waiting.next_wake(workflow.now())

    def pump(self) -> None:
        """Start a carrier in each lane that has something to carry now and no carrier yet."""
        for lane, pending in self._ready():
            self._start(lane, self._carry_journal() if pending is None else self._carry(pending), pending)

    def has_released(self) -> bool:
        """Whether a pump would start something."""
        return bool(self._ready())

    def _ready(self) -> list[tuple[str, Pending | None]]:
        """The head of each idle lane, if it may go now; the journal's lane has no head of its own."""
        if self.diverged:
            return []
        journal: list[tuple[str, Pending | None]] = [("journal", None)] if self._entries and "journal" not in self._carriers else []
        return [*journal, *self._waiting.heads(self._carriers, self.head.seq, workflow.now())]

    def _start(self, lane: str, work: Coroutine[Any, Any, None], pending: Pending | None) -> None:
        task = asyncio.create_task(work)
        self._carriers[lane] = task
        if pending is not None:
            self._waiting.take(pending.effect)

        def over(_: object) -> None:
            self._carriers.pop(lane, None)
            if pending is not None:
                self._waiting.release(pending.effect)

        task.add_done_callback(over)

    async def stop(self) -> None:
        """Cancel every carrier and wait until it is gone. A mail that the mail server has by then counts as sent; all else that was carried stays pending."""
        tasks = list(self._carriers.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                await task
            except BaseException as stopped:
                if not is_cancelled_exception(stopped):
                    raise
        self._carriers.clear()

    def carried(self) -> OutboxState:
        return OutboxState(entries=tuple(self._entries), pending=self._waiting.all(), head=self.head, diverged=self.diverged)

    # -- carriers -------------------------------------------------------------------------------------------------------------

    async def _carry_journal(self) -> None:
        while self._entries and not self.diverged:
            batch = tuple(self._entries[:BATCH])
            state = self._state()
            over_at = (state.ended.at if state.ended is not None else state.now) if state.over and len(self._entries) <= BATCH else None
            request = JournalBatch(mentorship=self._mentorship, entries=batch, card=self._listed(), over_at=over_at)
            try:
                self.head = await execute(JournalActivities.append_journal, request)
            except ActivityError as error:
                if isinstance(error.cause, ApplicationError) and error.cause.type == "Diverged":
                    self.diverged = True
                    return
                raise
            del self._entries[: len(batch)]

    async def _carry(self, pending: Pending) -> None:
        effect = pending.effect
        match effect:
            case SendNotice():
                await self._send(pending, effect)
                return
            case PlanMeetings():
                await self._plan(effect)
            case IssueCertificates():
                await self._issue(effect)
            case TellCoordinators():
                await execute(CoordinationActivities.tell_coordinators, LineRequest(mentorship=self._mentorship, wanted=effect))
            case _:
                assert_never(effect)
        self._waiting.remove(effect)

    async def _send(self, pending: Pending, effect: SendNotice) -> None:
        state = self._state()
        notice = still_helping(effect, state, workflow.now())
        if notice is None:
            self._waiting.remove(effect)
            self._fail(effect, "too_late")
            return
        request = NoticeRequest.of(self._mentorship, state, texts=self._texts, notice=notice)
        try:
            delivery = await execute(NoticeActivities.send_notice, request, within=AGAIN if pending.in_vain else None)
        except ActivityError as error:
            if is_cancelled_exception(error) or error.retry_state is RetryState.CANCEL_REQUESTED:
                return  # the next run tries again
            if ran_out(error):
                vain = pending.in_vain + 1
                self._put_off(effect, workflow.now() + pause_after(vain), vain)
                return
            delivery = Delivery(outcome="failed", why="undeliverable")
        match delivery.outcome:
            case "sent":
                self._waiting.remove(effect)
            case "later":
                self._put_off(effect, delivery.until, pending.in_vain)
            case "failed":
                self._waiting.remove(effect)
                self._fail(effect, delivery.why or "undeliverable")
            case _:
                assert_never(delivery.outcome)

    def _put_off(self, effect: SendNotice, until: datetime | None, in_vain: int) -> None:
        """Lets the mail wait again. Like every waiting mail, it then gives way to newer mails that came meanwhile, or takes them along."""
        self._waiting.put_off(effect, until, in_vain)
        found = joined_anew(self._waiting.mails_to(effect.to), self._state(), workflow.now(), self._waiting.resting())
        self._waiting.settle(found)
        for lost, instead in found.gone:
            self._fail(lost, "superseded", instead)

    async def _plan(self, effect: PlanMeetings) -> None:
        state = self._state()
        request = PlanRequest(mentorship=self._mentorship, pair=state.pair, programme=state.rules.programme, version=state.rules.version, wanted=effect)
        planned = await execute(PlanningActivities.plan_meetings, request)
        self._deliver(
            ApplyPlan(
                message_id=f"plan.{effect.id}",
                at=workflow.now(),
                effect=effect.id,
                number=effect.number,
                slots=planned.slots,
                ends=planned.ends,
                reporting_ends=planned.reporting_ends,
            )
        )

    async def _issue(self, effect: IssueCertificates) -> None:
        request = CertificateRequest(mentorship=self._mentorship, pair=self._state().pair, texts=self._texts, wanted=effect)
        issued = await execute(CertificateActivities.issue_certificates, request)
        self._deliver(
            NoteCertificates(
                message_id=f"certificates.{effect.id}",
                at=workflow.now(),
                effect=effect.id,
                certificates=issued.certificates,
                erased=issued.erased,
            )
        )

    def _fail(self, notice: SendNotice, why: Undelivered, instead: SendNotice | None = None) -> None:
        """Gives `notice` up. What only it would have brought goes with the next preparation that waits for its reader, or comes back to the mentorship."""
        left = notice.lacking(instead)
        following = heir(left, self._waiting.mails_to(notice.to))
        if following is not None:
            self._waiting.change({following.id: following})
        self._deliver(NoteFailedNotice.of(left, why, workflow.now(), following))
