"""Rebuilds a mentorship from its journal alone: what Temporal lost, records still know (P5).

The journal holds every event. Folding them gives the very state that the workflow had; reacting to them again gives the effects, some of which may
not have been carried out. Receivers know each effect by its id, so that nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from activities.journal import JournalHead
from mentorship.advance import begin
from mentorship.effects import AnyEffect, IssueCertificates, PlanMeetings, SendNotice
from mentorship.events import MentorshipStarted, NoticeFailed
from mentorship.evolve import evolve, start
from mentorship.react import react
from mentorship.state import MESSAGES_KEPT, State, report_digest
from records.journal import JournalEntry
from records.journal_events import event_of, started
from records.store import Records
from workflows.mentorship import Carried
from workflows.outbox import OutboxState
from workflows.pending import Pending

UNSETTLED = timedelta(days=2)
"""A mail is tried for a day and waits for its reader's morning. An effect older than this at the journal's end is therefore settled, or late news by now.

Not so a result with its certificate, which is tried until it is sent.
"""


class Folded(NamedTuple):
    state: State
    effects: tuple[tuple[JournalEntry, AnyEffect], ...]
    """Everything that followed from the events; each effect with the row of its event."""
    given_up: frozenset[str]
    """Ids of effects among them whose mail failed, as the journal knows."""


async def revive(records: Records, mentorship: str) -> Carried | None:
    """What a workflow needs to continue where the journal ends; None for a mentorship that has no journal yet."""
    head = await records.journal.head(mentorship)
    if head is None:
        return None
    rows = await records.journal.entries(mentorship)
    folded = fold(rows)
    pending = tuple(Pending(effect=effect) for effect in open_effects(folded, await records.notices.settled(mentorship)))
    return Carried(state=folded.state.compact(), outbox=OutboxState(pending=pending, head=JournalHead(seq=head.seq, mac=head.mac)))


def begun(event: MentorshipStarted) -> Carried:
    """The same for a mentorship that ended before it wrote anything: it begins once more."""
    turn = begin(event)
    return Carried(state=turn.state.compact(), outbox=OutboxState(entries=turn.entries, pending=tuple(Pending(effect=effect) for effect in turn.effects)))


def fold(journal: Sequence[JournalEntry]) -> Folded:
    """The state at the journal's end. Raises ValueError if it does not begin with `mentorship_started`."""
    state = start(started(journal))
    effects: list[tuple[JournalEntry, AnyEffect]] = []
    given_up: set[str] = set()
    for row in journal:
        if row.kind == "command":
            kept = report_digest(row.message_id or "") + (f"!{row.reason}" if row.outcome == "refused" else "")
            state = state.model_copy(update={"recent": (*state.recent[-(MESSAGES_KEPT - 1) :], kept), "seq": row.seq})
            continue
        event = event_of(row)
        if isinstance(event, NoticeFailed):
            given_up.add(event.effect)
        state = evolve(state, event)
        effects += [(row, effect.model_copy(update={"id": f"{row.seq}.{index}"})) for index, effect in enumerate(react(event, state))]
        state = state.model_copy(update={"seq": row.seq})
    return Folded(state, tuple(effects), frozenset(given_up))


def open_effects(folded: Folded, settled: Collection[str]) -> tuple[AnyEffect, ...]:
    """Effects that may still have to be carried out. `settled` has the ids of those whose mail went, or was decided not to go."""
    end = folded.state.now
    done = folded.given_up.union(settled)
    wanted: list[AnyEffect] = []
    for row, effect in folded.effects:
        match effect:
            case PlanMeetings():
                asked = folded.state.plan_request
                is_open = asked is not None and asked.number == effect.number and not folded.state.closing
            case IssueCertificates():
                is_open = not folded.state.certificates
            case SendNotice():
                is_open = effect.id not in done and (row.at >= end - UNSETTLED or effect.certificate is not None)
            case _:
                is_open = row.at >= end - UNSETTLED
        if is_open:
            wanted.append(effect)
    return tuple(wanted)
