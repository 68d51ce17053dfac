"""Cases on both databases: who came first stays, a form counts once, and without the keys a row tells nothing (H16)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from records.cases import Case, PauseOrder
from records.errors import Erased, UnknownCase

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
WORDS = "canary words"


@pytest.fixture
def concern(people, mentorship):
    ada, ben = people
    return Case(id="", raiser=ben, mentorship=mentorship, programme="engineering-2027", subject=ada, contacts=("p-sam", "p-ana"), opened_at=NOON)


async def test_the_same_form_opens_one_case_also_when_it_is_sent_at_once(records, concern):
    opened = await asyncio.gather(*(records.cases.open(concern, WORDS, "form") for _ in range(4)))
    assert len({case.id for case in opened}) == 1
    other = await records.cases.open(concern, WORDS, "another form")
    assert [case.id for case in await records.cases.of_pair(concern.mentorship)] == sorted({opened[0].id, other.id})


async def test_who_takes_it_first_has_it_and_only_they_close_it(records, concern):
    case = await records.cases.open(concern, WORDS, "form")
    taken = await asyncio.gather(*(records.cases.take(case.id, who, NOON) for who in ("p-sam", "p-ana")))
    assert len({found.taken_by for found in taken}) == 1
    owner = taken[0].taken_by
    other = "p-ana" if owner == "p-sam" else "p-sam"
    assert (await records.cases.close(case.id, other, "talked", NOON)).state == "taken"
    assert (await records.cases.give_back(case.id, other)).state == "taken"
    closed = await records.cases.close(case.id, owner, "talked", NOON)
    assert (closed.state, closed.outcome) == ("closed", "talked")
    assert await records.cases.close(case.id, owner, "arranged", NOON + timedelta(days=1)) == closed
    assert await records.cases.waiting() == []


async def test_the_words_go_with_the_raisers_key_and_the_case_stays(records, concern):
    case = await records.cases.open(concern, WORDS, "form")
    assert await records.cases.words(case.id) == WORDS
    await records.people.erase(concern.raiser)
    with pytest.raises(Erased):
        await records.cases.words(case.id)
    with pytest.raises(Erased):
        await records.cases.open(concern, WORDS, "later")
    assert (await records.cases.get(case.id)).state == "waiting"


async def test_forgotten_words_are_gone_for_good(records, concern):
    case = await records.cases.open(concern, WORDS, "form")
    assert await records.cases.forget(case.id)
    assert (await records.cases.get(case.id)).forgotten
    assert await records.cases.words(case.id) is None
    assert not await records.cases.forget(case.id)


async def test_a_wish_that_came_meanwhile_is_not_overwritten_by_what_became_of_the_one_before(records, concern):
    pause = PauseOrder(message_id="op-1", resume_id="op-2", by="p-x", at=NOON)
    case = await records.cases.open(concern, WORDS, "form")
    await records.cases.hold(case.id, pause)
    await records.cases.release(case.id, NOON)
    assert (await records.cases.note_hold(case.id, "wanted", "held")).hold == "release"


async def test_a_row_tells_neither_who_nor_of_which_pair_nor_when(records, concern, meddle):
    case = await records.cases.open(concern, WORDS, "form")
    ((*row,),) = await meddle("SELECT * FROM cases")
    plain = [value for value in row if isinstance(value, str)]
    assert case.id in plain
    assert not any(secret in " ".join(plain) for secret in (concern.raiser, str(concern.subject), concern.mentorship, "p-sam", "2027"))
    assert not any(isinstance(value, datetime) for value in row)
    assert not any(
        secret.encode() in bytes(value) for value in row if not isinstance(value, str | None) for secret in (WORDS, concern.raiser, concern.mentorship)
    )


async def test_there_is_no_such_case(records):
    with pytest.raises(UnknownCase):
        await records.cases.get("c-none")


async def test_a_lines_case_is_no_concern(records, mentorship):
    first = await records.cases.open_line(mentorship, "silence", programme="engineering-2027", at=NOON, key="k")
    assert await records.cases.open_line(mentorship, "silence", programme="engineering-2027", at=NOON, key="k") == first
    assert await records.cases.of_pair(mentorship) == []
    assert await records.cases.waiting() == []
    assert (await records.cases.end_line(first.id, NOON)).state == "closed"


async def test_a_closed_concern_stands_until_the_meetings_that_it_held_may_go_on(records, concern):
    """Else the pair would stay paused where its workflow is lost in between, and nobody would know why."""
    case = await records.cases.open(concern, WORDS, "form")
    await records.cases.hold(case.id, PauseOrder(message_id="op-1", resume_id="op-2", by="p-operator", at=NOON))
    await records.cases.note_hold(case.id, "wanted", "held")
    await records.cases.take(case.id, "p-sam", NOON)
    await records.cases.close(case.id, "p-sam", "talked", NOON)
    assert await records.cases.standing() == ([], [])
    await records.cases.release(case.id, NOON)
    assert [standing.id for standing in (await records.cases.standing())[0]] == [case.id]
    await records.cases.note_hold(case.id, "release", "released")
    assert await records.cases.standing() == ([], [])
