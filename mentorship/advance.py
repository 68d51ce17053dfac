"""advance(state, inbox, now): one turn of the loop, pure. The workflow, a rehearsal and a what-if all go through here.

Order is by instant: what came in is sorted by its `at`. Every deadline before a command happens first, then the command, then
whatever is due by now. A turn returns the journal's new entries, the effects, and the state after all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from mentorship import events as e
from mentorship.commands import Command
from mentorship.consequences import consequences
from mentorship.decide import decide
from mentorship.decide_due import decide_due
from mentorship.effects import AnyEffect
from mentorship.evolve import evolve, start
from mentorship.instant import CLOCK_SKEW, Instant, within_reach
from mentorship.policy.deadlines import next_due
from mentorship.react import react
from mentorship.state import MESSAGES_KEPT, State, report_digest

_NOT_BODY = {"message_id", "by", "at", "command", "event"}


class Entry(BaseModel, frozen=True):
    """One row of the journal: a command with its outcome, or an event; ids, codes and instants, never words (H12)."""

    seq: int
    at: Instant
    kind: Literal["command", "event"]
    name: str
    message_id: str | None = None
    by: str | None = None
    outcome: Literal["applied", "refused"] | None = None
    reason: str | None = None
    body: dict[str, Any] = {}


class Told(NamedTuple):
    """What an entry is made from, if somebody reads it: a rehearsal of thousands of pairs never makes one."""

    seq: int
    at: datetime
    what: Command | e.AnyEvent
    refused: str | None = None

    def entry(self) -> Entry:
        if isinstance(self.what, e.Event):
            body = self.what.model_dump(mode="json", exclude=_NOT_BODY, exclude_defaults=True)
            return Entry(seq=self.seq, at=self.at, kind="event", name=self.what.event, body=body)
        return Entry(
            seq=self.seq,
            at=self.at,
            kind="command",
            name=self.what.command,
            message_id=self.what.message_id,
            by=self.what.by,
            outcome="refused" if self.refused else "applied",
            reason=self.refused,
            # A malformed command may hold words, and the journal holds none.
            body={} if self.refused == "malformed" else self.what.model_dump(mode="json", exclude=_NOT_BODY, exclude_none=True),
        )


@dataclass(frozen=True)
class Advanced:
    """The state after the turn, what was said and happened in it, and what follows outside the mentorship."""

    state: State
    told: tuple[Told, ...]
    effects: tuple[AnyEffect, ...]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The journal's new rows."""
        return tuple(told.entry() for told in self.told)


class _Turn:
    """What one turn has gathered so far."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.told: list[Told] = []
        self.effects: list[AnyEffect] = []
        self.seq = state.seq
        self.recent = list(state.recent)

    @cached_property
    def known(self) -> set[str]:
        return {known.partition("!")[0] for known in self.recent}

    def command(self, command: Command, at: datetime) -> None:
        digest = report_digest(command.message_id)
        if digest in self.known:
            return  # applied once: a repeat changes nothing
        self.known.add(digest)
        ahead = command.at is not None and command.at > at + CLOCK_SKEW
        in_order = max(at if command.at is None else min(command.at, at), self.state.now)
        events = (e.CommandRefused(at=in_order, reason="in_the_future"),) if ahead else _heard(decide(self.state, command, in_order), at)
        refused = next((event.reason for event in events if isinstance(event, e.CommandRefused)), None)
        self.seq += 1
        said_at = command.at if command.at is not None and within_reach(command.at) else in_order
        self.told.append(Told(self.seq, said_at, command, refused))
        self.recent.append(digest + (f"!{refused}" if refused else ""))
        if refused is None:
            self.happen(events)

    def due_before(self, instant: datetime, *, inclusive: bool) -> None:
        while (due := next_due(self.state)) is not None and (due.at < instant or (inclusive and due.at == instant)):
            self.happen(decide_due(self.state, due))

    def happen(self, events: Sequence[e.AnyEvent]) -> None:
        """Fold the events in, then the events that follow from them, until none follow."""
        while events:
            for event in events:
                self.state = evolve(self.state, event)
                self.journal(event)
            events = consequences(self.state)

    def journal(self, event: e.AnyEvent) -> None:
        self.seq += 1
        self.told.append(Told(self.seq, event.at, event))
        self.effects += [effect.model_copy(update={"id": f"{self.seq}.{index}"}) for index, effect in enumerate(react(event, self.state))]

    def done(self) -> Advanced:
        """Puts the journal's number and the message ids into the state, once a turn, since no decision reads them."""
        if self.told:
            self.state = self.state.model_copy(update={"seq": self.seq, "recent": tuple(self.recent[-MESSAGES_KEPT:])})
        return Advanced(self.state, tuple(self.told), tuple(self.effects))


def _heard(events: Sequence[e.AnyEvent], now: datetime) -> tuple[e.AnyEvent, ...]:
    """The partner's time to answer or object counts from `now`: nobody can see a question before it is handled (P5)."""
    asking = (e.AbsenceClaimed, e.MoveProposed, e.MilestoneRecorded)
    return tuple(
        event.model_copy(update={"asked_at": now}) if isinstance(event, asking) and event.asked_at is None and event.at < now else event for event in events
    )


def begin(event: e.MentorshipStarted) -> Advanced:
    """A mentorship's first turn."""
    turn = _Turn(start(event))
    turn.journal(event)
    return turn.done()


def advance(state: State, inbox: Sequence[Command], now: datetime, *, more: bool = False) -> Advanced:
    """Take in what arrived, in the order of its instants, and everything that is due by `now` (UTC).

    Never raises. A message id that is among the last 256 changes nothing. A command whose `at` is further ahead than
    `CLOCK_SKEW` is refused. `more` says that later commands wait for another turn; then what is due after these waits, too.
    """
    turn = _Turn(state)
    for command in in_order(inbox, now):
        turn.due_before(_instant(command, now), inclusive=False)
        turn.command(command, now)
    if not more:
        turn.due_before(now, inclusive=True)
    return turn.done()


def in_order(inbox: Sequence[Command], now: datetime) -> list[Command]:
    """Sorted by instant, and at the same instant by message id, so that how they came in makes no difference."""
    return sorted(inbox, key=lambda command: (_instant(command, now), command.message_id))


def _instant(command: Command, now: datetime) -> datetime:
    return min(command.at or now, now)


def receipt(state: State, message_id: str) -> tuple[Literal["applied", "refused"], str | None] | None:
    """What became of a message, if it is among the last 256. None: only the journal can tell."""
    digest = report_digest(message_id)
    for known in state.recent:
        if known.startswith(digest):
            return ("refused", known.partition("!")[2]) if "!" in known else ("applied", None)
    return None
