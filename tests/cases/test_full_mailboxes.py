"""A mailbox that accepts nothing for weeks delays nobody else: neither the others who were asked, nor the owner (H16, H14, P7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from records.cases import Case
from worker.case_meetings import NotNow

FULL = "452 4.2.2 the mailbox is full"
WEEK = timedelta(days=7)

Tend = Callable[..., Awaitable[None]]


@pytest.fixture
def tend(house) -> Tend:
    """Tends the case at `now` as the activity does; `again` is whether the activity would be retried."""
    desk = house.desk

    async def tend(case: Case, after: timedelta, *, again: bool) -> None:
        if again:
            with pytest.raises(NotNow, match=r"^the recipient was refused \(452 4\.2\.2\)$"):
                await desk.tend(case.id, case.opened_at + after)
        else:
            await desk.tend(case.id, case.opened_at + after)

    return tend


async def noons(house):
    """Noon in Berlin on the first day, within everybody's hours."""
    return house.clock.now + timedelta(hours=12)


async def concern_to(house, *contacts: str) -> Case:
    opened = await noons(house)
    asked = tuple(house.refs[name] for name in contacts)
    wanted = Case(
        id="",
        raiser=house.refs["noor"],
        mentorship=house.enrolment.mentorship,
        programme=house.programme.programme.id,
        subject=house.refs["mia"],
        contacts=asked,
        opened_at=opened,
    )
    return await house.records.cases.open(wanted, "words", "a-form")


def got(mailbox, who: str) -> int:
    return len(mailbox.to(f"{who}@example.org"))


@pytest.mark.parametrize("order", [("sam", "ana"), ("ana", "sam")])
@pytest.mark.parametrize(("full", "other"), [("sam", "ana"), ("ana", "sam")])
async def test_a_concern_reaches_everybody_else_who_was_asked_and_the_owner(house, mailbox, tend, order, full, other):
    mailbox.refuse[f"{full}@example.org"] = FULL
    case = await concern_to(house, *order)
    for again in (timedelta(), timedelta(hours=1), timedelta(hours=3)):
        await tend(case, again, again=True)
        assert got(mailbox, other) == 1
    await tend(case, WEEK, again=True)
    assert (got(mailbox, other), got(mailbox, "lee")) == (2, 0)
    for again in (2 * WEEK, 2 * WEEK + timedelta(hours=1)):
        await tend(case, again, again=True)
        assert (got(mailbox, other), got(mailbox, "lee"), got(mailbox, full)) == (3, 1, 0)
    mailbox.refuse.clear()
    await tend(case, 2 * WEEK + timedelta(hours=2), again=False)
    assert (got(mailbox, other), got(mailbox, "lee"), got(mailbox, full)) == (3, 1, 1)


async def test_a_line_reaches_every_other_coordinator_and_the_owner(house, mailbox, tend):
    mailbox.refuse["ana@example.org"] = FULL
    mentorship, at = house.enrolment.mentorship, await noons(house)
    await house.records.lines.open(mentorship, "silence", None, at, "a-line")
    case = await house.records.cases.open_line(mentorship, "silence", programme=house.programme.programme.id, at=at, key="a-line")
    for again in (WEEK, WEEK + timedelta(hours=1)):
        await tend(case, again, again=True)
        assert (got(mailbox, "carl"), got(mailbox, "lee")) == (1, 0)
    await tend(case, 2 * WEEK, again=True)
    assert (got(mailbox, "carl"), got(mailbox, "lee"), got(mailbox, "ana")) == (2, 1, 0)


async def test_an_owner_s_full_mailbox_keeps_nobody_from_hearing(house, mailbox, tend):
    mailbox.refuse["lee@example.org"] = FULL
    case = await concern_to(house, "sam", "ana")
    await tend(case, timedelta(), again=False)
    await tend(case, 2 * WEEK, again=True)
    assert (got(mailbox, "sam"), got(mailbox, "ana"), got(mailbox, "lee")) == (2, 2, 0)
