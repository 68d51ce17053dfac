"""Who is away, how much of the programme's longest pause is left, and by how much a pause moves the end (P6)."""

from __future__ import annotations

from datetime import timedelta

from mentorship.instant import Instant
from mentorship.state import Leave, State


def away_until(state: State, at: Instant) -> Instant | None:
    """Until when one of the two is on leave; None when neither is."""
    return max((leave.until for leave in state.leaves.values() if leave.begun and leave.until > at), default=None)


def leave_noted(known: Leave | None, told: Leave, at: Instant) -> Leave:
    """HR's latest word about somebody's leave counts. A leave that begins only once the present one is over does not replace it, but follows (P6)."""
    if known is None or not known.begun or known.until <= at:
        return told
    if told.begins >= known.until:
        return known.model_copy(update={"following": told})
    following = known.following if known.following is not None and known.following.begins >= told.until else None
    return told.model_copy(update={"following": following})


def pause_left(state: State) -> timedelta:
    """How long pauses may still last. The programme's longest is for all of them together; never less than nothing."""
    return max(state.rules.pause.longest.span - state.paused_for, timedelta())


def pause_to_add(state: State) -> timedelta:
    """By how much the pause that lasts will have moved the end, and the end of reports, if it goes on as long as it is meant to."""
    return state.pausing.until - state.pausing.since if state.pausing is not None else timedelta()
