"""A certificate whose name cannot be printed waits on the coordinators' list like any other line: somebody is reminded of it (H8, H14, P7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.cases import Standing
from activities.certificates import CertificateRequest, ReissueRequest
from certificates.typesetting import Unprintable
from mentorship.effects import IssueCertificates, MilestoneFacts
from mentorship.people import Pair
from worker.coordinators_list import CoordinatorsList
from worker.registrar import RecordsRegistrar

CHARACTER = "ⵣ"
"""Tifinagh: a script that we do not ship."""


class Certifying:
    """Makes certificates as the activities do, at the server's instant."""

    def __init__(self, house):
        self.house = house
        lines = CoordinatorsList(house.records, house.environment.client)
        self.registrar = RecordsRegistrar(house.records, house.issuer, lines, base_url=house.settings.base_url, font_folder=None)

    async def issue(self, side="mentee"):
        pair, at = self.house.enrolment, self.house.clock.now
        wanted = IssueCertificates(
            to=("mentor", "mentee"),
            started_at=at - timedelta(weeks=26),
            completed_at=at,
            decided_at=at,
            milestones=(MilestoneFacts(id="m-1", done_at=at),),
            share=80,
        )
        two = Pair(mentor=pair.mentor, mentee=pair.mentee)
        request = CertificateRequest(mentorship=pair.mentorship, pair=two, texts=self.house.programme.texts().digest, wanted=wanted)
        return await self.registrar.issue(side, request, at)

    async def reissue(self, who="noor"):
        request = ReissueRequest(mentorship=self.house.enrolment.mentorship, person=self.house.refs[who])
        return await self.registrar.reissue(request, self.house.clock.now)

    async def waits(self, attempt):
        with pytest.raises(Unprintable):
            await attempt()

    async def rename(self, name, who="noor"):
        profile = await self.house.records.people.profile(self.house.refs[who])
        await self.house.records.people.enrol([profile.model_copy(update={"name": name})])

    async def lines(self, *, open_only=True):
        return [line for line in await self.house.records.lines.all(open_only=open_only) if line.line == "unprintable"]


@pytest.fixture
def certifying(house):
    return Certifying(house)


async def case_of(house, line):
    case = await house.records.cases.of_line(line.key)
    assert case is not None
    return case


def reminders(mailbox, who):
    return [mail for mail in mailbox.to(f"{who}@example.org") if "waiting for somebody" in mail["Subject"] or "Still in your hands" in mail["Subject"]]


def to_owner(mailbox):
    return [mail["Subject"] for mail in mailbox.to("lee@example.org") if "Waiting for" in mail["Subject"]]


async def test_coordinators_are_reminded_until_somebody_takes_it_and_the_owner_hears_a_number_after_14_days(house, certifying, mailbox):
    await house.wait(hours=10)
    await certifying.rename(f"Noor {CHARACTER}")
    await certifying.waits(certifying.issue)
    await house.wait(6.9)
    assert (reminders(mailbox, "ana"), reminders(mailbox, "carl")) == ([], [])
    await house.wait(0.2)
    assert (len(reminders(mailbox, "ana")), len(reminders(mailbox, "carl"))) == (1, 1)
    assert "Noor" not in mailbox.to("ana@example.org")[0].as_string()
    assert to_owner(mailbox) == []
    await house.wait(7)
    assert to_owner(mailbox) == ["Waiting for somebody: 1"]


async def test_who_took_it_is_the_only_one_who_is_reminded_and_the_owner_hears_nothing(house, certifying, mailbox):
    await house.wait(hours=10)
    await certifying.rename(f"Noor {CHARACTER}")
    await certifying.waits(certifying.issue)
    assert await house.records.lines.take(house.enrolment.mentorship, "unprintable", house.refs["ana"], house.clock.now)
    await house.wait(14.2)
    [mail] = reminders(mailbox, "ana")
    assert "Still in your hands" in mail["Subject"]
    assert (reminders(mailbox, "carl"), to_owner(mailbox)) == ([], [])


async def test_however_often_it_is_tried_one_line_and_one_case_wait(house, certifying):
    await certifying.rename(f"Noor {CHARACTER}")
    for _ in range(3):
        await certifying.waits(certifying.issue)
        await house.wait(hours=1)
    [line] = await certifying.lines(open_only=False)
    case = await case_of(house, line)
    assert [standing.id for standing in (await house.records.cases.standing())[0]] == [case.id]
    assert (line.side, line.opened_at) == ("mentee", case.opened_at)
    assert (await house.standing(case)).state == "waiting"


async def test_once_the_certificate_is_made_the_line_closes_and_its_case_ends_by_itself(house, certifying, mailbox):
    await house.wait(hours=10)
    await certifying.rename(f"Noor {CHARACTER}")
    await certifying.waits(certifying.issue)
    [line] = await certifying.lines()
    case = await case_of(house, line)
    await house.wait(2)
    await certifying.rename("Noor Yaz")
    assert await certifying.issue() is not None
    assert await certifying.issue() is not None, "a repeat changes nothing"
    assert await certifying.lines() == []
    await house.wait(15)
    assert Standing.model_validate(await house.case(case).result()) == Standing(state="closed")
    assert (await house.now(case)).state == "closed"
    assert (reminders(mailbox, "ana"), to_owner(mailbox)) == ([], [])


async def test_a_line_of_before_that_nobody_was_reminded_of_gets_its_case_at_the_next_attempt(house, certifying):
    """An installation is upgraded while a certificate waits."""
    await certifying.rename(f"Noor {CHARACTER}")
    await house.records.lines.open(house.enrolment.mentorship, "unprintable", "mentee", house.clock.now, "as-it-was-called-then")
    await house.wait(1)
    await certifying.waits(certifying.issue)
    [line] = await certifying.lines(open_only=False)
    case = await case_of(house, line)
    assert case.opened_at == line.opened_at
    assert (await house.standing(case)).state == "waiting"


async def test_a_later_edition_that_is_needed_no_more_waits_no_more_and_may_come_to_wait_again(house, certifying):
    """H8: the name changes back, becomes unprintable again later, and then its holder is erased."""
    await certifying.rename("Noor Haddad")
    await certifying.issue()
    for _ in range(2):
        await certifying.rename(f"Noor {CHARACTER}")
        await certifying.waits(certifying.reissue)
        assert len(await certifying.lines()) == 1
        await house.wait(hours=1)
        await certifying.rename("Noor Haddad")
        assert (await certifying.reissue()).outcome == "unchanged"
        assert await certifying.lines() == []
        await house.wait(hours=1)
    await certifying.rename(f"Noor {CHARACTER}")
    await certifying.waits(certifying.reissue)
    cases = [await case_of(house, line) for line in await certifying.lines(open_only=False)]
    assert len({case.id for case in cases}) == 3
    await house.wait(hours=1)
    await house.records.people.erase(house.refs["noor"])
    assert (await certifying.reissue()).outcome == "erased"
    assert await certifying.lines() == []


async def test_two_certificates_of_one_pair_that_wait_are_one_matter_for_the_owner(house, certifying, mailbox):
    await house.wait(hours=10)
    for who, side in (("mia", "mentor"), ("noor", "mentee")):
        await certifying.issue(side)
        await certifying.rename(f"{who.title()} {CHARACTER}", who)
        await certifying.waits(lambda who=who: certifying.reissue(who))
    assert len(await certifying.lines()) == 2
    await house.wait(14.1)
    assert to_owner(mailbox) == ["Waiting for somebody: 1"]
