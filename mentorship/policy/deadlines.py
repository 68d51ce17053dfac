"""Every deadline of a mentorship, and which one is next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from mentorship.instant import Instant
from mentorship.people import SIDES, Side
from mentorship.policy.follow_ups import survey_rides_along
from mentorship.policy.ladder import strikes
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import expectations_confirmed_at
from mentorship.policy.remembered import remembered
from mentorship.state import State

DueKind = Literal[
    "prepare",
    "ask",
    "proposal",
    "claim",
    "alignment",
    "episode",
    "no_meeting",
    "rematch",
    "halfway",
    "heads_up",
    "end",
    "decide",
    "survey",
    "complete",
    "resume",
    "leave",
]

ON_ITS_WAY = timedelta(minutes=1)
"""The longest that a command may need from its door to the mentorship. In a programme that lasts seconds, it is a hundredth of the reporting grace."""


class Due:
    """A deadline of the mentorship: `kind` at the instant `at`, about a meeting and a person if it concerns them."""

    __slots__ = ("at", "kind", "meeting", "side")

    def __init__(self, at: datetime, kind: DueKind, meeting: int | None = None, side: Side | None = None) -> None:
        self.at = at
        self.kind: DueKind = kind
        self.meeting = meeting
        self.side: Side | None = side

    def __repr__(self) -> str:
        return f"Due({self.at:%Y-%m-%d %H:%M:%S} {self.kind} {self.meeting or ''} {self.side or ''})"


_READS = ("rules", "starts", "ends", "reporting_ends", "meetings", "extras", "mentor", "mentee", "pausing", "leaves", "paused_for", "seen")


@remembered(*_READS, "closing", "decided", "ended", "completed")
def next_due(state: State) -> Due | None:
    """The earliest deadline, or None when the mentorship is over. Deciding it always moves it on (a property test holds this)."""
    return min(deadlines(state), key=lambda due: due.at, default=None)


def deadlines(state: State) -> list[Due]:
    """Every deadline that is ahead or due."""
    if state.over:
        return []
    rules = state.rules
    found: list[Due] = []
    if state.decided is None:
        found += _meeting_deadlines(state)
    if not state.closing:
        found += [Due(leave.ahead.begins, "leave", side=side) for side, leave in state.leaves.items() if leave.ahead is not None]
    if state.pausing is not None:
        return [*found, Due(state.pausing.until, "resume")]
    for side in SIDES:
        counted = strikes(state, side)
        if state.decided is None and counted:
            found.append(Due(counted[-1] + rules.cancellations.window.span, "episode", side=side))
    if not state.closing:
        return found + _programme_deadlines(state)
    if state.decided is None:
        found.append(Due(decided_at(state), "decide"))
    if "survey" not in state.seen and not survey_rides_along(state) and any(not state.person(side).closing_answered for side in SIDES):
        found.append(Due(state.ends + rules.surveys.closing_reminder.span, "survey"))
    if state.decided is not None:
        found.append(Due(max(state.ends + rules.surveys.closes.span, decided_at(state)), "complete"))
    return found


def _meeting_deadlines(state: State) -> list[Due]:
    rules = state.rules
    found: list[Due] = []
    for meeting in state.meetings:
        if meeting.without_word:
            if not meeting.prepared and not state.closing:
                found.append(Due(meeting.prepare_at, "prepare", meeting.n))
            if not meeting.asked:
                found.append(Due(meeting.ask_at, "ask", meeting.n))
        for proposal in meeting.proposals:
            found.append(Due((proposal.asked_at or proposal.at) + rules.cancellations.answer_within.span, "proposal", meeting.n, proposal.side))
        for claim in meeting.claims:
            if claim.stands == "open":
                found.append(Due(claim.asked_at + rules.attendance.contest_within.span, "claim", meeting.n, claim.side))
    return found


def _programme_deadlines(state: State) -> list[Due]:
    rules, seen = state.rules, state.seen
    found = [Due(state.ends, "end")]
    if "halfway" not in seen:
        found.append(Due(halfway_at(state), "halfway"))
    if "heads_up" not in seen:
        found.append(Due(max(state.ends - rules.heads_up.span, state.starts), "heads_up"))
    first = next((m.start for m in state.meetings if m.cancelled is None), None)
    if "alignment" not in seen and first is not None and expectations_confirmed_at(state) is None:
        found.append(Due(first + rules.alignment.remind_after.span, "alignment"))
    if not held_instants(state):
        met_by = state.starts + state.paused_for
        if "no_meeting" not in seen:
            found.append(Due(met_by + rules.attention.no_meeting_by.span, "no_meeting"))
        if "rematch" not in seen:
            found.append(Due(met_by + rules.attention.offer_rematch.span, "rematch"))
    return found


def halfway_at(state: State) -> Instant:
    return state.starts + (state.ends - state.starts) / 2


def decided_at(state: State) -> Instant:
    """When certificates are decided: a moment after reports close, since a report that a door took at the last instant is still on its way (P5)."""
    return state.reporting_ends + min(ON_ITS_WAY, (state.reporting_ends - state.ends) / 100)
