"""Meeting instants from zones, working days and holidays. A workflow asks once and gets instants, so that a replay never asks again."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.commands import Slot
from mentorship.effects import PlanMeetings
from mentorship.instant import Instant
from mentorship.people import Pair


class PlanRequest(BaseModel, frozen=True):
    mentorship: str
    pair: Pair
    programme: str
    version: int
    wanted: PlanMeetings


class Planned(BaseModel, frozen=True):
    """The slots, and the new end if an extension in calendar time moves it; in UTC."""

    slots: tuple[Slot, ...]
    ends: Instant | None = None
    reporting_ends: Instant | None = None


class Planner(Protocol):
    async def replan(self, request: PlanRequest, now: datetime) -> Planned: ...


class PlanningActivities:
    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    @activity.defn(name="plan_meetings")
    async def plan_meetings(self, request: PlanRequest) -> Planned:
        """Goes by the server's clock: the instant at which a worker began this attempt, however long no worker was there (P5)."""
        return await self._planner.replan(request, activity.info().started_time)
