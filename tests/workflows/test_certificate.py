"""A later edition of a certificate (H8) and its mail: on the time-skipping server, with a registry and a mail server that the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.certificates import Reissued, ReissueRequest
from activities.notices import Delivery, NoticeRequest
from activities.options import OPTIONS
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail
from wire.inputs import CertificateOf, Wish
from wire.names import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE
from workflows.certificate import Certificate

DUE = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Place:
    """Makes every requested edition. Its mail server is away, or keeps mails waiting, until an instant."""

    def __init__(self) -> None:
        self.wished: list[bool | None] = []
        self.tried: list[datetime] = []
        self.back: datetime | None = None
        self.opens: datetime | None = None
        self.refuses: str | None = None
        self.holds = False
        self.making = asyncio.Event()
        self.makes = asyncio.Event()
        self.makes.set()
        self.mailing = asyncio.Event()

    @activity.defn(name="reissue_certificate")
    async def reissue_certificate(self, request: ReissueRequest) -> Reissued:
        self.wished.append(request.results)
        self.making.set()
        await self.makes.wait()
        notice = SendNotice(id=f"reissued.{len(self.wished)}", kind="reissued", to="mentee", due=DUE, certificate="c")
        pair = Pair(mentor="p-mentor", mentee=request.person)
        return Reissued(outcome="reissued", notice=NoticeRequest(mentorship=request.mentorship, pair=pair, texts="t", notice=notice, mail=Mail()))

    @activity.defn(name="send_notice")
    async def send_notice(self, _: NoticeRequest) -> Delivery:
        now = activity.info().started_time
        self.tried.append(now)
        self.mailing.set()
        if self.holds:
            return await self._held()
        if self.back is not None and now < self.back:
            raise ConnectionRefusedError
        if self.refuses == "for good":
            return Delivery(outcome="failed", why="bounced")
        if self.refuses:
            raise ApplicationError("cannot be made", non_retryable=True)
        if self.opens is not None and now < self.opens:
            return Delivery(outcome="later", until=self.opens)
        return Delivery(outcome="sent")

    async def _held(self) -> Delivery:
        """Runs until it is told of the cancellation, and ends all the same (worker/beating.py): the mail has to wait for its reader's morning."""
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            return Delivery(outcome="later", until=datetime.now(UTC) + timedelta(days=1))


@pytest.fixture
async def place(skipping) -> AsyncIterator[Place]:
    place = Place()
    often = timedelta(milliseconds=50)
    async with AsyncExitStack() as stack:
        for queue in (WORK_QUEUE, NOTICES_QUEUE, CERTIFICATES_QUEUE):
            worker = Worker(
                skipping.client,
                task_queue=queue,
                workflows=[Certificate],
                activities=[place.reissue_certificate, place.send_notice],
                max_heartbeat_throttle_interval=often,
                default_heartbeat_throttle_interval=often,
            )
            await stack.enter_async_context(worker)
        yield place


@pytest.fixture
def wish(skipping) -> Callable[..., Any]:
    """Requests an edition as the doors do: the wish comes with the start."""

    async def wish(results: bool | None = None) -> Any:
        wanted = CertificateOf(mentorship="mentorship.spring.one", person="p-mentee")
        return await skipping.client.start_workflow(
            "Certificate", wanted, id="certificate.one", task_queue=WORK_QUEUE, start_signal="ask", start_signal_args=[Wish(results=results)]
        )

    return wish


async def test_a_cancelled_edition_tries_its_mail_no_more(place, wish):
    """Somebody cancels its workflow in Temporal's own tools."""
    place.holds = True
    handle = await wish()
    await place.mailing.wait()
    await handle.cancel()
    assert await asyncio.wait_for(handle.result(), 10) == {"outcome": "reissued", "mailed": False}


async def test_its_holder_gets_it_in_their_morning(skipping, place, wish):
    place.opens = (await skipping.get_current_time()).astimezone(UTC) + 9 * HOUR
    assert await (await wish()).result() == {"outcome": "reissued", "mailed": True}
    assert len(place.tried) == 2
    assert place.tried[1] >= place.opens


async def test_it_waits_for_a_mail_server_that_is_away_for_more_than_a_day(skipping, place, wish, monkeypatch):
    """P5."""
    monkeypatch.setitem(OPTIONS, "send_notice", OPTIONS["send_notice"]._replace(first_pause=6 * HOUR, longest_pause=6 * HOUR))
    place.back = (await skipping.get_current_time()).astimezone(UTC) + 30 * HOUR
    assert await (await wish()).result() == {"outcome": "reissued", "mailed": True}
    assert place.tried[-1] >= place.back


@pytest.mark.parametrize("how", ["for good", "it breaks"])
async def test_a_mail_that_will_never_go_is_not_tried_again(how, place, wish):
    place.refuses = how
    assert await (await wish()).result() == {"outcome": "reissued", "mailed": False}
    assert len(place.tried) == 1


async def test_a_wish_that_comes_while_the_mail_waits_makes_another_edition_and_one_mail(skipping, place, wish):
    place.opens = (await skipping.get_current_time()).astimezone(UTC) + 9 * HOUR
    handle = await wish(results=True)
    await place.mailing.wait()
    await skipping.sleep(HOUR)
    await handle.signal("ask", Wish(results=False))
    await skipping.sleep(HOUR)
    assert place.wished == [True, False]
    assert await handle.result() == {"outcome": "reissued", "mailed": True}
    assert [at for at in place.tried if at >= place.opens] == place.tried[-1:]


async def test_the_last_word_about_results_counts_and_who_says_none_wishes_them_as_they_are(place, wish):
    """All wishes made while an edition is being made lead to one more, and no mail is sent about one that is no longer wished for."""
    place.makes.clear()
    handle = await wish()
    await place.making.wait()
    for results in (True, False, None):
        await handle.signal("ask", Wish(results=results))
    place.makes.set()
    assert await handle.result() == {"outcome": "reissued", "mailed": True}
    assert (place.wished, len(place.tried)) == ([None, False], 1)
