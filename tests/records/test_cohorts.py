from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from mentorship.events import EarnedMilestone
from records.cohorts import Couple
from records.errors import CohortChanged, PairChanged, PairedAlready, UnknownCohort
from records.journal import JournalEntry
from records.people import Profile


def _begun() -> JournalEntry:
    return JournalEntry(seq=1, at=datetime(2027, 3, 1, tzinfo=UTC), kind="event", name="mentorship_started")


async def test_a_cohort_comes_back_with_its_start_in_utc(records, cohort):
    berlin = timezone(timedelta(hours=1))
    await records.cohorts.put(cohort.model_copy(update={"starts_at": datetime(2027, 3, 1, 10, tzinfo=berlin)}))
    await records.cohorts.put(cohort)
    found = await records.cohorts.get("spring")
    assert found == cohort
    assert found.starts_at.tzinfo is UTC
    assert await records.cohorts.all() == [cohort]
    assert await records.cohorts.get("autumn") is None


async def test_a_cohort_with_another_start_is_refused(records, cohort):
    await records.cohorts.put(cohort)
    with pytest.raises(CohortChanged) as caught:
        await records.cohorts.put(cohort.model_copy(update={"starts_at": cohort.starts_at + timedelta(days=1)}))
    assert caught.value.differences == ["start: 2027-03-01T09:00:00+00:00 → 2027-03-02T09:00:00+00:00"]


async def test_a_newer_version_is_for_the_pairs_that_come(records, cohort):
    await records.cohorts.put(cohort)
    newer = cohort.model_copy(update={"version": 2, "texts_digest": "1" * 64})
    await records.cohorts.put(newer)
    assert await records.cohorts.get("spring") == newer


async def test_a_pair_is_named_by_a_minted_part_and_not_by_the_company(records, mentorship):
    assert re.fullmatch(r"mentorship\.spring\.m-[a-z0-9]{12}", mentorship)
    found = await records.cohorts.by_mentorship(mentorship)
    assert (found.pair_id, found.state, found.mentorship) == ("PAIR-1", "pending", mentorship)


async def test_starting_again_starts_only_what_is_new(records, people, mentorship):
    again = await records.cohorts.enrol_pairs("spring", [("PAIR-1", *people), ("PAIR-2", people[1], people[0])])
    assert [pair.pair_id for pair in again.added] == ["PAIR-2"]
    assert [pair.mentorship for pair in again.existing] == [mentorship]
    assert [pair.pair_id for pair in await records.cohorts.enrolments("spring")] == ["PAIR-1", "PAIR-2"]


async def test_a_pair_that_now_has_other_people_is_refused_and_nothing_else_is_enrolled(records, people, mentorship):
    with pytest.raises(PairChanged) as caught:
        await records.cohorts.enrol_pairs("spring", [("PAIR-3", *people), ("PAIR-1", people[1], people[0])])
    assert caught.value.pair_ids == ("PAIR-1",)
    assert "PAIR" not in str(caught.value)
    assert len(await records.cohorts.enrolments("spring")) == 1


async def test_the_same_two_have_one_pair_of_a_cohort_at_a_time_whoever_starts_them(records, people, couples, mentorship):
    """Two operators who check at the same moment both find that nothing runs; both pairs would then get every mail twice."""
    with pytest.raises(PairedAlready) as caught:
        await records.cohorts.enrol_pairs("spring", [*await couples("PAIR-2"), ("PAIR-3", *people)])
    assert caught.value.pair_ids == ("PAIR-3",)
    assert "PAIR" not in str(caught.value)
    twice = await couples("PAIR-4")
    with pytest.raises(PairedAlready):
        await records.cohorts.enrol_pairs("spring", [*twice, ("PAIR-5", *twice[0][1:])])
    assert len(await records.cohorts.enrolments("spring")) == 1

    await records.journal.append(mentorship, [], over_at=datetime(2027, 9, 1, tzinfo=UTC))
    again = await records.cohorts.enrol_pairs("spring", [("PAIR-1", *people), ("PAIR-3", *people)])
    assert [pair.pair_id for pair in again.added] == ["PAIR-3"], "what is over hinders nobody"


async def test_a_cohort_that_is_not_there_takes_no_pairs(records, people):
    with pytest.raises(UnknownCohort):
        await records.cohorts.enrol_pairs("autumn", [("PAIR-1", *people)])


async def test_pending_pairs_come_in_the_rosters_order_and_leave_when_started(records, couples, cohort):
    await records.cohorts.put(cohort)
    roster = await couples(*(f"PAIR-{n}" for n in range(30)))
    added = (await records.cohorts.enrol_pairs("spring", roster)).added
    assert [pair.pair_id for pair in added] == [pair_id for pair_id, *_ in roster]
    assert [pair.pair_id for pair in await records.cohorts.pending("spring", 3)] == ["PAIR-0", "PAIR-1", "PAIR-2"]
    for pair in added[:2]:
        await records.cohorts.mark_started(pair.mentorship)
    assert [pair.pair_id for pair in await records.cohorts.pending("spring", 2)] == ["PAIR-2", "PAIR-3"]
    assert await records.cohorts.counts("spring") == {"pending": 28, "started": 2, "over": 0}


async def test_marking_started_again_keeps_the_first_instant_and_never_revives_what_is_over(records, mentorship):
    start = datetime(2027, 3, 1, tzinfo=UTC)
    await records.cohorts.mark_started(mentorship, start)
    await records.cohorts.mark_started(mentorship, start + timedelta(days=1))
    assert (await records.cohorts.by_mentorship(mentorship)).started_at == start
    await records.journal.append(mentorship, [], over_at=start + timedelta(days=9))
    await records.cohorts.mark_started(mentorship)
    assert (await records.cohorts.by_mentorship(mentorship)).state == "over"
    assert await records.cohorts.counts("spring") == {"pending": 0, "started": 0, "over": 1}


async def test_what_should_run_is_what_has_begun_until_its_journal_is_closed(records, couples, mentorship):
    """P5: a mentorship that ended still has to tell people so, and is started again if Temporal loses it; it stays ended. One erased before its start
    never began.

    A mentorship whose journal is gone does not begin again either.
    """
    waiting, never = (pair.mentorship for pair in (await records.cohorts.enrol_pairs("spring", await couples("PAIR-2", "PAIR-3"))).added)
    await records.people.erase((await records.cohorts.by_mentorship(never)).mentee)
    await records.cohorts.mark_started(mentorship)

    async def said() -> tuple[list[str], list[str]]:
        return [pair.mentorship for pair in await records.cohorts.to_run("spring")], [pair.mentorship for pair in await records.cohorts.unclosed("spring")]

    assert await said() == ([mentorship], [mentorship, waiting, never])
    await records.journal.append(mentorship, [], over_at=datetime(2027, 9, 1, tzinfo=UTC))
    assert await said() == ([], [mentorship, waiting, never])
    await records.journal.append(mentorship, [_begun()])
    assert await said() == ([mentorship], [mentorship, waiting, never])
    for lost in (mentorship, never):
        await records.cohorts.await_start(lost)
    assert [pair.mentorship for pair in await records.cohorts.pending("spring", 9)] == [mentorship, waiting]
    await records.cohorts.mark_started(mentorship)
    assert (await records.cohorts.by_mentorship(mentorship)).state == "over"
    await records.journal.seal(mentorship)
    assert await said() == ([], [waiting, never])
    await records.cohorts.await_start(mentorship)
    assert (await records.cohorts.by_mentorship(mentorship)).state == "over"


async def test_a_pair_that_waits_to_be_started_again_is_not_over_when_one_of_them_is_erased(records, cohort, couples):
    """P8: it is started and told that they are gone, so that the partner hears of the end. Without a row it had never begun."""
    await records.cohorts.put(cohort)
    begun, never = (await records.cohorts.enrol_pairs("spring", await couples("PAIR-2", "PAIR-3"))).added
    await records.journal.append(begun.mentorship, [_begun()])
    for pair in (begun, never):
        await records.cohorts.mark_started(pair.mentorship)
        await records.cohorts.await_start(pair.mentorship)
        await records.people.erase(pair.mentee)
    assert [(await records.cohorts.by_mentorship(pair.mentorship)).state for pair in (begun, never)] == ["pending", "over"]


async def test_a_cohorts_last_end_is_that_of_the_pair_that_was_over_last(records, people, couples, cohort):
    await records.cohorts.put(cohort)
    await records.cohorts.put(cohort.model_copy(update={"id": "autumn"}))
    end = datetime(2027, 9, 1, tzinfo=UTC)
    assert await records.cohorts.last_end("spring") is None
    first, second, _ = (await records.cohorts.enrol_pairs("spring", await couples("PAIR-0", "PAIR-1", "PAIR-2"))).added
    (elsewhere,) = (await records.cohorts.enrol_pairs("autumn", [("PAIR-1", *people)])).added
    for pair, at in ((first, end), (second, end - timedelta(days=3)), (elsewhere, end + timedelta(days=90))):
        await records.journal.append(pair.mentorship, [], over_at=at)
    assert await records.cohorts.last_end("spring") == end


async def test_a_pair_is_found_by_the_operators_own_id_in_its_cohort_only(records, people, cohort, mentorship):
    await records.cohorts.put(cohort.model_copy(update={"id": "autumn"}))
    assert (await records.cohorts.find("spring", "PAIR-1")).mentorship == mentorship
    assert await records.cohorts.find("autumn", "PAIR-1") is None
    assert await records.cohorts.find("spring", "PAIR-2") is None


async def test_a_person_has_every_pair_whichever_side(records, people, mentorship):
    cyd = (await records.people.enrol([Profile(person_id="E-1003", name="Cyd", email="c@corp.example")]))["E-1003"]
    await records.cohorts.enrol_pairs("spring", [("PAIR-2", cyd, people[0])])
    assert [pair.pair_id for pair in await records.cohorts.of_person(people[0])] == ["PAIR-1", "PAIR-2"]
    assert [pair.pair_id for pair in await records.cohorts.of_person(people[1])] == ["PAIR-1"]


async def test_an_instant_without_a_zone_is_refused(records, mentorship):
    with pytest.raises(StatementError, match="expected an instant with a zone"):
        await records.cohorts.mark_started(mentorship, datetime(2027, 3, 1))  # noqa: DTZ001 - this is what is refused


async def test_a_pair_may_have_a_start_of_its_own_and_what_its_mentee_brings_along(records, cohort, people, mentorship):
    """P6: for late joiners, and for a mentee who continues with another mentor."""
    late = cohort.starts_at + timedelta(weeks=5)
    earned = (EarnedMilestone(milestone="goal", done_at=cohort.starts_at), EarnedMilestone(milestone="visit", done_at=late, waived=True))
    couple = Couple(pair_id="PAIR-1-2", mentor=people[1], mentee=people[0], starts_at=late, earned=earned)
    await records.cohorts.enrol_pairs("spring", [couple])
    found = await records.cohorts.find("spring", "PAIR-1-2")
    assert (found.starts_at, found.earned) == (late, earned)
    assert (await records.cohorts.by_mentorship(mentorship)).earned == ()
    again = await records.cohorts.enrol_pairs("spring", [couple.model_copy(update={"starts_at": None, "earned": ()})])
    assert again.existing == (found,)


async def test_running_is_every_pair_that_is_not_over(records, couples, mentorship):
    more = (await records.cohorts.enrol_pairs("spring", await couples("PAIR-2"))).added[0].mentorship
    assert [pair.mentorship for pair in await records.cohorts.running()] == [mentorship, more]
    await records.journal.append(mentorship, [], over_at=datetime(2027, 9, 1, tzinfo=UTC))
    assert [pair.mentorship for pair in await records.cohorts.running()] == [more]
