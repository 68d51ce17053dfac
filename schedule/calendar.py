"""Calendar time: durations in a zone, and the hours in which people read. Every instant in and out is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from mentorship.duration import Duration
from mentorship.instant import to_utc

_NONE = timedelta(0)


class UnknownZone(ValueError):  # noqa: N818 - it says what is wrong, as the records' and the gateway's errors do
    """No such zone in the zone database; the message says which one, and the nearest names."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, sorted(zone_names()), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "expected a name such as Europe/Berlin"
        super().__init__(f"unknown time zone {name!r}; {hint}")


@cache
def zone_names() -> frozenset[str]:
    """The names that the zone database knows, in its own spelling: a file system may ignore case, but people's records do not."""
    return frozenset(name for name in available_timezones() if name not in {"localtime", "Factory", "posixrules"})


def zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises UnknownZone."""
    if name not in zone_names():
        raise UnknownZone(name)
    return ZoneInfo(name)


def instant(day: date, wall: time, where: ZoneInfo) -> datetime:
    """That wall-clock time on that day, in UTC.

    If a change of clocks leaves that time out, the instant is later by the length of the jump. If the time comes twice, it is the first.
    """
    return datetime.combine(day, wall, tzinfo=where).astimezone(UTC)


def moved(at: datetime, length: Duration, where: str, times: int = 1) -> datetime:
    """`at` plus `times` durations: first their days on the wall calendar of the zone `where`, then their seconds as elapsed time.

    All days are added in one step, so that a change of clocks in between leaves no trace. `times` may be negative.
    """
    at = to_utc(at)
    if days := length.days * times:
        wall = at.astimezone(zone(where)).replace(tzinfo=None) + timedelta(days=days)
        at = instant(wall.date(), wall.time(), zone(where))
    return at + timedelta(seconds=length.seconds * times)


def reading_hours(at: datetime, where: str, hours: str, *, spread: timedelta = _NONE) -> datetime:
    """The earliest instant not before `at` at which a reader in the zone `where` gets mail. `hours` is `08:00-18:00` or `none`.

    The opening time is included, the closing time is not. With `spread`, a mail that leaves up to that much later is still in time.
    """
    at = to_utc(at)
    if hours == "none":
        return at
    local = zone(where)
    today = at.astimezone(local).date()
    for day in (today, today + timedelta(days=1)):
        opens, last = _window(day, hours, local, spread)
        if at <= last:
            return max(at, opens)
    return _window(today + timedelta(days=2), hours, local, spread)[0]


def reading_hours_before(at: datetime, where: str, hours: str, *, spread: timedelta = _NONE) -> datetime:
    """The latest instant not after `at` at which a reader in the zone `where` gets mail; otherwise as `reading_hours`."""
    at = to_utc(at)
    if hours == "none":
        return at
    local = zone(where)
    today = at.astimezone(local).date()
    for day in (today, today - timedelta(days=1)):
        opens, last = _window(day, hours, local, spread)
        if at >= opens:
            return min(at, last)
    return _window(today - timedelta(days=2), hours, local, spread)[1]


@lru_cache(maxsize=4096)
def _window(day: date, hours: str, local: ZoneInfo, spread: timedelta) -> tuple[datetime, datetime]:
    """The first and the last instant of that day at which a mail may leave; the last is never before the opening."""
    opens, closes = (instant(day, time.fromisoformat(text), local) for text in hours.split("-"))
    return opens, max(opens, closes - max(spread, timedelta(microseconds=1)))
