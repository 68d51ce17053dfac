"""P6: people who join a cohort late, and what starting again does to people who are known (H9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records.errors import CohortChanged
from starter.answer import Refused
from starter.enrolment import Intake, Written, intake, write_down
from starter.faults import Findings
from starter.roster import read_roster

OWN = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKS = timedelta(weeks=26)
DAY = timedelta(days=1)


@pytest.fixture
def joining(files: Any, past: Any) -> Any:
    """A cohort that started with p1 and p2; `p3` was added to the pairs file since."""
    roster, faults, _ = files.read()
    assert faults == []
    past.happened(roster, OWN, {}, until=OWN + 30 * DAY)
    files.pairs.write_text(files.pairs.read_text() + "p3,m2,e1\n")

    def join(when: str) -> Intake:
        return past.ask(lambda records: intake(records, files.read()[0], "spring-27", when))

    return join


def test_a_late_joiner_starts_now_with_the_programmes_full_length(joining: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    found = joining("now")

    assert (found.is_new, found.starts, list(found.plans)) == (False, OWN, ["p3"])
    plan = found.plans["p3"]
    assert before <= plan.starts <= datetime.now(UTC)
    assert abs(plan.ends - plan.starts - WEEKS) <= timedelta(hours=1)  # calendar time
    assert plan.slots[0].start > datetime.now(UTC)
    assert found.later == {"p3": plan.starts}


def test_what_starting_again_does_not_change_is_told(files: Any, joining: Any) -> None:
    assert joining("now").stays == ()
    files.pairs.write_text(files.pairs.read_text().replace("p1,m1,e1\n", ""))
    files.programme.write_text(files.programme.read_text().replace("version: 1", "version: 2"))

    assert joining("now").stays == (
        "notice: not in the pairs file, and they go on: 1 pair: p1; `mentorship end` ends one",
        "notice: the rules of version 2 are for pairs that join; those that run keep theirs: 2 pairs: p1, p2",
    )


def test_a_late_joiner_starts_when_it_is_said(joining: Any) -> None:
    found = joining("2099-03-02T09:00:00+00:00")

    assert found.later == {"p3": datetime(2099, 3, 2, 9, tzinfo=UTC)}


def test_the_cohorts_own_start_again_means_now_where_the_first_meeting_would_be_past(joining: Any) -> None:
    """The same command line with a longer pairs file: nobody is prepared for meetings that have passed."""
    found = joining(OWN.isoformat())

    assert found.plans["p3"].starts > OWN
    assert found.plans["p3"].slots[0].start > datetime.now(UTC)


def test_who_joins_a_cohort_that_is_still_ahead_starts_with_it(files: Any, past: Any) -> None:
    ahead = datetime(2099, 3, 2, 9, tzinfo=UTC)
    past.happened(files.read()[0], ahead, {}, until=ahead)
    files.pairs.write_text(files.pairs.read_text() + "p3,m2,e1\n")

    found = past.ask(lambda records: intake(records, files.read()[0], "spring-27", ahead.isoformat()))

    assert found.plans["p3"].starts == ahead
    assert found.later == {}


def test_a_start_whose_first_meeting_is_past_is_refused_also_for_who_joins_late(joining: Any) -> None:
    with pytest.raises(Refused, match=r"the first meeting of p3 would have been at .* which is past"):
        joining((OWN + 10 * DAY).isoformat())


def test_nobody_joins_before_the_cohort(joining: Any) -> None:
    with pytest.raises(CohortChanged):
        joining((OWN - DAY).isoformat())


def test_another_start_with_nobody_new_is_refused_since_the_cohort_keeps_its_own(files: Any, past: Any) -> None:
    roster = files.read()[0]
    past.happened(roster, OWN, {}, until=OWN + 30 * DAY)

    with pytest.raises(CohortChanged):
        past.ask(lambda records: intake(records, roster, "spring-27", "2099-03-02"))
    assert past.ask(lambda records: intake(records, roster, "spring-27", "now")).plans == {}


def test_what_is_written_down_is_the_pairs_own_start_and_the_cohort_keeps_its(joining: Any, files: Any, past: Any) -> None:
    found = joining("2099-03-02T09:00:00+00:00")

    async def written(records: Any) -> tuple[Written, Any, Any]:
        first = await write_down(records, files.read()[0], found)
        return first, await records.cohorts.get("spring-27"), await records.cohorts.find("spring-27", "p1")

    done, cohort, early = past.ask(written)
    assert [(pair.pair_id, pair.starts_at) for pair in done.pairs.added] == [("p3", datetime(2099, 3, 2, 9, tzinfo=UTC))]
    assert (cohort.starts_at, early.starts_at, done.changed) == (OWN, None, 0)


def test_a_changed_people_file_changes_addresses_and_names_from_the_next_mail_on(joining: Any, files: Any, past: Any) -> None:
    files.people.write_text(files.people.read_text().replace("mia@example.com", "mia.new@example.com").replace("Eve", "Eva"))
    found = joining("now")

    async def written(records: Any) -> tuple[Written, Any]:
        done = await write_down(records, files.read()[0], found)
        return done, await records.people.profile((await records.people.refs(["m1"]))["m1"])

    done, mia = past.ask(written)
    assert (done.changed, mia.email) == (2, "mia.new@example.com")


def test_of_pairs_that_run_nothing_is_decided_anew(joining: Any, files: Any) -> None:
    """Mia has left and Eli now reports to Max: their pairs exist, and late joiners can join."""
    changed = files.people.read_text().replace(
        "m1,Mia,mia@example.com,mentor,Europe/Berlin,de,DE,boss,a|b,,1,active", "m1,Mia,mia@example.com,mentor,,,,,,,1,gone"
    )
    files.people.write_text(changed.replace("e2,Eli,eli@example.com,,,,,,,,,", "e2,Eli,eli@example.com,,,,,m2,,,,"))
    strict, lenient = Findings(), Findings()
    assert read_roster(files.programme, files.people, files.pairs, strict) is None
    assert {(fault.line, fault.field) for fault in strict.faults} == {(2, "mentor_id"), (3, "mentor_id")}
    assert read_roster(files.programme, files.people, files.pairs, lenient, enrolled={"p1", "p2"}) is not None
    assert lenient.faults == []
