"""What follows within the mentorship once an event is folded in: rungs, episodes, milestones reached, lines of the coordinator's list.

They are questions of policy asked again after every step, so that no transition has to remember them.
"""

from __future__ import annotations

from mentorship import events as e
from mentorship.people import SIDES
from mentorship.policy.follow_ups import wants_follow_up
from mentorship.policy.ladder import episode_is_over, frozen, rung_reached, strikes
from mentorship.policy.meetings import held_instants, not_held_in_a_row, topic_for, without_word_in_a_row
from mentorship.policy.milestones import done_in_time
from mentorship.policy.pauses import away_until
from mentorship.state import ROWS, State


def consequences(state: State) -> tuple[e.AnyEvent, ...]:
    """The events that follow from this state; none once they are folded in."""
    at = state.now
    found: list[e.AnyEvent] = []
    if state.decided is None:
        found += _held(state)
        done = done_in_time(state)
        found += [e.MilestoneReached(at=at, milestone=m, done_at=done_at) for m, done_at in done.items() if m not in state.reached]
        found += [e.MilestoneReopened(at=at, milestone=m) for m in state.reached if m not in done]
    if state.over or state.decided is not None:
        return tuple(found)
    return (*found, *_ladder(state), *_attention(state))


def _held(state: State) -> list[e.AnyEvent]:
    """A meeting takes its topic once it counts as held, and gives it back when it no longer does (H10)."""
    found: list[e.AnyEvent] = []
    for meeting in state.meetings:
        if meeting.held and meeting.session is None:
            found.append(e.MeetingHeld(at=state.now, meeting=meeting.n, session=topic_for(state, meeting.n)))
        elif meeting.session is not None and not meeting.held:
            found.append(e.MeetingUnheld(at=state.now, meeting=meeting.n))
    return found


def _ladder(state: State) -> list[e.AnyEvent]:
    """Climbs once per rung and episode. A person who jumps two rungs hears of the higher one only (H14)."""
    found: list[e.AnyEvent] = []
    for side in SIDES:
        person = state.person(side)
        if not person.rung and not strikes(state, side):
            continue
        if episode_is_over(state, side):
            found.append(e.EpisodeEnded(at=state.now, side=side))
            continue
        rung = rung_reached(state, side) if not frozen(state) else 0
        if rung > person.rung:
            do = state.rules.cancellations.ladder[rung - 1].do
            found.append(e.LadderClimbed(at=state.now, side=side, rung=rung, do=do))
            if do == "coordinator":
                found.append(e.AttentionRaised(at=state.now, line=f"cancellations_{side}"))
    return found


def _attention(state: State) -> list[e.AnyEvent]:
    found: list[e.AnyEvent] = []
    rules = state.rules.attention
    in_a_row = not_held_in_a_row(state) >= rules.not_held_in_a_row
    if in_a_row and "run" not in state.seen and state.pausing is None:
        readers = tuple(side for side in SIDES if wants_follow_up(state, side))
        found += [e.CheckInDue(at=state.now, readers=readers), e.AttentionRaised(at=state.now, line="not_held")]
    silent = without_word_in_a_row(state) >= rules.unreported_in_a_row
    if silent and "silence" not in state.seen:
        found.append(e.AttentionRaised(at=state.now, line="silence"))
    known = {*state.attention, *(line for line, code in ROWS.items() if code in state.seen)}  # once a row is over, a line that a person resolved may come again
    if not known:
        return found
    gone = {"not_held": not in_a_row, "silence": not silent, "no_meeting": bool(held_instants(state)), "rematch": bool(held_instants(state))}
    gone |= {f"cancellations_{side}": not state.person(side).rung for side in SIDES}
    gone["on_leave"] = away_until(state, state.now) is None
    found += [e.AttentionCleared(at=state.now, line=line) for line in sorted(known) if gone.get(line, False)]
    return found
