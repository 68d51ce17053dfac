"""When a case looks again. A concern and a line have the same times, so that their timers in Temporal look alike (H16)."""

from __future__ import annotations

from datetime import datetime, timedelta

from mentorship.programme import Programme

LOOKS = (3 / 14, 7 / 14, 10 / 14, 1.0)
"""Parts of each `attention.unowned` that passes. Whatever a concern or a line has to do falls on one of them, or waits for the next."""

_A_DAY = timedelta(days=1)


def patience(programme: Programme) -> timedelta:
    """`attention.unowned`, or a day for a programme that was started with zero, which files may no longer say.

    So whoever is asked about a concern still hears of it, and is not written to all the time.
    """
    return programme.attention.unowned.span or _A_DAY


def next_look(opened_at: datetime, taken_at: datetime | None, within: timedelta, now: datetime) -> datetime:
    """One of LOOKS, or a whole `attention.unowned` after somebody took it, and again after each further one."""
    looks = [_following(opened_at, within, LOOKS, now)]
    if taken_at is not None:
        looks.append(_following(taken_at, within, LOOKS[-1:], now))
    return min(looks)


def _following(since: datetime, within: timedelta, parts: tuple[float, ...], now: datetime) -> datetime:
    begun = since + max(now - since, timedelta()) // within * within
    return next(at for part in parts if (at := begun + part * within) > now)
