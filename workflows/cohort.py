"""One cohort: enrols its pairs in batches, sends the coordinators their weekly digest, and closes with a report (H9).

Its input is an id, never a roster: who is in it stands in records. Starting the cohort again signals `enrol`, and only what is
new is started.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.enrolment import CohortOf, DigestRequest, EnrolRequest, Progress
    from mentorship.label import Label
    from workflows.outbox import execute

BATCH = 50


class CohortInput(BaseModel):
    """`digests` counts those that were sent: a continued run goes on with it."""

    model_config = ConfigDict(frozen=True)

    cohort: str
    digests: int = 0
    enrolled: bool = False


@workflow.defn(name="Cohort")
class Cohort:
    @workflow.init
    def __init__(self, start: CohortInput) -> None:
        self._cohort = start.cohort
        self._digests = start.digests
        self._wanted = not start.enrolled
        self._progress = Progress()

    @workflow.signal
    def enrol(self) -> None:
        """There are new pairs in records."""
        self._wanted = True

    @workflow.query
    def progress(self) -> Progress:
        return self._progress

    @workflow.run
    async def run(self, _: CohortInput) -> Progress:
        while True:
            if self._wanted:
                await self._enrol()
            else:
                self._see(await execute("cohort_progress", CohortOf(cohort=self._cohort), Progress))
            if self._progress.over == self._progress.total and not self._wanted:
                await self._digest(closing=True)
                if not self._wanted:
                    return self._progress
                continue
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(CohortInput(cohort=self._cohort, digests=self._digests, enrolled=not self._wanted))
            due = self._progress.next_digest
            await self._wait(due)
            if due is not None and workflow.now() >= due:
                await self._digest(closing=False)

    async def _enrol(self) -> None:
        while self._wanted:
            self._wanted = False
            while True:
                self._see(await execute("enrol_batch", EnrolRequest(cohort=self._cohort, most=BATCH), Progress))
                if not self._progress.pending:
                    break

    async def _wait(self, digest: datetime | None) -> None:
        """Until somebody joins, the digest is due, or it is time to look again."""
        pause = self._progress.look_again
        if digest is not None:
            pause = min(pause, max(digest - workflow.now(), timedelta(seconds=1)))
        try:
            await workflow.wait_condition(lambda: self._wanted, timeout=pause, timeout_summary=Label("Look again, or send the digest"))
        except TimeoutError:
            return

    async def _digest(self, *, closing: bool) -> None:
        self._digests += 1
        request = DigestRequest(cohort=self._cohort, number=self._digests, at=workflow.now(), closing=closing)
        self._see(await execute("send_digest", request, Progress))

    def _see(self, progress: Progress) -> None:
        self._progress = progress
        started = progress.started + progress.over
        workflow.set_current_details(
            f"### Cohort {self._cohort}\n\n- **Started:** {started} of {progress.total}\n- **Running:** {progress.started}\n- **Over:** {progress.over}"
        )
