"""Sends a case's mails: within the reader's hours, recorded once by key, with links of the reader's own (H16, P7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from email.message import EmailMessage

import structlog

from activities.mail_once import send_once
from activities.options import OPTIONS
from gateway.links import Addresses, Bearer, LinkSigner
from mentorship.programme import Programme
from notices.readers import Reader
from notices.smtp import Mailer
from records.people import Profile
from records.store import Records
from worker.handing_over import hand_over

log = structlog.get_logger("cases")


class CasePost:
    """`reading_hours` gives the earliest instant at which a mail may reach somebody (Calm)."""

    def __init__(
        self,
        records: Records,
        mailer: Mailer,
        signer: LinkSigner,
        reading_hours: Callable[[datetime, str, str], datetime],
        *,
        sender: str,
        base_url: str,
    ) -> None:
        self._records = records
        self._mailer = mailer
        self._addresses = Addresses(signer, base_url)
        self._reading_hours = reading_hours
        self.sender = sender
        self.who_sees_what = self._addresses.who_sees_what

    def case_link(self, case: str, reader: str) -> str:
        return self._addresses.of("case", Bearer(case, reader))

    def list_link(self, cohort: str, reader: str) -> str:
        """The address of a coordinator's list."""
        return self._addresses.of("coordinator", Bearer(cohort, reader))

    def opens(self, profile: Profile, programme: Programme, now: datetime) -> datetime:
        return self._reading_hours(now, profile.time_zone or programme.programme.time_zone, programme.mail.hours)

    async def next_opening(self, readers: Iterable[str], programme: Programme, now: datetime) -> datetime | None:
        """The next instant at which one of those outside their hours can be written to; None when all can be written to now."""
        opens = [self.opens(profile, programme, now) for profile in (await self._records.people.profiles(readers)).values()]
        return min((at for at in opens if at > now), default=None)

    async def send(
        self, ref: str, profile: Profile, key: str, compose: Callable[[Reader], EmailMessage], *, kind: str, programme: Programme, now: datetime
    ) -> None:
        """Sends it once by `key`, also when several cases come due at once and each would send it, in whatever process. A refusal for good is noted.

        Raises TryLater, or BeingSent while another attempt may be sending it; that attempt has ended when its time is over.
        """
        reader = Reader(ref, profile.name, profile.email, profile.language, profile.time_zone, "coordinators")
        outcome = await send_once(
            self._records.notices,
            lambda: hand_over(self._mailer, lambda: compose(reader)),
            key=key,
            reader=ref,
            kind=kind,
            exempt=True,
            budget=programme.mail.budget,
            at=now,
            lease=OPTIONS["tend_case"].attempt,
        )
        if outcome not in {"sent", "already"}:
            log.warning("mail_failed")  # without its kind, which would tell that there is a concern
