"""Whoever raises a concern can choose from at least two contacts, one outside the team, and none close to the person it is about (H16)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mentorship.people import Pair
from mentorship.programme import Contacts
from records.cases import Case
from records.contacts import blind_to, conflicted, offered, still_fit
from records.people import Profile
from worker.coordinators_list import CoordinatorsList


@pytest.fixture
async def enrol(records):
    async def enrol(**people: str | None) -> dict[str, str]:
        """Enrols each person with their manager."""
        roster = [Profile(person_id=name, name=name.title(), email=f"{name}@example.org", manager_id=manager) for name, manager in people.items()]
        return await records.people.enrol(roster)

    return enrol


@pytest.fixture
def names(records):
    """Whom the raiser is offered, by name."""

    async def names(refs, *, raiser="noor", subject=None, coordinators=("ana", "carl"), outside=("sam",)) -> list[str]:
        contacts = Contacts(coordinators=coordinators, owner="lee", outside=outside)
        pair = Pair(mentor=refs["mia"], mentee=refs["noor"])
        found = await offered(records, contacts, pair=pair, raiser=refs[raiser], subject=refs[subject] if subject else None)
        return [contact.name.lower() + ("*" if contact.outside else "") for contact in found]

    return names


async def test_coordinators_and_somebody_outside_the_team_are_offered(enrol, names):
    refs = await enrol(mia=None, noor=None, ana=None, carl=None, sam=None, lee=None)
    assert await names(refs) == ["ana", "carl", "sam*"]


async def test_who_stands_above_the_partner_however_far_is_not_offered(enrol, names):
    refs = await enrol(mia="vera", vera="walt", walt="ana", noor="carl", ana=None, carl=None, sam=None, lee=None)
    assert await names(refs) == ["carl", "sam*"], "Ana stands three levels above Mia; Carl above Noor, whose choice it is"
    assert await names(refs, raiser="mia") == ["ana", "sam*"]


async def test_who_reports_to_the_partner_is_not_offered(enrol, names):
    refs = await enrol(mia=None, noor=None, ana=None, carl="vera", vera="mia", sam=None, lee=None)
    assert await names(refs) == ["ana", "sam*"]


async def test_neither_the_subject_nor_anyone_in_their_line_is_offered(enrol, names):
    """A concern need not be about the partner."""
    refs = await enrol(mia=None, noor=None, ana="carl", carl=None, sam=None, lee=None, dora=None)
    assert await names(refs, subject="ana", coordinators=("ana", "carl", "dora")) == ["dora", "sam*"]


async def test_neither_the_partner_nor_the_raiser_is_offered(enrol, names):
    refs = await enrol(mia=None, noor=None, ana=None, sam=None, lee=None)
    assert await names(refs, coordinators=("mia", "noor", "ana")) == ["ana", "sam*"]


async def test_the_owner_stands_in_when_fewer_than_two_are_left_unless_they_are_close_too(enrol, names):
    refs = await enrol(mia="ana", noor=None, ana=None, carl=None, sam=None, lee=None)
    assert await names(refs, coordinators=("ana",)) == ["sam*", "lee"]
    refs = await enrol(mia="ana", ana="lee")
    assert await names(refs | await enrol(noor=None, sam=None, lee=None), coordinators=("ana",)) == ["sam*"]


async def test_an_owner_who_coordinates_as_well_is_offered_once(enrol, names):
    refs = await enrol(mia=None, noor="sam", sam="mia", lee=None)
    assert await names(refs, coordinators=("lee",)) == ["lee"], "Sam reports to Mia"


async def test_who_stands_above_the_raiser_is_offered_even_if_they_name_themself(enrol, names):
    """The choice is theirs: only the partner's line is close."""
    refs = await enrol(mia=None, noor="carl", ana=None, carl=None, sam=None, lee=None)
    assert await names(refs, subject="noor") == ["ana", "carl", "sam*"]


async def test_who_left_or_is_on_leave_is_not_offered(enrol, names, records):
    refs = await enrol(mia=None, noor=None, ana=None, carl=None, sam=None, lee=None)
    await records.people.enrol([Profile(person_id="carl", name="Carl", email="carl@example.org", status="leave")])
    assert await names(refs) == ["ana", "sam*"]
    await records.people.erase(refs["ana"])
    assert await names(refs) == ["sam*", "lee"]


@pytest.mark.parametrize(
    ("raiser", "about", "change", "left"),
    [
        ("noor", None, {}, ["ana", "sam"]),
        ("noor", None, {"mia": {"manager_id": "ana"}}, ["sam"]),
        ("noor", None, {"noor": {"manager_id": "ana"}}, ["ana", "sam"]),
        ("mia", None, {"noor": {"manager_id": "ana"}}, ["sam"]),
        ("mia", None, {"mia": {"manager_id": "ana"}}, ["ana", "sam"]),
        ("mia", "mia", {"mia": {"manager_id": "ana"}}, ["ana", "sam"]),
        ("noor", "dora", {"dora": {"manager_id": "ana"}}, ["sam"]),
        ("noor", None, {"dora": {"manager_id": "ana"}}, ["ana", "sam"]),
        ("noor", "ana", {}, ["sam"]),
        ("noor", None, {"ana": {"status": "gone"}}, ["sam"]),
        ("noor", None, {"ana": {"status": "leave"}}, ["sam"]),
    ],
)
async def test_of_those_who_were_asked_only_who_is_still_here_and_far_enough_may_look_after_it(enrol, records, raiser, about, change, left):
    """Lines change and people leave after a concern was raised by either of the two, about the partner or anybody else."""
    refs = await enrol(mia=None, noor=None, ana=None, sam=None, dora=None)
    subject, asked = refs[about] if about else None, (refs["ana"], refs["sam"])
    fields = {"id": "c-1", "mentorship": "mentorship.a", "programme": "engineering-2027", "opened_at": datetime(2027, 3, 1, tzinfo=UTC)}
    case = Case(**fields, raiser=refs[raiser], subject=subject, contacts=asked)
    for name, changed in change.items():
        known = await records.people.profile(refs[name])
        await records.people.enrol([known.model_copy(update=changed)])
    assert await still_fit(records, case, Pair(mentor=refs["mia"], mentee=refs["noor"])) == tuple(refs[name] for name in left)


async def test_a_line_that_leads_back_to_itself_ends(enrol, records):
    refs = await enrol(mia="vera", vera="walt", walt="vera", ana="walt", sam=None)
    assert await conflicted(records.people, [refs["ana"], refs["sam"], refs["walt"]], [refs["mia"]]) == {refs["walt"]}


async def test_a_manager_who_is_not_in_the_file_makes_no_peers_of_ours_conflicted(enrol, records):
    refs = await enrol(mia="boss-elsewhere", ana="boss-elsewhere")
    assert await conflicted(records.people, [refs["ana"]], [refs["mia"]]) == frozenset()


async def test_a_pairs_lines_are_hidden_from_who_is_close_to_it_or_whom_a_concern_is_about(house):
    """H16, P7: the two, those above them in their lines, and the subject never see that pair's lines."""
    await house.concern(about="carl", contacts=("sam",))
    pair = Pair(mentor=house.refs["mia"], mentee=house.refs["noor"])
    readers = [house.refs[name] for name in ("ana", "carl", "mia", "walt", "max", "lee")]
    hidden = await blind_to(house.records, house.enrolment.mentorship, pair, readers)
    assert hidden == {house.refs[name] for name in ("carl", "mia", "walt", "max")}


async def test_who_came_too_close_since_gets_no_more_mail_and_opens_nothing(house, mailbox):
    """Reporting lines change: Sam becomes Mia's manager."""
    await house.wait(hours=9)
    case = await house.concern(contacts=("sam", "ana"))
    await house.wait(1)
    assert await house.door.asked(case.id, house.refs["sam"]) is not None
    mia = await house.records.people.profile(house.refs["mia"])
    await house.records.people.enrol([mia.model_copy(update={"manager_id": "sam"})])
    assert await house.door.asked(case.id, house.refs["sam"]) is None
    await house.wait(5)
    assert len(mailbox.to("sam@example.org")) == 1
    assert len(mailbox.to("ana@example.org")) == 2


async def test_an_owner_whom_a_concern_is_about_hears_of_nothing_of_that_pair_and_gets_no_mail_without_a_number(house, mailbox):
    """Somebody has taken the concern, so what waits is a line of the same pair. The owner is told neither of it nor of a number that would be none."""
    await house.wait(hours=9)
    case = await house.concern(about="lee")
    await house.door.take(case, house.refs["sam"])
    await CoordinatorsList(house.records, house.environment.client).open(house.enrolment.mentorship, "silence", None, house.clock.now, "a-line")
    await house.wait(30)
    assert mailbox.to("lee@example.org") == []


async def test_an_owner_in_the_line_of_who_raised_it_hears_the_number_for_nobody_else_might(house, mailbox):
    await house.wait(hours=9)
    noor = await house.records.people.profile(house.refs["noor"])
    await house.records.people.enrol([noor.model_copy(update={"manager_id": "lee"})])
    await house.concern()
    await house.wait(15)
    assert [mail["Subject"] for mail in mailbox.to("lee@example.org")] == ["Waiting for somebody: 1"]


@pytest.mark.parametrize(("who", "changed"), [("mia", {"manager_id": "lee"}), ("lee", {"status": "gone"})])
async def test_an_owner_who_is_close_to_it_or_left_hears_nothing_not_even_a_number(house, mailbox, who, changed):
    await house.wait(hours=9)
    known = await house.records.people.profile(house.refs[who])
    await house.records.people.enrol([known.model_copy(update=changed)])
    await house.concern()
    await house.wait(30)
    assert mailbox.to("lee@example.org") == []
