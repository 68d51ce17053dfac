"""The pair that the door's tests are about, as records have it and as Temporal sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from records.cohorts import Enrolment
from records.journal import JournalEntry
from records.store import Records
from tests.webhook.recorder import Recorder

ACCEPTED_AT = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


@dataclass
class Pair:
    """One enrolled pair, and what the roster calls it."""

    enrolment: Enrolment
    queue: str
    pair_id: str = "pair-7"
    mentor: str = "ana"
    mentee: str = "ben"

    @property
    def mentorship(self) -> str:
        return self.enrolment.mentorship


@dataclass
class Mentorship:
    """The pair's mentorship, as Temporal sees it and as records have it."""

    client: Client
    records: Records
    pair: Pair

    @asynccontextmanager
    async def accepted(self) -> AsyncIterator[WorkflowHandle[Any, Any]]:
        """Temporal has the workflow and accepts its signals inside the block; no worker runs."""
        handle = await self.client.start_workflow("Mentorship", "", id=self.pair.mentorship, task_queue=self.pair.queue)
        try:
            yield handle
        finally:
            await handle.terminate()

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """A worker runs inside the block, and none outside it."""
        async with Worker(self.client, task_queue=self.pair.queue, workflows=[Recorder], workflow_runner=UnsandboxedWorkflowRunner()):
            yield

    async def signals(self) -> list[tuple[str, dict[str, Any]]]:
        """What the workflow was sent so far, in order."""
        async with self.worker():
            seen = await self.client.get_workflow_handle(self.pair.mentorship).query("signals")
        return [(name, arguments[0]) for name, arguments in seen]

    async def end(self, *known: str) -> None:
        """Ends the mentorship, with these messages journaled as applied."""
        rows = [JournalEntry(seq=n, at=ACCEPTED_AT, kind="command", name="excuse", message_id=message, outcome="applied") for n, message in enumerate(known, 1)]
        await self.records.journal.append(self.pair.mentorship, rows, over_at=ACCEPTED_AT + timedelta(days=1))
