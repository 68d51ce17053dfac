"""A company whose HR reports events at the door: what it says, and what its mentorships are told."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from records.people import Profile
from records.store import Records

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


@dataclass
class Company:
    """Ana mentors Ben and Cleo in two pairs; Dan is their manager's manager. Both pairs are started, and no worker runs them."""

    http: httpx.AsyncClient
    headers: Callable[..., dict[str, str]]
    client: Client
    records: Records
    refs: dict[str, str]
    mentorships: list[str]
    queue: str
    recorder: type
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def say(self, person: str, event: str, body: Any = None, message_id: str | None = None, **signed: Any) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        sent = self.headers(raw, message_id or f"hr_{next(self.numbers)}", **{"secret": "hr", **signed})
        return await self.http.post(f"/v1/people/{person}/{event}", content=raw, headers=sent)

    async def receipt(self, person: str, message_id: str, **signed: Any) -> dict[str, Any]:
        headers = self.headers(b"", f"ask_{next(self.numbers)}", **{"secret": "hr", **signed})
        answer = await self.http.get(f"/v1/people/{person}/receipts/{message_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        async with Worker(self.client, task_queue=self.queue, workflows=[self.recorder], workflow_runner=UnsandboxedWorkflowRunner()):
            yield

    async def orders(self, pair: int = 0) -> list[dict[str, Any]]:
        """What that mentorship was sent so far, without the fields that are empty."""
        async with self.worker():
            seen = await self.client.get_workflow_handle(self.mentorships[pair]).query("signals")
        assert {name for name, _ in seen} <= {"order"}
        return [{key: value for key, value in arguments[0].items() if value is not None} for _, arguments in seen]

    async def profile(self, person: str) -> Profile:
        return await self.records.people.profile(self.refs[person])
