from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records.chain import Head
from records.errors import Diverged, Gap

OVER = datetime(2027, 9, 1, 17, 30, 0, 123456, tzinfo=UTC)


async def test_rows_come_back_in_order_with_their_instants(records, mentorship, command, event):
    rows = [command(1, at=OVER), event(2), command(3, outcome="refused", reason="not_your_turn")]
    head = await records.journal.append(mentorship, reversed(rows))
    assert await records.journal.entries(mentorship) == rows
    assert await records.journal.head(mentorship) == head
    assert head.seq == 3


async def test_an_empty_journal_has_no_head(records, mentorship):
    assert await records.journal.head(mentorship) is None
    assert await records.journal.append(mentorship, []) == Head()


async def test_the_same_batch_again_is_done(records, mentorship, command, event):
    first = await records.journal.append(mentorship, [command(1), event(2)])
    assert await records.journal.append(mentorship, [command(1), event(2)]) == first
    longer = await records.journal.append(mentorship, [event(2), event(3)])
    assert [row.seq for row in await records.journal.entries(mentorship)] == [1, 2, 3]
    assert longer.seq == 3


async def test_a_batch_that_was_overtaken_is_answered_with_its_own_end(records, mentorship, command, event):
    """H7: a workflow that was reset releases mails up to this row. Beyond it, the journal may differ from what the workflow decided."""
    first = await records.journal.append(mentorship, [command(1), event(2)])
    await records.journal.append(mentorship, [event(3), event(4)])
    assert await records.journal.append(mentorship, [command(1), event(2)]) == first
    assert await records.journal.verify(expected={mentorship: first}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "withdraw"},
        {"at": OVER},
        {"by": "p-2"},
        {"outcome": "refused"},
        {"reason": "late"},
        {"message_id": "msg-other"},
        {"body": {"milestone": "other"}},
    ],
)
async def test_another_content_at_the_same_place_is_divergence(records, mentorship, command, event, change):
    await records.journal.append(mentorship, [command(1), event(2)])
    with pytest.raises(Diverged) as caught:
        await records.journal.append(mentorship, [command(1, **change), event(2), event(3)])
    assert (caught.value.mentorship, caught.value.seq) == (mentorship, 1)
    assert (await records.journal.head(mentorship)).seq == 2


async def test_a_gap_waits_and_nothing_of_the_batch_is_kept(records, mentorship, command, event):
    with pytest.raises(Gap) as caught:
        await records.journal.append(mentorship, [event(2)])
    assert (caught.value.expected, caught.value.got) == (1, 2)
    await records.journal.append(mentorship, [command(1)])
    with pytest.raises(Gap):
        await records.journal.append(mentorship, [event(2), event(4)], card={"phase": "active"})
    assert (await records.journal.head(mentorship)).seq == 1
    assert (await records.cohorts.by_mentorship(mentorship)).card is None
    await records.journal.append(mentorship, [event(2), event(3), event(4)])
    assert (await records.journal.head(mentorship)).seq == 4


async def test_a_message_that_comes_again_after_it_was_forgotten_stops_nothing_and_its_first_outcome_counts(records, mentorship, command, event):
    """The workflow forgets a message id after 256 others. An old one that is sent again by hand must not wedge the journal."""
    await records.journal.append(mentorship, [command(1)])
    await records.journal.append(mentorship, [event(2), command(3, message_id="msg-1", outcome="refused", reason="already_done")])
    assert (await records.journal.head(mentorship)).seq == 3
    assert (await records.journal.receipt(mentorship, "msg-1")).outcome == "applied"
    assert await records.journal.verify() == []


async def test_what_the_service_reports_to_itself_needs_no_message_id(records, mentorship, command):
    await records.journal.append(mentorship, [command(1, message_id=""), command(2, message_id=""), command(3, message_id=None)])
    assert [row.message_id for row in await records.journal.entries(mentorship)] == [None, None, None]


async def test_text_that_a_database_cannot_hold_does_not_stop_the_journal(records, mentorship, command):
    await records.journal.append(mentorship, [command(1, message_id="a\0b", body={"note": "a\0b\ud800", "n": [1, 2.5, None, True]})])
    assert (await records.journal.entries(mentorship))[0].body == {"note": "a\0b\ud800", "n": [1, 2.5, None, True]}
    assert await records.journal.verify() == []


async def test_a_receipt_says_what_became_of_a_command(records, mentorship, command, event):
    await records.journal.append(mentorship, [command(1), command(2, outcome="refused", reason="too_late"), event(3, message_id="msg-9")])
    applied = await records.journal.receipt(mentorship, "msg-1")
    refused = await records.journal.receipt(mentorship, "msg-2")
    assert (applied.outcome, applied.reason) == ("applied", None)
    assert (refused.outcome, refused.reason) == ("refused", "too_late")
    assert await records.journal.receipt(mentorship, "msg-9") is None
    assert await records.journal.receipt("mentorship.spring.m-another", "msg-1") is None


async def test_the_card_is_written_with_the_rows_and_a_late_repeat_leaves_it_alone(records, mentorship, command, event):
    await records.journal.append(mentorship, [command(1)], card={"phase": "aligning", "milestones": [1, 10]})
    await records.journal.append(mentorship, [event(2)], card={"phase": "active"})
    await records.journal.append(mentorship, [command(1)], card={"phase": "aligning"})
    assert (await records.cohorts.by_mentorship(mentorship)).card == {"phase": "active"}


async def test_the_end_is_marked_once(records, mentorship, command):
    await records.journal.append(mentorship, [command(1)], over_at=OVER)
    await records.journal.append(mentorship, [command(1)], over_at=OVER + timedelta(hours=1))
    found = await records.cohorts.by_mentorship(mentorship)
    assert (found.state, found.over_at) == ("over", OVER)


async def test_nothing_follows_the_closing_row(records, mentorship, command, event):
    await records.journal.append(mentorship, [command(1)])
    await records.journal.seal(mentorship)
    await records.journal.seal(mentorship)
    await records.journal.append(mentorship, [command(1)])
    with pytest.raises(Diverged):
        await records.journal.append(mentorship, [event(2)])


async def test_the_chain_goes_on_under_a_new_key(records, reopen, next_keys, mentorship, event):
    await records.journal.append(mentorship, [event(1)])
    rotated = await reopen(next_keys)
    await rotated.journal.append(mentorship, [event(2)])
    assert await rotated.journal.verify() == []
    assert await records.journal.verify() == [(mentorship, 2, "unknown_key")]


async def test_without_its_key_a_journal_is_neither_whole_nor_altered(records, reopen, other_keys, mentorship, event):
    await records.journal.append(mentorship, [event(1)])
    assert await (await reopen(other_keys)).journal.verify() == [(mentorship, 1, "unknown_key")]
