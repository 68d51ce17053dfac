"""A programme's newer version has another owner while a cohort of the older one runs: each owner hears of their own cohorts (H14)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records.cohorts import Cohort
from records.people import Profile

WEEK = timedelta(days=7)


@pytest.fixture
async def autumn(house):
    """A pair of a second cohort, under version 2, whose owner is Kim."""
    head = house.programme.programme.model_copy(update={"version": house.programme.programme.version + 1})
    newer = house.programme.model_copy(update={"programme": head, "contacts": house.programme.contacts.model_copy(update={"owner": "kim"})})
    await house.records.programmes.put(newer)
    roster = [Profile(person_id=name, name=name.title(), email=f"{name}@example.org", time_zone="Europe/Berlin") for name in ("kim", "ben", "eva")]
    refs = await house.records.people.enrol(roster)
    at = house.clock.now
    await house.records.cohorts.put(
        Cohort(id="autumn", programme=head.id, version=head.version, texts_digest=newer.texts().digest, starts_at=at, created_at=at)
    )
    (pair,) = (await house.records.cohorts.enrol_pairs("autumn", [("pair-1", refs["ben"], refs["eva"])])).added
    return pair


async def test_two_owners_of_one_programme_each_hear_of_their_own_cohorts(house, autumn, mailbox):
    desk, at = house.desk, house.clock.now + timedelta(hours=12)
    for mentorship in (house.enrolment.mentorship, autumn.mentorship):
        await house.records.lines.open(mentorship, "silence", None, at, mentorship)
        case = await house.records.cases.open_line(mentorship, "silence", programme=house.programme.programme.id, at=at, key=mentorship)
        await desk.tend(case.id, at + WEEK)
    for mentorship in (house.enrolment.mentorship, autumn.mentorship):
        case = await house.records.cases.of_line(mentorship)
        await desk.tend(case.id, at + 2 * WEEK)

    told = {name: [mail["Subject"] for mail in mailbox.to(f"{name}@example.org")] for name in ("lee", "kim")}
    assert told == {"lee": ["Waiting for somebody: 1"], "kim": ["Waiting for somebody: 1"]}
