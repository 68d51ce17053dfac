"""What a mentorship tells whoever asks: its status, its row in records' lists, its outcome. Opaque ids, codes and instants (H12)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from activities.journal import JournalHead
from mentorship.effects import MilestoneFacts
from mentorship.instant import Instant
from mentorship.people import SIDES
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import done_in_time, milestone_facts
from mentorship.policy.pauses import pause_to_add
from mentorship.policy.phase import phase
from mentorship.state import Meeting, State
from workflows.attributes import next_meeting


class TimelineEntry(BaseModel, frozen=True):
    at: Instant
    what: str
    reason: str | None = None


class Answer(BaseModel, frozen=True):
    """What became of an operator's update."""

    outcome: Literal["applied", "refused"]
    reason: str | None = None


class Receipt(BaseModel, frozen=True):
    """`waiting`: the message is not among the last 256. The journal knows older ones."""

    outcome: Literal["applied", "refused", "waiting"]
    reason: str | None = None


class MeetingStatus(BaseModel, frozen=True):
    meeting: int
    start: Instant
    confirmed: bool
    held: bool
    cancelled: bool
    moves_to: Instant | None = None


class Status(BaseModel, frozen=True):
    """Where the mentorship stands; opaque ids, codes and instants."""

    phase: str
    starts: Instant
    ends: Instant
    reporting_ends: Instant
    paused_until: Instant | None = None
    """When the pause ends by itself, unless somebody ends it before."""
    ends_with_pause: Instant | None = None
    """The end that the pause will have moved, if it lasts until then, as the two read it; `ends` moves once the pause is over. None without a pause."""
    reporting_ends_with_pause: Instant | None = None
    next_meeting: Instant | None
    meetings: tuple[MeetingStatus, ...]
    meetings_held: int
    milestones: tuple[MilestoneFacts, ...]
    goals: dict[str, str]
    attention: dict[str, Instant]
    certificates: dict[str, str]
    ended: str | None
    diverged: bool
    head: JournalHead
    pending_effects: int


class Outcome(BaseModel, frozen=True):
    """The result of the whole workflow."""

    phase: str
    milestones_done: int
    milestones_total: int
    certificates: dict[str, str]
    ended: str | None = None


def status_of(state: State, *, head: JournalHead, diverged: bool, pending_effects: int) -> Status:
    following = next_meeting(state)
    return Status(
        phase=phase(state),
        starts=state.starts,
        ends=state.ends,
        reporting_ends=state.reporting_ends,
        paused_until=state.pausing.until if state.pausing is not None else None,
        ends_with_pause=_with_pause(state, state.ends),
        reporting_ends_with_pause=_with_pause(state, state.reporting_ends),
        next_meeting=following.start if following else None,
        meetings=tuple(_meeting_status(meeting) for meeting in state.meetings),
        meetings_held=len(held_instants(state)),
        milestones=milestone_facts(state),
        goals={goal: known.status for goal, known in state.goals.items()},
        attention=state.attention,
        certificates=state.certificates,
        ended=state.ended.reason if state.ended is not None else None,
        diverged=diverged,
        head=head,
        pending_effects=pending_effects,
    )


def outcome_of(state: State) -> Outcome:
    return Outcome(
        phase=phase(state),
        milestones_done=len(done_in_time(state)),
        milestones_total=len(state.rules.milestones),
        certificates=state.certificates,
        ended=state.ended.reason if state.ended is not None else None,
    )


def listed(state: State) -> dict[str, Any]:
    """What lists in records show of this mentorship: codes, numbers and instants."""
    following = next_meeting(state)
    return {
        "phase": phase(state),
        "milestones_done": len(done_in_time(state)),
        "milestones_total": len(state.rules.milestones),
        "meetings_held": len(held_instants(state)),
        "next_meeting": following.start.isoformat() if following else None,
        "ends": state.ends.isoformat(),
        "ends_with_pause": moved.isoformat() if (moved := _with_pause(state, state.ends)) is not None else None,
        "attention": sorted(state.attention),
        "ladder_rung": max(state.person(side).highest_rung for side in SIDES),
        "certificates": sorted(state.certificates.values()),
        "ended": state.ended.reason if state.ended is not None else None,
    }


def _with_pause(state: State, instant: Instant) -> Instant | None:
    return instant + pause_to_add(state) if state.pausing is not None else None


def _meeting_status(meeting: Meeting) -> MeetingStatus:
    return MeetingStatus(
        meeting=meeting.n,
        start=meeting.start,
        confirmed=meeting.confirmed,
        held=meeting.held,
        cancelled=meeting.cancelled is not None,
        moves_to=meeting.proposals[0].to if meeting.proposals else None,
    )
