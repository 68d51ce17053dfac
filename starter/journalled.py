"""A mentorship as its journal tells it, for commands that decide by where it stands."""

from __future__ import annotations

from pydantic import TypeAdapter

from mentorship.events import AnyEvent
from mentorship.evolve import fold
from mentorship.state import State
from records.store import Records

_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


async def journalled(records: Records, mentorship: str) -> State | None:
    """Where the journal stands; None where there is none, or none any more."""
    entries = await records.journal.entries(mentorship)
    events = [_EVENT.validate_python({"event": entry.name, "at": entry.at, **entry.body}) for entry in entries if entry.kind == "event"]
    return fold(events) if events else None
