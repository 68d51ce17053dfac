"""Why a command changes nothing: a code in the journal and the receipt, never an exception."""

from __future__ import annotations

from typing import Literal

from mentorship import events as e
from mentorship.instant import Instant

Refusal = Literal[
    "not_a_participant",  # `by` is neither of the two
    "in_the_future",  # an instant that has not come yet
    "before_start",  # done before the mentorship began
    "malformed",  # nothing to act on, parts that contradict each other, or an instant out of reach
    "no_such_meeting",
    "no_such_milestone",
    "no_such_goal",
    "no_such_report",
    "no_such_line",
    "not_yours",  # only the other of the two can say this
    "already_done",  # it is so already
    "already_started",  # a move or a cancellation came after the start
    "not_yet",  # a report came before the meeting's start
    "cancelled",
    "held",
    "time_passed",  # the proposed time is not ahead
    "after_the_end",  # the proposed time is at or after the programme's end
    "planned_meeting",  # an extra meeting at a planned one's time: report that one
    "not_proposed",  # a yes to a time that the other does not propose any more
    "nothing_to_excuse",
    "nothing_to_dispute",
    "too_late",  # the time to object or to report is over
    "a_fact",  # completed by a fact, not by a report
    "too_many",
    "paused",
    "not_paused",
    "closing",
    "decided",
    "over",
    "used_up",  # the one extension, or the longest pause
    "too_long",  # an extension by more than the programme's own length
    "too_short",  # an extension by less than a day, where the meetings are a day apart or more
]


def refuse(at: Instant, reason: Refusal) -> tuple[e.AnyEvent, ...]:
    return (e.CommandRefused(at=at, reason=reason),)
