"""What a deadline makes happen when it is due. Deciding a deadline always moves it on, or the loop would never end."""

from __future__ import annotations

from typing import Any, assert_never

from mentorship import events as e
from mentorship.decide import certificates_decided
from mentorship.decide_pause import leave_begins, pause_over
from mentorship.instant import Instant
from mentorship.people import SIDES, Side
from mentorship.policy.deadlines import Due
from mentorship.policy.follow_ups import wants_follow_up
from mentorship.policy.meetings import held_instants, topic_for, who_has_topic
from mentorship.policy.milestones import expectations_confirmed_at
from mentorship.state import Meeting, State


def decide_due(state: State, due: Due) -> tuple[e.AnyEvent, ...]:
    """The events of this deadline, at its own instant, however late a worker got round to it (P5)."""
    at = max(due.at, state.now)
    meeting = state.meeting(due.meeting) if due.meeting is not None else None
    match due.kind:
        case "prepare":
            return _prepare(state, meeting, at)
        case "ask":
            return _ask(state, meeting, at)
        case "proposal":
            return _proposal(meeting, due.side, at)
        case "claim":
            return (e.AbsenceStood(at=at, meeting=meeting.n, side=due.side),) if meeting is not None and due.side is not None else ()
        case "alignment":
            unconfirmed = tuple(s for s in SIDES if state.person(s).confirmed_at is None and wants_follow_up(state, s))
            return (e.AlignmentReminded(at=at, readers=unconfirmed if expectations_confirmed_at(state) is None else ()),)
        case "episode":
            return (e.EpisodeEnded(at=at, side=due.side),) if due.side is not None else ()
        case "no_meeting":
            return (e.AttentionRaised(at=at, line="no_meeting"),)
        case "rematch":
            return (e.AttentionRaised(at=at, line="rematch"),)
        case "halfway":
            return (e.HalfwayReached(at=at),)
        case "heads_up":
            return (e.EndApproached(at=at),)
        case "end":
            return (e.EndReached(at=at, **_feedback_due(state, SIDES)),)
        case "decide":
            return certificates_decided(state, at, state.ends)
        case "survey":
            return (e.SurveyReminded(at=at, readers=tuple(s for s in SIDES if not state.person(s).closing_answered and wants_follow_up(state, s))),)
        case "complete":
            return (e.MentorshipCompleted(at=at),)
        case "resume":
            return pause_over(state, at)
        case "leave":
            return leave_begins(state, due.side, at) if due.side is not None else ()
        case _:
            assert_never(due.kind)


def _prepare(state: State, meeting: Meeting | None, at: Instant) -> tuple[e.AnyEvent, ...]:
    if meeting is None:
        return ()
    silent = tuple(m.n for m in state.meetings if m.asked and not m.asked_again and m.without_word and m.n != meeting.n)
    session = topic_for(state, meeting.n)
    return (
        e.MeetingPrepared(
            at=at,
            meeting=meeting.n,
            session=session,
            named_to=who_has_topic(state, session),
            asks_again=silent,
            **_feedback_due(state, SIDES),
            pulse_to=_pulse_due(state, SIDES),
        ),
    )


def _ask(state: State, meeting: Meeting | None, at: Instant) -> tuple[e.AnyEvent, ...]:
    if meeting is None:
        return ()
    readers: tuple[Side, ...] = tuple(side for side in SIDES if wants_follow_up(state, side))
    return (e.MeetingAskedAbout(at=at, meeting=meeting.n, readers=readers, **_feedback_due(state, readers), pulse_to=_pulse_due(state, readers)),)


def _feedback_due(state: State, readers: tuple[Side, ...]) -> dict[str, Any]:
    """The number of meetings held for which feedback is invited now, and which of the readers are invited (H15): each person once for each number."""
    held = len(held_instants(state))
    number = max((number for number in state.rules.feedback_after if number <= held), default=0)
    to = tuple(side for side in readers if state.person(side).feedback_asked < number)
    return {"feedback_for": number, "feedback_to": to} if to else {}


def _pulse_due(state: State, readers: tuple[Side, ...]) -> tuple[Side, ...]:
    due = len(held_instants(state)) >= state.rules.surveys.pulse_after_meeting
    return tuple(side for side in readers if due and not state.person(side).pulse_asked)


def _proposal(meeting: Meeting | None, side: Side | None, at: Instant) -> tuple[e.AnyEvent, ...]:
    """A late proposal that the other neither accepted nor excused counts as a cancellation by its author; any other lapses.

    One that answers the other's proposal lapses as well: it was the other who said first that the time could not be kept. If the
    author has said since whether they were there, that is judged instead.
    """
    proposal = meeting.proposal(side) if meeting is not None and side is not None else None
    if meeting is None or side is None or proposal is None:
        return ()
    own = meeting.report(side)
    if meeting.unkept_by == side and side not in meeting.excused and (own is None or own.own is None):
        return (e.MeetingCancelled(at=at, meeting=meeting.n, side=side, reason="not_said", late=True, accepted_at=proposal.at, lapsed=True),)
    return (e.ProposalExpired(at=at, meeting=meeting.n, side=side),)
