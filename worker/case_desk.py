"""The port behind a case's workflow (H16, P7): asks and reminds the contacts whom a concern's raiser chose, and tells the owner a number.

worker/case_line_desk.py does the same for lines of the coordinators' list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage

from activities.cases import Standing
from activities.setbacks import Setbacks
from mentorship.programme import Programme
from notices.case_mail import compose_concern
from notices.readers import Reader
from notices.smtp import TryLater
from records.cases import Case
from records.cohorts import Enrolment
from records.contacts import still_fit
from records.errors import RecordsError, UnknownCase
from records.store import Records
from wire.names import case_id
from worker.case_line_desk import LineDesk
from worker.case_meetings import Meetings, NotNow
from worker.case_owner import Owner
from worker.case_post import CasePost
from worker.case_rhythm import LOOKS, next_look, patience

KIND = "concern"
"""The kind, in the ledger, of every mail about a concern."""

REMIND = (0.0, LOOKS[0], LOOKS[1], LOOKS[3])
"""When the contacts who were asked get a mail, in parts of `attention.unowned`; afterwards once in each such time, until one of them takes the case."""


class CaseDesk:
    def __init__(self, records: Records, meetings: Meetings, post: CasePost) -> None:
        self._records = records
        self._meetings = meetings
        self._post = post
        self._owner = Owner(records, post)
        self._lines = LineDesk(records, meetings, post, self._owner)

    async def tend(self, case: str, now: datetime) -> Standing:
        """As the port says. The errors that it raises name nobody, since they are written to the case's history."""
        try:
            return await self._tend(case, now)
        except UnknownCase:
            return Standing(state="closed")
        except RecordsError as error:
            trouble = f"records: {type(error).__name__}"
        except TryLater as error:
            trouble = str(error)
        raise NotNow(trouble)

    async def _tend(self, minted: str, now: datetime) -> Standing:
        case = await self._records.cases.get(minted)
        setbacks = Setbacks()
        with setbacks.kept():  # a failure here must not hold up anybody's mail
            case = await self._meetings.settle(case, now)
        enrolment = await self._records.cohorts.by_mentorship(case.mentorship)
        cohort = await self._records.cohorts.get(enrolment.cohort) if enrolment is not None else None
        if enrolment is None or cohort is None:
            return Standing(state="closed")
        programme = await self._records.programmes.get(cohort.programme, cohort.version)
        if case.line is not None:
            return await self._lines.tend(case, enrolment, programme, now)
        again = await self._tell(case, enrolment, programme, now, setbacks) if case.state != "closed" else None
        setbacks.tell()
        return Standing(state=(await self._records.cases.get(case.id)).state, look_again=again)

    async def _tell(self, case: Case, enrolment: Enrolment, programme: Programme, now: datetime, setbacks: Setbacks) -> datetime | None:
        """Sends each contact, and the owner, what is due by now, even if mails to the others fail. Returns when to look again."""
        asked = await still_fit(self._records, case, enrolment.people)
        within = patience(programme)
        if case.taken_by is not None and case.taken_by not in asked:  # whoever took it has left, or came too close
            case = await self._records.cases.give_back(case.id, case.taken_by)
        told: datetime | None = None
        if case.taken_by is not None and case.taken_at is not None:
            asked = (case.taken_by,)
            number = (now - case.taken_at) // within
            if number:
                await self._ask(case, asked, f"open.{number}", programme, now, setbacks)
        else:
            number = _reminder(now - case.opened_at, within)
            await self._ask(case, asked, f"asked.{number}", programme, now, setbacks)
            with setbacks.kept():
                told = await self._owner.tell(case, enrolment, programme, now) if number >= len(REMIND) - 1 else None
        opens = await self._post.next_opening(asked, programme, now)
        return min(filter(None, (told, opens, next_look(case.opened_at, case.taken_at, within, now))))

    # -- the contacts who were asked ------------------------------------------------------------------------------------------

    async def _ask(  # noqa: PLR0917 - the mail's facts, then what befell others
        self, case: Case, readers: Sequence[str], what: str, programme: Programme, now: datetime, setbacks: Setbacks
    ) -> None:
        """Sends one mail for each reader and reminder, to those who may be written to now. It reads as a reminder only to a reader who was asked before."""
        for ref, profile in (await self._records.people.profiles(readers)).items():
            if self._post.opens(profile, programme, now) > now:
                continue
            key = f"{case_id(case.id)}/{what}/{ref}"
            before = await self._records.notices.last_sent(ref, (KIND,), f"{case_id(case.id)}/asked.")
            letter = self._letter(case, key, programme, now, again=before is not None)
            with setbacks.kept():
                await self._post.send(ref, profile, key, letter, kind=KIND, programme=programme, now=now)

    def _letter(self, case: Case, key: str, programme: Programme, now: datetime, *, again: bool) -> Callable[[Reader], EmailMessage]:
        def compose(reader: Reader) -> EmailMessage:
            return compose_concern(
                reader=reader,
                link=self._post.case_link(case.id, reader.ref),
                again=again,
                taken=case.state == "taken",
                at=now,
                key=key,
                sender=self._post.sender,
                texts=programme.texts(),
                who_sees_what=self._post.who_sees_what,
            )

        return compose


def _reminder(waited: timedelta, within: timedelta) -> int:
    """Which reminder is due after this time, counted from 0."""
    if waited >= within:
        return len(REMIND) - 2 + waited // within
    return max(index for index, part in enumerate(REMIND) if part * within <= max(waited, timedelta()))
