"""A fresh link to a coordinator's list: by mail, to the address that records know, and sparingly."""

from __future__ import annotations

import secrets
from datetime import timedelta

import structlog

from gateway.links import LIFETIMES, Bearer, LinkSigner
from notices.fresh_link import FreshPage, compose_fresh_link
from notices.readers import NoAddress, Reader
from notices.smtp import SmtpFault
from records.coordination import overview
from records.errors import RecordsError
from records.store import Records
from webhook.door import Clock
from webhook.pages.mails import Post, Sparing

_log = structlog.stdlib.get_logger("webhook.coordinator")


class FreshList:
    """`most` mails an hour to one person: nobody can fill somebody else's mailbox through us."""

    def __init__(self, records: Records, signer: LinkSigner, post: Post, now: Clock, *, base_url: str, sender: str, most: int = 4) -> None:
        self._records = records
        self._signer = signer
        self._post = post
        self._now = now
        self._base_url = base_url.rstrip("/")
        self._sender = sender
        self._sparing = Sparing(most, timedelta(hours=1), now)

    async def send(self, bearer: Bearer) -> None:
        """Nothing, and no error, for who does not look after the cohort; what cannot be sent is logged, without saying to whom."""
        asked_at = self._now()
        try:
            seen = await overview(self._records, bearer.scope, bearer.person, asked_at)
            if seen is None or not self._sparing.take(bearer.person):
                return
            head, profile = seen.programme.programme, seen.profile
            message = compose_fresh_link(
                [FreshPage(head.title, None, f"{self._base_url}/coordinator/{self._signer.token('coordinator', bearer)}")],
                reader=Reader(bearer.person, profile.name, profile.email, profile.language, profile.time_zone, "coordinators"),
                asked_at=asked_at,
                until=asked_at + (LIFETIMES["coordinator"] or timedelta()),
                key=secrets.token_urlsafe(12),
                sender=self._sender,
                languages=head.languages,
                time_zone=head.time_zone,
                who_sees_what=f"{self._base_url}/who-sees-what",
            )
            await self._post.send(message)
        except (NoAddress, SmtpFault, RecordsError) as error:
            _log.warning("fresh link not sent", error=type(error).__name__)
