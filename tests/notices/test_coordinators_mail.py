"""One mail to several coordinators, who come and go between two attempts: each gets it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities, NoticeRequest
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail


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
    notice = SendNotice(id="9.0", kind="case", to="coordinators", due=datetime(2027, 3, 1, tzinfo=UTC), line="cancellations_mentee")
    request = NoticeRequest(mentorship="mentorship.spring.m-1", pair=Pair(mentor="p-1", mentee="p-2"), texts="t", notice=notice, mail=Mail())
    assert (await ActivityEnvironment().run(sending.send_notice, request)).outcome == "later"
    post.able.remove("bob")
    assert (await ActivityEnvironment().run(sending.send_notice, request)).outcome == "sent"
    assert post.sent == ["ana"]
