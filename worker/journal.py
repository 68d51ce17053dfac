"""The journal's port: the core's entries as rows of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from activities.journal import JournalHead
from mentorship.advance import Entry
from records.journal import JournalEntry
from records.store import Records


class RecordsJournal:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def append(self, mentorship: str, entries: Sequence[Entry], card: Mapping[str, Any], over_at: datetime | None) -> JournalHead:
        rows = [JournalEntry.model_validate(entry.model_dump()) for entry in entries]
        head = await self._records.journal.append(mentorship, rows, card=card, over_at=over_at)
        return JournalHead(seq=head.seq, mac=head.mac)

    async def seal(self, mentorship: str) -> None:
        await self._records.journal.seal(mentorship)
