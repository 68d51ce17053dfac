"""How HR's events get in (P6): records keep them, then every mentorship that they concern gets a signal. Acknowledged means durable (P5).

Nothing waits for a worker: what an event says about the person is in records at once, and mentorships get signals, which carry the instant
of the first acceptance. The same message again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from mentorship.commands import End, OperatorCommand, Pause, Resume
from records import people, reporting_line
from records.errors import AddressTaken, DifferentBody, Erased
from records.people import Profile
from records.reporting_line import Order
from records.store import Records
from webhook.door import BEHIND, Clock, Door, Receipt, another_message
from webhook.people_bodies import Address, Back, Event, Leave, Left, Manager
from webhook.problems import Fault, Problem, malformed, no_such_person


class PeopleDoor:
    """Shared by all requests of a process."""

    def __init__(self, records: Records, door: Door, clock: Clock) -> None:
        self._records = records
        self._door = door
        self._clock = clock

    async def person(self, person_id: str) -> str:
        """The opaque id of the roster's person. Raises Problem: 404, also for somebody who was erased; 503."""
        ref = await self._door.from_records(self._records.people.ref(person_id))
        if ref is None:
            raise no_such_person()
        await self._profile(ref)
        return ref

    async def take(self, person: str, sender: str, message_id: str, digest: str, event: Event) -> None:
        """Returns once the event is durable, or was before. `person` is an opaque id.

        Raises Problem: 404 for a person who was erased meanwhile; 422 for another body or another address of ours under the same message id,
        or for what cannot be true, such as somebody else's mail address; 503 when a retry may help.
        """
        try:
            accepted = await self._door.from_records(self._records.doors.accept(_key(person), message_id, digest, self._clock(), sender=sender))
        except DifferentBody:
            raise another_message() from None
        if accepted.sent:
            return
        by = await self._door.from_records(self._records.people.operator(f"program {sender}"))
        try:
            orders = await self._told(person, by, _order_id(person, message_id), accepted.at, event)
        except Erased:
            raise no_such_person() from None
        await self._send(orders)
        if isinstance(event, Leave | Back):
            await self._tell_later_word(person, by, message_id, accepted.at)
        await self._door.from_records(self._records.doors.mark_sent(_key(person), message_id))

    async def receipt(self, person: str, message_id: str) -> Receipt:
        """What became of an event in all the person's mentorships: `waiting` while one has not handled it, `refused` when none took it.

        An event that no mentorship needed is accepted. Raises Problem: 503.
        """
        kept = await self._door.from_records(self._records.doors.one(_key(person), message_id))
        if kept is None or not kept.sent:
            return Receipt("waiting")
        order_id = _order_id(person, message_id)
        found: list[Receipt] = []
        for enrolment in await self._door.from_records(self._records.cohorts.of_person(person)):
            known = await self._door.from_records(self._records.doors.one(enrolment.mentorship, order_id))
            if known is not None and known.sent:  # else the event was overtaken by a later one before this mentorship could be told
                found.append(await self._door.receipt(enrolment, order_id))
        if any(receipt.status == "waiting" for receipt in found):
            return Receipt("waiting")
        if found and all(receipt.status == "refused" for receipt in found):
            return found[0]
        return Receipt("accepted", None, kept.at)

    async def _send(self, orders: Sequence[Order]) -> None:
        behind: Problem | None = None
        for order in orders:
            try:
                await self._door.order(order.enrolment, order.command)
            except Problem as problem:
                if problem.kind != BEHIND:
                    raise
                behind = problem  # a mentorship for which too much waits does not hold up the others
        if behind is not None:
            raise behind

    async def _tell_later_word(self, person: str, by: str, message_id: str, at: datetime) -> None:
        """Sends a later event about a leave again. Of two at once, the earlier may have reached mentorships last, and they go by the last one."""
        while (word := (await self._door.from_records(self._records.people.leave_words([person]))).get(person)) is not None and word.at > at:
            at, leave = word.at, word.leave
            head = {"message_id": _order_id(person, f"{message_id}\n{at.isoformat()}"), "by": by, "at": at, "away": person}
            command = Resume(**head) if leave is None else Pause(**head, begins=leave.begins, until=leave.until)
            await self._send(await self._each(person, command))

    async def _told(self, person: str, by: str, order_id: str, at: datetime, event: Event) -> Sequence[Order]:
        """Writes down what the event says about the person, and returns the orders for mentorships.

        A leave, or its end, gives none once HR has said something later, as may happen if this event had to be sent again.
        """
        profile = await self._profile(person)
        everybody = self._records.people
        head = {"message_id": order_id, "by": by, "at": at}
        match event:
            case Leave():
                zone = await self._zone(person, profile)
                begins, until = event.begins(zone) or at, event.ends(zone)
                if until is not None and until <= begins:
                    raise malformed([Fault("#/until", "expected a later instant than `from`")])
                stands = await self._door.from_records(everybody.note_leave(person, people.Leave(begins=begins, until=until), at))
                return await self._each(person, Pause(**head, away=person, begins=begins, until=until)) if stands else ()
            case Back():
                if not await self._door.from_records(everybody.note_leave(person, None, at)):
                    return ()
                if (await self._profile(person)).status != "active":  # a people file said so, or an event that was wrong
                    await self._door.from_records(everybody.tell(person, {"status": "active"}, at))
                return await self._each(person, Resume(**head, away=person))
            case Left():
                await self._door.from_records(everybody.tell(person, {"status": "gone"}, at))
                return await self._each(person, End(**head, reason="stepped_away", leaver=person))
            case Manager():
                if event.manager_id == profile.person_id:
                    raise malformed([Fault("#/manager_id", "expected somebody else's id, or null")])
                await self._door.from_records(everybody.tell(person, {"manager_id": event.manager_id}, at))
                return await self._door.from_records(reporting_line.orders(self._records, by=by, at=at, said=order_id, of=profile.person_id))
            case Address():
                try:
                    await self._door.from_records(everybody.tell(person, event.said(), at))
                except AddressTaken:
                    raise malformed([Fault("#/email", "expected an address that is nobody else's")]) from None
                return ()
            case _:
                assert_never(event)

    async def _each(self, person: str, command: OperatorCommand) -> Sequence[Order]:
        """The same command to each of the person's started mentorships. The office tells those that start later (worker/office.py)."""
        pairs = await self._door.from_records(self._records.cohorts.of_person(person))
        return [Order(enrolment=pair, command=command) for pair in pairs if pair.state == "started"]

    async def _zone(self, person: str, profile: Profile) -> str:
        """The person's own zone, else that of the programme they are in, else UTC."""
        if profile.time_zone is not None:
            return profile.time_zone
        for pair in await self._door.from_records(self._records.cohorts.of_person(person)):
            cohort = await self._door.from_records(self._records.cohorts.get(pair.cohort)) if pair.state != "over" else None
            if cohort is not None:
                return (await self._door.from_records(self._records.programmes.get(cohort.programme, cohort.version))).programme.time_zone
        return "UTC"

    async def _profile(self, person: str) -> Profile:
        try:
            return await self._door.from_records(self._records.people.profile(person))
        except Erased:
            raise no_such_person() from None


def _key(person: str) -> str:
    """The key under which the door keeps the messages about this person."""
    return f"person.{person}"


def _order_id(person: str, message_id: str) -> str:
    """The message id in each mentorship. The dot keeps it apart from every webhook-id; the person, from the same message about the partner."""
    return "hr." + hashlib.sha256(f"{person}\n{message_id}".encode()).hexdigest()[:32]
