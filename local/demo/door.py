"""A program that speaks for participants, as any HR system would: it signs requests and repeats each under the same id until it is answered."""

from __future__ import annotations

import asyncio
import http.client
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from standardwebhooks import Webhook

from local.ports import HOST
from local.trouble import Trouble

_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PATIENCE = 30.0
"""Seconds for which a sender keeps trying: it repeats a request that gets no answer."""


@dataclass(frozen=True)
class Sent:
    """A command that the door accepted (202). `expected` is the reason of a refusal that its sender expects."""

    pair_id: str
    message_id: str
    at: datetime
    expected: str | None = None


@dataclass
class Door:
    port: int
    cohort: str
    secret: str = field(repr=False)
    sent: dict[str, Sent] = field(default_factory=dict)
    """By message id, since a repeat is the same command."""
    repeats: int = 0
    refused_at_the_door: list[tuple[str, str, int]] = field(default_factory=list)
    behind: float = 0.0
    """The longest delay, in seconds, between the instant for which a command was meant and its acceptance."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, pair_id: str, message_id: str, command: str, body: dict[str, Any], *, expected: str | None, meant: datetime | None) -> int:
        """Sends a command and returns the door's status. The same message id again is a repeat. Raises Trouble for an answer that is neither 202 nor 409."""
        status, answer = await self._ask("POST", f"/v1/mentorships/{self.cohort}/{pair_id}/{command}", message_id, json.dumps(body).encode())
        if meant is not None:
            self.behind = max(self.behind, (datetime.now(UTC) - meant).total_seconds())
        if status == HTTPStatus.ACCEPTED:
            self.repeats += message_id in self.sent
            self.sent.setdefault(message_id, Sent(pair_id, message_id, datetime.now(UTC), expected))
        elif status == HTTPStatus.CONFLICT:
            self.refused_at_the_door.append((pair_id, command, status))
        else:
            raise Trouble(f"the web hook answered {status} to {command} of {pair_id}: {answer}")
        self.changed.set()
        return status

    async def receipt(self, pair_id: str, message_id: str) -> dict[str, Any]:
        """What became of a command. Raises Trouble if the door does not say."""
        status, answer = await self._ask("GET", f"/v1/receipts/{self.cohort}/{pair_id}/{message_id}", f"receipt-{message_id}", b"")
        if status != HTTPStatus.OK:
            raise Trouble(f"the web hook answered {status} when asked for the receipt of {message_id}")
        return dict(answer)

    async def accepted(self, number: int) -> None:
        """Returns once the door has accepted this many distinct commands in all."""
        while len(self.sent) < number:
            self.changed.clear()
            await self.changed.wait()

    async def _ask(self, method: str, path: str, message_id: str, body: bytes) -> tuple[int, Any]:
        loop = asyncio.get_running_loop()
        limit = loop.time() + _PATIENCE
        while True:
            try:
                status, wait, answer = await asyncio.to_thread(self._once, method, path, message_id, body)
            except OSError:
                status, wait, answer = 0, 1.0, None
            if (status and status not in _AGAIN) or loop.time() + wait > limit:
                return status, answer
            await asyncio.sleep(wait)  # as the door's Retry-After asks

    def _once(self, method: str, path: str, message_id: str, body: bytes) -> tuple[int, float, Any]:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, now, body.decode()),
        }
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_PATIENCE)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, float(response.headers.get("Retry-After", "1")), json.loads(text) if text else None
        finally:
            connection.close()
