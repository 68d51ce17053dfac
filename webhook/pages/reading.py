"""What records know of one person's mentorship. That is enough for every page, even with no worker and no Temporal alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from fastapi import Request

from gateway.links import Bearer
from mentorship import events as e
from mentorship.advance import advance
from mentorship.evolve import fold
from mentorship.people import Side
from mentorship.programme import Programme, Texts
from mentorship.state import State
from mentorship.visibility import may_read
from notices.language import Clock, Language, zone
from notices.readers import plain
from records.certificates import Certificate
from records.cohorts import Enrolment
from records.coordination import coordinators
from records.errors import RecordsUnavailable, Unknown, UnknownKey
from records.journal_events import events_of
from records.store import Records
from webhook.door import Clock as Now
from webhook.pages.journal import Feedback, Goal, Refused, Report, feedback_of, goals_of, refused_of, reports_of
from webhook.pages.languages import OFFERED, reader_language, spoken_to_guest
from webhook.pages.problems import PageProblem
from webhook.problems import tell_without_records

T = TypeVar("T")


@dataclass(frozen=True)
class Coordinator:
    """Somebody who looks after the programme, and to whom the reader can write. `name` is empty if theirs shows nothing."""

    name: str
    email: str

    @property
    def mailto(self) -> str:
        return f"mailto:{quote(self.email, safe='@')}"


@dataclass(frozen=True)
class Known:
    """`state` is the journal's last state, which the core itself carries on to `now`: what a worker will say once it looks.

    It is None while the mentorship has not begun. Of this reader's messages, `taken` has the ids of all that the door saw, `sent` those that
    Temporal has, and `kept` those of `sent` that the journal does not have yet. `refused` are those in the journal that changed nothing.
    `certificate` is the reader's newest edition that can be fetched. `leaver` is who stepped away from the programme. `unsubscribed` is from
    reminders, in all of this person's mentorships. Calendar links made until `calendar_after` are revoked.
    """

    bearer: Bearer
    enrolment: Enrolment
    side: Side
    texts: Texts
    partner: str | None
    coordinators: tuple[Coordinator, ...]
    state: State | None
    goals: tuple[Goal, ...]
    reports: tuple[Report, ...]
    feedback: tuple[Feedback, ...]
    leaver: Side | None
    sent: frozenset[str]
    taken: frozenset[str]
    kept: tuple[str, ...]
    refused: tuple[Refused, ...]
    certificate: Certificate | None
    unsubscribed: bool
    calendar_after: datetime | None
    chosen: str | None
    clock: Clock

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def gone(self) -> bool:
        """The mentorship is over, and its journal is not kept any more (or it never began). There is nothing left to show, and nothing will come."""
        return self.state is None and self.enrolment.state == "over"


class Reading:
    """Shared by all pages of a process."""

    def __init__(self, records: Records, retry_after: int, now: Now) -> None:
        self._records = records
        self._retry_after = retry_after
        self.now = now

    async def known(self, bearer: Bearer, writer: str, chosen: str | None) -> Known:
        """Raises PageProblem: 404 for somebody who is not (or no longer) in the mentorship, 410 for somebody who was erased, 503."""
        enrolment = await self.ask(self._records.cohorts.by_mentorship(bearer.scope))
        if enrolment is None or bearer.person not in (enrolment.mentor, enrolment.mentee):
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid")
        side: Side = "mentor" if bearer.person == enrolment.mentor else "mentee"
        people = await self.ask(self._records.people.profiles([enrolment.mentor, enrolment.mentee]))
        reader = people.get(bearer.person)
        if reader is None:
            raise PageProblem(HTTPStatus.GONE, "erased")
        now = self.now()
        entries = await self.ask(self._records.journal.entries(bearer.scope))
        notes = {note.id: note for note in await self.ask(self._records.notes.of(bearer.scope))}
        kept = await self.ask(self._records.doors.of(bearer.scope, writer))
        lasting = {entry.message_id for entry in entries if entry.kind == "command"}
        events = events_of(entries)
        state = advance(fold(events), (), now).state if events else None
        texts = (await self._programme(enrolment, state)).texts()
        spoken = reader_language(chosen, reader.language, texts.languages)
        partner = people.get(enrolment.people.partner(bearer.person))
        return Known(
            bearer=bearer,
            enrolment=enrolment,
            side=side,
            texts=texts,
            partner=spoken.isolated(shown) if partner is not None and (shown := plain(partner.name)) else None,
            coordinators=await self._coordinators(enrolment, spoken),
            state=state,
            goals=goals_of(events, notes),
            reports=reports_of(entries, bearer.person),
            feedback=feedback_of(events, notes),
            leaver=next((event.leaver for event in events if isinstance(event, e.MentorshipEnded)), None),
            sent=frozenset(message.message_id for message in kept if message.sent),
            taken=frozenset(message.message_id for message in kept),
            kept=tuple(message.message_id for message in kept if message.sent and message.message_id not in lasting),
            refused=refused_of(entries, events, notes, bearer.person, writer),
            certificate=await self.ask(self._records.certificates.standing(bearer.scope, bearer.person)),
            unsubscribed=await self.ask(self._records.notices.is_unsubscribed(bearer.person)),
            calendar_after=await self.ask(self._records.calendar_links.valid_after(bearer.scope, bearer.person)),
            chosen=chosen,
            clock=Clock(spoken, zone(reader.time_zone, texts.time_zone), now),
        )

    async def journaled(self, mentorship: str, message_id: str, within: float) -> None:
        """Waits at most `within` seconds until the journal has the message: then the page is up to date."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while await self.ask(self._records.journal.receipt(mentorship, message_id)) is None:
            if loop.time() > until:
                return
            await asyncio.sleep(0.05)

    async def enrolment(self, mentorship: str) -> Enrolment | None:
        return await self.ask(self._records.cohorts.by_mentorship(mentorship))

    async def _programme(self, enrolment: Enrolment, state: State | None) -> Programme:
        """The version with which this mentorship began: a cohort's newer one is for later pairs."""
        if state is not None:
            return await self.ask(self._records.programmes.get(state.rules.programme, state.rules.version))
        cohort = await self.ask(self._records.cohorts.get(enrolment.cohort))
        if cohort is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid")
        return await self.ask(self._records.programmes.get(cohort.programme, cohort.version))

    async def _coordinators(self, enrolment: Enrolment, spoken: Language) -> tuple[Coordinator, ...]:
        """Those of the cohort's newest version, whether or not they may see this pair's lines: nothing on a page may tell of a concern (H16).

        Nobody, if the table of visibility keeps their addresses from participants.
        """
        if not may_read("own", "coordinator_address"):
            return ()
        refs = await self.ask(coordinators(self._records, await self._programme(enrolment, None)))
        profiles = await self.ask(self._records.people.profiles(ref for ref in refs if ref not in (enrolment.mentor, enrolment.mentee)))
        named = [(plain(one.name), one.email) for one in profiles.values() if one.email]
        return tuple(Coordinator(spoken.isolated(name) if name else "", email) for name, email in named)

    async def spoken_to(self, request: Request, person: str) -> tuple[Language, str | None]:
        """The language for whoever comes by this person's link, and the one that they chose, if any.

        It is the chosen one, else that of the mail that brought them here. If the person has none, or records cannot say, it is the browser's.
        """
        spoken, chosen = spoken_to_guest(request)
        try:
            profile = (await self.ask(self._records.people.profiles([person]))).get(person)
        except PageProblem:
            profile = None
        return reader_language(chosen, profile.language, OFFERED) if profile is not None and profile.language else spoken, chosen

    async def ask(self, asked: Awaitable[T]) -> T:
        """What records answer. Raises PageProblem: 503 when they cannot be reached or a key is missing, 404 when it is not there."""
        try:
            return await asked
        except (RecordsUnavailable, UnknownKey) as error:
            tell_without_records(error)
            raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "records_away", headers={"Retry-After": str(self._retry_after)}) from None
        except Unknown:
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid") from None
