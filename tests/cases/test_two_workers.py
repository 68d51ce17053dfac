"""Lines and concerns fall due at one instant on two workers: each reminder is sent once (P7, H14)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from gateway.links import LinkSigner
from records.cases import Case
from records.store import Records
from schedule.calendar import reading_hours
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings, NotNow
from worker.case_post import CasePost

WEEK = timedelta(days=7)
LINES = ("silence", "not_held", "no_meeting", "rematch")


class SlowMailer:
    """A mailer that takes its time, as mail servers do; `dies` simulates a worker that is killed in the middle."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.dies = False

    async def send(self, message: EmailMessage) -> None:
        await asyncio.sleep(0.2)
        if self.dies:
            raise asyncio.CancelledError
        self.taken.append(message)

    def to(self, who: str) -> int:
        return sum(f"{who}@example.org" in mail["To"] for mail in self.taken)


@pytest.fixture
def mailer() -> SlowMailer:
    return SlowMailer()


@pytest.fixture
async def desks(house, keyring, mailer):
    """The desks of two workers; each has its own connection to records, and its own locks."""
    other = await Records.open(house.settings.database_url, keyring)
    yield [
        CaseDesk(
            records,
            Meetings(records, house.environment.client),
            CasePost(
                records,
                mailer,
                LinkSigner(house.settings.link_secrets),
                reading_hours,
                sender=house.settings.mail_from,
                base_url="http://hook",
            ),
        )
        for records in (house.records, other)
    ]
    await other.close()


@pytest.fixture
async def due(house) -> tuple[datetime, list[Case]]:
    """Four lines that opened at the same noon."""
    mentorship, at = house.enrolment.mentorship, house.clock.now + timedelta(hours=12)
    cases = []
    for line in LINES:
        await house.records.lines.open(mentorship, line, None, at, line)
        cases.append(await house.records.cases.open_line(mentorship, line, programme=house.programme.programme.id, at=at, key=line))
    return at, cases


async def tend_all(desks, cases: list[Case], now: datetime) -> int:
    """Tends the cases at both desks at once; returns how many are to be retried."""
    told = await asyncio.gather(*(desks[number % 2].tend(case.id, now) for number, case in enumerate(cases)), return_exceptions=True)
    again = [answer for answer in told if isinstance(answer, BaseException)]
    assert all(isinstance(answer, NotNow) and str(answer) == "records: BeingSent" for answer in again), again
    return len(again)


async def test_coordinators_and_the_owner_get_one_mail_of_all(desks, due, mailer):
    at, cases = due
    for round_, owner in ((1, 0), (2, 1)):
        now = at + round_ * WEEK
        while await tend_all(desks, cases, now):
            now += timedelta(seconds=2)
        assert now < at + round_ * WEEK + timedelta(minutes=1)
        assert (mailer.to("ana"), mailer.to("carl"), mailer.to("lee")) == (round_, round_, owner)


async def test_what_a_killed_worker_was_about_to_send_another_one_sends_once_its_time_is_over(desks, due, mailer):
    at, cases = due
    mailer.dies = True
    with pytest.raises(asyncio.CancelledError):
        await desks[0].tend(cases[0].id, at + WEEK)
    mailer.dies = False
    assert await tend_all(desks[1:] * 2, cases, at + WEEK + timedelta(seconds=30)) == 4
    assert (mailer.to("ana"), mailer.to("carl")) == (0, 1)
    assert await tend_all(desks[1:] * 2, cases, at + WEEK + timedelta(minutes=2)) == 0
    assert (mailer.to("ana"), mailer.to("carl")) == (1, 1)
    assert len({mail["Message-ID"] for mail in mailer.taken}) == 2
