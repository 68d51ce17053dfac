"""When a pair meets, is prepared, and is asked: instants from a programme's rhythm, zones, working days and holidays.

They are computed once, at enrolment, resume and extension. A workflow keeps the answer, since the zone database changes and a replay may not.

There are two ways of counting. Without `time_of_day` a slot is exactly start + first_after + n * interval, whatever day that is. With it,
that rhythm gives a *date* (in the programme's zone), and the meeting is at that time in the mentee's zone:

- it moves forward to the next working day outside quiet weeks and the public holidays of either person, which begin by the clocks where that person lives;
- when a quiet time pushes several meetings together, they are half an interval apart until the rhythm has caught up;
- meetings that cannot move forward without leaving the programme move back, spread over the free days before them;
- a meeting that fits nowhere inside the programme is not planned: there may be fewer slots than `meetings.count`, and `cohort start` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from mentorship.commands import Plan, Slot
from mentorship.duration import Duration
from mentorship.instant import to_utc
from mentorship.programme import Programme
from schedule.calendar import instant, moved, reading_hours, reading_hours_before, zone
from schedule.working_days import Home, WorkingDays

_FAR = datetime(9000, 1, 1, tzinfo=UTC)
_SEARCH = 800  # days: no calendar of a sane programme is closed for longer


def plan(
    programme: Programme,
    starts: datetime,
    *,
    mentee: Home,
    mentor: Home | None = None,
) -> Plan:
    """The plan of a pair that starts at `starts`. Without `mentor` only the mentee's holidays count. Raises UnknownZone, UnknownCountry.

    The slots rise strictly and are within [starts, ends]. There may be fewer than the programme's count, even none.
    """
    starts = to_utc(starts)
    home = programme.programme.time_zone
    ends = moved(starts, programme.programme.length, home)
    rhythm = _Rhythm(starts, programme.meetings.first_after, programme.meetings.interval, home)
    nominal = [at for n in range(programme.meetings.count) if (at := rhythm.at(n)) <= ends]
    return Plan(
        starts=starts,
        ends=ends,
        reporting_ends=moved(ends, programme.programme.reporting_grace, home),
        slots=_slots(programme, nominal, zone(home), mentee, mentor, not_before=starts, ends=ends, told_from=starts),
    )


class Plans:
    """The plans of a whole cohort: pairs that start at one instant in one zone, with the same holidays, meet at the same times."""

    def __init__(self, programme: Programme, starts: datetime) -> None:
        self._programme = programme
        self._starts = starts
        self._known: dict[tuple[Home, Home | None], Plan] = {}

    def of(self, mentee: Home, mentor: Home | None = None) -> Plan:
        """Raises UnknownZone, UnknownCountry."""
        matters = mentor if mentor is not None and mentor.country and self._programme.meetings.holidays else None
        if (mentee, matters) not in self._known:
            self._known[mentee, matters] = plan(self._programme, self._starts, mentee=mentee, mentor=matters)
        return self._known[mentee, matters]


def replan(
    programme: Programme,
    *,
    after: datetime,
    count: int,
    last_start: datetime | None,
    mentee: Home,
    mentor: Home | None = None,
    ends: datetime | None = None,
    paused: timedelta = timedelta(),
) -> tuple[Slot, ...]:
    """Up to `count` slots after a pause or in an extension. They go on in the rhythm of `last_start`, later by how long it was `paused`; without
    a `last_start` they begin as the programme does, `first_after` later. With `time_of_day` the rhythm counts the mentee's days.

    The first leaves time to prepare: no slot starts before `after` + prepare, and one that would have is then. With `ends`, no slot ends after
    it, so there may be fewer. The last one moves back before the end if it stays half an interval from the one before it, which must not move: the
    rhythm may go on from a meeting that had itself been moved. Raises UnknownZone, UnknownCountry.
    """
    home = programme.programme.time_zone
    earliest = moved(after, programme.meetings.prepare, home)
    interval = programme.meetings.interval
    base = to_utc(last_start + paused if last_start else after)
    counted_in = home if programme.meetings.time_of_day is None else mentee.zone
    rhythm = _Rhythm(base, Duration() if last_start else programme.meetings.first_after, interval, counted_in)
    first = max(1 if last_start else 0, (earliest - base) // interval.span - 2)  # days may be an hour short or long: begin too low, then count up
    while rhythm.at(first) < after or rhythm.at(first + 1) <= earliest:
        first += 1
    limit = to_utc(ends) if ends else _FAR
    nominal = [at for n in range(first, first + count) if (at := max(rhythm.at(n), earliest)) <= limit]
    placed = partial(_slots, programme, dated_in=zone(mentee.zone), mentee=mentee, mentor=mentor, not_before=earliest, ends=limit, told_from=to_utc(after))
    slots, apart = placed(nominal), interval.span / 2
    if programme.meetings.time_of_day is None or len(nominal) != count - 1 or rhythm.at(first + count - 1) - apart > limit:
        return slots
    whole = placed([*nominal, limit])
    fits = whole[:-1] == slots and (not slots or whole[-1].start - slots[-1].start >= apart)
    return whole if fits else slots


@dataclass(frozen=True)
class _Rhythm:
    base: datetime
    first: Duration
    interval: Duration
    where: str

    def at(self, n: int) -> datetime:
        try:
            whole = Duration(days=self.first.days + n * self.interval.days, seconds=self.first.seconds + n * self.interval.seconds)
            return moved(self.base, whole, self.where)
        except (OverflowError, ValueError):  # beyond what a duration or the calendar can hold
            return datetime.max.replace(tzinfo=UTC)


def _slots(
    programme: Programme,
    nominal: Sequence[datetime],
    dated_in: ZoneInfo,
    mentee: Home,
    mentor: Home | None,
    *,
    not_before: datetime,
    ends: datetime,
    told_from: datetime,
) -> tuple[Slot, ...]:
    meetings, home = programme.meetings, programme.programme.time_zone
    local = zone(mentee.zone)
    if meetings.time_of_day is None:
        starts: Iterable[datetime] = (at for at in nominal if at >= not_before and moved(at, meetings.duration, home) <= ends)
    else:
        days = WorkingDays.of(meetings, [mentee] if mentor is None else [mentor, mentee])
        diary = _Diary(days, time.fromisoformat(meetings.time_of_day), local, meetings.duration, home, not_before, ends)
        starts = diary.place([at.astimezone(dated_in).date() for at in nominal], gap=max(1, meetings.interval.days // 2))
    return tuple(_slot(programme, start, mentee.zone, told_from) for start in starts)


@dataclass(frozen=True)
class _Diary:
    """Places dates on days that are free, within [not_before, ends]."""

    days: WorkingDays
    wall: time
    local: ZoneInfo
    duration: Duration
    home: str
    not_before: datetime
    ends: datetime

    def place(self, dates: Sequence[date], gap: int) -> list[datetime]:
        placed: list[date] = []
        for index, wanted in enumerate(dates):
            day = self._forward(max(wanted, placed[-1] + timedelta(days=gap))) if placed else self._forward(wanted)
            if day is None and placed:
                day = self._forward(max(wanted, placed[-1] + timedelta(days=1)))
            if day is None:  # then there is no day for any later meeting either
                placed += self._backward(placed[-1] if placed else None, wanted, len(dates) - index)
                break
            placed.append(day)
        return [instant(day, self.wall, self.local) for day in placed]

    def _forward(self, day: date) -> date | None:
        for _ in range(_SEARCH):
            if not self._ends_in_time(day):
                return None
            if self._free(day):
                return day
            day += timedelta(days=1)
        return None

    def _backward(self, previous: date | None, wanted: date, count: int) -> list[date]:
        """Up to `count` free days before `wanted`, spread between the previous meeting and there; the last free day is among them."""
        free: list[date] = []
        day = wanted
        for _ in range(_SEARCH):
            if (previous is not None and day <= previous) or instant(day, self.wall, self.local) < self.not_before:
                break
            if self._free(day) and self._ends_in_time(day):
                free.append(day)
            day -= timedelta(days=1)
        free.reverse()
        count = min(count, len(free))
        return [free[(n + 1) * len(free) // count - 1] for n in range(count)]

    def _free(self, day: date) -> bool:
        at = instant(day, self.wall, self.local)
        return at >= self.not_before and self.days.allow(day, at)

    def _ends_in_time(self, day: date) -> bool:
        return moved(instant(day, self.wall, self.local), self.duration, self.home) <= self.ends


def _slot(programme: Programme, start: datetime, mentee_zone: str, told_from: datetime) -> Slot:
    """One slot with its mails' instants: the preparation moves earlier into reading hours, the question later.

    No preparation is before `told_from`: that of a first meeting sooner than `prepare` goes as soon as people read.
    """
    home, hours, spread = programme.programme.time_zone, programme.mail.hours, programme.mail.spread.span
    prepare_at = reading_hours_before(moved(start, programme.meetings.prepare, home, -1), mentee_zone, hours, spread=spread)
    if prepare_at < told_from:
        prepare_at = min(reading_hours(told_from, mentee_zone, hours, spread=spread), start)
    ask_at = moved(moved(start, programme.meetings.duration, home), programme.meetings.ask_after, home)
    return Slot(start=start, prepare_at=prepare_at, ask_at=reading_hours(ask_at, mentee_zone, hours, spread=spread))
