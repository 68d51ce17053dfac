"""The clock of one line of the coordinators' list (P7, H14): reminds those who may look after it, then the one who does, until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage

from activities.cases import Standing
from activities.setbacks import Setbacks
from mentorship.programme import Programme
from notices.case_mail import compose_waiting
from notices.readers import Reader
from records.cases import Case
from records.cohorts import Enrolment
from records.coordination import able, overview, pairs_of
from records.lines import Line
from records.notices import DIGEST
from records.people import Profile
from records.store import Records
from wire.names import cohort_id
from worker.case_meetings import Meetings
from worker.case_owner import EPOCH, Owner
from worker.case_post import CasePost
from worker.case_rhythm import next_look, patience

_REMINDS = (DIGEST, "waiting")
"""Mails that tell a coordinator of everything that waits; after one of them they get no reminder for a while."""


class LineDesk:
    def __init__(self, records: Records, meetings: Meetings, post: CasePost, owner: Owner) -> None:
        self._records = records
        self._meetings = meetings
        self._post = post
        self._owner = owner
        self._one_by_one = asyncio.Lock()  # lines come due together, and one mail tells of all: in this process they wait for it, other processes try again

    async def tend(self, case: Case, enrolment: Enrolment, programme: Programme, now: datetime) -> Standing:
        """Does what is due for this line. If a coordinator closed it, resolves it in the mentorship first, and raises NotNow until that is done."""
        line = await self._line(case)
        if line is None or line.closed_at is not None:
            if line is not None:
                await self._meetings.resolve(case, line, now)
            await self._records.cases.end_line(case.id, now)
            return Standing(state="closed")
        everybody = await able(self._records, programme, case.mentorship, enrolment.people)
        if line.taken_by is not None and line.taken_by not in everybody:  # whoever took it has left, or came too close
            await self._records.lines.give_back(line.mentorship, line.line, line.taken_by)
            line = line.model_copy(update={"taken_by": None, "taken_at": None, "aside_until": None})
        within = patience(programme)
        asked = everybody if line.taken_by is None else (line.taken_by,)
        setbacks = Setbacks()
        await self._remind(line, asked, enrolment.cohort, programme, now, setbacks)
        unowned = line.taken_by is None and now - case.opened_at >= within
        told: datetime | None = None
        with setbacks.kept():
            told = await self._owner.tell(case, enrolment, programme, now) if unowned else None
        setbacks.tell()
        opens = await self._post.next_opening(asked, programme, now)
        again = min(filter(None, (told, opens, next_look(case.opened_at, line.taken_at, within, now))))
        return Standing(state="waiting" if line.taken_by is None else "taken", look_again=again)

    async def _line(self, case: Case) -> Line | None:
        lines = await self._records.lines.of(case.mentorship)
        return next((one for one in lines if (one.line, one.opened_at) == (case.line, case.opened_at)), None)

    async def _remind(  # noqa: PLR0917 - the mail's facts, then what befell others
        self, line: Line, readers: Sequence[str], cohort: str, programme: Programme, now: datetime, setbacks: Setbacks
    ) -> None:
        """At most one mail to a coordinator per half of `attention.unowned` (per whole once they took the line), digests included, however many lines wait."""
        within = patience(programme)
        if line.taken_by is None:
            since, gap = line.opened_at, max(within / 2, timedelta(seconds=1))
        else:
            since, gap = max(filter(None, (line.taken_at, line.aside_until)), default=now), within
        for ref, profile in (await self._records.people.profiles(readers)).items():
            if max(since + gap, self._post.opens(profile, programme, now)) > now:
                continue
            with setbacks.kept():
                async with self._one_by_one:
                    heard = await self._records.notices.last_sent(ref, _REMINDS, f"{cohort_id(cohort)}/")
                    if heard is None or heard + gap <= now:
                        await self._mail(ref, profile, cohort, programme, now)

    async def _mail(self, ref: str, profile: Profile, cohort: str, programme: Programme, now: datetime) -> None:
        period = max(patience(programme) / 2, timedelta(seconds=1))
        turn = (now - EPOCH) // period
        seen = await overview(self._records, cohort, ref, now)
        if seen is None or not (seen.waiting or seen.mine):
            return
        number, mine = pairs_of(seen.waiting), pairs_of(seen.mine)
        key = f"{cohort_id(cohort)}/waiting.{turn}/{ref}"

        def message(reader: Reader) -> EmailMessage:
            return compose_waiting(
                number,
                mine,
                reader=reader,
                link=self._post.list_link(cohort, ref),
                at=now,
                key=key,
                sender=self._post.sender,
                texts=programme.texts(),
                who_sees_what=self._post.who_sees_what,
            )

        await self._post.send(ref, profile, key, message, kind="waiting", programme=programme, now=now)
