"""When a cohort starts, as an operator writes it: a date, an instant with a zone, or `now`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from schedule.calendar import instant, zone


def parse_start(when: str, time_zone: str, now: datetime | None = None) -> datetime:
    """The instant in UTC: a date is its midnight in `time_zone`. Raises ValueError in plain words."""
    if when == "now":
        return now or datetime.now(UTC).replace(microsecond=0)
    try:
        return instant(date.fromisoformat(when), time(), zone(time_zone)) if len(when) == 10 else _instant(when)
    except ValueError as error:
        raise ValueError(
            f"{when!r} is not a start: expected a date such as 2027-03-01, an instant with a zone such as 2027-03-01T09:00:00+01:00, or now"
        ) from error


def _instant(when: str) -> datetime:
    at = datetime.fromisoformat(when)
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at.astimezone(UTC)
