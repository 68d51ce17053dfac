"""Where the two are, as a picture: places and kinds of marks only. The words beside it say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mentorship.state import Meeting, State
from webhook.pages.meetings import left_over
from webhook.pages.milestones import Milestones

WIDTH = 720
_EDGE = 14

Mark = Literal["held", "confirmed", "proposed", "off", "open"]


@dataclass(frozen=True)
class Dot:
    x: int
    mark: Mark
    extra: bool = False


@dataclass(frozen=True)
class Segment:
    x: int
    width: int
    done: bool


@dataclass(frozen=True)
class Timeline:
    """Measured on a strip of WIDTH; `today` is None outside the programme's time. Mirrored for languages from right to left."""

    dots: tuple[Dot, ...]
    today: int | None
    start: int
    end: int
    segments: tuple[Segment, ...]
    threshold: int


def timeline(state: State, milestones: Milestones, now: datetime, *, mirrored: bool) -> Timeline:
    last = max([state.ends, *(m.start for m in state.meetings)])
    whole = max((last - state.starts).total_seconds(), 1.0)

    def place(share: float) -> int:
        x = _EDGE + share * (WIDTH - 2 * _EDGE)
        return round(WIDTH - x if mirrored else x)

    def at(instant: datetime) -> int:
        return place(min(1.0, max(0.0, (instant - state.starts).total_seconds() / whole)))

    dots = [Dot(at(meeting.start), _mark(state, meeting, now)) for meeting in state.meetings]
    dots += [Dot(at(extra.held_at), "held", extra=True) for extra in state.extras]
    total, done = milestones.total, milestones.done
    gap = 4 if total <= 20 else 1
    width = (WIDTH - gap * (total - 1)) / max(total, 1)
    segments = [Segment(round(_across(n * (width + gap), width, mirrored=mirrored)), round(width), n < done) for n in range(total)]
    edge = milestones.needed * (width + gap) - gap / 2
    return Timeline(
        dots=tuple(dots),
        today=at(now) if state.starts <= now <= last and not state.over else None,
        start=place(0.0),
        end=at(state.ends),
        segments=tuple(segments),
        threshold=round(WIDTH - edge if mirrored else edge),
    )


def _across(x: float, width: float, *, mirrored: bool) -> float:
    return WIDTH - x - width if mirrored else x


def _mark(state: State, meeting: Meeting, now: datetime) -> Mark:
    if meeting.held:
        return "held"
    if meeting.not_held or left_over(state, meeting):
        return "off"
    if meeting.start <= now:
        return "open"
    return "confirmed" if meeting.confirmed else "proposed"
