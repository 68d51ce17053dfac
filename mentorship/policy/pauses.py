"""Who is away, and how much of the programme's longest pause is left (P6)."""

from __future__ import annotations

from datetime import timedelta

from mentorship.instant import Instant
from mentorship.state import State


def away_until(state: State, at: Instant) -> Instant | None:
    """Until when somebody of the two is on leave; None when neither is."""
    return max((leave.until for leave in state.leaves.values() if leave.begun and leave.until > at), default=None)


def pause_left(state: State) -> timedelta:
    return max(state.rules.pause.longest.span - state.paused_for, timedelta())
