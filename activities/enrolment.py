"""A cohort's own work: enrolling its pairs in batches, and counting how far they are (H9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from pydantic import BaseModel
from temporalio import activity

from mentorship.instant import Instant
from wire.inputs import CohortOf


class EnrolRequest(BaseModel, frozen=True):
    """Start at most `most` mentorships of this cohort that are not started yet."""

    cohort: str
    most: int


class Progress(BaseModel, frozen=True):
    """How far the cohort is: counts of mentorships, when to look again, when the next digest is due (Monday morning), and the latest end so far."""

    pending: int = 0
    started: int = 0
    over: int = 0
    look_again: timedelta = timedelta(days=1)
    next_digest: Instant | None = None
    last_end: Instant | None = None

    @property
    def total(self) -> int:
        return self.pending + self.started + self.over


class CohortOffice(Protocol):
    """Idempotent: what was started stays started."""

    async def enrol(self, cohort: str, most: int, beat: Callable[..., None]) -> Progress: ...

    async def progress(self, cohort: str) -> Progress: ...


class EnrolmentActivities:
    def __init__(self, office: CohortOffice) -> None:
        self._office = office

    @activity.defn(name="enrol_batch")
    async def enrol_batch(self, request: EnrolRequest) -> Progress:
        """Heartbeats after each pair; a crash in between starts nobody twice."""
        return await self._office.enrol(request.cohort, request.most, activity.heartbeat)

    @activity.defn(name="cohort_progress")
    async def cohort_progress(self, cohort: CohortOf) -> Progress:
        return await self._office.progress(cohort.cohort)
