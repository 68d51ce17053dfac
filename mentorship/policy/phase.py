"""Which phase of its life a mentorship is in."""

from __future__ import annotations

from typing import Literal

from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import expectations_confirmed_at
from mentorship.state import State

Phase = Literal["aligning", "active", "paused", "closing", "completed", "ended"]


def phase(state: State) -> Phase:
    if state.ended is not None:
        return "ended"
    if state.completed:
        return "completed"
    if state.closing:
        return "closing"
    if state.pausing is not None:
        return "paused"
    return "active" if expectations_confirmed_at(state) is not None or held_instants(state) else "aligning"
