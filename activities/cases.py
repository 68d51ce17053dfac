"""A case's own work, a concern's (H16) or a line's (P7): everything that it needs at this moment, in one activity whose name and result do not tell which."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from mentorship.instant import Instant
from wire.inputs import CaseOf


class Standing(BaseModel):
    """Whether somebody looks after it, and when to look again; None: nothing is left to do."""

    model_config = ConfigDict(frozen=True)

    state: Literal["waiting", "taken", "closed"] = "waiting"
    look_again: Instant | None = None


class Desk(Protocol):
    async def tend(self, case: str, now: datetime) -> Standing:
        """Does what is due: holds or releases the meetings, asks and reminds, tells the owner a number.

        Idempotent: what was done is recorded, and a repeat does only the rest. Raises what may pass, to be tried again.
        """
        ...


class CaseActivities:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @activity.defn(name="tend_case")
    async def tend_case(self, case: CaseOf) -> Standing:
        """The clock is the server's: the instant at which this attempt began, however long it waited for a worker. From there its time runs, and
        the time for which a mail that it has begun is nobody else's.
        """
        return await self._desk.tend(case.case, activity.info().started_time)
