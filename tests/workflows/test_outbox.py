"""The outbox: its lanes, the journal's batches, and what it hands on to a new run (P5, H14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.journal import JournalActivities, JournalBatch, JournalHead
from activities.notices import Delivery
from mentorship.advance import Entry, advance, begin
from mentorship.commands import SERVICE, End, NoteFailedNotice
from tests.workflows.place import DAY, EVENING, HOUR, began, mail
from workflows import outbox as module
from workflows.execute import pause_after
from workflows.outbox import BATCH, MOST_CARRIED, Outbox, OutboxState
from workflows.pending import Pending


async def test_whoever_has_a_coordinator_told_hears_it_first(place):
    """H14: the coordinators' mail waits for that person's morning, whatever the time is for the coordinators."""
    morning = EVENING + 12 * HOUR
    place.answers["1.0"] = lambda: Delivery(outcome="later", until=morning) if place.now < morning else Delivery(outcome="sent")
    place.outbox.add([], [mail("coordinator_told", "1.0"), mail("case", "1.1", to="coordinators", line="cancellations_mentee")])
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0"]
    place.now = morning
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0", "1.0", "1.1"]


async def test_a_coordinators_evening_or_full_mailbox_keeps_no_mail_from_whom_it_is_about(place):
    """Each recipient has a lane: their next mail does not wait for somebody else's."""
    full = place.held("1.1")
    place.outbox.add([], [mail("coordinator_told", "1.0"), mail("case", "1.1", to="coordinators", line="cancellations_mentee")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "2.0", 1)])
    await place.carry()
    assert [notice.id for notice in place.asked] == ["1.0", "1.1", "2.0"]
    full.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    place.outbox.add([], [mail("halfway", "3.0")])
    held = place.held("4.0")
    place.outbox.add([], [mail("heads_up", "4.0")])
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["1.0", "1.1", "2.0", "3.0", "4.0"], ["1.1", "4.0"])
    place.now = EVENING + 12 * HOUR
    place.answers["1.1"] = lambda: Delivery(outcome="sent")
    await place.carry()
    assert place.waiting == ["4.0"], "nor does theirs wait for a later one that is on its way"
    held.set_result(Delivery(outcome="sent"))
    await place.carry()
    assert place.waiting == []


@pytest.mark.parametrize("ended", [True, False])
async def test_the_journal_hears_of_the_end_with_the_last_of_its_batches(ended, place, monkeypatch):
    """Records: what is kept for a time after the end is kept from when it ended, not from when its last row was written."""
    batches: list[JournalBatch] = []

    async def append(activity: Any, batch: JournalBatch) -> JournalHead:
        assert activity is JournalActivities.append_journal
        batches.append(batch)
        return JournalHead(seq=batch.entries[-1].seq)

    monkeypatch.setattr(module, "execute", append)
    if ended:
        turn = advance(place.state, [End(message_id="end", by="p-operator", at=EVENING + DAY)], EVENING + DAY)
        place.state = advance(
            turn.state, [NoteFailedNotice(message_id="f", by=SERVICE, at=EVENING + 3 * DAY, notice="ended", to="mentee")], EVENING + 3 * DAY
        ).state
    rows = tuple(Entry(seq=n + 1, at=EVENING, kind="event", name="paused") for n in range(BATCH + 1))
    place.outbox.add(rows, [])
    await place.carry()
    assert [len(batch.entries) for batch in batches] == [BATCH, 1]
    assert [batch.over_at for batch in batches] == [None, EVENING + DAY if ended else None]
    assert place.outbox.head.seq == BATCH + 1


def test_a_new_run_takes_along_all_that_is_on_its_way():
    """P5: unwritten rows, mails, how often each failed and until when it rests, and where the journal is."""
    on_its_way = OutboxState(
        entries=(Entry(seq=8, at=EVENING, kind="event", name="paused"),),
        pending=(Pending(effect=mail("halfway", "7.0"), not_before=EVENING + DAY, in_vain=3),),
        head=JournalHead(seq=7, mac="m"),
        diverged=True,
    )
    outbox = Outbox("mentorship.spring.m-1", "t", on_its_way, state=lambda: begin(began(EVENING)).state, deliver=lambda _: None, listed=dict)
    assert outbox.carried() == on_its_way
    assert (outbox.empty, outbox.size, outbox.head, outbox.diverged) == (False, 2, on_its_way.head, True)


@pytest.mark.parametrize(("waiting", "light"), [(MOST_CARRIED, True), (MOST_CARRIED + 1, False)])
def test_a_new_run_takes_no_more_than_temporal_would_let_it(waiting, light):
    """Whatever exceeds that is written and sent first: Temporal ends a workflow that hands on more than two megabytes."""
    backlog = tuple(Entry(seq=n, at=EVENING, kind="event", name="paused") for n in range(waiting - 1))
    carried = OutboxState(entries=backlog, pending=(Pending(effect=mail("halfway", "7.0")),))
    assert Outbox("m", "t", carried, state=lambda: begin(began(EVENING)).state, deliver=lambda _: None, listed=dict).light is light


def test_the_pauses_of_what_cannot_be_sent_grow_to_a_day():
    assert [pause_after(n) for n in (1, 2, 3, 4)] == [timedelta(), HOUR, 2 * HOUR, 4 * HOUR]
    assert pause_after(9) == pause_after(5000) == DAY
