from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from records.doors import SENDERS_KEPT
from records.errors import DifferentBody, UnknownMessage

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
ONE, OTHER = "mentorship.spring.m-1", "mentorship.autumn.m-2"


async def test_a_repeat_keeps_the_instant_of_the_first(records):
    first = await records.doors.accept(ONE, "msg-1", "digest", NOON)
    assert (first.at, first.fresh, first.sent) == (NOON, True, False)
    again = await records.doors.accept(ONE, "msg-1", "digest", LATER)
    assert (again.at, again.fresh, again.sent) == (NOON, False, False)
    await records.doors.mark_sent(ONE, "msg-1")
    await records.doors.mark_sent(ONE, "msg-1")
    assert (await records.doors.accept(ONE, "msg-1", "digest", LATER)).sent


async def test_the_same_id_with_another_body_is_refused(records):
    await records.doors.accept(ONE, "msg-1", "digest", NOON)
    with pytest.raises(DifferentBody):
        await records.doors.accept(ONE, "msg-1", "another", LATER)
    assert (await records.doors.accept(OTHER, "msg-1", "another", LATER)).fresh


async def test_an_id_of_one_sender_is_one_message_to_one_address(records):
    await records.doors.accept(ONE, "msg-1", "digest", NOON, sender="hr")
    assert not (await records.doors.accept(ONE, "msg-1", "digest", LATER, sender="hr")).fresh
    for enter in (records.doors.accept, records.doors.repeated):
        with pytest.raises(DifferentBody):
            await enter(OTHER, "msg-1", "digest", LATER, sender="hr")
    assert await records.doors.of(OTHER) == []
    assert (await records.doors.accept(OTHER, "msg-1", "digest", LATER, sender="payroll")).fresh
    assert not (await records.doors.accept(ONE, "msg-1", "digest", LATER, sender="payroll-2")).fresh


async def test_a_message_that_is_refused_leaves_nothing_of_its_sender(records):
    """Its id remains free for the message that it was meant for."""
    await records.doors.accept(ONE, "msg-1", "digest", NOON)
    with pytest.raises(DifferentBody):
        await records.doors.accept(ONE, "msg-1", "another", NOON, sender="hr")
    assert (await records.doors.accept(OTHER, "msg-1", "another", NOON, sender="hr")).fresh


async def test_what_takes_nothing_new_keeps_no_row_and_knows_repeats(records):
    assert await records.doors.repeated(ONE, "msg-1", "digest", NOON) is None
    assert await records.doors.of(ONE) == []
    await records.doors.accept(ONE, "msg-1", "digest", NOON)
    again = await records.doors.repeated(ONE, "msg-1", "digest", LATER)
    assert (again.at, again.fresh, again.sent) == (NOON, False, False)
    with pytest.raises(DifferentBody):
        await records.doors.repeated(ONE, "msg-1", "another", LATER)


async def test_where_an_id_came_to_is_forgotten_after_its_time_and_the_message_is_not(records, meddle):
    await records.doors.accept(ONE, "msg-1", "digest", NOON, sender="hr")
    await records.retention.sweep(NOON + SENDERS_KEPT - timedelta(seconds=1))
    assert await meddle("SELECT count(*) FROM door_messages") == [(2,)]
    await records.retention.sweep(NOON + SENDERS_KEPT, dry_run=True)
    assert await meddle("SELECT count(*) FROM door_messages") == [(2,)]
    await records.retention.sweep(NOON + SENDERS_KEPT)
    assert await meddle("SELECT mentorship FROM door_messages") == [(ONE,)]


async def test_a_message_that_was_never_accepted_cannot_be_sent(records):
    with pytest.raises(UnknownMessage):
        await records.doors.mark_sent(ONE, "msg-1")


async def test_a_line_opens_once_and_a_repeat_does_not_reopen_it(records):
    for _ in range(2):
        await records.lines.open(ONE, "ladder", "mentee", NOON, "m-1/4.0")
    assert [(line.line, line.side, line.opened_at) for line in await records.lines.all()] == [("ladder", "mentee", NOON)]
    await records.lines.close(ONE, "ladder", LATER)
    await records.lines.open(ONE, "ladder", "mentee", NOON, "m-1/4.0")
    assert await records.lines.all() == []
    assert [line.closed_at for line in await records.lines.all(open_only=False)] == [LATER]


async def test_closing_again_late_does_not_close_what_opened_since(records):
    await records.lines.open(ONE, "no_meeting", None, NOON, "k1")
    await records.lines.close(ONE, "no_meeting", LATER)
    await records.lines.open(ONE, "no_meeting", None, LATER + timedelta(days=1), "k2")
    await records.lines.close(ONE, "no_meeting", LATER)
    assert [line.opened_at for line in await records.lines.all()] == [LATER + timedelta(days=1)]


async def test_closing_one_side_leaves_the_other_open(records):
    await records.lines.open(ONE, "ladder", "mentor", NOON, "k1")
    await records.lines.open(ONE, "ladder", "mentee", NOON, "k2")
    await records.lines.close(ONE, "ladder", LATER, side="mentor")
    assert [line.side for line in await records.lines.all()] == ["mentee"]


async def test_a_coordinator_sees_a_cohort_or_all_of_them(records):
    await records.lines.open(ONE, "ladder", "mentor", NOON, "k1")
    await records.lines.open(OTHER, "no_meeting", None, LATER, "k2")
    assert [line.cohort for line in await records.lines.all()] == ["spring", "autumn"]
    assert [line.mentorship for line in await records.lines.all("autumn")] == [OTHER]


async def test_the_first_coordinator_who_takes_a_line_owns_it(records):
    await records.lines.open(ONE, "ladder", "mentor", NOON, "k1")
    assert await records.lines.take(ONE, "ladder", "p-ana", NOON)
    assert await records.lines.take(ONE, "ladder", "p-ana", LATER)
    assert not await records.lines.take(ONE, "ladder", "p-sam", LATER)
    assert [(line.taken_by, line.taken_at) for line in await records.lines.all()] == [("p-ana", NOON)]
    assert not await records.lines.take(ONE, "no_meeting", "p-ana", NOON)


async def test_of_two_coordinators_at_once_one_has_it_and_only_they_settle_it(records):
    await records.lines.open(ONE, "silence", None, NOON, "k1")
    taken = await asyncio.gather(*(records.lines.take(ONE, "silence", who, NOON) for who in ("p-ana", "p-carl")))
    assert sorted(taken) == [False, True]
    owner = (await records.lines.all())[0].taken_by
    other = "p-ana" if owner == "p-carl" else "p-carl"
    assert not await records.lines.settle(ONE, "silence", other, "ended", LATER)
    await records.lines.give_back(ONE, "silence", other)
    assert await records.lines.settle(ONE, "silence", owner, "talked", LATER)
    assert not await records.lines.settle(ONE, "silence", owner, "ended", LATER + timedelta(days=1))
    await records.lines.close(ONE, "silence", LATER + timedelta(days=2))  # the mentorship's own word, later
    assert [(line.outcome, line.closed_at, line.taken_by) for line in await records.lines.of(ONE)] == [("talked", LATER, owner)]


async def test_set_aside_it_is_mine_until_it_is_given_back_or_taken_over(records):
    await records.lines.open(ONE, "silence", None, NOON, "k1")
    until = LATER + timedelta(days=7)
    assert await records.lines.set_aside(ONE, "silence", "p-ana", until, LATER)
    assert not await records.lines.set_aside(ONE, "silence", "p-carl", until + timedelta(days=7), LATER)
    (line,) = await records.lines.all()
    assert (line.taken_by, line.aside_until) == ("p-ana", until)
    assert (line.is_aside(until - timedelta(seconds=1)), line.is_aside(until)) == (True, False)
    assert not await records.lines.take(ONE, "silence", "p-carl", LATER, instead_of="p-sam")
    assert await records.lines.take(ONE, "silence", "p-carl", LATER, instead_of="p-ana")
    assert [(line.taken_by, line.aside_until) for line in await records.lines.all()] == [("p-carl", None)]
    await records.lines.give_back(ONE, "silence", "p-carl")
    assert [(line.taken_by, line.taken_at) for line in await records.lines.all()] == [(None, None)]


async def test_the_open_lines_and_those_that_were_closed_lately(records):
    for n, closed_at in enumerate((None, LATER, NOON)):
        await records.lines.open(ONE, f"kind-{n}", None, NOON, f"k{n}")
        if closed_at is not None:
            await records.lines.close(ONE, f"kind-{n}", closed_at)
    assert [line.line for line in await records.lines.all("spring", closed_since=LATER)] == ["kind-0", "kind-1"]


async def test_hrs_own_id_of_a_message_stands_beside_nobody_and_outlives_no_erasure(records, people, meddle):
    """H12, P8: such ids often contain the company's id of the person they are about."""
    to = f"person.{people[0]}"
    first = await records.doors.accept(to, "left-E-1001", "digest", NOON, sender="hr")
    await records.doors.mark_sent(to, "left-E-1001")
    await records.people.erase(people[0])
    assert not [row for row in await meddle("SELECT mentorship, message_id FROM door_messages") if "E-1001" in str(row)]
    assert await records.doors.accept(to, "left-E-1001", "digest", LATER, sender="hr") == first.model_copy(update={"fresh": False, "sent": True})
    kept = await records.doors.one(to, "left-E-1001")
    assert (kept.at, kept.sent) == (NOON, True)
    assert await records.doors.one(to, "left-E-1002") is None


async def test_what_an_earlier_release_kept_of_hrs_messages_is_found(records, people, meddle):
    to = f"person.{people[0]}"
    await records.doors.accept(to, "hr-1", "digest", NOON)
    await meddle("UPDATE door_messages SET message_id = 'hr-1'")
    again = await records.doors.accept(to, "hr-1", "digest", LATER)
    assert (again.at, again.fresh) == (NOON, False)
    with pytest.raises(DifferentBody):
        await records.doors.accept(to, "hr-1", "another", LATER)
    await records.doors.mark_sent(to, "hr-1")
    assert (await records.doors.one(to, "hr-1")).sent
