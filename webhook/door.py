"""How every command gets in: records keep it, its words become notes, and a signal brings it to the workflow. Acknowledged means durable (P5).

A message keeps the instant at which it was first accepted, so a sender that has to try again is not late.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

import structlog
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from gateway import keyring
from gateway.orders import send_order
from gateway.settings import Settings
from mentorship.commands import OperatorCommand, ParticipantCommand
from records.cohorts import Enrolment
from records.errors import DifferentBody, Erased, RecordsUnavailable
from records.store import Records
from webhook.bodies import Keep
from webhook.problems import Fault, Problem, asked_of_records, asking_temporal, malformed, no_such_mentorship, unavailable, without_records
from wire.names import RECEIPT_QUERY

T = TypeVar("T")
Clock = Callable[[], datetime]

_log = structlog.stdlib.get_logger("webhook.door")

MOST_WAITING = 2000
"""How many messages Temporal may hold that a mentorship's journal lacks. All of them can reach a worker as one task, which has two seconds."""
BEHIND = "behind"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Word:
    """A text on its way into a note."""

    note_id: str
    kind: str
    text: str
    shared: bool


@dataclass(frozen=True)
class Receipt:
    """What became of a message. `at` is when it was accepted or decided, as the journal has it."""

    status: str
    reason: str | None = None
    at: datetime | None = None


class Door:
    """Shared by all requests of a process."""

    def __init__(self, settings: Settings, client: Client, records: Records, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._client = client
        self._records = records
        self._clock = clock

    async def enrolment(self, cohort: str, pair_id: str) -> Enrolment:
        """Finds it by the operator's own pair id. Raises Problem: 404, 503."""
        found = await self.from_records(self._records.cohorts.find(cohort, pair_id))
        if found is None:
            raise no_such_mentorship()
        return found

    async def participant(self, enrolment: Enrolment, person_id: str) -> str | None:
        """The opaque id of the roster's person, or None unless they are one of the two. Raises Problem: 503."""
        ref = await self.from_records(self._records.people.ref(person_id))
        return ref if ref in (enrolment.mentor, enrolment.mentee) else None

    async def take(
        self, enrolment: Enrolment, by: str, message_id: str, digest: str, write: Callable[[Keep], ParticipantCommand], *, sender: str | None = None
    ) -> None:
        """Returns once Temporal has the command, or had it before. `by` is an opaque id; `write` makes the command, and may run again.

        `sender` is the program that signed it, if one did. Raises Problem: 409 when the mentorship is over, 422 for another body or another
        address under the same message id, or for words of an erased person, 503 when a retry may help.
        """
        mentorship, doors = enrolment.mentorship, self._records.doors
        enter = doors.repeated if enrolment.state == "over" else doors.accept
        try:
            accepted = await self.from_records(enter(mentorship, message_id, digest, self._clock(), sender=sender))
        except DifferentBody:
            raise another_message() from None
        if accepted is None:
            raise _over()
        if accepted.sent:
            return
        if not accepted.fresh and await self.from_records(self._records.journal.receipt(mentorship, message_id)) is not None:
            await self._mark_sent(mentorship, message_id)  # Temporal has it; only our mark was lost
            return
        if enrolment.state == "over":
            raise _over()
        await self._bear(mentorship)
        words: list[Word] = []

        def keep(kind: str, text: str, shared: bool) -> str:
            note_id = _note_id(mentorship, message_id, len(words))
            words.append(Word(note_id, kind, text, shared))
            return note_id

        command = write(keep).model_copy(update={"message_id": message_id, "by": by, "at": accepted.at})
        for word in words:
            try:
                await self.from_records(self._records.notes.put(by, mentorship, word.kind, word.text, word.shared, note_id=word.note_id))
            except Erased:
                raise malformed([Fault("#/by", "this person was erased")]) from None
        await self._signal(enrolment, command)
        await self._mark_sent(mentorship, message_id)

    async def order(self, enrolment: Enrolment, command: OperatorCommand) -> None:
        """Returns once Temporal has an operator's command that nobody waits for, or had it before. Sends nothing unless the mentorship is started.

        Where Temporal has lost the mentorship, nothing waits for it: once started again, it hears what HR said last (worker/office.py).
        Its id tells all that it says, and several events may say it, as that a pair is in one reporting line no more: the first one's instant counts.
        Raises Problem: 503 when a retry may help.
        """
        mentorship = enrolment.mentorship
        if enrolment.state != "started":
            return
        accepted = await self.from_records(self._records.doors.accept(mentorship, command.message_id, None, command.at or self._clock()))
        if accepted.sent:
            return
        await self._bear(mentorship)
        with asking_temporal(self._settings.webhook_retry_after):
            order = command.model_copy(update={"at": accepted.at})
            if not await send_order(self._client, mentorship, order, self._settings.webhook_timeout):
                _log.warning("mentorship not running", mentorship=mentorship)  # it ended a moment ago, or `doctor` names it
                return
        await self._mark_sent(mentorship, command.message_id)

    async def receipt(self, enrolment: Enrolment, message_id: str) -> Receipt:
        """What the journal says, else the running workflow, else `waiting`; it needs no worker alive. Raises Problem: 503.

        A message that came at the very instant at which the mentorship closed will never be in its journal: refused, `over`.
        """
        mentorship = enrolment.mentorship
        sealed = enrolment.state == "over" and await self.from_records(self._records.journal.is_sealed(mentorship))
        row = await self.from_records(self._records.journal.receipt(mentorship, message_id))
        if row is None and sealed:
            return Receipt("refused", "over")
        if row is not None:
            return Receipt("refused", row.reason, row.at) if row.outcome == "refused" else Receipt("accepted", None, row.at)
        answer = None if enrolment.state == "over" else await self._ask(mentorship, message_id)
        match answer:
            case {"outcome": "applied"}:
                return Receipt("accepted")
            case {"outcome": "refused", **rest}:
                reason = rest.get("reason")
                return Receipt("refused", reason if isinstance(reason, str) else None)
            case _:
                return Receipt("waiting")

    async def _bear(self, mentorship: str) -> None:
        """Raises Problem (503) while as much waits for this mentorship as one task can hold. The message keeps its instant all the same."""
        if await self.from_records(self._records.doors.waiting(mentorship)) >= MOST_WAITING:
            _log.warning("too much waits", mentorship=mentorship)
            raise unavailable(BEHIND, "too much waits for this mentorship already", self._settings.webhook_retry_after)

    async def _signal(self, enrolment: Enrolment, command: ParticipantCommand) -> None:
        limit = self._settings.webhook_timeout
        handle = self._client.get_workflow_handle(enrolment.mentorship)
        with asking_temporal(self._settings.webhook_retry_after):
            try:
                async with asyncio.timeout(limit):
                    await handle.signal(command.command, command, rpc_timeout=timedelta(seconds=limit))
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise
                await self._missing(enrolment)

    async def _missing(self, enrolment: Enrolment) -> NoReturn:
        """Temporal runs no such workflow: it ended a moment ago, has not started yet, or somebody has to look (`doctor`)."""
        now = await self.from_records(self._records.cohorts.by_mentorship(enrolment.mentorship))
        if now is not None and now.state == "over":
            raise _over()
        _log.warning("mentorship not running", mentorship=enrolment.mentorship, state=enrolment.state)
        raise unavailable("not-running", "this mentorship is not running at the moment", self._settings.webhook_retry_after)

    async def _ask(self, mentorship: str, message_id: str) -> Any:
        limit = self._settings.webhook_receipt_timeout
        with asking_temporal(self._settings.webhook_retry_after), suppress(WorkflowQueryFailedError, TimeoutError):
            try:
                async with asyncio.timeout(limit):
                    return await self._client.get_workflow_handle(mentorship).query(RECEIPT_QUERY, message_id, rpc_timeout=timedelta(seconds=limit))
            except RPCError as error:
                if error.status == RPCStatusCode.UNAVAILABLE:
                    raise
            except keyring.UnknownKey as error:  # the worker that answered has a newer key than this process
                raise without_records(error, self._settings.webhook_retry_after) from None
        return None

    async def _mark_sent(self, mentorship: str, message_id: str) -> None:
        """Marks a message that Temporal has, which is all that we promised. A failure here costs the sender nothing: a repeat is looked up again."""
        try:
            await self._records.doors.mark_sent(mentorship, message_id)
        except RecordsUnavailable:
            _log.warning("sent but not marked", mentorship=mentorship)

    async def from_records(self, asked: Awaitable[T]) -> T:
        return await asked_of_records(asked, self._settings.webhook_retry_after)


def another_message() -> Problem:
    """422: an id names one message. A copy that is sent to another address gets this too, since the signature does not cover the address."""
    return malformed([Fault("webhook-id", "came before with another body, or to another address", header=True)])


def _over() -> Problem:
    return Problem(HTTPStatus.CONFLICT, "over", "this mentorship is over")


def _note_id(mentorship: str, message_id: str, number: int) -> str:
    """The same for every try of one message, so that a text is kept once."""
    seed = hashlib.sha256(f"{mentorship}\n{message_id}\n{number}".encode()).digest()
    return "n-" + base64.b32encode(seed[:10]).decode().lower()
