"""Instants: absolute moments in UTC. Zones, working days and holidays are other people's business (schedule/)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def to_utc(value: datetime) -> datetime:
    """The same instant in UTC; a value without a zone is taken as UTC already. Raises ValueError beyond the calendar."""
    if value.tzinfo is UTC:
        return value
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError("expected an instant within the years 1 to 9999 in UTC") from beyond


Instant = Annotated[datetime, AfterValidator(to_utc)]
