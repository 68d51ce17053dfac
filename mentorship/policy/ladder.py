"""What counts against somebody, and which rung of the ladder it reaches (H14)."""

from __future__ import annotations

from bisect import bisect_right

from mentorship.instant import Instant
from mentorship.people import Side
from mentorship.policy.meetings import held_instants
from mentorship.policy.remembered import remembered
from mentorship.state import Meeting, State

COUNTING_REASONS = frozenset({"work", "not_said"})
"""`personal` (covers illness) and `technical` never count, nor what the partner excuses (H14)."""


@remembered("rules", "meetings", "extras", "mentor", "mentee")
def strikes(state: State, side: Side) -> tuple[Instant, ...]:
    """The instants of what counts against `side` in this episode: a late cancellation's own instant, and for an absence the meeting's start.

    If enough meetings were held before the next strike, the episode ended with them, even if they are reported only after that strike.
    """
    person = state.person(side)
    found = [at for meeting in state.meetings if not (meeting.held or meeting.without_word) and (at := _strike(meeting, side)) is not None]
    counted = sorted(at for at in found if person.cleared_at is None or at > person.cleared_at)
    held = held_instants(state) if len(counted) > 1 else ()
    before = [bisect_right(held, at) for at in counted]
    ended = (place for place in range(len(counted) - 1, 0, -1) if before[place] - before[place - 1] >= state.rules.cancellations.episode_ends_after_held)
    return tuple(counted[next(ended, 0) :])


def _strike(meeting: Meeting, side: Side) -> Instant | None:
    if side in meeting.excused:
        return None
    cancelled = meeting.cancelled
    if cancelled is not None:
        counts = cancelled.late and (cancelled.answers is not None or cancelled.reason in COUNTING_REASONS)  # the reason belongs to who called it off
        return cancelled.owed_to[1] if counts and cancelled.owed_to is not None and cancelled.owed_to[0] == side else None
    if not meeting.confirmed or meeting.unkept_by not in (None, side):  # to stay away when the partner could not keep the time is to miss nothing
        return None
    own = meeting.report(side)
    if own is not None and own.own == "absent":
        return meeting.start if (own.reason or "not_said") in COUNTING_REASONS else None
    claim = meeting.claim(side)
    return meeting.start if claim is not None and claim.stands == "yes" else None


def strikes_in_window(state: State, side: Side) -> tuple[Instant, ...]:
    """The strikes in the sliding window that ends now."""
    counted = strikes(state, side)
    return counted[bisect_right(counted, state.now - state.rules.cancellations.window.span) :] if counted else ()


def episode_is_over(state: State, side: Side) -> bool:
    """An episode ends after three meetings held since its last strike, or when the window has emptied."""
    counted = strikes_in_window(state, side)
    if not counted:
        return True
    held = held_instants(state)
    return len(held) - bisect_right(held, counted[-1]) >= state.rules.cancellations.episode_ends_after_held


def rung_reached(state: State, side: Side) -> int:
    """The rung, from 1, that the strikes in the window reach; 0 for none."""
    count = len(strikes_in_window(state, side))
    return max((number for number, rung in enumerate(state.rules.cancellations.ladder, 1) if count >= rung.at), default=0)


def frozen(state: State) -> bool:
    """Whether nobody climbs: a pause freezes the ladder (H16), and after the end no rhythm is left to change."""
    return state.pausing is not None or state.closing


def coordinator_told(state: State, side: Side) -> bool:
    """Whether the rungs that this episode has climbed include the coordinator's."""
    return any(rung.do == "coordinator" for rung in state.rules.cancellations.ladder[: state.person(side).rung])
