"""Writing the journal: the one serial lane of a mentorship's outbox (P3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.advance import Entry
from mentorship.instant import Instant


class JournalBatch(BaseModel, frozen=True):
    """Entries in order, without gaps; `card` is what lists show of the mentorship after them."""

    mentorship: str
    entries: tuple[Entry, ...]
    card: dict[str, Any]
    over_at: Instant | None = None


class JournalHead(BaseModel, frozen=True):
    """The newest entry that is in the journal, and the chain's MAC there."""

    seq: int = 0
    mac: str = ""


class JournalOf(BaseModel, frozen=True):
    mentorship: str


class JournalStore(Protocol):
    """Appends are idempotent: the same content again counts as done. Raises Diverged when a number is taken by other content."""

    async def append(self, mentorship: str, entries: Sequence[Entry], card: Mapping[str, Any], over_at: datetime | None) -> JournalHead: ...

    async def seal(self, mentorship: str) -> None: ...


class JournalActivities:
    def __init__(self, store: JournalStore) -> None:
        self._store = store

    @activity.defn(name="append_journal")
    async def append_journal(self, batch: JournalBatch) -> JournalHead:
        """Writes the batch and the card in one transaction. `Diverged` is never retried: the workflow was reset, or decides differently now."""
        return await self._store.append(batch.mentorship, batch.entries, batch.card, batch.over_at)

    @activity.defn(name="seal_journal")
    async def seal_journal(self, journal: JournalOf) -> None:
        """Writes the closing row, after which nothing is appended."""
        await self._store.seal(journal.mentorship)
