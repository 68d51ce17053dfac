"""When a case looks again. A concern and a coordinators' line have the same times, so that their timers in Temporal look alike (H16)."""

from __future__ import annotations

from datetime import datetime, timedelta

LOOKS = (3 / 14, 7 / 14, 10 / 14, 1.0)
"""In parts of each `attention.unowned` that passes: whatever a concern or a line has to do falls on one of them, or waits for the next."""


def next_look(opened_at: datetime, taken_at: datetime | None, patience: timedelta, now: datetime) -> datetime:
    """Also a whole `attention.unowned` after somebody took it, and again after each one more."""
    looks = [_following(opened_at, patience, LOOKS, now)]
    if taken_at is not None:
        looks.append(_following(taken_at, patience, LOOKS[-1:], now))
    return min(looks)


def _following(since: datetime, patience: timedelta, parts: tuple[float, ...], now: datetime) -> datetime:
    begun = since + max(now - since, timedelta()) // patience * patience
    return next(at for part in parts if (at := begun + part * patience) > now)
