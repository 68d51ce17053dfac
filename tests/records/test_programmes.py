from __future__ import annotations

import pytest

from mentorship.programme import Programme
from records.errors import ProgrammeChanged, UnknownProgramme


def _changed(programme: Programme, **meetings: object) -> Programme:
    return programme.model_copy(update={"meetings": programme.meetings.model_copy(update=meetings)})


async def test_a_programme_comes_back_as_it_was(records, programme):
    await records.programmes.put(programme)
    await records.programmes.put(programme)
    assert await records.programmes.get("engineering-2027", 1) == programme
    assert await records.programmes.texts(programme.texts().digest) == programme.texts()


async def test_the_same_version_with_another_number_is_refused_and_named(records, programme):
    await records.programmes.put(programme)
    with pytest.raises(ProgrammeChanged) as caught:
        await records.programmes.put(_changed(programme, count=13))
    assert caught.value.differences == ["meetings.count: 12 → 13"]
    assert await records.programmes.get("engineering-2027", 1) == programme


async def test_what_changed_is_told_by_its_name_or_its_number_however_many_came_or_went(records, programme):
    await records.programmes.put(programme)
    (aligned,), (first, closing) = programme.milestones, programme.sessions
    changed = _changed(programme, feedback_after=programme.meetings.feedback_after[:-1]).model_copy(
        update={
            "milestones": (aligned.model_copy(update={"id": "another"}),),
            "sessions": (first, closing.model_copy(update={"topic": "Looking ahead"}), first),
        }
    )
    with pytest.raises(ProgrammeChanged) as caught:
        await records.programmes.put(changed)
    assert caught.value.differences == [
        "meetings.feedback_after.3: 9 → nothing",
        "sessions.2.topic: Looking back → Looking ahead",
        "sessions.3: added",
        "milestones.aligned: removed",
        "milestones.another: added",
    ]


async def test_another_version_stands_beside_the_first(records, programme):
    await records.programmes.put(programme)
    newer = _changed(programme, count=13).model_copy(update={"programme": programme.programme.model_copy(update={"version": 2})})
    await records.programmes.put(newer)
    assert await records.programmes.get("engineering-2027", 1) == programme
    assert await records.programmes.get("engineering-2027", 2) == newer


async def test_a_default_that_a_newer_release_added_is_no_change(records, programme, meddle):
    await records.programmes.put(programme)
    await meddle("UPDATE programmes SET digest = 'of-an-older-release'")
    await records.programmes.put(programme)
    assert await meddle("SELECT digest FROM programmes") == [(programme.digest,)]


async def test_an_unknown_programme_is_said_so(records):
    with pytest.raises(UnknownProgramme, match="no programme engineering-2027 version 3"):
        await records.programmes.get("engineering-2027", 3)
    with pytest.raises(UnknownProgramme):
        await records.programmes.texts("f" * 64)
