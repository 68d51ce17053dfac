from __future__ import annotations

import re

import pytest

from records.errors import Erased, UnknownNote, UnknownPerson


async def test_a_note_travels_by_an_id_and_comes_back_in_words(records, people, mentorship):
    note = await records.notes.put(people[1], mentorship, "goal", "Give a talk — «ça va»")
    assert re.fullmatch(r"n-[a-z0-9]{16}", note)
    found = await records.notes.get(note)
    assert (found.author, found.mentorship, found.kind, found.text, found.shared) == (people[1], mentorship, "goal", "Give a talk — «ça va»", False)


async def test_a_note_is_the_authors_own_until_they_share_it(records, people, mentorship):
    note = await records.notes.put(people[1], mentorship, "feedback", "You listen well.")
    for other, author in ((note, people[0]), ("n-nothing", people[1])):
        with pytest.raises(UnknownNote):
            await records.notes.share(other, author)
    assert not (await records.notes.get(note)).shared
    await records.notes.share(note, people[1])
    await records.notes.share(note, people[1])
    assert (await records.notes.get(note)).shared


async def test_a_note_with_an_id_of_the_callers_own_is_kept_once(records, people, mentorship):
    assert await records.notes.put(people[1], mentorship, "goal", "First", note_id="n-of-a-message") == "n-of-a-message"
    await records.notes.put(people[1], mentorship, "goal", "Second", note_id="n-of-a-message")
    assert [note.text for note in await records.notes.of(mentorship)] == ["First"]


async def test_what_an_erased_person_wrote_is_gone_and_the_partners_words_stay(records, people, mentorship):
    hers = await records.notes.put(people[0], mentorship, "feedback", "Hers")
    his = await records.notes.put(people[1], mentorship, "feedback", "His")
    await records.people.erase(people[0])
    with pytest.raises(Erased, match=people[0]):
        await records.notes.get(hers)
    assert [note.id for note in await records.notes.of(mentorship)] == [his]
    with pytest.raises(Erased):
        await records.notes.put(people[0], mentorship, "feedback", "More")


async def test_nobody_unknown_writes(records, mentorship):
    with pytest.raises(UnknownPerson):
        await records.notes.put("p-nobody", mentorship, "goal", "Words")
    with pytest.raises(UnknownNote):
        await records.notes.get("n-nothing")


async def test_words_can_be_forgotten_a_mentorship_at_a_time(records, people, mentorship):
    await records.notes.put(people[0], mentorship, "goal", "One")
    elsewhere = await records.notes.put(people[0], "case.c-1", "concern", "Two")
    assert await records.notes.forget(mentorship) == 1
    assert await records.notes.forget(mentorship) == 0
    assert (await records.notes.get(elsewhere)).text == "Two"
