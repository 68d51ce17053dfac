"""What the journal says of a mentorship's pause, for somebody who asked to hold the meetings and wants to know whether they are held (H16)."""

from __future__ import annotations

from records.cases import PauseOrder
from records.journal import JournalEntry
from records.store import Records

_ENDS = ("resumed", "mentorship_ended")


async def pauses(records: Records, mentorship: str) -> bool:
    """Whether it is paused now, whoever wanted that."""
    told = [entry.name for entry in await records.journal.entries(mentorship) if entry.kind == "event" and entry.name in ("paused", *_ENDS)]
    return bool(told) and told[-1] == "paused"


async def in_force(records: Records, mentorship: str, pause: PauseOrder) -> bool | None:
    """Whether this very pause was applied and nothing has ended it since; None while the journal does not have it."""
    entries = await records.journal.entries(mentorship)
    ours = next((entry for entry in entries if entry.kind == "command" and entry.message_id == pause.message_id), None)
    if ours is None:
        return None
    return ours.outcome == "applied" and not any(_ended(entry) and entry.seq > ours.seq for entry in entries)


def _ended(entry: JournalEntry) -> bool:
    return entry.kind == "event" and entry.name in _ENDS
