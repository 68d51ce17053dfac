"""Cases on both databases: the first to take one keeps it, a form counts once, and without the keys a row tells nothing (H16)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from records.cases import Case, PauseOrder
from records.errors import DifferentBody, Erased, UnknownCase

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
    assert (forgotten := await records.cases.get(case.id)).forgotten
    assert forgotten.sent == ""
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
    """Otherwise the pair would stay paused if its workflow is lost in between, and nobody would know why."""
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


PAUSE = PauseOrder(message_id="op-1", resume_id="op-2", by="p-operator", at=NOON)


async def test_the_same_form_with_something_else_in_it_takes_the_place_of_the_first_until_somebody_took_that(records, concern):
    first = await records.cases.open(concern, WORDS, "form")
    later = concern.model_copy(update={"subject": None, "contacts": ("p-ana", "p-lee"), "opened_at": NOON + timedelta(hours=1)})
    changed = await records.cases.open(later, "other words", "form")
    assert (changed.id, changed.subject, changed.contacts, changed.opened_at) == (first.id, None, ("p-ana", "p-lee"), NOON)
    assert await records.cases.words(first.id) == "other words"
    await records.cases.take(first.id, "p-ana", NOON)
    taken = await records.cases.get(first.id)
    assert await records.cases.open(later, "other words", "form") == taken, "a repeat is no change"
    with pytest.raises(DifferentBody):
        await records.cases.open(concern, WORDS, "form")
    await records.cases.close(first.id, "p-ana", "talked", NOON)
    with pytest.raises(DifferentBody):
        await records.cases.open(concern, WORDS, "form")
    assert await records.cases.words(first.id) == "other words"


async def test_a_later_form_that_holds_nothing_lets_go_and_one_that_holds_as_well_keeps_the_hold_that_stands(records, concern):
    holding = concern.model_copy(update={"hold": "wanted", "pause": PAUSE})
    first = await records.cases.open(holding, WORDS, "form")
    await records.cases.note_hold(first.id, "wanted", "held")
    other = PauseOrder(message_id="op-3", resume_id="op-4", by="p-operator", at=NOON)
    still = await records.cases.open(holding.model_copy(update={"pause": other}), "more", "form")
    assert (still.hold, still.pause) == ("held", PAUSE)
    free = await records.cases.open(concern.model_copy(update={"opened_at": NOON + timedelta(hours=1)}), "less", "form")
    assert (free.hold, free.released_at) == ("release", NOON + timedelta(hours=1))
    once = await records.cases.open(concern.model_copy(update={"opened_at": NOON + timedelta(hours=2)}), "nothing", "form")
    assert (once.hold, once.released_at) == ("release", NOON + timedelta(hours=1))
    again = await records.cases.open(holding.model_copy(update={"pause": other}), WORDS, "form")
    assert (again.hold, again.pause) == ("wanted", other)


async def test_a_wish_that_could_not_be_met_is_asked_for_anew_and_one_that_stands_is_not(records, concern):
    other = PauseOrder(message_id="op-3", resume_id="op-4", by="p-operator", at=NOON)
    case = await records.cases.open(concern, WORDS, "form")
    assert (await records.cases.release(case.id, NOON)).hold == "none", "there is nothing to let go"
    await records.cases.hold(case.id, PAUSE)
    assert (await records.cases.hold(case.id, other)).pause == PAUSE
    await records.cases.note_hold(case.id, "wanted", "held")
    assert (await records.cases.hold(case.id, other)).pause == PAUSE
    await records.cases.release(case.id, NOON)
    await records.cases.hold(case.id, PAUSE)
    assert (await records.cases.note_hold(case.id, "wanted", "not_held", refused="over")).refused == "over"
    anew = await records.cases.hold(case.id, other)
    assert (anew.hold, anew.pause, anew.refused) == ("wanted", other, None)
    await records.cases.note_hold(case.id, "wanted", "not_held", refused="over")
    assert (await records.cases.release(case.id, NOON)).hold == "release"


async def test_nobody_is_asked_besides_once_somebody_took_it_and_what_is_closed_stays_as_it_was_closed(records, concern):
    case = await records.cases.open(concern, WORDS, "form")
    assert (await records.cases.close(case.id, "p-sam", "talked", NOON)).state == "waiting", "who did not take it closes nothing"
    assert (await records.cases.ask(case.id, ("p-lee", "p-sam"))).contacts == ("p-sam", "p-ana", "p-lee")
    await records.cases.take(case.id, "p-sam", NOON)
    assert (await records.cases.ask(case.id, ("p-max",))).contacts == ("p-sam", "p-ana", "p-lee")
    assert (await records.cases.take(case.id, "p-ana", NOON)).taken_by == "p-sam"
    back = await records.cases.give_back(case.id, "p-sam")
    assert (back.state, back.taken_by, back.taken_at) == ("waiting", None, None)
    await records.cases.take(case.id, "p-ana", NOON)
    closed = await records.cases.close(case.id, "p-ana", "arranged", NOON)
    assert await records.cases.withdraw(case.id, NOON + timedelta(days=1)) == closed
    assert await records.cases.give_back(case.id, "p-ana") == closed
    assert await records.cases.take(case.id, "p-sam", NOON) == closed


async def test_only_what_is_closed_is_dropped_and_a_line_ends_no_concern(records, concern):
    case = await records.cases.open(concern, WORDS, "form")
    assert not await records.cases.drop(case.id)
    assert (await records.cases.end_line(case.id, NOON)).state == "waiting"
    assert await records.cases.words(case.id) == WORDS
    await records.cases.withdraw(case.id, NOON)
    assert await records.cases.drop(case.id)
    assert not await records.cases.drop(case.id)


async def test_a_persons_own_concerns_are_theirs_alone_the_oldest_first(records, concern, people):
    later = await records.cases.open(concern.model_copy(update={"opened_at": NOON + timedelta(days=1)}), WORDS, "second")
    first = await records.cases.open(concern, WORDS, "first")
    theirs = await records.cases.open(concern.model_copy(update={"raiser": people[0], "subject": people[1]}), WORDS, "of the other")
    assert [case.id for case in await records.cases.of_raiser(people[1], concern.mentorship)] == [first.id, later.id]
    assert [case.id for case in await records.cases.of_raiser(people[0], concern.mentorship)] == [theirs.id]
    assert await records.cases.subjects([concern.mentorship, "mentorship.other"]) == {concern.mentorship: frozenset(people)}
