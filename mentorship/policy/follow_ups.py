"""Who is still written to when nobody answers (Calm)."""

from __future__ import annotations

from mentorship.people import Side
from mentorship.policy.meetings import held_instants
from mentorship.state import State


def wants_follow_up(state: State, side: Side) -> bool:
    """Follow-ups stop after two unanswered; anything that the person does answers them (Calm)."""
    return state.person(side).unanswered < state.rules.mail.follow_ups


def feedback_given(state: State, side: Side, number: int) -> bool:
    """Whether they gave feedback since the meeting held as the `number`th, after which they are invited to (H15)."""
    held, given = held_instants(state), state.person(side).feedback_at
    since = held[min(number, len(held)) - 1] if held else state.starts
    return given is not None and given >= since


def survey_rides_along(state: State) -> bool:
    """Whether the survey's one reminder would come at about the same time as the result: then the result's mail carries it (Calm)."""
    apart = state.ends + state.rules.surveys.closing_reminder.span - state.reporting_ends
    return abs(apart) <= (state.reporting_ends - state.ends) / 4
