"""What all routes for programs have in common: read, believed and counted in one order; only then is anything looked up."""

from __future__ import annotations

import structlog
from fastapi import Request

from gateway.settings import Settings
from webhook.pace import Pace
from webhook.parsing import read
from webhook.signatures import Signatures, Signed


class Programs:
    """Size, then signature, then pace. What the secret may speak for is the route's own next question."""

    def __init__(self, settings: Settings, pace: Pace) -> None:
        self._most = settings.webhook_max_body
        self._signatures = Signatures(settings.webhook_secrets)
        self._pace = pace

    async def hear(self, request: Request) -> tuple[bytes, Signed]:
        """Raises Problem: 401, 413, 422 for an id that cannot be used, 429."""
        raw = await read(request, self._most)
        signed = self._signatures.verify(request.headers, raw)
        structlog.contextvars.bind_contextvars(sender=signed.sender)
        self._pace.take(signed.sender)
        return raw, signed
