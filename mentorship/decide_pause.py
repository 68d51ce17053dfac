"""Pauses: an operator's, and those that follow leaves (P6).

A mentorship has one pause at a time. An operator's pause ends at its own time, or when an operator ends it; a concern's hold is one (H16). A pause
that began with a leave lasts while either of the two is away, and ends with the last leave. No pause lasts longer than the programme's longest.
A partner hears of a pause, never whose it is or why.
"""

from __future__ import annotations

from mentorship import commands as c
from mentorship import events as e
from mentorship.instant import Instant
from mentorship.people import Side
from mentorship.policy.pauses import away_until, leave_noted, pause_left
from mentorship.refusal import refuse
from mentorship.state import Leave, State

ON_LEAVE = "on_leave"
"""The line of the coordinators' list when somebody is away for longer than the programme's longest pause."""


def pause(state: State, command: c.Pause, at: Instant) -> tuple[e.AnyEvent, ...]:
    if command.away is not None:
        return _goes_away(state, command, command.away, at)
    pausing = state.pausing
    if pausing is not None and not pausing.by_leave:
        return refuse(at, "paused")
    if state.closing:
        return refuse(at, "closing")
    longest = (pausing.since if pausing is not None else at) + pause_left(state)
    until = min(command.until, longest) if command.until is not None else longest
    if until <= at:
        return refuse(at, "used_up" if longest <= at else "time_passed")
    if pausing is not None:  # it no longer ends with the leave: the operator who wants it may not know of one
        return (e.PauseProlonged(at=at, until=until, by_leave=False),)
    return (_paused(state, at, until),)


def resume(state: State, command: c.Resume, at: Instant) -> tuple[e.AnyEvent, ...]:
    if command.away is not None:
        return _comes_back(state, command.away, at)
    if state.pausing is None:
        return refuse(at, "not_paused")
    if not state.pausing.by_leave:
        return pause_over(state, at)
    # An operator who ends a pause that began with a leave knows better than the leave.
    back = tuple(e.LeaveOver(at=at, side=side) for side, leave in state.leaves.items() if leave.begun and leave.until > at)
    return (*back, _resumed(state, at))


def pause_over(state: State, at: Instant) -> tuple[e.AnyEvent, ...]:
    """The pause has lasted as long as it was meant to. The meetings go on, unless somebody is away and the pause may last longer."""
    until = _until(state, at)
    if until is None:
        return (_resumed(state, at),)
    if until > at:
        return (e.PauseProlonged(at=at, until=until),)
    return (_resumed(state, at), *_too_long(state, at))


def leave_begins(state: State, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    ahead = state.leaves[side].ahead
    if ahead is None:
        return ()
    return (e.LeaveBegan(at=at, side=side), *_follow(_with(state, side, ahead.model_copy(update={"begun": True})), at))


def _goes_away(state: State, command: c.Pause, person: str, at: Instant) -> tuple[e.AnyEvent, ...]:
    """The latest word about somebody's leave counts. A leave without an end is as long as the programme's longest pause."""
    side = state.pair.side(person)
    if side is None:
        return refuse(at, "not_a_participant")
    if state.closing:
        return refuse(at, "closing")
    begins = command.begins or at
    until = command.until or max(begins, at) + state.rules.pause.longest.span
    if until <= max(begins, at):
        return refuse(at, "time_passed")
    noted = e.LeaveNoted(at=at, side=side, begins=begins, until=until)
    leave = leave_noted(state.leaves.get(side), Leave(begins=begins, until=until, begun=begins <= at), at)
    return (noted, *_follow(_with(state, side, leave), at))


def _comes_back(state: State, person: str, at: Instant) -> tuple[e.AnyEvent, ...]:
    side = state.pair.side(person)
    if side is None:
        return refuse(at, "not_a_participant")
    leave = state.leaves.get(side)
    if leave is None or (leave.until <= at and leave.following is None):
        return refuse(at, "not_paused")
    return (e.LeaveOver(at=at, side=side), *_follow(_with(state, side, None), at))


def _follow(state: State, at: Instant) -> tuple[e.AnyEvent, ...]:
    """Begins, moves or ends the pause with the leaves that have begun. An operator's pause stays as it is."""
    until, pausing = _until(state, at), state.pausing
    if until is None:
        return (_resumed(state, at),) if pausing is not None and pausing.by_leave else ()
    if pausing is None:
        return (_paused(state, at, until, by_leave=True),) if until > at else _too_long(state, at)
    if pausing.by_leave and until not in (at, pausing.until):
        return (e.PauseProlonged(at=at, until=until),)
    return ()


def _until(state: State, at: Instant) -> Instant | None:
    """Until when leaves may hold the meetings: `at` or earlier if the programme's longest pause is used up, None if nobody is away."""
    away = away_until(state, at)
    since = state.pausing.since if state.pausing is not None else at
    return None if away is None else min(away, since + pause_left(state))


def _too_long(state: State, at: Instant) -> tuple[e.AnyEvent, ...]:
    return () if ON_LEAVE in state.attention else (e.AttentionRaised(at=at, line=ON_LEAVE),)


def _with(state: State, side: Side, leave: Leave | None) -> State:
    leaves = {known: theirs for known, theirs in state.leaves.items() if known != side}
    return state.model_copy(update={"leaves": leaves if leave is None else {**leaves, side: leave}})


def _paused(state: State, at: Instant, until: Instant, *, by_leave: bool = False) -> e.Paused:
    dropped = tuple(m.n for m in state.meetings if m.start > at and not m.reports and m.cancelled is None)
    return e.Paused(at=at, until=until, dropped=dropped, by_leave=by_leave)


def _resumed(state: State, at: Instant) -> e.Resumed:
    """The pause is over; the end moves by its length."""
    since = state.pausing.since if state.pausing is not None else at
    return e.Resumed(at=at, ends=state.ends + (at - since), reporting_ends=state.reporting_ends + (at - since))
