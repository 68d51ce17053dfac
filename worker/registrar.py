"""The certificate port: a registry row first, then signature and document, stored once (H7, H8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import structlog

from activities.certificates import CertificateRequest
from certificates.document import Unprintable
from certificates.issue import CertificateFacts, issue
from certificates.issuer import Issuer
from certificates.status import status_list_url
from mentorship.people import Side
from records.certificates import Certificate
from records.store import Records

UNPRINTABLE = "unprintable"
"""The line in the coordinators' list while a certificate waits for a font; `mentorship doctor` names the character."""

log = structlog.get_logger("certificates")


class RecordsRegistrar:
    def __init__(self, records: Records, issuer: Issuer, *, base_url: str, font_folder: Path | None) -> None:
        self._records = records
        self._issuer = issuer
        self._base_url = base_url
        self._font_folder = font_folder

    async def issue(self, person: str, request: CertificateRequest) -> str:
        """Facts are frozen in the registry's row at the first attempt, so that any repeat gives the same bytes.

        Raises `Unprintable`, after it stands in the coordinators' list: the activity is tried again until a font is there.
        """
        reserved = await self._records.certificates.reserve(request.mentorship, person, await self._fields(person, request))
        if reserved.stored:
            return reserved.id
        side: Side = "mentor" if person == request.pair.mentor else "mentee"
        facts = self._facts(reserved)
        try:
            issued = await asyncio.to_thread(issue, facts, self._issuer, base_url=self._base_url, font_folder=self._font_folder)
        except Unprintable as error:
            await self._held_up(reserved, side, error)
            raise
        await self._records.lines.close(request.mentorship, UNPRINTABLE, datetime.now(UTC), side)
        await self._records.certificates.store(reserved.id, issued.credential_json, issued.pdf)
        return reserved.id

    def _facts(self, reserved: Certificate) -> CertificateFacts:
        given = {"id": reserved.id, "issued_at": reserved.issued_at, "status_list_url": status_list_url(self._base_url), "status_index": reserved.status_index}
        return CertificateFacts.model_validate({**reserved.fields, **given})

    async def _held_up(self, reserved: Certificate, side: Side, error: Unprintable) -> None:
        """The line's key is the certificate's: it opens once, however often the attempt is repeated."""
        log.warning("certificate_unprintable", certificate=reserved.id, mentorship=reserved.mentorship, character=str(error))
        await self._records.lines.open(reserved.mentorship, UNPRINTABLE, side, datetime.now(UTC), f"{reserved.mentorship}/{UNPRINTABLE}/{reserved.id}")

    async def _fields(self, person: str, request: CertificateRequest) -> dict[str, object]:
        """What a certificate says; share and milestones stay out of it until its holder asks for them (`certificate reissue --results`)."""
        profile = await self._records.people.profile(person)
        texts = await self._records.programmes.texts(request.texts)
        wanted = request.wanted
        return {
            "holder_name": profile.name,
            "holder_ref": person,
            "holder_email": profile.email,
            "programme_title": texts.title,
            "started_on": wanted.started_at.date().isoformat(),
            "completed_at": wanted.completed_at.isoformat(),
            "share": wanted.share,
            "milestones_done": sum(fact.done_at is not None for fact in wanted.milestones),
            "milestones_total": len(wanted.milestones),
            "language": profile.language or texts.languages[0],
            "time_zone": profile.time_zone or texts.time_zone,
            "show_results": False,
        }
