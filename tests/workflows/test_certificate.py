"""A later edition's mail, when somebody cancels its workflow in Temporal's own tools."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.worker import Worker

from activities.certificates import Reissued, ReissueRequest
from activities.notices import Delivery, NoticeRequest
from activities.options import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail
from workflows.certificate import Certificate, CertificateInput

DUE = datetime(2027, 3, 1, tzinfo=UTC)


class Mailing:
    """A mail that is under way until it is told of the cancellation, and ends all the same (worker/beating.py): it has to wait for its reader's morning."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    @activity.defn(name="reissue_certificate")
    async def reissue_certificate(self, request: ReissueRequest) -> Reissued:
        notice = SendNotice(id="reissued.c", kind="reissued", to="mentee", due=DUE, certificate="c")
        pair = Pair(mentor="p-mentor", mentee=request.person)
        return Reissued(outcome="reissued", notice=NoticeRequest(mentorship=request.mentorship, pair=pair, texts="t", notice=notice, mail=Mail()))

    @activity.defn(name="send_notice")
    async def send_notice(self, _: NoticeRequest) -> Delivery:
        self.begun.set()
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            return Delivery(outcome="later", until=datetime.now(UTC) + timedelta(days=1))


async def test_a_cancelled_edition_tries_its_mail_no_more(skipping):
    mailing = Mailing()
    often = timedelta(milliseconds=50)
    async with AsyncExitStack() as stack:
        for queue in (WORK_QUEUE, NOTICES_QUEUE, CERTIFICATES_QUEUE):
            worker = Worker(
                skipping.client,
                task_queue=queue,
                workflows=[Certificate],
                activities=[mailing.reissue_certificate, mailing.send_notice],
                max_heartbeat_throttle_interval=often,
                default_heartbeat_throttle_interval=often,
            )
            await stack.enter_async_context(worker)
        wanted = CertificateInput(mentorship="mentorship.spring.one", person="p-mentee")
        handle = await skipping.client.start_workflow("Certificate", wanted, id="certificate.one", task_queue=WORK_QUEUE)
        await mailing.begun.wait()
        await handle.cancel()
        assert await asyncio.wait_for(handle.result(), 10) == {"outcome": "reissued", "mailed": False}
