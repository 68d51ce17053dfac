"""One mail goes to several coordinators, who join and leave between two attempts: each gets it once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.mail_once import Undeliverable
from activities.notices import NoticeActivities, NoticeRequest
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail
from rehearsal.ports import HeldLedger
from schedule.calendar import reading_hours
from starter import rehearsal_fast as fast
from starter.faults import Findings
from starter.rehearsal_request import Couple, Request
from starter.roster import read_roster

NOTICE = SendNotice(id="9.0", kind="case", to="coordinators", due=datetime(2027, 3, 1, tzinfo=UTC), line="cancellations_mentee")
CASE = NoticeRequest(mentorship="mentorship.spring.m-1", pair=Pair(mentor="p-1", mentee="p-2"), texts="t", notice=NOTICE, mail=Mail())


class Post:
    """Post for Ana and Bob; their zones are given by name here."""

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
    """A mailbox that accepts nothing for now."""


async def test_a_full_mailbox_keeps_the_mail_from_no_other_coordinator_and_its_own_goes_when_there_is_room(records):
    """Coordinators who have the mail do not get it again through the retries."""
    post = Post()
    full = {"ana"}
    deliver = post.deliver

    async def picky(reader: str, request: NoticeRequest, at: datetime) -> str:
        if reader in full:
            raise Full
        return await deliver(reader, request, at)

    post.deliver = picky  # type: ignore[assignment,method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, *_: now)
    for _ in range(3):
        with pytest.raises(Full):
            await ActivityEnvironment().run(sending.send_notice, CASE)
    assert post.sent == ["bob"]
    full.clear()
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "sent"
    assert post.sent == ["bob", "ana"]


async def test_a_full_mailbox_is_tried_again_before_another_ones_evening_is_over_or_what_bounced_is_told(records):
    """`later` would turn a mail server's five minutes into the next morning; `failed` means a mail that nobody got and nobody will."""
    post = Post()

    async def full(*_: object) -> str:
        raise Full

    post.deliver = full  # type: ignore[assignment,method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, zone, _: now if zone == "ana" else now + timedelta(hours=1))
    with pytest.raises(Full):
        await ActivityEnvironment().run(sending.send_notice, CASE)

    async def gone_or_full(reader: str, *_: object) -> str:
        raise Full if reader == "ana" else Undeliverable("bounced")

    post.deliver = gone_or_full  # type: ignore[assignment,method-assign]
    sending = NoticeActivities(post, records.notices, lambda now, *_: now)
    with pytest.raises(Full):
        await ActivityEnvironment().run(sending.send_notice, CASE)
    post.able = ["bob"]
    assert (await ActivityEnvironment().run(sending.send_notice, CASE)).outcome == "failed"


@pytest.mark.parametrize("held", [False, True], ids=["records", "rehearsal"])
async def test_of_two_who_never_read_at_one_time_each_gets_it_once_and_then_it_is_done(records, held):
    """Calm: Berlin's evening is Auckland's morning. Nobody waits for a coordinator who has theirs."""
    post = Post()
    ledger = HeldLedger() if held else records.notices
    zones = {"ana": "Europe/Berlin", "bob": "Pacific/Auckland"}
    sending = NoticeActivities(post, ledger, lambda now, reader, hours: reading_hours(now, zones[reader], hours))
    outcomes, now = [], datetime(2027, 3, 1, 12, tzinfo=UTC)
    for _ in range(4):
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=now)
        delivery = await environment.run(sending.send_notice, CASE)
        outcomes.append(delivery.outcome)
        now = delivery.until or now
    assert (outcomes, post.sent) == (["later", "sent", "sent", "sent"], ["ana", "bob"])


@pytest.mark.filterwarnings("ignore:Requested Holidays")
def test_a_rehearsal_waits_for_neither_of_them_and_who_is_told_of_goes_on_getting_mail():
    """P1: a rehearsal does as the workflows do."""
    examples = Path(__file__).parents[2] / "examples"
    roster = read_roster(examples / "engineering-2027.yaml", examples / "people.csv", examples / "pairs.csv", Findings())
    zones = {"e-1001": "Europe/Berlin", "e-1002": "Pacific/Auckland"}
    assert roster is not None
    pair = next(pair for pair in roster.pairs if pair.mentee_id == "e-3001")
    request = Request(
        programme=roster.programme,
        people=tuple(person.model_copy(update={"time_zone": zones.get(person.person_id, person.time_zone)}) for person in roster.profiles()),
        pairs=(Couple(pair_id=pair.pair_id, mentor_id=pair.mentor_id, mentee_id=pair.mentee_id),),
        starts=datetime(2027, 3, 1, tzinfo=UTC),
        personas={pair.mentor_id: "late", pair.mentee_id: "late"},
        seed=4,
    )
    mails = fast.rehearse(request).result.mails
    told = min(mail.at for mail in mails if mail.kind == "case")
    for name in (pair.mentor_id, pair.mentee_id):
        assert any(mail.kind == "prepare" and mail.at > told for mail in mails if mail.person_id == name)
    assert {mail.person_id for mail in mails if mail.kind == "case"} == set(zones)
