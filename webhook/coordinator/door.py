"""What a coordinator does to a line of their list: records keep it at once, then the line's case is woken (P7).

That case tells the mentorship, and tries until it is heard. So closing a line needs no worker alive, and a worker that dies does not lose it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar

from temporalio.client import Client

from gateway.links import Bearer
from gateway.settings import Settings
from records.coordination import Entry, Overview, overview
from records.lines import LineOutcome
from records.store import Records
from webhook.door import Clock
from webhook.problems import Problem, asked_of_records
from webhook.waking import wake

T = TypeVar("T")


class CoordinatorDoor:
    """A line that was closed meanwhile stays closed, even if a line of the same kind has been raised since.

    Every method raises Problem (503) when records cannot be reached, `close` also when Temporal cannot; the same form may then be sent again.
    """

    def __init__(self, settings: Settings, client: Client, records: Records, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._records = records
        self._clock = clock

    async def overview(self, bearer: Bearer) -> Overview | None:
        """None for somebody who does not look after the cohort (any more)."""
        return await self._ask(overview(self._records, bearer.scope, bearer.person, self._clock()))

    async def take(self, entry: Entry, by: str, *, instead_of: str | None = None) -> None:
        line = entry.line
        if line.closed_at is None:
            await self._ask(self._records.lines.take(line.mentorship, line.line, by, self._clock(), instead_of=instead_of))
            await self._stir(entry)

    async def set_aside(self, entry: Entry, by: str, until: datetime) -> None:
        line = entry.line
        if line.closed_at is None:
            await self._ask(self._records.lines.set_aside(line.mentorship, line.line, by, until, self._clock()))
            await self._stir(entry)

    async def give_back(self, entry: Entry, by: str) -> None:
        line = entry.line
        if line.closed_at is None:
            await self._ask(self._records.lines.give_back(line.mentorship, line.line, by))
            await self._stir(entry)

    async def close(self, entry: Entry, by: str, outcome: LineOutcome) -> None:
        """Returns once records have it and its case is on its way; a repeat wakes the case again and changes nothing."""
        line = entry.line
        if line.closed_at is None:
            await self._ask(self._records.lines.settle(line.mentorship, line.line, by, outcome, self._clock()))
        await self._wake(entry)

    async def followed(self, entry: Entry) -> bool:
        """Whether the mentorship has heard that the line was closed."""
        case = await self._ask(self._records.cases.of_line(entry.line.key))
        return case is None or case.state == "closed"

    async def _stir(self, entry: Entry) -> None:
        """Wakes the case if it can. Nothing waits for that: the case finds out by itself when it looks next."""
        with contextlib.suppress(Problem):
            await self._wake(entry)

    async def _wake(self, entry: Entry) -> None:
        case = await self._ask(self._records.cases.of_line(entry.line.key))
        if case is not None:
            await wake(self._client, self._settings, case.id)

    async def _ask(self, asked: Awaitable[T]) -> T:
        return await asked_of_records(asked, self._settings.webhook_retry_after)
