"""A later edition of one person's certificate (H8): after a change of name, or when its holder wants it to show results, or to stop showing them.

A request is durable once Temporal has it. A worker fulfils it, so that whoever asks needs no issuer's key. An activity finds out in
records which edition to make, if any. The mail that brings it is like any other.
"""

from __future__ import annotations

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.certificates import CertificateActivities, ReissueRequest, Reissuing
    from activities.notices import Delivery, NoticeActivities, NoticeRequest
    from wire.inputs import CertificateOf, Wish
    from wire.names import ASK_SIGNAL, CERTIFICATE
    from workflows.execute import execute, pause_after, ran_out
    from workflows.waiting import SHORTEST, until, wait


class Fulfilled(BaseModel, frozen=True):
    """What came of the last wish, and whether its mail was sent."""

    outcome: Reissuing
    mailed: bool


@workflow.defn(name=CERTIFICATE)
class Certificate:
    @workflow.init
    def __init__(self, _: CertificateOf) -> None:
        self._wishes: list[Wish] = []

    @workflow.signal(name=ASK_SIGNAL)
    def ask(self, wish: Wish | None = None) -> None:
        """Comes with the start, or while an earlier wish is being fulfilled. The latest wish that mentions results counts for them."""
        self._wishes.append(wish or Wish())

    @workflow.run
    async def run(self, start: CertificateOf) -> Fulfilled:
        while True:
            wishes, self._wishes = self._wishes, []
            results = next((wish.results for wish in reversed(wishes) if wish.results is not None), None)
            reissued = await execute(
                CertificateActivities.reissue_certificate, ReissueRequest(mentorship=start.mentorship, person=start.person, results=results)
            )
            mailed = reissued.notice is not None and await self._mail(reissued.notice)
            if not self._wishes:
                return Fulfilled(outcome=reissued.outcome, mailed=mailed)

    async def _mail(self, notice: NoticeRequest) -> bool:
        """Sends it within the reader's hours, however long the mail server is away (P5), unless a newer wish or a cancellation makes it needless."""
        in_vain = 0
        while not self._wishes:
            try:
                delivery = await execute(NoticeActivities.send_notice, notice)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                if not ran_out(error):
                    return False
                in_vain += 1
                delivery = Delivery(outcome="later", until=workflow.now() + pause_after(in_vain))
            if delivery.outcome != "later" or delivery.until is None or workflow.cancellation_reason() is not None:
                return delivery.outcome == "sent"
            await wait(lambda: bool(self._wishes), max(until(delivery.until), SHORTEST), "Next: a mail")
        return False
