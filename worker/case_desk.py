"""The port behind a concern's workflow: asks and reminds those whom the raiser chose, tells the owner a number, forgets words (H16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import structlog

from activities.cases import Standing
from gateway.links import Bearer, LinkSigner
from mentorship.people import Pair
from mentorship.programme import Programme
from notices.case_mail import compose_concern, compose_unowned
from notices.readers import NoAddress, Reader
from notices.smtp import Mailer, Refused, TryLater
from records.cases import Case
from records.cohorts import Enrolment
from records.contacts import blind_to, conflicted, still_fit
from records.errors import RecordsError, UnknownCase
from records.people import Profile
from records.store import Records
from worker.case_meetings import Meetings, NotNow

log = structlog.get_logger("cases")

REMIND = (0.0, 3 / 14, 7 / 14, 1.0)
"""When those who were asked hear of it, in parts of `attention.unowned`; later once in each such time, until a person takes it."""

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class CaseDesk:
    """`reading_hours` gives the earliest instant at which a mail may reach somebody (Calm)."""

    def __init__(
        self,
        records: Records,
        meetings: Meetings,
        mailer: Mailer,
        signer: LinkSigner,
        reading_hours: Callable[[datetime, str, str], datetime],
        *,
        sender: str,
        base_url: str,
    ) -> None:
        self._records = records
        self._meetings = meetings
        self._mailer = mailer
        self._signer = signer
        self._reading_hours = reading_hours
        self._sender = sender
        self._base_url = base_url.rstrip("/")

    async def tend(self, case: str, now: datetime) -> Standing:
        """As the port says. What is raised names nobody, since it stands in the case's history."""
        try:
            return await self._tend(case, now)
        except UnknownCase:
            return Standing(state="closed")
        except RecordsError as error:
            trouble = f"records: {type(error).__name__}"
        except TryLater as error:
            trouble = str(error)
        raise NotNow(trouble)

    async def _tend(self, case_id: str, now: datetime) -> Standing:
        case = await self._records.cases.get(case_id)
        trouble: NotNow | None = None
        try:
            case = await self._meetings.settle(case, now)
        except NotNow as error:  # nobody waits for a mail because of it
            trouble = error
        enrolment = await self._records.cohorts.by_mentorship(case.mentorship)
        cohort = await self._records.cohorts.get(enrolment.cohort) if enrolment is not None else None
        if enrolment is None or cohort is None:
            return Standing(state="closed")
        programme = await self._records.programmes.get(cohort.programme, cohort.version)
        if case.line is not None:
            return await self._tend_line(case, enrolment, programme, now)
        again = await self._tell(case, enrolment, programme, now)
        if trouble is not None:
            raise trouble
        return Standing(state=(await self._records.cases.get(case_id)).state, look_again=again)

    async def _tend_line(self, case: Case, enrolment: Enrolment, programme: Programme, now: datetime) -> Standing:
        """A line of the coordinators' list: looked at once in each `attention.unowned`, until it is closed."""
        lines = await self._records.lines.all(enrolment.cohort)
        line = next((one for one in lines if (one.mentorship, one.line, one.opened_at) == (case.mentorship, case.line, case.opened_at)), None)
        if line is None:
            await self._records.cases.end_line(case.id, now)
            return Standing(state="closed")
        patience = programme.attention.unowned.span
        waited = max(now - case.opened_at, timedelta())
        told = None
        if line.taken_by is None and waited >= patience:
            told = await self._tell_owner(case, Pair(mentor=enrolment.mentor, mentee=enrolment.mentee), programme, now)
        following = case.opened_at + (waited // patience + 1) * patience
        return Standing(state="waiting" if line.taken_by is None else "taken", look_again=min(filter(None, (told, following))))

    async def _tell(self, case: Case, enrolment: Enrolment, programme: Programme, now: datetime) -> datetime | None:
        """Sends what is due by now. Says when the next thing is."""
        if case.state == "closed":
            return await self._forget(case, programme, now)
        pair = Pair(mentor=enrolment.mentor, mentee=enrolment.mentee)
        asked = await still_fit(self._records, case, pair)
        patience = programme.attention.unowned.span
        if case.state == "taken" and case.taken_by is not None and case.taken_at is not None:
            if case.taken_by in asked:
                number = (now - case.taken_at) // patience
                waits = await self._ask(case, (case.taken_by,) if number else (), f"open.{number}", programme, now)
                return min(filter(None, (waits, case.taken_at + (number + 1) * patience)))
            case = await self._records.cases.give_back(case.id, case.taken_by)  # who took it has left, or came too close
        number, following = _reminder(now - case.opened_at, patience)
        waits = await self._ask(case, asked, f"asked.{number}", programme, now)
        told = await self._tell_owner(case, pair, programme, now) if number >= len(REMIND) - 1 else None
        return min(filter(None, (waits, told, case.opened_at + following)))

    async def _forget(self, case: Case, programme: Programme, now: datetime) -> datetime | None:
        """Words are kept for a while after the end, and no longer."""
        if case.forgotten or case.closed_at is None:
            return None
        until = case.closed_at + programme.retention.words.span
        if now < until:
            return until
        await self._records.cases.forget(case.id)
        return None

    # -- those who were asked -------------------------------------------------------------------------------------------------

    async def _ask(self, case: Case, readers: Sequence[str], what: str, programme: Programme, now: datetime) -> datetime | None:
        """One mail a reader and reminder. Says from when on the others may be written to."""
        later: list[datetime] = []
        for ref, profile in (await self._records.people.profiles(readers)).items():
            opens = self._opens(profile, programme, now)
            if opens > now:
                later.append(opens)
                continue
            key = f"case.{case.id}/{what}/{ref}"
            letter = self._letter(case, key, programme, now, again=not what.endswith(".0"))
            await self._send(ref, profile, key, letter, kind="concern", programme=programme, now=now)
        return min(later, default=None)

    def _letter(self, case: Case, key: str, programme: Programme, now: datetime, *, again: bool) -> Callable[[Reader], EmailMessage]:
        def compose(reader: Reader) -> EmailMessage:
            return compose_concern(
                reader=reader,
                link=f"{self._base_url}/case/{self._signer.token('case', Bearer(case.id, reader.ref))}",
                again=again,
                taken=case.state == "taken",
                at=now,
                key=key,
                sender=self._sender,
                texts=programme.texts(),
                who_sees_what=f"{self._base_url}/who-sees-what",
            )

        return compose

    # -- the owner ------------------------------------------------------------------------------------------------------------

    async def _tell_owner(self, case: Case, pair: Pair, programme: Programme, now: datetime) -> datetime | None:
        """How many cases nobody took, and nothing else; at most once in half of `attention.unowned`. Says when to try again.

        An owner who is close to whom a case is about does not hear of it even as a number.
        """
        owner = (await self._records.people.refs([programme.contacts.owner])).get(programme.contacts.owner)
        profile = (await self._records.people.profiles([owner])).get(owner) if owner is not None else None
        if owner is None or profile is None or await self._hidden(case, pair, owner):
            return None
        opens = self._opens(profile, programme, now)
        if opens > now:
            return opens
        patience = programme.attention.unowned.span
        number = await self._unowned(programme, owner, now - patience)
        period = max(patience / 2, timedelta(seconds=1))
        turn = (now - _EPOCH) // period
        key = f"owner.{programme.programme.id}/unowned.{turn}"

        def message(reader: Reader) -> EmailMessage:
            return compose_unowned(number, patience, reader=reader, at=now, key=key, sender=self._sender, texts=programme.texts())

        if await self._send(owner, profile, key, message, kind="unowned", programme=programme, now=now):
            return None
        told_at = next((notice.at for notice in await self._records.notices.of(owner) if notice.key == key), now)
        counted = told_at >= case.opened_at + patience
        return None if counted else _EPOCH + (turn + 1) * period

    async def _unowned(self, programme: Programme, owner: str, since: datetime) -> int:
        """Concerns and lines of the coordinators' list alike, of this programme, that nobody took since then."""
        number = 0
        pairs: dict[str, Pair] = {}
        for cohort in await self._records.cohorts.all():
            if cohort.programme == programme.programme.id:
                pairs |= {e.mentorship: Pair(mentor=e.mentor, mentee=e.mentee) for e in await self._records.cohorts.enrolments(cohort.id)}
        for case in await self._records.cases.waiting():
            pair = pairs.get(case.mentorship)
            if pair is not None and case.opened_at <= since and not await self._hidden(case, pair, owner):
                number += 1
        for line in await self._records.lines.all():
            pair = pairs.get(line.mentorship)
            if pair is not None and line.taken_by is None and line.opened_at <= since:
                number += not await blind_to(self._records, line.mentorship, pair, [owner])
        return number

    async def _hidden(self, case: Case, pair: Pair, owner: str) -> bool:
        about = {pair.mentor, pair.mentee, *([case.subject] if case.subject is not None else [])}
        return bool(await conflicted(self._records.people, [owner], about - {case.raiser}))

    # -- mail -----------------------------------------------------------------------------------------------------------------

    def _opens(self, profile: Profile, programme: Programme, now: datetime) -> datetime:
        hours = programme.mail.hours
        return now if hours == "none" else self._reading_hours(now, profile.time_zone or programme.programme.time_zone, hours)

    async def _send(
        self, ref: str, profile: Profile, key: str, compose: Callable[[Reader], EmailMessage], *, kind: str, programme: Programme, now: datetime
    ) -> bool:
        """Whether it went now. Once by `key`; what is refused for good is noted. Raises TryLater."""
        budget = programme.mail.budget
        if await self._records.notices.begin(key, ref, kind, True, now, budget.most, budget.per.span) != "send":
            return False
        try:
            message = compose(Reader(ref, profile.name, profile.email, profile.language, profile.time_zone, "coordinators"))
            await self._mailer.send(message)
        except (NoAddress, Refused):
            await self._records.notices.failed(key, "bounced", now)
            log.warning("mail_failed", kind=kind)
            return False
        await self._records.notices.sent(key, str(message["Message-ID"]), now)
        return True


def _reminder(waited: timedelta, patience: timedelta) -> tuple[int, timedelta]:
    """Which reminder is due after so long, counted from 0, and after how long the next one is."""
    if waited >= patience:
        whole = waited // patience
        return len(REMIND) - 2 + whole, (whole + 1) * patience
    number = max(index for index, part in enumerate(REMIND) if part * patience <= max(waited, timedelta()))
    return number, REMIND[number + 1] * patience
