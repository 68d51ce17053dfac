"""What schedule/ answers when a mentorship asks for meetings again: after a pause, or in an extension (P6)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mentorship.commands import Slot
from mentorship.effects import PlanMeetings
from mentorship.programme import Programme
from schedule.calendar import moved
from schedule.plan import replan
from schedule.working_days import Home


class Anew(NamedTuple):
    """`ends` is None if the end stays where the mentorship put it."""

    slots: tuple[Slot, ...]
    ends: datetime | None
    reporting_ends: datetime | None


def plan_anew(
    programme: Programme,
    wanted: PlanMeetings,
    now: datetime,
    *,
    mentee: Home,
    mentor: Home | None = None,
) -> Anew:
    """Plans from `now` on: whatever kept everybody from planning earlier, the pair keeps the meetings that still fit before its end (P5).

    Raises UnknownZone, UnknownCountry.
    """
    home = programme.programme.time_zone
    ends = new_end(wanted, home)
    slots = replan(
        programme,
        after=max(wanted.after, now),
        count=wanted.count,
        last_start=wanted.last_start,
        paused=wanted.paused,
        mentee=mentee,
        mentor=mentor,
        ends=ends or wanted.ends,
    )
    return Anew(slots, ends, moved(ends, programme.programme.reporting_grace, home) if ends is not None else None)


def new_end(wanted: PlanMeetings, home: str) -> datetime | None:
    """The end with its extensions in calendar time in the zone `home`. Pauses since then move it by elapsed time. None without extensions."""
    longer = wanted.longer
    if longer is None:
        return None
    return moved(longer.ends, longer.length, home) + (wanted.ends - longer.ends - longer.length.span)
