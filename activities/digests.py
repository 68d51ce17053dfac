"""A cohort's mails to its coordinators: the weekly digest, and the report at its close (P7)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.instant import Instant


class DigestRequest(BaseModel, frozen=True):
    """One digest to each coordinator. `due` identifies it, so that any run recognises a repeat: it is its Monday morning, or when the last pair ended.

    `at` is now. It decides what the list says, and who may be written to.
    """

    cohort: str
    due: Instant
    at: Instant
    closing: bool = False


class DigestSent(BaseModel, frozen=True):
    """When to come `again`, if somebody may not be written to before then; None: everybody has theirs."""

    again: Instant | None = None


class Digests(Protocol):
    async def send(self, request: DigestRequest) -> datetime | None:
        """Sends the digest. Idempotent: a mail that was sent is not sent again. Returns when to come again, if at all."""
        ...


class DigestActivities:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    @activity.defn(name="send_digest")
    async def send_digest(self, request: DigestRequest) -> DigestSent:
        """Sends the week's coordinators' list, or the closing report, to everybody who may be written to now.

        Each attempt goes by the instant at which it began, by the server's clock: while one mailbox is full for a day, the others' mornings come.
        """
        now = activity.info().started_time
        return DigestSent(again=await self._digests.send(request.model_copy(update={"at": max(request.at, now)})))
