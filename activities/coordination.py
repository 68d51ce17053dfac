"""The coordinators' list: lines that say which pair needs a person (P7)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.effects import TellCoordinators
from mentorship.people import Side


class LineRequest(BaseModel, frozen=True):
    mentorship: str
    wanted: TellCoordinators


class Lines(Protocol):
    """The one door to the list, so that people are reminded of every line in the same way, whoever raised it. Both methods are idempotent."""

    async def open(self, mentorship: str, line: str, side: Side | None, at: datetime, key: str) -> None:
        """Opens a line. When a `key` comes again, its first `at` stays."""
        ...

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        """Closes the line of one side, or of any if `side` is None."""
        ...


class CoordinationActivities:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    @activity.defn(name="tell_coordinators")
    async def tell_coordinators(self, request: LineRequest) -> None:
        wanted = request.wanted
        if wanted.opened:
            await self._lines.open(request.mentorship, wanted.line, wanted.side, wanted.at, f"{request.mentorship}/{wanted.id}")
        else:
            await self._lines.close(request.mentorship, wanted.line, wanted.at)
