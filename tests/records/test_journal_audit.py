"""What an audit finds when somebody reached the database without going through the service (P3). A person with SQL could make each of these edits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records.chain import Finding, Head


@pytest.fixture
async def three(records, couples, mentorship, event):
    """Three mentorships of one cohort, with five rows each, all over and closed."""
    more = await records.cohorts.enrol_pairs("spring", await couples("PAIR-2", "PAIR-3"))
    names = [mentorship, *(pair.mentorship for pair in more.added)]
    for name in names:
        await records.journal.append(name, [event(seq) for seq in range(1, 6)], over_at=datetime.now(UTC))
        await records.journal.seal(name)
    return names


@pytest.fixture
async def running(records, mentorship, event):
    """A running mentorship with five rows, and the head that its workflow knows."""
    head = await records.journal.append(mentorship, [event(seq) for seq in range(1, 6)])
    return mentorship, {mentorship: head}


async def test_nothing_is_found_where_nothing_was_done(records, three):
    assert await records.journal.verify() == []
    assert await records.journal.verify(cohort="spring") == []


@pytest.mark.parametrize(
    "edit",
    ["at = '2027-03-01 09:00:01.000000Z'", "name = 'meeting_missed'", "\"by\" = 'p-2'", "outcome = 'applied'", "reason = 'x'", "body = '{}'"],
)
async def test_an_altered_row_is_named(records, three, meddle, edit, url):
    edit = edit.replace("Z", "") if url.startswith("sqlite") else edit
    await meddle(f"UPDATE journal SET {edit} WHERE mentorship = :name AND seq = 3", name=three[0])
    assert await records.journal.verify(cohort="spring") == [Finding(three[0], 3, "altered")]


async def test_a_row_altered_together_with_its_mac_is_named_with_the_row_that_no_longer_follows(records, three, meddle):
    await meddle("UPDATE journal SET name = 'x', mac = :mac WHERE mentorship = :name AND seq = 3", name=three[0], mac="0" * 64)
    assert Finding(three[0], 3, "altered") in await records.journal.verify()


async def test_the_last_row_altered_is_named_without_any_known_head(records, running, meddle):
    await meddle("UPDATE journal SET name = 'x' WHERE seq = 5")
    assert await records.journal.verify() == [Finding(running[0], 5, "altered")]


async def test_a_missing_row_is_named(records, three, meddle):
    await meddle("DELETE FROM journal WHERE mentorship = :name AND seq IN (1, 3)", name=three[1])
    assert await records.journal.verify() == [Finding(three[1], 1, "missing"), Finding(three[1], 3, "missing")]


async def test_an_inserted_row_is_named(records, running, meddle):
    name, heads = running
    await meddle("UPDATE journal SET seq = seq + 100 WHERE seq >= 3")
    await meddle("UPDATE journal SET seq = seq - 99 WHERE seq >= 103")
    await meddle(
        "INSERT INTO journal (mentorship, seq, at, kind, name, body, key_id, previous, mac)"
        " SELECT mentorship, 3, at, kind, 'meeting_missed', body, key_id, mac, :mac FROM journal WHERE seq = 2",
        mac="1" * 64,
    )
    assert Finding(name, 3, "inserted") in await records.journal.verify(expected=heads)


async def test_a_row_added_behind_a_running_journal_is_named(records, running, meddle):
    name, heads = running
    await meddle(
        "INSERT INTO journal (mentorship, seq, at, kind, name, body, key_id, previous, mac)"
        " SELECT mentorship, 6, at, kind, name, body, key_id, mac, :mac FROM journal WHERE seq = 5",
        mac="1" * 64,
    )
    assert await records.journal.verify(expected=heads) == [Finding(name, 6, "inserted")]


async def test_a_row_added_behind_a_closed_journal_is_named(records, three, meddle):
    await meddle(
        "INSERT INTO journal (mentorship, seq, at, kind, name, body, key_id, previous, mac)"
        " SELECT mentorship, 6, at, kind, name, body, key_id, mac, :mac FROM journal WHERE seq = 5 AND mentorship = :name",
        mac="1" * 64,
        name=three[2],
    )
    assert await records.journal.verify() == [Finding(three[2], 6, "inserted")]


async def test_a_cut_tail_shows_by_the_closing_row(records, three, meddle):
    await meddle("DELETE FROM journal WHERE mentorship = :name AND seq > 3", name=three[0])
    assert await records.journal.verify(cohort="spring") == [Finding(three[0], 4, "cut")]


async def test_a_cut_tail_of_a_running_mentorship_shows_by_the_head_that_its_workflow_knows(records, running, meddle):
    name, heads = running
    await meddle("DELETE FROM journal WHERE seq = 5")
    assert await records.journal.verify() == []  # nothing else could tell
    assert await records.journal.verify(expected=heads) == [Finding(name, 5, "cut")]


async def test_rows_newer_than_the_known_head_are_fine(records, running, event):
    name, heads = running
    await records.journal.append(name, [event(6)])
    assert await records.journal.verify(expected=heads) == []


async def test_an_older_state_put_back_shows_by_the_head(records, running):
    name, heads = running
    assert await records.journal.verify(expected={name: Head(seq=4, mac=heads[name].mac)}) == [Finding(name, 4, "altered")]


async def test_a_mentorship_removed_after_its_closing_row_is_named(records, three, meddle):
    await meddle("DELETE FROM journal WHERE mentorship = :name", name=three[1])
    assert await records.journal.verify(cohort="spring") == [Finding(three[1], None, "removed")]


async def test_a_mentorship_removed_with_its_closing_row_leaves_a_hole_in_the_cohorts_chain(records, three, meddle):
    await meddle("DELETE FROM journal WHERE mentorship = :name", name=three[1])
    await meddle("DELETE FROM seals WHERE mentorship = :name", name=three[1])
    assert await records.journal.verify() == [Finding("cohort.spring", 2, "removed"), Finding(three[1], None, "removed")]
    await meddle("DELETE FROM enrolments WHERE mentorship = :name", name=three[1])
    assert await records.journal.verify() == [Finding("cohort.spring", 2, "removed")]


async def test_the_last_closing_row_removed_shows_by_what_is_over(records, three, meddle):
    await meddle("DELETE FROM journal WHERE mentorship = :name", name=three[2])
    await meddle("DELETE FROM seals WHERE mentorship = :name", name=three[2])
    assert await records.journal.verify(cohort="spring") == [Finding(three[2], None, "removed")]


async def test_a_running_mentorship_removed_shows_by_its_workflow(records, running, meddle):
    name, heads = running
    await meddle("DELETE FROM journal")
    assert await records.journal.verify(expected=heads) == [Finding(name, None, "removed")]


async def test_an_altered_closing_row_is_named_and_vouches_for_nothing(records, three, meddle):
    await meddle("UPDATE seals SET seq = 3 WHERE mentorship = :name", name=three[0])
    await meddle("DELETE FROM journal WHERE mentorship = :name AND seq > 3", name=three[0])
    assert await records.journal.verify() == [Finding(three[0], None, "seal_altered")]


async def test_a_mentorship_just_over_may_still_lack_its_closing_row(records, mentorship, event):
    over_at = datetime.now(UTC) - timedelta(hours=23)
    await records.journal.append(mentorship, [event(1).model_copy(update={"at": over_at})], over_at=over_at)
    assert await records.journal.verify() == []


async def test_a_mentorship_over_for_a_day_should_have_been_closed(records, mentorship, event):
    await records.journal.append(mentorship, [event(1)], over_at=datetime.now(UTC) - timedelta(hours=25))
    assert await records.journal.verify() == [Finding(mentorship, None, "unsealed")]
    await records.journal.seal(mentorship)
    assert await records.journal.verify() == []


@pytest.mark.parametrize("meddled", ["over_at = NULL", "over_at = CURRENT_TIMESTAMP", "state = 'started'"])
async def test_a_cut_journal_without_its_closing_row_shows_whatever_its_enrolment_says_of_the_end(records, mentorship, event, meddle, meddled):
    began = datetime.now(UTC) - timedelta(days=200)
    rows = [event(seq).model_copy(update={"at": began + timedelta(days=seq)}) for seq in range(1, 6)]
    await records.journal.append(mentorship, rows, over_at=rows[-1].at)
    await records.journal.seal(mentorship)
    await meddle("DELETE FROM seals")
    await meddle("DELETE FROM journal WHERE seq > 3")
    await meddle(f"UPDATE enrolments SET {meddled}")
    assert await records.journal.verify() == [Finding(mentorship, None, "unsealed")]


async def test_the_last_closing_rows_are_told_by_cohort(records, three):
    (last,) = await records.journal.last_seals()
    assert (last.cohort, last.number, len(last.mac)) == ("spring", 3, 64)
    assert await records.journal.last_seals("spring") == [last]
    assert await records.journal.last_seals("autumn") == []


async def test_a_pair_that_was_erased_before_it_began_is_over_and_needs_no_closing_row(records, people, mentorship):
    await records.people.erase(people[0])
    assert await records.journal.verify() == []


async def test_a_cohorts_audit_is_about_that_cohort_only(records, three, meddle, event):
    await records.journal.append("mentorship.spring-2.m-1", [event(1), event(2)])
    await meddle("UPDATE journal SET name = 'x' WHERE mentorship = 'mentorship.spring-2.m-1' AND seq = 1")
    assert await records.journal.verify(cohort="spring") == []
    assert await records.journal.verify(cohort="spring-2") == [Finding("mentorship.spring-2.m-1", 1, "altered")]


async def test_erasing_a_person_leaves_the_journal_whole(records, people, three):
    await records.people.erase(people[0])
    assert await records.journal.verify() == []
