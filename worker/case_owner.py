"""What the programme's owner hears: how many cases nobody took in time, and nothing else (H14, H16)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from mentorship.people import Pair
from mentorship.programme import Programme
from notices.case_mail import compose_unowned
from notices.readers import Reader
from records.cases import Case
from records.cohorts import Enrolment
from records.contacts import conflicted
from records.coordination import visible
from records.store import Records
from worker.case_post import CasePost

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""From where turns are counted: all cases that are due in one turn make one mail."""


class Owner:
    def __init__(self, records: Records, post: CasePost) -> None:
        self._records = records
        self._post = post
        self._one_by_one = asyncio.Lock()  # many cases come due at one instant, and each would send the same mail

    async def tell(self, case: Case, pair: Pair, programme: Programme, now: datetime) -> datetime | None:
        """At most once in half of `attention.unowned`, for all cases together. Says when to try again.

        An owner who is close to whom a case is about does not hear of it even as a number.
        """
        owner = (await self._records.people.refs([programme.contacts.owner])).get(programme.contacts.owner)
        profile = (await self._records.people.profiles([owner])).get(owner) if owner is not None else None
        if owner is None or profile is None or await self._hidden(case, pair, owner):
            return None
        opens = self._post.opens(profile, programme, now)
        if opens > now:
            return opens
        patience = programme.attention.unowned.span
        period = max(patience / 2, timedelta(seconds=1))
        ours = f"owner.{programme.programme.id}/"
        key = f"{ours}unowned.{(now - EPOCH) // period}"
        async with self._one_by_one:
            before = [notice for notice in await self._records.notices.of(owner) if notice.kind == "unowned" and notice.key.startswith(ours)]
            last = max((notice.at for notice in before if notice.state == "sent"), default=None)
            if last is not None and now - last < period:
                counted = last >= case.opened_at + patience
                return None if counted else last + period
            number = await self._unowned(programme, owner, now - patience)

            def message(reader: Reader) -> EmailMessage:
                return compose_unowned(number, patience, reader=reader, at=now, key=key, sender=self._post.sender, texts=programme.texts())

            await self._post.send(owner, profile, key, message, kind="unowned", programme=programme, now=now)
        return None

    async def _unowned(self, programme: Programme, owner: str, since: datetime) -> int:
        """Concerns and lines of the coordinators' list alike, of this programme, that nobody took since then."""
        pairs: dict[str, Enrolment] = {}
        for cohort in await self._records.cohorts.all():
            if cohort.programme == programme.programme.id:
                pairs |= {pair.mentorship: pair for pair in await self._records.cohorts.enrolments(cohort.id)}
        number = 0
        for case in await self._records.cases.waiting():
            pair = pairs.get(case.mentorship)
            if pair is not None and case.opened_at <= since and not await self._hidden(case, Pair(mentor=pair.mentor, mentee=pair.mentee), owner):
                number += 1
        lines = [line for line in await self._records.lines.all() if line.mentorship in pairs and line.taken_by is None and line.opened_at <= since]
        seen = await visible(self._records, owner, [pairs[name] for name in dict.fromkeys(line.mentorship for line in lines)])
        return number + len({(line.mentorship, line.line) for line in lines if line.mentorship in seen})  # two certificates that wait are one matter

    async def _hidden(self, case: Case, pair: Pair, owner: str) -> bool:
        about = {pair.mentor, pair.mentee, *([case.subject] if case.subject is not None else [])}
        return bool(await conflicted(self._records.people, [owner], about - {case.raiser}))
