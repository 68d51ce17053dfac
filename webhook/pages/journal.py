"""What a page reads from a mentorship's journal, and from the notes that it names: goals, the reader's reports, what changed nothing, feedback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentorship import events as e
from mentorship.evolve import evolve, fold
from mentorship.people import Side
from mentorship.state import State, report_digest
from records.journal import JournalEntry
from records.notes import Note


@dataclass(frozen=True)
class Goal:
    """A goal in the two's words; `text` is None when its words are no longer kept."""

    id: str
    text: str | None
    actions: tuple[str | None, ...]


@dataclass(frozen=True)
class Report:
    """A report of the reader's own that can be taken back. `code` is its digest, as the state keeps it."""

    code: str
    message_id: str
    at: datetime


@dataclass(frozen=True)
class Refused:
    """A message that the reader sent from a page and that changed nothing, with its words. `name` is the command's, or the kind of a private one."""

    message_id: str
    name: str
    private: bool
    reason: str
    at: datetime
    meeting: datetime | None
    """The time of the planned meeting that it was about, as it was when the message was decided."""
    words: tuple[str, ...]


@dataclass(frozen=True)
class Feedback:
    """`shared` is True if its author shared it, when it was written or later."""

    note: str
    by: Side
    text: str
    shared: bool
    at: datetime


def goals_of(events: list[e.AnyEvent], notes: dict[str, Note]) -> tuple[Goal, ...]:
    found: dict[str, Goal] = {}
    words: Callable[[str], str | None] = lambda note: notes[note].text if note in notes else None  # noqa: E731 - a name for one lookup
    for event in events:
        if isinstance(event, e.GoalSet):
            before = found.get(event.goal, Goal(event.goal, None, ()))
            text = words(event.note_id) if event.note_id is not None else before.text
            found[event.goal] = Goal(event.goal, text, (*before.actions, *map(words, event.actions)))
    return tuple(found.values())


def reports_of(entries: list[JournalEntry], person: str) -> tuple[Report, ...]:
    mine = [row for row in entries if row.kind == "command" and row.by == person and row.outcome == "applied" and row.message_id]
    return tuple(Report(report_digest(row.message_id or ""), row.message_id or "", row.at) for row in mine)


def refused_of(entries: list[JournalEntry], events: list[e.AnyEvent], notes: dict[str, Note], person: str, writer: str) -> tuple[Refused, ...]:
    mine = [row for row in entries if row.kind == "command" and row.by == person and row.outcome == "refused" and (row.message_id or "").startswith(writer)]
    meetings = _meetings_then(entries, events, mine)
    return tuple(_refusal(row, notes, meetings.get(row.seq)) for row in mine)


def _meetings_then(entries: list[JournalEntry], events: list[e.AnyEvent], commands: list[JournalEntry]) -> dict[int, datetime]:
    """For each command's place in the journal, the time that its meeting had then: a move or a pause gives the number another time."""
    numbers = {row.seq: row.body["meeting"] for row in commands if isinstance(row.body.get("meeting"), int)}
    found: dict[int, datetime] = {}
    state: State | None = None
    happened = iter(events)
    for row in entries if numbers else ():
        if row.kind == "event":
            event = next(happened)
            state = evolve(state, event) if state is not None else fold([event])
        elif row.seq in numbers and state is not None and (meeting := state.meeting(numbers[row.seq])) is not None:
            found[row.seq] = meeting.start
    return found


def _refusal(row: JournalEntry, notes: dict[str, Note], meeting: datetime | None) -> Refused:
    private: dict[str, Any] = row.body.get("body") or {}
    named = [row.body.get("note_id"), *row.body.get("actions", ()), private.get("note_id")]
    return Refused(
        message_id=row.message_id or "",
        name=private.get("kind", row.name),
        private=row.name == "submit_privately",
        reason=row.reason or "",
        at=row.at,
        meeting=meeting,
        words=tuple(notes[note].text for note in named if note in notes),
    )


def feedback_of(events: list[e.AnyEvent], notes: dict[str, Note]) -> tuple[Feedback, ...]:
    given = [event for event in events if isinstance(event, e.FeedbackGiven) and event.note_id in notes]
    noted = [(event, notes[event.note_id or ""]) for event in given]
    return tuple(Feedback(note.id, event.side, note.text, event.shared or note.shared, event.at) for event, note in noted)
