"""What a case does each time it wakes, on real records and a real mail server; Temporal is needed only where meetings are on hold (H16, P7, H14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from activities.cases import Standing
from gateway.links import LinkSigner
from notices.smtp import Mailer
from records.cases import Case
from records.cohorts import Cohort, Enrolment
from records.people import Profile
from records.store import Records
from schedule.calendar import reading_hours
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings
from worker.case_post import CasePost

NOON = datetime(2027, 1, 4, 11, tzinfo=UTC)
"""In Berlin, a Monday."""
DAY = timedelta(days=1)


@dataclass
class House:
    records: Records
    desk: CaseDesk
    refs: dict[str, str]
    pair: Enrolment

    async def concern(self, *contacts: str, at: datetime = NOON) -> Case:
        wanted = Case(
            id="",
            raiser=self.refs["noor"],
            mentorship=self.pair.mentorship,
            programme="p",
            subject=None,
            contacts=tuple(self.refs[name] for name in contacts),
            opened_at=at,
        )
        return await self.records.cases.open(wanted, "It weighs on me.", "form")

    async def line(self, at: datetime = NOON) -> Case:
        await self.records.lines.open(self.pair.mentorship, "silence", None, at, "a-line")
        return await self.records.cases.open_line(self.pair.mentorship, "silence", programme="p", at=at, key="a-line")

    async def tend(self, case: Case, at: datetime) -> Standing:
        return await self.desk.tend(case.id, at)

    async def used_up(self, who: str) -> None:
        """They already had as many mails this month as the programme sends anybody."""
        for number in range(6):
            assert await self.records.notices.begin(f"m/{who}.{number}", self.refs[who], "prepare", False, NOON - DAY, 6, 30 * DAY) == "send"
            await self.records.notices.sent(f"m/{who}.{number}", f"<{who}.{number}@example.org>", NOON - DAY)
        assert await self.records.notices.begin(f"m/{who}.6", self.refs[who], "prepare", False, NOON, 6, 30 * DAY) == "over_budget"


@pytest.fixture
async def house(records, settings, programme) -> House:
    await records.programmes.put(programme)
    zones = {"sam": "Asia/Tokyo", "lee": "Asia/Tokyo"}
    names = ("mia", "noor", "ana", "sam", "lee")
    refs = await records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org", time_zone=zones.get(name)) for name in names])
    await records.cohorts.put(Cohort(id="spring", programme="p", version=1, texts_digest=programme.texts().digest, starts_at=NOON, created_at=NOON))
    (pair,) = (await records.cohorts.enrol_pairs("spring", [("pair-1", refs["mia"], refs["noor"])])).added
    mailer = Mailer(settings.smtp_host, settings.smtp_port, tls="none")
    meetings = Meetings(records, None)  # type: ignore[arg-type]
    signer = LinkSigner(settings.link_secrets)
    post = CasePost(records, mailer, signer, reading_hours, sender=settings.mail_from, base_url="http://hook")
    return House(records, CaseDesk(records, meetings, post), refs, pair)


async def test_each_is_asked_in_the_hours_of_their_own_zone_and_it_looks_again_when_the_next_ones_open(house, mailbox):
    """Calm: midnight in Berlin is eight o'clock in Tokyo."""
    evening = NOON.replace(hour=20)
    case = await house.concern("ana", "sam", at=evening)
    standing = await house.tend(case, evening)
    assert (mailbox.mails, standing.look_again) == ([], NOON.replace(hour=23))
    standing = await house.tend(case, standing.look_again)
    assert [mail["To"] for mail in mailbox.mails] == ["Sam <sam@example.org>"]
    assert standing.look_again == (NOON + DAY).replace(hour=7)
    await house.tend(case, standing.look_again)
    assert [mail["To"] for mail in mailbox.mails] == ["Sam <sam@example.org>", "Ana <ana@example.org>"]


async def test_a_coordinator_is_reminded_of_a_line_in_their_hours(house, mailbox):
    night = NOON.replace(hour=23)
    case = await house.line(at=night)
    standing = await house.tend(case, night + 7 * DAY)
    assert (mailbox.mails, standing.look_again) == ([], (NOON + 8 * DAY).replace(hour=7))
    await house.tend(case, standing.look_again)
    assert [mail["To"] for mail in mailbox.mails] == ["Ana <ana@example.org>"]


@pytest.mark.parametrize("kind", ["concern", "line"])
async def test_the_owner_hears_the_number_in_their_hours(house, mailbox, kind):
    case = await (house.concern("ana") if kind == "concern" else house.line())
    standing = await house.tend(case, NOON + 14 * DAY)
    assert mailbox.to("ana@example.org")
    assert (mailbox.to("lee@example.org"), standing.look_again) == ([], (NOON + 14 * DAY).replace(hour=23))
    await house.tend(case, standing.look_again)
    assert [mail["Subject"] for mail in mailbox.to("lee@example.org")] == ["Waiting for somebody: 1"]


async def test_no_budget_keeps_a_concern_from_whom_it_is_for_nor_a_number_from_the_owner(house, mailbox):
    """H16: these mails are exempt, as changes are."""
    for who in ("ana", "lee"):
        await house.used_up(who)
    case = await house.concern("ana")
    await house.tend(case, NOON)
    await house.tend(case, NOON + 14 * DAY + timedelta(hours=21))  # morning in Berlin, and not yet evening in Tokyo
    assert len(mailbox.to("ana@example.org")) == 2
    assert len(mailbox.to("lee@example.org")) == 1


@pytest.mark.parametrize("kind", ["concern", "line"])
async def test_a_server_whose_clock_is_behind_the_doors_tends_it_all_the_same(house, mailbox, kind):
    """The door's clock says when the case was opened, Temporal's when an attempt began."""
    case = await (house.concern("ana") if kind == "concern" else house.line())
    standing = await house.tend(case, NOON - timedelta(milliseconds=5))
    assert (standing.state, standing.look_again) == ("waiting", NOON + 3 * DAY)
    assert len(mailbox.mails) == (1 if kind == "concern" else 0)
