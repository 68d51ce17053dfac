"""A mentorship as its journal tells it: its events, and the state after them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter, ValidationError

from mentorship.events import AnyEvent, MentorshipStarted
from mentorship.evolve import fold
from mentorship.state import State
from records.errors import UnreadableRow
from records.journal import Journal, JournalEntry

_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def events_of(entries: Iterable[JournalEntry]) -> list[AnyEvent]:
    """What happened, in order, without commands. Raises UnreadableRow for a row that neither this release nor an earlier one wrote."""
    return [event_of(entry) for entry in entries if entry.kind == "event"]


def event_of(entry: JournalEntry) -> AnyEvent:
    """The event of a row that holds one. Raises UnreadableRow."""
    try:
        return _EVENT.validate_python({**entry.body, "event": entry.name, "at": entry.at})
    except ValidationError:
        raise UnreadableRow(entry.seq) from None


def started(entries: Sequence[JournalEntry]) -> MentorshipStarted:
    """How the mentorship began. Raises ValueError if the journal does not begin with that, and UnreadableRow."""
    begun = event_of(entries[0]) if entries and entries[0].kind == "event" else None
    if not isinstance(begun, MentorshipStarted):
        raise ValueError("a journal begins with mentorship_started")  # noqa: TRY004 - as of `mentorship.evolve.fold`
    return begun


async def journalled(journal: Journal, mentorship: str) -> State | None:
    """The state at the journal's end; None if there is no journal, or none any more. Raises RecordsUnavailable, UnknownKey, UnreadableRow."""
    events = events_of(await journal.entries(mentorship))
    return fold(events) if events else None
