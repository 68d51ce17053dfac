"""A journal's facts decided again by the pure core, under its own rules or under others (P2).

Facts are what people and operators did and when, the slots as they were planned, mails that failed. What follows from them
(what counts, who is told, what is earned) is computed anew. The plan of meetings is not: nobody can say who would have met then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter

from mentorship.advance import Advanced, Entry, advance, begin
from mentorship.commands import ApplyPlan, Command
from mentorship.effects import AnyEffect, PlanMeetings
from mentorship.policy.deadlines import next_due
from mentorship.programme import Rules
from mentorship.state import State
from records.journal import JournalEntry
from records.journal_events import started
from schedule.anew import new_end
from schedule.calendar import moved

_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
_OF_THE_CLOCK = frozenset({"malformed", "in_the_future"})
"""Refusals that no programme changes: the journal kept nothing to decide again."""


class Policy(NamedTuple):
    """What a mentorship is decided by. `home` is the zone in which its extensions are counted again; without it, the journal's ends are kept."""

    rules: Rules
    ends: datetime
    reporting_ends: datetime
    home: str | None = None


class Replayed(NamedTuple):
    state: State
    entries: tuple[Entry, ...]
    effects: tuple[AnyEffect, ...]


def replay(journal: Sequence[JournalEntry], policy: Policy | None = None, *, until: datetime | None = None) -> Replayed:
    """Decides every fact of `journal` again (without `policy`: by its own rules), and then whatever is due by `until` (None: until the mentorship is over)."""
    began = started(journal)
    if policy is not None:
        began = began.model_copy(update={"rules": policy.rules, "ends": policy.ends, "reporting_ends": policy.reporting_ends})
    told = _Told(begin(began))
    for turn in _turns(journal):
        told.take(advance(told.state, [], turn.before))  # what had happened by the time this came in
        if turn.refused is not None:
            told.keep(turn.refused)
        else:
            told.take(advance(told.state, [_counted_again(command, told, policy) for command in turn.inbox], turn.now, more=turn.goes_on))
    while (due := next_due(told.state)) is not None and (until is None or due.at <= until):
        told.take(advance(told.state, [], due.at))
    return Replayed(told.state, tuple(told.entries), tuple(told.effects))


def reproduces(journal: Sequence[JournalEntry], again: Replayed) -> bool:
    """Whether today's core, under the mentorship's own rules, says exactly what the journal says."""
    return len(again.entries) >= len(journal) and all(
        entry.model_dump(mode="json") == JournalEntry.model_validate(decided.model_dump()).model_dump(mode="json")
        for entry, decided in zip(journal, again.entries, strict=False)
    )


class _Told:
    def __init__(self, turn: Advanced) -> None:
        self.entries: list[Entry] = []
        self.effects: list[AnyEffect] = []
        self.state = turn.state
        self.take(turn)

    def take(self, turn: Advanced) -> None:
        self.state = turn.state
        self.entries += turn.entries
        self.effects += turn.effects

    def keep(self, refused: JournalEntry) -> None:
        """Adds a row as it is. Nothing follows from it but its number."""
        self.entries.append(Entry.model_validate(refused.model_dump()))
        self.state = self.state.model_copy(update={"seq": self.state.seq + 1})


def _counted_again(command: Command, told: _Told, policy: Policy | None) -> Command:
    """Moves an extension's end in calendar time from the end that this replay came to. The journal's end follows from the rules of that time."""
    if policy is None or policy.home is None or not isinstance(command, ApplyPlan) or command.ends is None:
        return command
    asked = [effect for effect in told.effects if isinstance(effect, PlanMeetings) and command.number in {None, effect.number}]
    ends = new_end(asked[-1], policy.home) if asked else None
    if ends is None:
        return command.model_copy(update={"ends": None, "reporting_ends": None})
    return command.model_copy(update={"ends": ends, "reporting_ends": moved(ends, policy.rules.reporting_grace, policy.home)})


@dataclass
class _Turn:
    """What came in together, when it was handled, and the latest instant that was handled before.

    `refused` is a row that is not decided again. The turn before it `goes_on`: what was handled with that one may follow.
    """

    inbox: list[Command]
    now: datetime
    before: datetime
    goes_on: bool = False
    refused: JournalEntry | None = None


def _turns(journal: Sequence[JournalEntry]) -> list[_Turn]:
    """The turns in which the commands were handled. If a command was handled after the door took it in, the journal says when somebody was asked:
    whatever came in up to then belongs to the same turn.

    Not so a command with another such instant, or one that comes after rows that its turn would have put behind it.
    """
    turns: list[_Turn] = []
    latest = before = journal[0].at
    handled, last = None, (latest, "")
    for place, entry in enumerate(journal):
        if entry.kind == "event":
            latest = max(latest, entry.at)
            continue
        if entry.reason in _OF_THE_CLOCK:
            if turns:
                turns[-1].goes_on = True
            turns.append(_Turn([], latest, latest, refused=entry))
            continue
        command, asked, order = _COMMAND.validate_python(_fields(entry)), _handled(journal, place), (entry.at, entry.message_id or "")
        if handled is None or entry.at > handled or asked not in {None, handled} or order <= last or latest > max(before, entry.at):
            handled, before = asked or entry.at, latest
            turns.append(_Turn([command], handled, before))
        elif turns[-1].refused is not None:
            turns.append(_Turn([command], handled, latest))
        else:
            turns[-1].inbox.append(command)
        last = order
    return turns


def _fields(entry: JournalEntry) -> dict[str, object]:
    return {"command": entry.name, "message_id": entry.message_id or f"unnamed.{entry.seq}", "by": entry.by or "", "at": entry.at, **entry.body}


def _handled(journal: Sequence[JournalEntry], place: int) -> datetime | None:
    for entry in journal[place + 1 :]:
        if entry.kind == "command":
            return None
        if asked := entry.body.get("asked_at"):
            return datetime.fromisoformat(asked)
    return None
