"""Sends fresh links by mail: only to the address that records know, only so often, and with the same answer to whoever asks."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from gateway.links import LIFETIMES, Addresses, Bearer, LinkSigner, Purpose
from mentorship.programme import Texts
from notices.fresh_link import FreshPage, compose_fresh_link
from notices.language import zone
from notices.readers import NoAddress, Reader
from notices.smtp import SmtpFault
from records.cohorts import Enrolment
from records.coordination import looked_after
from records.errors import RecordsError, UnknownProgramme
from records.store import Records
from webhook.pages.reading import Known

_log = structlog.stdlib.get_logger("webhook.pages")


class Post(Protocol):
    """Hands a mail over. Raises SmtpFault."""

    async def send(self, message: EmailMessage) -> None: ...


class Sparing:
    """Allows each key at most `most` an hour, in this process's memory; what is older is forgotten."""

    def __init__(self, most: int, now: Callable[[], datetime]) -> None:
        self._most = most
        self._now = now
        self._taken: deque[tuple[datetime, str]] = deque()

    def take(self, key: str) -> bool:
        now = self._now()
        while self._taken and self._taken[0][0] <= now - timedelta(hours=1):
            self._taken.popleft()
        if sum(1 for _, known in self._taken if known == key) >= self._most:
            return False
        self._taken.append((now, key))
        return True

    def give_back(self, key: str) -> None:
        """Removes what the key took last, so that it does not count."""
        last = next((one for one in reversed(self._taken) if one[1] == key), None)
        if last is not None:
            self._taken.remove(last)


class _Way(NamedTuple):
    """A page to open again, and its programme's words."""

    page: FreshPage
    texts: Texts


class FreshLinks:
    """Sends one person at most `most` mails an hour when anybody asks, and as many again when the holder of a link of theirs asks, of any kind.

    So nobody can fill somebody else's mailbox through us, nor use up what that person may ask for. Mails when anybody asks are also limited
    over all people together; those for holders of links are not. What could not be sent does not count.
    """

    def __init__(self, records: Records, signer: LinkSigner, post: Post, now: Callable[[], datetime], *, base_url: str, sender: str, most: int = 4) -> None:
        self._records = records
        self._addresses = Addresses(signer, base_url)
        self._post = post
        self._now = now
        self._sender = sender
        self._for_anybody = Sparing(most, now)
        self._for_anybody_in_all = Sparing(most * 50, now)
        self._for_bearers = Sparing(most, now)

    async def send_to_address(self, email: str) -> None:
        """Mails links to every page of whoever has this address, and to every list that they look after (P7), in one mail per person.

        Does nothing, and raises nothing, for an address that we do not know.
        """
        try:
            refs = await self._records.people.by_email(email)
        except RecordsError as error:
            _log.warning("fresh link not sent", error=type(error).__name__)
            return
        for ref in refs:
            if self._for_anybody_in_all.take("all") and not await self._send(ref, self._everything, self._for_anybody):
                self._for_anybody_in_all.give_back("all")

    async def send(self, known: Known, purpose: Purpose) -> bool:
        """Mails a link to this mentorship's page, or to its private things. False if it could not be sent."""
        return await self._send(known.bearer.person, partial(self._pages, enrolments=[known.enrolment], purpose=purpose), self._for_bearers)

    async def send_list(self, bearer: Bearer) -> bool:
        """Mails a link to one cohort's list. False also for somebody who does not look after the cohort (any more)."""
        return await self._send(bearer.person, partial(self._lists, cohort=bearer.scope), self._for_bearers)

    async def _send(self, ref: str, find: Callable[[str, datetime], Awaitable[list[_Way]]], allowance: Sparing) -> bool:
        if not allowance.take(ref):
            return False
        sent = await self._sent(ref, find)
        if not sent:
            allowance.give_back(ref)
        return sent

    async def _sent(self, ref: str, find: Callable[[str, datetime], Awaitable[list[_Way]]]) -> bool:
        """`find` says which pages this person can open at that instant. A mail that cannot be sent is logged, without saying to whom."""
        asked_at = self._now()
        try:
            profile = (await self._records.people.profiles([ref])).get(ref)
            ways = await find(ref, asked_at) if profile is not None else []
            if profile is None or not ways:
                return False
            await self._post.send(self._mail(Reader(ref, profile.name, profile.email, profile.language, profile.time_zone), ways, asked_at))
        except (NoAddress, SmtpFault, RecordsError) as error:
            _log.warning("fresh link not sent", error=type(error).__name__)
            return False
        return True

    def _mail(self, reader: Reader, ways: Sequence[_Way], asked_at: datetime) -> EmailMessage:
        """Raises NoAddress."""
        return compose_fresh_link(
            [way.page for way in ways],
            reader=reader,
            asked_at=asked_at,
            key=secrets.token_urlsafe(12),
            sender=self._sender,
            languages=[code for way in ways for code in way.texts.languages],
            time_zone=ways[0].texts.time_zone,
            who_sees_what=self._addresses.who_sees_what,
        )

    async def _everything(self, ref: str, asked_at: datetime) -> list[_Way]:
        begun = [enrolment for enrolment in await self._records.cohorts.of_person(ref) if enrolment.state != "pending"]
        return [*await self._pages(ref, asked_at, enrolments=begun, purpose="page"), *await self._lists(ref, asked_at)]

    async def _pages(self, ref: str, asked_at: datetime, *, enrolments: Sequence[Enrolment], purpose: Purpose) -> list[_Way]:
        people = await self._records.people.profiles(person for enrolment in enrolments for person in (enrolment.mentor, enrolment.mentee))
        found: list[_Way] = []
        for enrolment in enrolments:
            cohort = await self._records.cohorts.get(enrolment.cohort)
            if cohort is None:
                continue
            try:
                texts = await self._records.programmes.texts(cohort.texts_digest)
            except UnknownProgramme:  # that pair has no page to open; the others have
                continue
            partner = people.get(enrolment.people.partner(ref))
            url, until = self._link(purpose, Bearer(enrolment.mentorship, ref), asked_at)
            found.append(_Way(FreshPage(texts.title, url, until, partner=partner.name if partner is not None else None), texts))
        return found

    async def _lists(self, ref: str, asked_at: datetime, *, cohort: str | None = None) -> list[_Way]:
        """The lists of all cohorts that this person looks after now, or only that of `cohort`."""
        found: list[_Way] = []
        for known, programme in await looked_after(self._records, ref):
            if cohort in (None, known.id):
                texts = programme.texts()
                url, until = self._link("coordinator", Bearer(known.id, ref), asked_at)
                began = known.starts_at.astimezone(zone(texts.time_zone)).date()
                found.append(_Way(FreshPage(texts.title, url, until, cohort=began), texts))
        return found

    def _link(self, purpose: Purpose, bearer: Bearer, asked_at: datetime) -> tuple[str, datetime]:
        """The link's address, and until when it works."""
        return self._addresses.of(purpose, bearer), asked_at + (LIFETIMES[purpose] or timedelta())
