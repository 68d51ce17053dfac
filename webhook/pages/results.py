"""The holder decides whether the certificate says share and milestones (H8). A worker makes the edition that does: the issuer's key is there."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from gateway.reissue import ask_reissue
from records.certificates import Certificate
from records.store import Records
from webhook.problems import unavailable

MADE_WAIT = 3.0
"""Seconds that a page waits for the new edition; then it says that it is kept, and a mail brings it."""

_log = structlog.stdlib.get_logger("webhook.pages")


class Editions:
    """`patience` in seconds: how long Temporal has to take a wish."""

    def __init__(self, client: Client, records: Records, *, patience: float, retry_after: int) -> None:
        self._client = client
        self._records = records
        self._patience = patience
        self._retry_after = retry_after

    async def wish(self, certificate: Certificate, *, results: bool) -> None:
        """Durable when it returns, and harmless when repeated. Raises Problem (503) when Temporal cannot be reached."""
        try:
            async with asyncio.timeout(self._patience):
                await ask_reissue(self._client, certificate.mentorship, certificate.person, results=results, patience=self._patience)
        except (RPCError, TimeoutError, RuntimeError, OSError) as error:  # a lazy client that cannot connect raises RuntimeError
            _log.warning("temporal unavailable", error=type(error).__name__)
        else:
            return
        raise unavailable("temporal-unavailable", "Temporal cannot be reached at the moment", self._retry_after)

    async def made(self, certificate: Certificate, *, results: bool, within: float = MADE_WAIT) -> bool:
        """Whether an edition that says so stands within so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            standing = await self._records.certificates.standing(certificate.mentorship, certificate.person)
            if standing is not None and shows_results(standing) == results:
                return True
            if loop.time() > until:
                return False
            await asyncio.sleep(0.1)


def shows_results(certificate: Certificate) -> bool:
    """Whether its holder asked for share and milestones on it."""
    return bool(certificate.fields.get("show_results"))
