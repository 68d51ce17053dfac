"""When a cohort starts or a pause ends, as an operator writes it: a date, an instant with a zone, or `now`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from schedule.calendar import instant, zone
from starter.answer import Misused

_YEARS = range(1970, 3000)
"""Far from the calendar's ends, so that a zone's hours and a programme's length can be added and subtracted."""


_DATE, _INSTANT = "a date such as 2027-03-01", "an instant with a zone such as 2027-03-01T09:00:00+01:00"


def parse_start(when: str, time_zone: str, now: datetime | None = None) -> datetime:
    """What `--starts` says, in UTC: a date is its midnight in `time_zone`. Raises Misused."""
    if when == "now":
        return now or datetime.now(UTC).replace(microsecond=0)
    return _parsed("--starts", when, time_zone, f"{_DATE}, {_INSTANT}, or now")


def parse_end(when: str, time_zone: str) -> datetime:
    """What `--until` says; without `now`, since nothing can end now. Raises Misused."""
    return _parsed("--until", when, time_zone, f"{_DATE}, or {_INSTANT}")


def _parsed(option: str, when: str, time_zone: str, expected: str) -> datetime:
    try:
        written = datetime.combine(date.fromisoformat(when), time()) if len(when) == 10 else _instant(when)
    except ValueError as error:
        raise Misused(f"{option}: {when!r} is neither a date nor an instant: expected {expected}") from error
    if written.year not in _YEARS:
        raise Misused(f"{option}: {when!r} is out of reach: expected a year from {_YEARS[0]} to {_YEARS[-1]}")
    return written.astimezone(UTC) if written.tzinfo else instant(written.date(), time(), zone(time_zone))


def _instant(when: str) -> datetime:
    at = datetime.fromisoformat(when)
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at
