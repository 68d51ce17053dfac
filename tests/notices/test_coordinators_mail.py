"""One mail to several coordinators, who come and go between two attempts: each gets it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities, NoticeRequest, Undeliverable
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail

NOTICE = SendNotice(id="9.0", kind="case", to="coordinators", due=datetime(2027, 3, 1, tzinfo=UTC), line="cancellations_mentee")
CASE = NoticeRequest(mentorship="mentorship.spring.m-1", pair=Pair(mentor="p-1", mentee="p-2"), texts="t", notice=NOTICE, mail=Mail())


class Post:
    """Ana and Bob; a zone is a name here."""

    def __init__(self) -> None:
        self.able = ["ana", "bob"]
        self.sent: list[str] = []

    async def readers(self, _: NoticeRequest) -> tuple[str, ...]:
        return tuple(self.able)

    async def time_zone(self, reader: str, _: NoticeRequest) -> str:
        return reader

    async def deliver(self, reader: str, _: NoticeRequest, __: datetime) -> str:
        self.sent.append(reader)
        return "<1@example.org>"


async def test_a_coordinator_who_has_it_does_not_get_it_again_when_the_other_one_leaves(records):
    post = Post()
    sending = NoticeActivities(post, records.notices, lambda now, zone, _: now if zone == "ana" else now + timedelta(hours=1))
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "later"
    post.able.remove("bob")
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "sent"
    assert post.sent == ["ana"]


class Full(Exception):  # noqa: N818 - it says what is the case
    """A mailbox that takes nothing now."""


async def test_a_full_mailbox_keeps_the_mail_from_no_other_coordinator_and_its_own_goes_when_there_is_room(records):
    """Whoever has it does not get it again by the retries."""
    post = Post()
    full = {"ana"}
    deliver = post.deliver

    async def picky(reader: str, request: NoticeRequest, at: datetime) -> str:
        if reader in full:
            raise Full
        return await deliver(reader, request, at)

    post.deliver = picky  # type: ignore[method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, *_: now)
    for _ in range(3):
        with pytest.raises(Full):
            await ActivityEnvironment().run(sending.send_notice, CASE)
    assert post.sent == ["bob"]
    full.clear()
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "sent"
    assert post.sent == ["bob", "ana"]


async def test_a_full_mailbox_is_tried_again_before_another_ones_evening_is_over_or_what_bounced_is_told(records):
    """`later` would put off a mail server's five minutes to the next morning; `failed` is of a mail that nobody got and nobody will."""
    post = Post()

    async def full(*_: object) -> str:
        raise Full

    post.deliver = full  # type: ignore[method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, zone, _: now if zone == "ana" else now + timedelta(hours=1))
    with pytest.raises(Full):
        await ActivityEnvironment().run(sending.send_notice, CASE)

    async def gone_or_full(reader: str, *_: object) -> str:
        raise Full if reader == "ana" else Undeliverable("bounced")

    post.deliver = gone_or_full  # type: ignore[method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, *_: now)
    with pytest.raises(Full):
        await ActivityEnvironment().run(sending.send_notice, CASE)
    post.able = ["bob"]
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "failed"
