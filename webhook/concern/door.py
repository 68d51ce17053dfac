"""How a concern gets in (H16): records keep it, then its case is woken. Nothing of it passes through the mentorship's own door or workflow.

A hold reaches the mentorship from here, as the pause that an operator orders: with no worker alive it still comes before every deadline after it (P5).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import BaseModel
from temporalio.client import Client

from gateway.orders import send_order
from gateway.settings import Settings
from mentorship.programme import Programme
from notices.readers import plain
from records.cases import Case, Outcome, PauseOrder
from records.cohorts import Enrolment
from records.contacts import Contact, in_reach, offered, still_fit
from records.pauses import in_force, pauses
from records.store import Records
from webhook.door import Clock
from webhook.problems import asked_of_records, asking_temporal
from webhook.waking import wake

T = TypeVar("T")

Held = Literal["none", "held", "goes_on", "paused", "used_up", "over", "released"]
"""How the meetings of a concern's raiser stand now. `goes_on`: something other than their own word ended the pause. `paused`: the pause is not theirs."""


class Concern(BaseModel, frozen=True, hide_input_in_errors=True):
    """What somebody sends. `subject` is an opaque id, or None for somebody whom the roster does not know."""

    subject: str | None
    contacts: tuple[str, ...]
    words: str
    hold: bool


class ConcernDoor:
    """Every method raises Problem (503) when records or Temporal cannot be reached; the same form may then be sent again."""

    def __init__(self, settings: Settings, client: Client, records: Records, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._records = records
        self._clock = clock

    async def offered(self, enrolment: Enrolment, raiser: str, subject: str | None) -> tuple[Contact, ...]:
        """Whom this person can choose from. A name that shows nothing is empty."""
        programme = await self._programme(enrolment)
        found = await self._ask(offered(self._records, programme.contacts, pair=enrolment.people, raiser=raiser, subject=subject))
        return tuple(contact.model_copy(update={"name": plain(contact.name)}) for contact in found)

    async def team(self, enrolment: Enrolment) -> tuple[Contact, ...]:
        """The programme's own people, so that a concern can be about one of them. A name that shows nothing is empty."""
        contacts = (await self._programme(enrolment)).contacts
        refs = await self._ask(self._records.people.refs([*contacts.coordinators, *contacts.outside, contacts.owner]))
        profiles = await self._ask(self._records.people.profiles(refs.values()))
        outside = {refs[person_id] for person_id in contacts.outside if person_id in refs}
        two = (enrolment.mentor, enrolment.mentee)
        return tuple(Contact(ref=ref, name=plain(profile.name), outside=ref in outside) for ref, profile in profiles.items() if ref not in two)

    async def by_address(self, email: str) -> str | None:
        """The person with this address, or None. Nobody is told whether there is one."""
        found = await self._ask(self._records.people.by_email(email))
        return found[0] if found else None

    async def take_in(self, enrolment: Enrolment, raiser: str, concern: Concern, key: str) -> Case:
        """Returns once records have it and its case is on its way. Idempotent by `key`. Also raises Erased."""
        now = self._clock()
        programme = await self._programme(enrolment)
        opened = await self._ask(
            self._records.cases.open(
                Case(
                    id="",
                    raiser=raiser,
                    mentorship=enrolment.mentorship,
                    programme=programme.programme.id,
                    subject=concern.subject,
                    contacts=concern.contacts,
                    opened_at=now,
                    hold="wanted" if concern.hold else "none",
                    pause=await self._pause(now) if concern.hold else None,
                ),
                concern.words,
                key,
            )
        )
        await self._pass_on(opened)
        return opened

    async def of_raiser(self, raiser: str, mentorship: str) -> list[Case]:
        return await self._ask(self._records.cases.of_raiser(raiser, mentorship))

    async def ask_also(self, case: Case, contacts: Sequence[str]) -> None:
        """The raiser asks more people."""
        await self._ask(self._records.cases.ask(case.id, contacts))
        await self._wake(case.id)

    async def in_reach(self, enrolment: Enrolment, case: Case) -> bool:
        """Whether any of those who were asked can be reached."""
        return await self._ask(in_reach(self._records, case, enrolment.people))

    async def held(self, case: Case) -> Held:
        """What has become of the wish to hold the meetings. A pause can end without its raiser."""
        match case.hold:
            case "none" | "released":
                return case.hold
            case "release":
                return "released"
            case "wanted":
                return "held"
            case "held" if case.pause is not None:
                enrolment = await self._ask(self._records.cohorts.by_mentorship(case.mentorship))
                if enrolment is None or enrolment.state == "over":
                    return "over"
                told = await self._ask(in_force(self._records, case.mentorship, case.pause))
                return await self._without_them(case) if told is False else "held"
            case _ if case.refused == "used_up":
                return "used_up"
            case _ if case.refused == "paused":
                return await self._without_them(case)
            case _:
                return "over"

    async def _without_them(self, case: Case) -> Held:
        """How the meetings stand if no pause is the raiser's."""
        return "paused" if await self._ask(pauses(self._records, case.mentorship)) else "goes_on"

    async def hold(self, case: Case) -> None:
        """Holds the meetings, also once more after an earlier pause has ended."""
        if case.hold == "held" and await self.held(case) in ("goes_on", "paused"):
            await self._ask(self._records.cases.note_hold(case.id, "held", "released"))
        await self._pass_on(await self._ask(self._records.cases.hold(case.id, await self._pause(self._clock()))))

    async def release(self, case: Case) -> None:
        """The meetings may go on, as far as this case is concerned."""
        await self._ask(self._records.cases.release(case.id, self._clock()))
        await self._wake(case.id)

    async def withdraw(self, case: Case) -> None:
        await self._ask(self._records.cases.withdraw(case.id, self._clock()))
        await self._wake(case.id)

    async def asked(self, case_id: str, reader: str) -> Case | None:
        """The case, if this person was asked and, whatever has changed since, may still look after it; else None. Also raises UnknownCase."""
        case = await self._ask(self._records.cases.get(case_id))
        enrolment = await self._ask(self._records.cohorts.by_mentorship(case.mentorship))
        if enrolment is None or reader not in await self._ask(still_fit(self._records, case, enrolment.people)):
            return None
        return case

    async def words(self, case: Case) -> str | None:
        """The raiser's words, or None if they are no longer kept. Also raises Erased."""
        return await self._ask(self._records.cases.words(case.id))

    async def title(self, case: Case) -> str | None:
        """The programme's title, for the pages of those who were asked."""
        enrolment = await self._ask(self._records.cohorts.by_mentorship(case.mentorship))
        return (await self._programme(enrolment)).programme.title if enrolment is not None else None

    async def raiser_name(self, case: Case) -> str | None:
        """The raiser's name, for those who were asked: somebody has to be able to talk to the raiser. None if erased."""
        profile = (await self._ask(self._records.people.profiles([case.raiser]))).get(case.raiser)
        return profile.name if profile is not None else None

    async def take(self, case: Case, by: str) -> Case:
        taken = await self._ask(self._records.cases.take(case.id, by, self._clock()))
        await self._wake(case.id)
        return taken

    async def close(self, case: Case, by: str, outcome: Outcome, *, release: bool) -> Case:
        closed = await self._ask(self._records.cases.close(case.id, by, outcome, self._clock()))
        if release and closed.state == "closed" and closed.taken_by == by:
            await self._ask(self._records.cases.release(case.id, self._clock()))
        await self._wake(case.id)
        return closed

    async def _pause(self, at: datetime) -> PauseOrder:
        """Looks like an operator's pause. Its `by` is a new id each time, which does not stand for the raiser."""
        by = await self._ask(self._records.people.operator(f"operator-{secrets.token_hex(8)}"))
        return PauseOrder(message_id=f"op-{secrets.token_hex(8)}", resume_id=f"op-{secrets.token_hex(8)}", by=by, at=at)

    async def _pass_on(self, case: Case) -> None:
        """A mentorship that takes no order does not keep its concern from those who were asked, whose case then asks for the pause."""
        try:
            await self._order(case)
        finally:
            await self._wake(case.id)

    async def _order(self, case: Case) -> None:
        """Tells the mentorship of the wish to hold the meetings, before the case asks what became of it. One that does not run hears of it from the case."""
        if case.hold != "wanted" or case.pause is None:
            return
        with asking_temporal(self._settings.webhook_retry_after):
            await send_order(self._client, case.mentorship, case.pause.command, self._settings.webhook_timeout)

    async def _wake(self, case: str) -> None:
        await wake(self._client, self._settings, case)

    async def _programme(self, enrolment: Enrolment) -> Programme:
        """The cohort's newest version: its contacts are the people who are there now."""
        cohort = await self._ask(self._records.cohorts.get(enrolment.cohort))
        if cohort is None:
            raise LookupError("this cohort is not in records")
        return await self._ask(self._records.programmes.get(cohort.programme, cohort.version))

    async def _ask(self, asked: Awaitable[T]) -> T:
        return await asked_of_records(asked, self._settings.webhook_retry_after)
