"""The certificate port: first a row in the registry, then signature and document, stored once (H7, H8)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from activities.certificates import CertificateRequest, Reissued, ReissueRequest, Reissuing
from activities.coordination import Lines
from activities.notices import NoticeRequest
from certificates.facts import CertificateFacts
from certificates.issue import Issued, issue
from certificates.issuer import Issuer
from certificates.status import status_list_url
from certificates.typesetting import Unprintable
from mentorship.effects import MilestoneFacts, SendNotice, counting_for
from mentorship.people import Side
from mentorship.programme import Texts
from notices.attention import UNPRINTABLE
from records.certificates import Certificate
from records.errors import Erased, Revoked, UnknownProgramme
from records.store import Records
from schedule.calendar import zone

log = structlog.get_logger("certificates")


class RecordsRegistrar:
    """`lines` is the coordinators' list that mentorships use too: of a certificate that waits for a font, coordinators are reminded in the same way (P7)."""

    def __init__(self, records: Records, issuer: Issuer, lines: Lines, *, base_url: str, font_folder: Path | None) -> None:
        self._records = records
        self._issuer = issuer
        self._lines = lines
        self._base_url = base_url
        self._font_folder = font_folder

    async def issue(self, side: Side, request: CertificateRequest, at: datetime) -> str | None:
        """Freezes the facts in the registry's row, so that a repeat gives the same bytes, whatever became of the person since.

        Raises `Unprintable` after it has opened a line in the coordinators' list. Nothing was handed out yet: the activity is retried until there
        is a font, or until the people file writes the name differently.
        """
        person = request.pair.person(side)
        known = await self._records.certificates.editions(request.mentorship, person)
        if known and known[0].stored:
            return known[0].id
        try:
            fields = await self._fields(side, request)
            reserved = await self._records.certificates.reserve(request.mentorship, person, fields)
            made, issued = await self._made(reserved, side, fields, at)
            await self._lines.close(request.mentorship, UNPRINTABLE, at, side)  # first: a repeat that finds the document looks no further
            await self._records.certificates.store(made.id, issued.credential_json, issued.pdf, made.fields)
        except Erased:
            log.info("certificate_of_nobody", mentorship=request.mentorship, person=person)
            await self._lines.close(request.mentorship, UNPRINTABLE, at, side)
            return None
        return reserved.id

    async def reissue(self, request: ReissueRequest, at: datetime) -> Reissued:
        """Raises `Unprintable` as `issue` does; the earlier edition stays valid until the new one has its document."""
        standing = await self._records.certificates.standing(request.mentorship, request.person)
        if standing is None:
            return Reissued(outcome="not_issued")
        reissued = await self._reissued(standing, request, at)
        # Nothing waits any more. That holds, too, when nothing was made: the name is as before, the certificate revoked, or its holder erased.
        await self._lines.close(request.mentorship, UNPRINTABLE, at, await self._side(standing))
        return reissued

    async def _reissued(self, standing: Certificate, request: ReissueRequest, at: datetime) -> Reissued:
        try:
            profile = await self._records.people.profile(request.person)
            fields = standing.renewed(name=profile.name, email=profile.email, results=request.results)
            if standing.status == "revoked":
                return Reissued(outcome="revoked", certificate=standing.id)
            if standing.says(fields):
                return await self._told("unchanged", standing)
            new = await self._next(standing, fields, at)
        except Erased:
            return Reissued(outcome="erased", certificate=standing.id)
        except Revoked:
            return Reissued(outcome="revoked", certificate=standing.id)
        return await self._told("reissued", new)

    async def _next(self, standing: Certificate, fields: dict[str, Any], at: datetime) -> Certificate:
        new = await self._records.certificates.reissue(standing.id, fields)
        made, issued = await self._made(new, await self._side(new), fields, at)
        await self._records.certificates.supersede(standing.id, made.id, issued.credential_json, issued.pdf, made.fields)
        log.info("certificate_reissued", mentorship=new.mentorship, person=new.person, edition=new.edition)
        return new

    # -- signature and document -----------------------------------------------------------------------------------------------

    async def _made(self, reserved: Certificate, side: Side, fields: dict[str, Any], at: datetime) -> tuple[Certificate, Issued]:
        """Makes it from what was reserved; if that cannot be printed, from `fields` if they differ by now. The returned certificate tells which.

        Raises Unprintable, Erased.
        """
        try:
            return reserved, await self._issued(reserved)
        except Unprintable as error:
            if reserved.fields == fields:
                await self._held_up(reserved, side, error, at)
                raise
        corrected = await self._records.certificates.correct(reserved.id, fields)
        return await self._made(corrected, side, corrected.fields, at)

    async def _issued(self, reserved: Certificate) -> Issued:
        if not reserved.fields:
            raise Erased(reserved.person)
        given = {"id": reserved.id, "issued_at": reserved.issued_at, "status_list_url": status_list_url(self._base_url), "status_index": reserved.status_index}
        facts = CertificateFacts.model_validate({**reserved.fields, **given})
        return await asyncio.to_thread(issue, facts, self._issuer, base_url=self._base_url, font_folder=self._font_folder)

    async def _held_up(self, reserved: Certificate, side: Side, error: Unprintable, at: datetime) -> None:
        """Keeps one line open, however often the attempt is repeated. After it closed a new one is opened, since an edition may come to wait twice."""
        log.warning("certificate_unprintable", mentorship=reserved.mentorship, person=reserved.person, character=str(error))
        mine = [line for line in await self._records.lines.of(reserved.mentorship) if (line.line, line.side, line.closed_at) == (UNPRINTABLE, side, None)]
        key = mine[0].key if mine else f"{reserved.mentorship}/{UNPRINTABLE}/{reserved.id}/{at.isoformat()}"
        await self._lines.open(reserved.mentorship, UNPRINTABLE, side, at, key)

    async def _fields(self, side: Side, request: CertificateRequest) -> dict[str, Any]:
        """What the certificate says; share and milestones are shown only if its holder asks for them. Raises Erased.

        The results are the person's own: a mentor who joined later is measured by what remained (P6). The first day and the last are dates in the
        programme's time zone: a start at midnight falls on the day before in the zones west of it.
        """
        person = request.pair.person(side)
        profile = await self._records.people.profile(person)
        texts = await self._records.programmes.texts(request.texts)
        wanted = request.wanted
        counted = counting_for(side, wanted.milestones)
        done = _done(counted, texts)
        return {
            "holder_name": profile.name,
            "holder_ref": person,
            "holder_email": profile.email,
            "programme_title": texts.title,
            "started_on": wanted.started_at.astimezone(zone(texts.time_zone)).date().isoformat(),
            "completed_at": wanted.completed_at.isoformat(),
            "share": wanted.share,
            "milestones_done": len(done),
            "milestones_total": len(counted),
            "milestones": done,
            "language": profile.language or texts.languages[0],
            "time_zone": profile.time_zone or texts.time_zone,
            "programme_time_zone": texts.time_zone,
            "show_results": False,
        }

    # -- the mail that brings a later edition -----------------------------------------------------------------------------------

    async def _told(self, outcome: Reissuing, standing: Certificate) -> Reissued:
        """Adds its mail, also when a repeat finds an edition made before: the ledger knows whether the mail went."""
        return Reissued(outcome=outcome, certificate=standing.id, notice=await self._notice(standing) if standing.edition > 1 else None)

    async def _notice(self, standing: Certificate) -> NoticeRequest | None:
        """None if records have forgotten the pair or its programme: then there is only the certificate's page."""
        enrolment = await self._records.cohorts.by_mentorship(standing.mentorship)
        cohort = await self._records.cohorts.get(enrolment.cohort) if enrolment is not None else None
        if enrolment is None or cohort is None:
            return None
        try:
            programme = await self._records.programmes.get(cohort.programme, cohort.version)
        except UnknownProgramme:
            return None
        side: Side = "mentor" if standing.person == enrolment.mentor else "mentee"
        notice = SendNotice(id=f"reissued.{standing.id}", kind="reissued", to=side, due=standing.issued_at, certificate=standing.id)
        return NoticeRequest(mentorship=standing.mentorship, pair=enrolment.people, texts=cohort.texts_digest, notice=notice, mail=programme.mail)

    async def _side(self, certificate: Certificate) -> Side:
        enrolment = await self._records.cohorts.by_mentorship(certificate.mentorship)
        return "mentor" if enrolment is not None and certificate.person == enrolment.mentor else "mentee"


def _done(counted: Sequence[MilestoneFacts], texts: Texts) -> list[dict[str, Any]]:
    """Under the titles in these texts; whole instants, since the credential writes seconds."""
    titles = {milestone.id: milestone.title for milestone in texts.milestones}
    return [{"title": titles.get(fact.id, fact.id), "done_at": fact.done_at.isoformat(), "waived": fact.waived} for fact in counted if fact.done_at is not None]
