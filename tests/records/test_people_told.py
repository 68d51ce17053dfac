"""P6: what HR says of somebody between people files; the later word stands, field by field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records.errors import Erased, UnknownPerson
from records.people import Leave

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
    """H12: an address that is gone is gone, also under the person's key."""
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
