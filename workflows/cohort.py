"""One cohort: enrols its pairs in batches, sends the coordinators their weekly digest, and closes with a report (H9).

Its input is an id, never a roster: records hold who is in it. Starting the cohort again signals `enrol`, and starts only what is new.
The workflow ends after its last pair, once the report was sent. Neither a mail server that is away nor a cancellation in Temporal's UI ends it.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.digests import DigestActivities, DigestRequest
    from activities.enrolment import EnrolmentActivities, EnrolRequest, Progress
    from mentorship.instant import Instant
    from wire.inputs import CohortOf
    from wire.label import Label
    from wire.names import COHORT, ENROL_SIGNAL
    from workflows.execute import execute
    from workflows.waiting import until, wait

BATCH = 50


class CohortInput(CohortOf):
    """A continued run goes on with the digest that is `due`, does not enrol again if it has `enrolled`, and shows the digest that was given up (`unsent`)."""

    due: Instant | None = None
    enrolled: bool = False
    unsent: DigestRequest | None = None


@workflow.defn(name=COHORT)
class Cohort:
    @workflow.init
    def __init__(self, start: CohortInput) -> None:
        self._cohort = start.cohort
        self._due = start.due
        self._wanted = not start.enrolled
        self._progress = Progress()
        self._unsent = start.unsent

    @workflow.signal(name=ENROL_SIGNAL)
    def enrol(self) -> None:
        """There are new pairs in records."""
        self._wanted = True

    @workflow.query
    def progress(self) -> Progress:
        return self._progress

    @workflow.run
    async def run(self, _: CohortInput) -> Progress:
        while True:
            try:
                return await self._live()
            except BaseException as stopped:
                if not is_cancelled_exception(stopped):
                    raise
                self._wanted = True  # an enrolment may have been cut short; what is started stays started

    async def _live(self) -> Progress:
        while True:
            await self._look()
            digest = self._to_send()
            if digest is not None and await self._send(digest) and digest.closing and self._is_over:
                return self._progress
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(CohortInput(cohort=self._cohort, due=self._due, enrolled=not self._wanted, unsent=self._unsent))
            await self._wait()

    @property
    def _is_over(self) -> bool:
        return self._progress.over == self._progress.total and not self._wanted

    async def _look(self) -> None:
        if self._wanted:
            await self._enrol()
        else:
            self._see(await execute(EnrolmentActivities.cohort_progress, CohortOf(cohort=self._cohort)))

    async def _enrol(self) -> None:
        while self._wanted:
            self._wanted = False
            while True:
                self._see(await execute(EnrolmentActivities.enrol_batch, EnrolRequest(cohort=self._cohort, most=BATCH)))
                if not self._progress.pending:
                    break

    async def _wait(self) -> None:
        """Waits until somebody joins, the digest is due, or it is time to look again."""
        pause = self._progress.look_again
        if self._due is not None:
            pause = min(pause, until(self._due))
        await wait(lambda: self._wanted, pause, "Look again, or send the digest")

    def _to_send(self) -> DigestRequest | None:
        """Once every mentorship is over: the closing report. Before that: the digest whose Monday has come, late rather than never."""
        now = workflow.now()
        if self._is_over:
            return DigestRequest(cohort=self._cohort, due=self._progress.last_end or now, at=now, closing=True)
        if self._due is not None and self._due <= now:
            return DigestRequest(cohort=self._cohort, due=self._due, at=now)
        return None

    async def _send(self, digest: DigestRequest) -> bool:
        """Returns False when it gave up. Meanwhile it enrols whoever joins at once, since a mail server can be away for long (P6)."""
        sending = asyncio.create_task(_sent(digest))
        try:
            while not sending.done():
                await workflow.wait_condition(lambda: sending.done() or self._wanted)
                await self._enrol()
        finally:
            sending.cancel()
        self._due = None
        self._unsent = None if sending.result() else digest
        self._show()
        return sending.result()

    def _see(self, progress: Progress) -> None:
        """A digest that is due stays due: records that answer late would name the Monday after."""
        self._progress = progress
        self._due = self._due or progress.next_digest
        self._show()

    def _show(self) -> None:
        progress = self._progress
        lines = [
            f"- **Started:** {progress.started + progress.over} of {progress.total}",
            f"- **Running:** {progress.started}",
            f"- **Over:** {progress.over}",
        ]
        if self._unsent is not None:
            lines.append(f"- **Not sent:** the {'report at the close' if self._unsent.closing else 'digest'} of {self._unsent.due:%Y-%m-%d %H:%M}Z")
        workflow.set_current_details("\n".join([f"### Cohort {self._cohort}", "", *lines]))


async def _sent(digest: DigestRequest) -> bool:
    """Sends to each reader in their own hours. False when it gave up (activities/options.py): a digest until next Monday's, the report until the next look."""
    try:
        while (again := (await execute(DigestActivities.send_digest, digest)).again) is not None:
            await workflow.sleep(until(again), summary=Label("Next: a reader's morning"))
            digest = digest.model_copy(update={"at": workflow.now()})
    except ActivityError:
        workflow.logger.warning("gave up the digest that was due at %s", digest.due.isoformat())
        return False
    return True
