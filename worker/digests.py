"""The coordinators' weekly digest and a cohort's closing report: which pairs need a person, and how far the cohort has come (P7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from activities.digests import DigestRequest
from activities.mail_once import send_once
from activities.setbacks import Setbacks
from gateway.links import Addresses, Bearer, LinkSigner
from notices.digest import DigestFacts, DigestLine, compose_digest
from notices.readers import Links, Reader
from notices.smtp import Mailer
from records.coordination import Entry, Overview, earned, overview, pairs_of, readers
from records.notices import DIGEST
from records.store import Records
from schedule.calendar import reading_hours
from wire.names import cohort_id
from worker.handing_over import hand_over

log = structlog.stdlib.get_logger("worker.digests")

_WEEK = timedelta(days=7)


class SmtpDigests:
    def __init__(self, records: Records, mailer: Mailer, signer: LinkSigner, *, sender: str, base_url: str) -> None:
        self._records = records
        self._mailer = mailer
        self._addresses = Addresses(signer, base_url)
        self._sender = sender

    async def send(self, request: DigestRequest) -> datetime | None:
        """Sends each coordinator of the cohort one mail, recorded once. Returns when to come again, for the first of those who may not be written to
        yet; None when nobody is left.

        Nobody reads of a pair that they are close to (H16). The programme's owner reads only of pairs that none of the coordinators may look after.

        A coordinator for whom nothing waits gets no digest, but does get the closing report. When a mailbox refuses for good, no mail tells of it, but
        `mentorship doctor` and the log do. A failure that may pass is raised after every coordinator had their turn, so that it is retried.
        """
        cohort = await self._records.cohorts.get(request.cohort)
        if cohort is None:
            raise LookupError("this cohort is not in records")
        programme = await self._records.programmes.get(cohort.programme, cohort.version)
        certified = await earned(self._records, request.cohort) if request.closing else None
        opens = []
        setbacks = Setbacks()
        for coordinator in await readers(self._records, programme):
            with setbacks.kept():
                seen = await overview(self._records, request.cohort, coordinator, request.at)
                opens.append(await self._send(request, seen, certified) if seen is not None else None)
        setbacks.tell()
        return min(filter(None, opens), default=None)

    async def _send(self, request: DigestRequest, seen: Overview, certified: int | None) -> datetime | None:
        """When this reader may be written to, if not now."""
        facts = _facts(seen, certified, closing=request.closing)
        if not facts.worth_a_mail:
            return None
        coordinator, profile, programme = seen.reader, seen.profile, seen.programme
        key = f"{cohort_id(request.cohort)}/{'closing' if request.closing else 'digest'}.{request.due:%Y%m%dT%H%M%SZ}/{coordinator}"
        opens = reading_hours(request.at, profile.time_zone or programme.programme.time_zone, programme.mail.hours)
        if opens > request.at:
            return None if await self._records.notices.last_sent(coordinator, [DIGEST], key) else opens
        reader = Reader(coordinator, profile.name, profile.email, profile.language, profile.time_zone, "coordinators")
        page = self._addresses.of("coordinator", Bearer(request.cohort, coordinator))
        links = Links(page=page, who_sees_what=self._addresses.who_sees_what)
        composed = partial(compose_digest, facts, reader=reader, links=links, key=key, sender=self._sender, texts=programme.texts())
        outcome = await send_once(
            self._records.notices,
            lambda: hand_over(self._mailer, composed),
            key=key,
            reader=coordinator,
            kind=DIGEST,
            exempt=True,
            budget=programme.mail.budget,
            at=request.at,
        )
        if outcome not in {"sent", "already"}:
            log.warning("digest_failed", cohort=request.cohort, why=outcome)
        return None


def _facts(seen: Overview, certified: int | None, *, closing: bool) -> DigestFacts:
    counts, since = seen.counts, seen.now - _WEEK
    lines = [entry.line for entry in seen.entries]
    return DigestFacts(
        at=seen.now,
        closing=closing,
        number=pairs_of((*seen.waiting, *seen.mine)),
        waiting=_rows(seen, seen.waiting),
        mine=_rows(seen, seen.mine),
        others=len(seen.others),
        aside=len(seen.aside),
        opened=sum(line.opened_at > since for line in lines),
        closed=sum(line.closed_at is not None and line.closed_at > since for line in lines),
        pairs=counts.pairs,
        running=counts.running,
        over=counts.over,
        held=counts.meetings_held,
        reached=counts.milestones_done,
        certified=certified,
    )


def _rows(seen: Overview, entries: Iterable[Entry]) -> tuple[DigestLine, ...]:
    return tuple(DigestLine(names=_names(seen, entry), line=entry.line.line, since=entry.line.opened_at) for entry in entries)


def _names(seen: Overview, entry: Entry) -> tuple[str, ...]:
    return tuple(seen.names[ref].name for ref in (entry.mentor, entry.mentee) if ref in seen.names)
