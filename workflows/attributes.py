"""Search attributes and the card: what an admin sees of a mentorship in the Temporal UI. No reasons, no rungs, nothing private (H12)."""

from __future__ import annotations

from typing import Any

from temporalio.common import SearchAttributePair, SearchAttributeUpdate

from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import done_in_time
from mentorship.policy.phase import phase
from mentorship.state import Meeting, State
from wire.label import Label
from wire.search_attributes import ALL, CERTIFIED, COHORT, MILESTONES, NEEDS_ATTENTION, NEXT_MEETING, PEOPLE, PHASE, PROGRAMME, PROGRESS


def next_meeting(state: State) -> Meeting | None:
    """The next planned meeting that is still ahead of the mentorship's own instant."""
    if state.over or state.closing:
        return None
    return min((m for m in state.meetings if m.cancelled is None and not m.reports and m.start > state.now), key=lambda m: m.start, default=None)


def attributes(state: State, cohort: str, *, diverged: bool) -> dict[str, SearchAttributePair[Any]]:
    """Every search attribute by name, with its present value; those without a value are left out."""
    done, total = len(done_in_time(state)), len(state.rules.milestones)
    following = next_meeting(state)
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(COHORT, cohort),
        SearchAttributePair(PROGRAMME, f"{state.rules.programme}.{state.rules.version}"),
        SearchAttributePair(PHASE, phase(state)),
        SearchAttributePair(PEOPLE, [state.pair.mentor, state.pair.mentee]),
        SearchAttributePair(MILESTONES, done),
        SearchAttributePair(PROGRESS, float(100 * done // total)),
        SearchAttributePair(NEEDS_ATTENTION, bool(state.attention) or diverged),
        SearchAttributePair(CERTIFIED, bool(state.certificates)),
    ]
    if following is not None:
        pairs.append(SearchAttributePair(NEXT_MEETING, following.start))
    return {pair.key.name: pair for pair in pairs}


def changes(before: dict[str, SearchAttributePair[Any]], after: dict[str, SearchAttributePair[Any]]) -> list[SearchAttributeUpdate[Any]]:
    """What to upsert: only what changed. A run that has shown nothing yet unsets what it does not have, since Temporal hands on what the run before showed."""
    updates: list[SearchAttributeUpdate[Any]] = [pair.key.value_set(pair.value) for name, pair in after.items() if before.get(name) != pair]
    return updates + [key.value_unset() for key in ALL if key.name not in after and (not before or key.name in before)]


def card(state: State, *, diverged: bool) -> Label:
    """A few lines of Markdown that say where the mentorship stands."""
    done, total = len(done_in_time(state)), len(state.rules.milestones)
    following = next_meeting(state)
    planned = len(state.meetings)
    held = len(held_instants(state))
    lines = [
        f"### {phase(state).capitalize()}",
        "",
        f"- **Next meeting:** {following.start:%Y-%m-%d %H:%M} UTC (number {following.n} of {planned})" if following else "- **Next meeting:** none planned",
        f"- **Milestones:** {done} of {total} done",
        f"- **Meetings held:** {held}",
        f"- **Runs:** {state.starts:%Y-%m-%d} to {state.ends:%Y-%m-%d}",
        f"- **Needs a person:** {'yes, see the coordinators’ list' if state.attention else 'no'}",
    ]
    if state.certificates:
        lines.append(f"- **Certificates:** {len(state.certificates)} issued")
    if diverged:
        lines += ["", "**Diverged:** this run decides differently from the journal. It sends nothing until an operator resolves it: see docs/operations.md."]
    return Label("\n".join(lines))
