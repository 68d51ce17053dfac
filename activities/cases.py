"""A case's own work, for a concern (H16) or for a line (P7). One activity does all that is due, and its name and result do not tell which of the two it is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.instant import Instant
from wire.inputs import CaseOf


class Standing(BaseModel, frozen=True):
    """Whether somebody looks after the case, and when to look again; None: nothing is left to do."""

    state: Literal["waiting", "taken", "closed"] = "waiting"
    look_again: Instant | None = None


class Desk(Protocol):
    async def tend(self, case: str, now: datetime) -> Standing:
        """Does what is due: holds or releases the meetings, asks and reminds people, and tells the programme's owner a number.

        Idempotent: it records what it did, and a repeat does only the rest. Raises an error that may pass, so that it is tried again.
        """
        ...


class CaseActivities:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @activity.defn(name="tend_case")
    async def tend_case(self, case: CaseOf) -> Standing:
        """Goes by the server's clock: the instant at which this attempt began, however long it waited for a worker. The attempt's own time counts from
        that instant, and so does the time for which no other attempt may take a mail that it has begun.
        """
        return await self._desk.tend(case.case, activity.info().started_time)
