"""The cohort's port: starts mentorships that are enrolled and not yet started, and counts them (H9)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

import structlog
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.enrolment import Progress
from gateway.orders import send_order
from mentorship.commands import Command, End, Pause, Plan, Resume
from mentorship.events import MentorshipStarted
from mentorship.programme import Programme
from mentorship.spread import spread_out
from records import reporting_line
from records.cohorts import Cohort, Enrolment
from records.store import Records
from schedule.calendar import instant, zone
from schedule.plan import plan
from schedule.working_days import Home
from wire.label import Label
from wire.names import MENTORSHIP, WORK_QUEUE
from wire.search_attributes import COHORT, PEOPLE, PROGRAMME
from worker.revival import begun, revive
from worker.unwritten import unwritten
from workflows.mentorship import MentorshipInput

log = structlog.get_logger("cohort")

_PATIENCE = 10.0
"""Seconds that Temporal has to accept an order."""


class RecordsOffice:
    def __init__(self, records: Records, client: Client) -> None:
        self._records = records
        self._client = client

    async def enrol(self, cohort: str, most: int, beat: Callable[..., None]) -> Progress:
        """Starts up to `most` pairs. A pair that a crashed attempt started is recognised by its workflow id.

        A pair that cannot be started holds up no other: it stays pending. One such error is raised, but only when this attempt started nothing, since
        after an error each next attempt comes later.
        """
        known, programme = await self._known(cohort)
        started, failed = 0, dict[str, Exception]()
        while started < most and (due := await self._pending(cohort, most - started, failed)):
            for enrolment in due:
                try:
                    await self._enrol_one(enrolment, known, programme)
                    started += 1
                except Exception as error:  # noqa: BLE001 - whatever it is, the pairs after this one have nothing to do with it
                    log.warning("pair_not_started", mentorship=enrolment.mentorship, error=type(error).__name__)
                    failed[enrolment.mentorship] = error
                beat(started + len(failed))
        if failed and not started:
            raise next(iter(failed.values()))
        return await self.progress(cohort)

    async def _pending(self, cohort: str, most: int, failed: Mapping[str, Exception]) -> list[Enrolment]:
        """The next pending pairs, without those that failed in this attempt."""
        found = await self._records.cohorts.pending(cohort, most + len(failed))
        return [enrolment for enrolment in found if enrolment.mentorship not in failed]

    async def _enrol_one(self, enrolment: Enrolment, known: Cohort, programme: Programme) -> None:
        heard = not await self._start(enrolment, known, programme)
        heard |= await self._tell_of_absences(enrolment, heard=heard)
        told = await self._tell_of_its_line(enrolment)
        await self._records.cohorts.mark_started(enrolment.mentorship)
        await self._tell_of_absences(enrolment, heard=heard)  # HR may have said something in between, when it was not yet passed on to this pair
        if not told:
            await self._tell_of_its_line(enrolment)

    async def _tell_of_absences(self, enrolment: Enrolment, *, heard: bool) -> bool:
        """Returns whether there was anything to pass on."""
        orders = await self._absences(enrolment, heard=heard)
        for order in orders:
            await send_order(self._client, enrolment.mentorship, order, _PATIENCE)
        return bool(orders)

    async def _absences(self, enrolment: Enrolment, *, heard: bool) -> list[End | Pause | Resume]:
        """What HR said of the two people while their mentorship could not be told (webhook/people_door.py).

        A person who was erased meanwhile counts as gone: that ended their other pairs, and this one should not have begun (P8).

        Each word of HR's has a message id of its own. So repeating one changes nothing, and the next one is not mistaken for it.
        A return is passed on only if the mentorship may have `heard` of the leave: a new mentorship would refuse the command. A word that is in the
        mentorship's journal is left out: an operator may have decided otherwise since (P6).

        A word counts from when the door took it, however long the mentorship then waited to be started (P5). Of what no door took there is no instant: it
        counts from when the mentorship hears of it. This worker's clock never counts, since a mentorship refuses for good what is from the future.
        """
        couple = (enrolment.mentor, enrolment.mentee)
        left, words = await self._records.people.left(couple), await self._records.people.leave_words(couple)
        found: list[End | Pause | Resume] = []
        for ref in couple:
            order: End | Pause | Resume
            word = words.get(ref)
            if ref in left:
                order, said = End(reason="stepped_away", leaver=ref, at=left[ref]), "gone"
            elif word is not None and word.leave is not None and not word.leave.is_past(word.at if enrolment.started_at else datetime.now(UTC)):
                order, said = Pause(away=ref, begins=word.leave.begins, until=word.leave.until, at=word.at), word.model_dump_json()
            elif word is not None and heard:
                order, said = Resume(away=ref, at=word.at), word.model_dump_json()
            else:
                continue
            message_id = f"hr.enrolled.{ref}.{hashlib.sha256(said.encode()).hexdigest()[:16]}"
            if not await self._is_written(enrolment.mentorship, message_id, order.at):
                found.append(order.model_copy(update={"message_id": message_id, "by": "operator"}))
        return found

    async def _is_written(self, mentorship: str, message_id: str, at: datetime | None) -> bool:
        """Whether the journal has this word of HR's, from here or from the door, which sends a running mentorship its own message with the same instant."""
        sent = [one.message_id for one in await self._records.doors.of(mentorship, "hr.") if one.at == at]
        return any([await self._records.journal.receipt(mentorship, one) is not None for one in (message_id, *sent)])

    async def _tell_of_its_line(self, enrolment: Enrolment) -> bool:
        """Orders the line that running pairs get (H4) when one came to report to the other, or no longer does, since the files were checked or HR could
        tell it. The mentorship continues. Returns whether there was anything to tell.
        """
        order = await reporting_line.order_for(self._records, enrolment, by="operator")
        if order is not None:
            await send_order(self._client, enrolment.mentorship, order.command, _PATIENCE)
        return order is not None

    async def progress(self, cohort: str) -> Progress:
        known, programme = await self._known(cohort)
        counts = await self._records.cohorts.counts(cohort)
        return Progress(
            **counts,
            look_again=max(timedelta(seconds=1), min(timedelta(days=1), programme.programme.length.span / 20)),
            next_digest=_next_monday(max(known.starts_at, datetime.now(UTC)), programme.programme.time_zone),
            last_end=await self._records.cohorts.last_end(cohort),
        )

    async def _known(self, cohort: str) -> tuple[Cohort, Programme]:
        known = await self._records.cohorts.get(cohort)
        if known is None:
            raise LookupError("this cohort is not in records")
        return known, await self._records.programmes.get(known.programme, known.version)

    async def _start(self, enrolment: Enrolment, cohort: Cohort, programme: Programme) -> bool:
        """Starts it for the first time, or, when Temporal has lost it, again: from its journal, if it has one, and with what it was sent and did not write,
        and what HR said since.

        True for one that began with this call, and so was told nothing yet.
        """
        again = enrolment.started_at is not None
        owed: tuple[Command, ...] = await unwritten(self._client, self._records, enrolment.mentorship) if again else ()
        # After that: if a row is still on its way into the journal, its message is recognised, and the new run does not differ from its journal.
        carried = await revive(self._records, enrolment.mentorship)
        begins = await self._begins(enrolment, cohort, programme) if carried is None else None
        if again:
            owed = (*owed, *await self._absences(enrolment, heard=carried is not None or bool(owed)))
        if begins is not None and owed:
            carried, begins = begun(begins), None
        if carried is not None:
            carried = carried.model_copy(update={"inbox": owed})
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(COHORT, enrolment.cohort),
                SearchAttributePair(PROGRAMME, f"{cohort.programme}.{cohort.version}"),
                SearchAttributePair(PEOPLE, [enrolment.mentor, enrolment.mentee]),
            ]
        )
        try:
            await self._client.start_workflow(
                MENTORSHIP,
                MentorshipInput(cohort=enrolment.cohort, texts=cohort.texts_digest, begins=begins, carried=carried),
                id=enrolment.mentorship,
                task_queue=WORK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE if enrolment.started_at is None else WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                search_attributes=attributes,
                static_summary=Label(f"Mentorship in cohort {enrolment.cohort}"),
            )
        except WorkflowAlreadyStartedError:
            return False
        return carried is None

    async def _begins(self, enrolment: Enrolment, cohort: Cohort, programme: Programme) -> MentorshipStarted:
        planned = await self._plan(enrolment, programme, enrolment.starts_at or cohort.starts_at)
        now = datetime.now(UTC)
        if planned.slots and planned.slots[0].start <= now:  # no worker was there until after the first meeting, for which nobody was prepared
            planned = await self._plan(enrolment, programme, now)
        return MentorshipStarted(
            at=planned.starts,
            pair=enrolment.people,
            rules=programme.rules(),
            starts=planned.starts,
            ends=planned.ends,
            reporting_ends=planned.reporting_ends,
            slots=planned.slots,
            earned=enrolment.earned,
        )

    async def _plan(self, enrolment: Enrolment, programme: Programme, starts: datetime) -> Plan:
        mentor = await self._records.people.profile(enrolment.mentor)
        mentee = await self._records.people.profile(enrolment.mentee)
        planned = plan(programme, starts, mentee=Home.of(mentee, programme), mentor=Home.of(mentor, programme))
        return planned.model_copy(update={"slots": spread_out(planned.slots, enrolment.mentorship, programme.mail.spread.span)})


def _next_monday(after: datetime, where: str) -> datetime:
    """The next Monday at eight in the programme's zone."""
    local = after.astimezone(zone(where))
    monday = local.date() + timedelta(days=(7 - local.weekday()) % 7)
    at = instant(monday, time(8), zone(where))
    return at if at > after else instant(monday + timedelta(days=7), time(8), zone(where))
