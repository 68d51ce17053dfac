"""The certificate port: a registry row first, then signature and document, stored once (H7, H8)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from activities.certificates import CertificateRequest
from certificates.issue import CertificateFacts, issue
from certificates.issuer import Issuer
from records.store import Records


class RecordsRegistrar:
    def __init__(self, records: Records, issuer: Issuer, *, base_url: str, font_folder: Path | None) -> None:
        self._records = records
        self._issuer = issuer
        self._base_url = base_url
        self._font_folder = font_folder

    async def issue(self, person: str, request: CertificateRequest) -> str:
        """Facts are frozen in the registry's row at the first attempt, so that any repeat gives the same bytes."""
        reserved = await self._records.certificates.reserve(request.mentorship, person, await self._fields(person, request))
        if reserved.stored:
            return reserved.id
        facts = CertificateFacts.model_validate({**reserved.fields, "id": reserved.id, "issued_at": reserved.issued_at})
        issued = await asyncio.to_thread(issue, facts, self._issuer, base_url=self._base_url, font_folder=self._font_folder)
        await self._records.certificates.store(reserved.id, issued.credential_json, issued.pdf)
        return reserved.id

    async def _fields(self, person: str, request: CertificateRequest) -> dict[str, object]:
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
        }
