"""A cohort's own work: enrolling pairs in batches, the weekly digest, the report at its close (H9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from mentorship.instant import Instant
from wire.inputs import CohortOf


class EnrolRequest(BaseModel):
    """Start at most `most` mentorships of this cohort that are not started yet."""

    model_config = ConfigDict(frozen=True)

    cohort: str
    most: int


class Progress(BaseModel):
    """How far the cohort is: counts of mentorships; when to look again, when the next digest is due (Monday morning), and the last one's end so far."""

    model_config = ConfigDict(frozen=True)

    pending: int = 0
    started: int = 0
    over: int = 0
    look_again: timedelta = timedelta(days=1)
    next_digest: Instant | None = None
    last_end: Instant | None = None

    @property
    def total(self) -> int:
        return self.pending + self.started + self.over


class DigestRequest(BaseModel):
    """One digest to each coordinator. `due` names it, so that a repeat is recognised in whichever run: its Monday morning, or when the last pair ended.

    `at` is now: what the list says, and whose hours are open.
    """

    model_config = ConfigDict(frozen=True)

    cohort: str
    due: Instant
    at: Instant
    closing: bool = False


class DigestSent(BaseModel):
    """When to come `again`, since somebody may not be written to before; None: everybody has theirs."""

    model_config = ConfigDict(frozen=True)

    again: Instant | None = None


class CohortOffice(Protocol):
    """All of it idempotent: what was started stays started, a digest that went does not go again."""

    async def enrol(self, cohort: str, most: int, beat: Callable[..., None]) -> Progress: ...

    async def progress(self, cohort: str) -> Progress: ...

    async def digest(self, request: DigestRequest) -> datetime | None: ...


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

    @activity.defn(name="send_digest")
    async def send_digest(self, request: DigestRequest) -> DigestSent:
        """The coordinators' list of the week, or the closing report, to whoever may be written to now.

        Each attempt goes by its own clock, the server's: while one mailbox is full for a day, the others' mornings come.
        """
        now = activity.info().started_time
        return DigestSent(again=await self._office.digest(request.model_copy(update={"at": max(request.at, now)})))
