"""P6: what HR reports about a person between people files. The later word holds, field by field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records.errors import AddressTaken, Erased, UnknownPerson
from records.people import Leave, Profile

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


async def test_what_hr_says_is_taken_over_and_found_by(records, ada, people):
    await records.people.tell(people[0], {"email": "ada@hr.example", "manager_id": None}, NOW)
    assert await records.people.profile(people[0]) == ada.model_copy(update={"email": "ada@hr.example", "manager_id": None})
    assert await records.people.by_email("ada@hr.example") == (people[0],)
    assert await records.people.by_email(ada.email) == ()


async def test_an_older_word_that_comes_later_changes_nothing(records, ada, people):
    await records.people.tell(people[0], {"name": "New"}, NOW)
    await records.people.tell(people[0], {"name": "Old", "language": "de"}, NOW - HOUR)
    found = await records.people.profile(people[0])
    assert (found.name, found.language) == ("New", "de")


async def test_the_same_people_file_again_undoes_nothing_and_a_changed_one_is_the_later_word(records, ada, people):
    await records.people.tell(people[0], {"email": "ada@hr.example", "name": "By HR"}, NOW)
    await records.people.enrol([ada])
    assert (await records.people.profile(people[0])).email == "ada@hr.example"
    await records.people.enrol([ada.model_copy(update={"email": "ada@file.example"})])
    found = await records.people.profile(people[0])
    assert (found.email, found.name) == ("ada@file.example", "By HR")
    await records.people.enrol([ada])
    assert (await records.people.profile(people[0])).email == ada.email


async def test_what_the_file_said_before_is_not_kept(records, ada, people):
    """H12: a replaced address is gone, even under the person's key."""
    await records.people.tell(people[0], {"email": "ada@hr.example"}, NOW)
    async with records._database.read() as connection:
        _, kept = await records.people._one(connection, people[0])
    assert ada.email not in kept.model_dump_json()


async def test_a_leave_begins_and_ends_by_itself(records, ada, people):
    for leave, status in (
        (Leave(begins=NOW + HOUR, until=NOW + 2 * HOUR), "active"),
        (Leave(begins=NOW - HOUR, until=NOW + HOUR), "leave"),
        (Leave(begins=NOW - HOUR), "leave"),
        (Leave(begins=NOW - 2 * HOUR, until=NOW - HOUR), "active"),
        (None, "active"),
    ):
        await records.people.note_leave(people[0], leave, NOW)
        assert (await records.people.profile(people[0])).status == status
        assert (await records.people.profiles(people))[people[0]].status == status
        assert {ref: word.leave for ref, word in (await records.people.leave_words(people)).items()} == {people[0]: leave}


async def test_of_two_words_about_a_leave_the_later_stands(records, people):
    await records.people.note_leave(people[0], None, NOW)
    await records.people.note_leave(people[0], Leave(begins=NOW - HOUR), NOW - HOUR)
    assert (await records.people.profile(people[0])).status == "active"


async def test_who_left_is_gone_also_on_leave(records, people):
    await records.people.note_leave(people[0], Leave(begins=NOW - HOUR), NOW)
    await records.people.tell(people[0], {"status": "gone"}, NOW)
    assert (await records.people.profile(people[0])).status == "gone"


async def test_nothing_is_said_of_who_was_erased_or_is_unknown(records, people):
    await records.people.erase(people[0])
    with pytest.raises(Erased):
        await records.people.tell(people[0], {"name": "Anew"}, NOW)
    with pytest.raises(Erased):
        await records.people.note_leave(people[0], None, NOW)
    with pytest.raises(UnknownPerson):
        await records.people.tell("p-nobody", {"name": "Anew"}, NOW)


def test_a_leave_holds_from_its_first_instant_until_its_last_is_there():
    leave = Leave(begins=NOW, until=NOW + HOUR)
    second = timedelta(seconds=1)
    assert [leave.holds(at) for at in (NOW - second, NOW, NOW + HOUR - second, NOW + HOUR)] == [False, True, True, False]
    assert [leave.is_past(at) for at in (NOW + HOUR - second, NOW + HOUR)] == [False, True]


async def test_of_two_words_of_one_instant_the_second_stands(records, people):
    for name, leave in (("First", None), ("Second", Leave(begins=NOW - HOUR))):
        await records.people.tell(people[0], {"name": name}, NOW)
        await records.people.note_leave(people[0], leave, NOW)
    found = await records.people.profile(people[0])
    assert (found.name, found.status) == ("Second", "leave")


async def test_an_address_of_somebody_elses_is_refused_with_all_that_was_said_and_ones_own_is_not(records, ada, ben, people):
    with pytest.raises(AddressTaken):
        await records.people.tell(people[0], {"name": "New", "email": ben.email.upper()}, NOW)
    assert await records.people.profile(people[0]) == ada
    await records.people.tell(people[0], {"name": "New", "email": ada.email.upper()}, NOW)
    assert (await records.people.profile(people[0])).name == "New"


async def test_a_people_file_is_foreseen_as_it_would_be_taken(records, ada, ben, people):
    """The preview says who is new, who is known, and about whom HR has reported since; it names nobody who was erased."""
    await records.people.tell(people[0], {"email": "ada@hr.example"}, NOW)
    await records.people.note_leave(people[0], Leave(begins=NOW - HOUR), NOW)
    await records.people.erase(people[1])
    eve = Profile(person_id="E-7", name="Eve", email="eve@corp.example")
    file = [ada.model_copy(update={"name": "Ada Q."}), ben, eve]
    foreseen = await records.people.foreseen(file)
    assert foreseen.shared == {}
    assert await records.people.refs(["E-7"]) == {}, "nobody is minted"
    refs = await records.people.enrol(file)
    kept = await records.people.profiles(refs.values())
    assert foreseen.profiles == {profile.person_id: profile for profile in kept.values()}
    assert (foreseen.profiles["E-1001"].email, foreseen.profiles["E-1001"].name, foreseen.profiles["E-1001"].status) == ("ada@hr.example", "Ada Q.", "leave")


async def test_an_address_that_a_people_file_gives_twice_or_takes_from_somebody_is_foreseen(records, ada, ben, people):
    """Only for the person who would newly get it; an address that its holder gives up in the same file is free."""
    eve = Profile(person_id="E-7", name="Eve", email=ada.email.upper())
    assert (await records.people.foreseen([eve])).shared == {"E-7": "E-1001"}
    assert (await records.people.foreseen([ada, eve])).shared == {"E-7": "E-1001"}
    away = ada.model_copy(update={"email": "elsewhere@corp.example"})
    assert (await records.people.foreseen([away, eve])).shared == {}
    assert (await records.people.foreseen([away, ben.model_copy(update={"email": ada.email})])).shared == {}
    twice = [eve.model_copy(update={"person_id": name, "email": "new@corp.example"}) for name in ("E-7", "E-8")]
    assert (await records.people.foreseen(twice)).shared == {"E-7": "E-8", "E-8": "E-7"}
    await records.people.tell(people[0], {"email": "ada@hr.example"}, NOW)
    taken = eve.model_copy(update={"email": "ada@hr.example"})
    assert (await records.people.foreseen([taken])).shared == {"E-7": "E-1001"}, "by HR's word"
    await records.people.enrol([eve.model_copy(update={"email": "ada@hr.example"})])
    assert (await records.people.foreseen([taken, ada])).shared == {}, "it stood so before"
