"""A program at the door, which signs what it sends as the specification says."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from gateway.settings import Settings


def whsec() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass
class Sender:
    """A program that signs what it sends, as the specification says."""

    http: httpx.AsyncClient
    settings: Settings
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def headers(self, body: bytes, message_id: str, secret: str = "everything", at: datetime | None = None) -> dict[str, str]:
        at = at or datetime.now(UTC)
        signature = Webhook(self.settings.webhook_secrets[secret].secret.get_secret_value()).sign(message_id, at, body.decode())
        return {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}

    async def post(
        self,
        command: str,
        body: Any,
        message_id: str | None = None,
        *,
        cohort: str = "spring-2027",
        pair: str = "pair-7",
        headers: dict[str, str] | None = None,
        **signed: Any,
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message_id = message_id or f"msg_{next(self.numbers)}"
        sent = self.headers(raw, message_id, **signed) if headers is None else headers
        return await self.http.post(f"/v1/mentorships/{cohort}/{pair}/{command}", content=raw, headers=sent)

    async def receipt(self, message_id: str, *, cohort: str = "spring-2027", pair: str = "pair-7", **signed: Any) -> httpx.Response:
        headers = self.headers(b"", f"ask_{next(self.numbers)}", **signed)
        return await self.http.get(f"/v1/receipts/{cohort}/{pair}/{message_id}", headers=headers)

    async def answer(self, message_id: str) -> httpx.Response:
        """Returns the receipt once a live worker has handled the message. On a busy machine the hook may answer "waiting" before that, which is true as
        well.
        """
        async with asyncio.timeout(30):
            while (told := await self.receipt(message_id)).json()["status"] == "waiting":
                pass
        return told
