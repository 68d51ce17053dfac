"""Fresh links by mail: to the address that records know, sparingly, and with the same answer to whoever asks."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

import structlog

from gateway.links import LIFETIMES, Bearer, LinkSigner, Purpose
from mentorship.people import Side
from notices.fresh_link import FreshPage, compose_fresh_link
from notices.readers import NoAddress, Reader
from notices.smtp import SmtpFault
from records.cohorts import Enrolment
from records.errors import RecordsError, UnknownProgramme
from records.people import Profile
from records.store import Records
from webhook.pages.known import Known

_log = structlog.stdlib.get_logger("webhook.pages")


class Post(Protocol):
    """Hands a mail over. Raises SmtpFault."""

    async def send(self, message: EmailMessage) -> None: ...


class Sparing:
    """At most `most` in `per` for each key, in this process's memory; what is older is forgotten."""

    def __init__(self, most: int, per: timedelta, now: Callable[[], datetime]) -> None:
        self._most = most
        self._per = per
        self._now = now
        self._taken: deque[tuple[datetime, str]] = deque()

    def take(self, key: str) -> bool:
        now = self._now()
        while self._taken and self._taken[0][0] <= now - self._per:
            self._taken.popleft()
        if sum(1 for _, known in self._taken if known == key) >= self._most:
            return False
        self._taken.append((now, key))
        return True


class FreshLinks:
    """`most` mails an hour to one person: nobody can fill somebody else's mailbox through us."""

    def __init__(self, records: Records, signer: LinkSigner, post: Post, now: Callable[[], datetime], *, base_url: str, sender: str, most: int = 4) -> None:
        self._records = records
        self._signer = signer
        self._post = post
        self._now = now
        self._base_url = base_url.rstrip("/")
        self._sender = sender
        self._sparing = Sparing(most, timedelta(hours=1), now)
        self._all = Sparing(most * 50, timedelta(hours=1), now)

    async def send_to_address(self, email: str) -> None:
        """Every page of whoever has this address; nothing, and no error, for an address that we do not know."""
        try:
            for ref in await self._records.people.by_email(email):
                enrolments = [enrolment for enrolment in await self._records.cohorts.of_person(ref) if enrolment.state != "pending"]
                await self._send(ref, enrolments, "page", "p")
        except RecordsError as error:
            _log.warning("fresh link not sent", error=type(error).__name__)

    async def send_page(self, known: Known) -> bool:
        return await self._send(known.bearer.person, [known.enrolment], "page", "p")

    async def send_private(self, known: Known) -> bool:
        """A link that opens for fifteen minutes. False: it could not be sent."""
        return await self._send(known.bearer.person, [known.enrolment], "private", "private")

    async def _send(self, ref: str, enrolments: list[Enrolment], purpose: Purpose, path: str) -> bool:
        if not enrolments or not self._sparing.take(ref) or not self._all.take("all"):
            return False
        people = await self._records.people.profiles({ref, *(person for enrolment in enrolments for person in (enrolment.mentor, enrolment.mentee))})
        profile = people.get(ref)
        if profile is None:
            return False
        asked_at = self._now()
        try:
            pages, languages, time_zone = await self._pages(ref, enrolments, people, purpose, path)
            if not pages:
                return False
            message = compose_fresh_link(
                pages,
                reader=_reader(ref, profile, enrolments[0]),
                asked_at=asked_at,
                until=asked_at + (LIFETIMES[purpose] or timedelta()),
                key=secrets.token_urlsafe(12),
                sender=self._sender,
                languages=languages,
                time_zone=time_zone,
                who_sees_what=f"{self._base_url}/who-sees-what",
            )
            await self._post.send(message)
        except (NoAddress, SmtpFault, RecordsError) as error:
            _log.warning("fresh link not sent", error=type(error).__name__)
            return False
        return True

    async def _pages(
        self, ref: str, enrolments: list[Enrolment], people: dict[str, Profile], purpose: Purpose, path: str
    ) -> tuple[list[FreshPage], tuple[str, ...], str]:
        pages: list[FreshPage] = []
        languages: tuple[str, ...] = ("en",)
        time_zone = "UTC"
        for enrolment in enrolments:
            cohort = await self._records.cohorts.get(enrolment.cohort)
            if cohort is None:
                continue
            try:
                texts = await self._records.programmes.texts(cohort.texts_digest)
            except UnknownProgramme:  # that pair has no page to open; the others have
                continue
            partner = people.get(enrolment.mentee if ref == enrolment.mentor else enrolment.mentor)
            token = self._signer.token(purpose, Bearer(enrolment.mentorship, ref))
            pages.append(FreshPage(texts.title, partner.name if partner is not None else None, f"{self._base_url}/{path}/{token}"))
            languages, time_zone = texts.languages, texts.time_zone
        return pages, languages, time_zone


def _reader(ref: str, profile: Profile, enrolment: Enrolment) -> Reader:
    side: Side = "mentor" if ref == enrolment.mentor else "mentee"
    return Reader(ref=ref, name=profile.name, email=profile.email, language=profile.language, time_zone=profile.time_zone, side=side)
