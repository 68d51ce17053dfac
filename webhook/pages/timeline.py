"""Where the two are, as a picture: only positions and kinds of marks. The words beside it say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mentorship.policy.pauses import pause_to_add
from mentorship.state import Meeting, State
from webhook.pages.meetings import left_over
from webhook.pages.milestones import Milestones

_EDGE = 3.0
_NARROW = 256
"""Pixels that a small phone has for it."""

Mark = Literal["held", "confirmed", "proposed", "off", "open"]


@dataclass(frozen=True)
class Dot:
    x: float
    mark: Mark
    extra: bool = False


@dataclass(frozen=True)
class Segment:
    x: float
    width: float
    done: bool


@dataclass(frozen=True)
class Timeline:
    """Positions are percentages of its width, so that marks keep their size. `today` is None outside the programme's time. Mirrored if read right to left."""

    dots: tuple[Dot, ...]
    radius: int
    """In pixels. It keeps neighbours apart even on a small phone, as long as marks can still be seen."""
    today: float | None
    start: float
    end: float
    segments: tuple[Segment, ...]
    threshold: float


def timeline(state: State, milestones: Milestones, now: datetime, *, mirrored: bool) -> Timeline:
    ends = state.ends + pause_to_add(state)
    last = max([ends, *(m.start for m in state.meetings)])
    whole = max((last - state.starts).total_seconds(), 1.0)

    def place(share: float) -> float:
        x = _EDGE + share * (100 - 2 * _EDGE)
        return round(100 - x if mirrored else x, 2)

    def at(instant: datetime) -> float:
        return place(min(1.0, max(0.0, (instant - state.starts).total_seconds() / whole)))

    dots = [Dot(at(meeting.start), _mark(state, meeting, now)) for meeting in state.meetings]
    dots += [Dot(at(extra.held_at), "held", extra=True) for extra in state.extras]
    total, done = milestones.total, milestones.done
    gap = 0.6 if total <= 20 else 0.3
    width = (100 - gap * (total - 1)) / max(total, 1)
    segments = [Segment(round(_across(n * (width + gap), width, mirrored=mirrored), 2), round(width, 2), n < done) for n in range(total)]
    edge = milestones.needed * (width + gap) - gap / 2
    return Timeline(
        dots=tuple(dots),
        radius=max(3, min(7, int(_NARROW * (1 - _EDGE / 50) / (len(dots) + 1) / 2 - 3))),
        today=at(now) if state.starts <= now <= last and not state.over else None,
        start=place(0.0),
        end=at(ends),
        segments=tuple(segments),
        threshold=round(100 - edge if mirrored else edge, 2),
    )


def _across(x: float, width: float, *, mirrored: bool) -> float:
    return 100 - x - width if mirrored else x


def _mark(state: State, meeting: Meeting, now: datetime) -> Mark:
    if meeting.held:
        return "held"
    if meeting.not_held or left_over(state, meeting):
        return "off"
    if meeting.start <= now:
        return "open"
    return "confirmed" if meeting.confirmed else "proposed"
