"""What the programme's owner hears: how many cases nobody took in time, and nothing else (H14, H16)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from mentorship.programme import Programme
from notices.case_mail import compose_unowned
from notices.readers import Reader
from records.cases import Case
from records.cohorts import Cohort, Enrolment
from records.coordination import closeness
from records.errors import UnknownProgramme
from records.store import Records
from worker.case_post import CasePost
from worker.case_rhythm import patience

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""The origin from which turns are counted: all cases that are due in one turn make one mail."""


class Owner:
    def __init__(self, records: Records, post: CasePost) -> None:
        self._records = records
        self._post = post
        self._one_by_one = asyncio.Lock()  # many cases come due at one instant, and one mail counts all: as in worker/case_line_desk.py

    async def tell(self, case: Case, pair: Enrolment, programme: Programme, now: datetime) -> datetime | None:
        """Mails at most once in half of `attention.unowned`, for all cases together. Returns when to try again.

        If the owner is close to anybody whom a case is about, the case is not even in the number. An owner who left gets no mail, and no mail says zero.
        """
        owner = (await self._records.people.refs([programme.contacts.owner])).get(programme.contacts.owner)
        profile = (await self._records.people.profiles([owner])).get(owner) if owner is not None else None
        if owner is None or profile is None or profile.status == "gone":
            return None
        if not _heard(await closeness(self._records, owner, [pair]), case.mentorship, case.raiser):
            return None
        opens = self._post.opens(profile, programme, now)
        if opens > now:
            return opens
        within = patience(programme)
        period = max(within / 2, timedelta(seconds=1))
        ours = f"owner.{programme.programme.id}/"
        key = f"{ours}unowned.{(now - EPOCH) // period}/{owner}"  # a newer version may name another owner while cohorts of both versions run
        async with self._one_by_one:
            last = await self._records.notices.last_sent(owner, ["unowned"], ours)
            if last is not None and now - last < period:
                counted = last >= case.opened_at + within
                return None if counted else last + period
            number = await self._unowned(programme, owner, now - within)
            if not number:
                return None

            def message(reader: Reader) -> EmailMessage:
                return compose_unowned(
                    number,
                    within,
                    reader=reader,
                    at=now,
                    key=key,
                    sender=self._post.sender,
                    texts=programme.texts(),
                    who_sees_what=self._post.who_sees_what,
                )

            await self._post.send(owner, profile, key, message, kind="unowned", programme=programme, now=now)
        return None

    async def _unowned(self, programme: Programme, owner: str, since: datetime) -> int:
        """Counts concerns and lines of the coordinators' list that nobody has taken since then, in those of this programme's cohorts whose owner this is."""
        pairs: dict[str, Enrolment] = {}
        for cohort in await self._records.cohorts.all():
            if cohort.programme == programme.programme.id and await self._is_owner(cohort, programme.contacts.owner):
                pairs |= {pair.mentorship: pair for pair in await self._records.cohorts.enrolments(cohort.id)}
        concerns = [case for case in await self._records.cases.waiting() if case.mentorship in pairs and case.opened_at <= since]
        lines = [line for line in await self._records.lines.all() if line.mentorship in pairs and line.taken_by is None and line.opened_at <= since]
        names = dict.fromkeys([case.mentorship for case in concerns] + [line.mentorship for line in lines])
        close = await closeness(self._records, owner, [pairs[name] for name in names])
        heard = sum(_heard(close, case.mentorship, case.raiser) for case in concerns)
        return heard + len({(line.mentorship, line.line) for line in lines if _heard(close, line.mentorship)})  # two certificates that wait are one matter

    async def _is_owner(self, cohort: Cohort, owner: str) -> bool:
        try:
            return (await self._records.programmes.get(cohort.programme, cohort.version)).contacts.owner == owner
        except UnknownProgramme:
            return False


def _heard(close: Mapping[str, frozenset[str]], mentorship: str, raiser: str = "") -> bool:
    """Whether the owner may hear of a matter of this pair.

    `close` are the people to whom the owner is close, among the pair and those whom their concerns are about. There must be none, except the person
    who raised the matter: their own contact may well hear that nobody helps.
    """
    return close[mentorship] <= {raiser}
