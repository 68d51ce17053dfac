"""Instants: absolute moments in UTC. Zones, working days and holidays are the business of schedule/."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel

CLOCK_SKEW = timedelta(seconds=30)
"""A door's clock may run ahead of the server's by this much. A command further in the future is refused."""

_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(4000, 1, 1, tzinfo=UTC)


def to_utc(value: datetime) -> datetime:
    """The same instant in UTC; a value without a zone is taken as UTC already. Raises ValueError beyond the calendar."""
    if value.tzinfo is UTC:
        return value
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError("expected an instant within the years 1 to 9999 in UTC") from beyond


Instant = Annotated[datetime, AfterValidator(to_utc)]


def within_reach(said: object) -> bool:
    """Whether every instant in `said` can be computed with: several of the longest lengths (590 years) before and after it are still in the calendar."""
    match said:
        case datetime():
            return _EARLIEST <= said < _LATEST
        case BaseModel():
            return all(map(within_reach, vars(said).values()))
        case tuple():
            return all(map(within_reach, said))
        case _:
            return True
