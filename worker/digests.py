"""The coordinators' weekly digest and a cohort's closing report: which pairs need a person, and how far the cohort is (P7)."""

from __future__ import annotations

from activities.enrolment import DigestRequest
from gateway.links import Bearer, LinkSigner
from mentorship.people import Pair
from notices.digest import DigestFacts, DigestLine, compose_digest
from notices.readers import Links, NoAddress, Reader
from notices.smtp import Mailer, Refused
from records.contacts import blind_to
from records.store import Records


class SmtpDigests:
    def __init__(self, records: Records, mailer: Mailer, signer: LinkSigner, *, sender: str, base_url: str) -> None:
        self._records = records
        self._mailer = mailer
        self._signer = signer
        self._sender = sender
        self._base_url = base_url.rstrip("/")

    async def send(self, request: DigestRequest) -> None:
        """One mail to each coordinator of the cohort, recorded once; a coordinator never reads of a pair that they are part of (H16).

        A mailbox that refuses for good is noted in the ledger, and no other mail tells of it. Whatever may pass is raised, to be retried.
        """
        cohort = await self._records.cohorts.get(request.cohort)
        if cohort is None:
            raise LookupError("this cohort is not in records")
        programme = await self._records.programmes.get(cohort.programme, cohort.version)
        budget = programme.mail.budget
        for coordinator in (await self._records.people.refs(programme.contacts.coordinators)).values():
            key = f"cohort.{request.cohort}/digest.{request.number}/{coordinator}"
            verdict = await self._records.notices.begin(key, coordinator, "digest", True, request.at, budget.most, budget.per.span)
            if verdict != "send":
                continue
            profile = await self._records.people.profile(coordinator)
            reader = Reader(coordinator, profile.name, profile.email, profile.language, profile.time_zone or programme.programme.time_zone, "coordinators")
            links = Links(page=f"{self._base_url}/coordinator/{self._signer.token('coordinator', Bearer(request.cohort, coordinator))}")
            try:
                message = compose_digest(
                    await self._facts(request, programme.programme.title, coordinator), reader=reader, links=links, key=key, sender=self._sender
                )
                await self._mailer.send(message)
            except (NoAddress, Refused):
                await self._records.notices.failed(key, "bounced", request.at)
                continue
            await self._records.notices.sent(key, str(message["Message-ID"]), request.at)

    async def _facts(self, request: DigestRequest, title: str, coordinator: str) -> DigestFacts:
        enrolments = [e for e in await self._records.cohorts.enrolments(request.cohort) if coordinator not in (e.mentor, e.mentee)]
        profiles = await self._records.people.profiles({ref for e in enrolments for ref in (e.mentor, e.mentee)})
        by_mentorship = {e.mentorship: e for e in enrolments}
        lines = []
        for line in await self._records.lines.all(request.cohort):
            enrolment = by_mentorship.get(line.mentorship)
            if enrolment is None:
                continue
            pair = Pair(mentor=enrolment.mentor, mentee=enrolment.mentee)
            if await blind_to(self._records, line.mentorship, pair, [coordinator]):
                continue
            names = [profiles[ref].name for ref in (enrolment.mentor, enrolment.mentee) if ref in profiles]
            lines.append(DigestLine(pair=enrolment.pair_id, names=tuple(names), line=line.line, since=line.opened_at))
        cards = [e.card or {} for e in enrolments]
        return DigestFacts(
            cohort=request.cohort,
            programme=title,
            at=request.at,
            closing=request.closing,
            running=sum(e.state == "started" for e in enrolments),
            over=sum(e.state == "over" for e in enrolments),
            certified=sum(bool(card.get("certificates")) for card in cards),
            meetings_held=sum(int(card.get("meetings_held") or 0) for card in cards),
            lines=tuple(lines),
        )
