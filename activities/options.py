"""One table: how each activity is run. Time-outs, retries, its summary in the Temporal UI, and its task queue.

Every failure has an owner. Temporal retries one that may pass by itself. One that never will is named in `refuses`, and comes
back to the workflow as a fact.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from temporalio.common import RetryPolicy

from wire.names import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE

ALIVE = timedelta(seconds=10)
"""After so long without a heartbeat Temporal takes the worker to be gone, and another one does the work (worker/beating.py)."""


class Options(NamedTuple):
    """`within` bounds all attempts together (None: until it works), `attempt` each one.

    `finished`: an attempt that has begun goes on when the workflow cancels it, and the workflow waits for its result. If it were cut off, it would be
    repeated, and a mail server that has the mail but has not said so yet would get it again. It needs a heartbeat, which brings the cancellation.
    """

    queue: str
    summary: str
    attempt: timedelta
    within: timedelta | None = None
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=5)
    refuses: tuple[str, ...] = ()
    heartbeat: timedelta | None = None
    finished: bool = False

    @property
    def retry(self) -> RetryPolicy:
        return RetryPolicy(
            initial_interval=self.first_pause,
            maximum_interval=self.longest_pause,
            non_retryable_error_types=list(self.refuses),
        )


# None of them is a local activity, least of all the journal: if a workflow task is lost after a local activity ran, the workflow decides anew,
# with the signals that came since, and the journal would hold what was never decided.
OPTIONS: dict[str, Options] = {
    "append_journal": Options(
        WORK_QUEUE, "Write the journal", timedelta(seconds=30), longest_pause=timedelta(minutes=1), refuses=("Diverged",), heartbeat=ALIVE
    ),
    "seal_journal": Options(WORK_QUEUE, "Close the journal", timedelta(seconds=30), longest_pause=timedelta(minutes=1), heartbeat=ALIVE),
    "plan_meetings": Options(WORK_QUEUE, "Plan meetings", timedelta(seconds=30)),
    "tell_coordinators": Options(WORK_QUEUE, "Update the coordinators' list", timedelta(seconds=30)),
    "send_notice": Options(
        NOTICES_QUEUE,
        "Send a mail",
        timedelta(minutes=2),
        within=timedelta(days=1),
        first_pause=timedelta(seconds=5),
        longest_pause=timedelta(hours=1),
        heartbeat=ALIVE,
        finished=True,
    ),
    "issue_certificates": Options(CERTIFICATES_QUEUE, "Issue certificates", timedelta(minutes=2), longest_pause=timedelta(minutes=10), heartbeat=ALIVE),
    "reissue_certificate": Options(CERTIFICATES_QUEUE, "Issue a later edition", timedelta(minutes=2), longest_pause=timedelta(minutes=10), heartbeat=ALIVE),
    "enrol_batch": Options(WORK_QUEUE, "Enrol a batch of pairs", timedelta(minutes=10), heartbeat=timedelta(seconds=30)),
    "send_digest": Options(NOTICES_QUEUE, "Send the weekly digest", timedelta(minutes=5), within=timedelta(days=1), heartbeat=ALIVE),
    "tend_case": Options(WORK_QUEUE, "Look after the case", timedelta(minutes=2), first_pause=timedelta(seconds=2), heartbeat=ALIVE),
    "cohort_progress": Options(WORK_QUEUE, "Count the cohort's mentorships", timedelta(seconds=30)),
}
"""By activity type."""
