"""A cohort's files are compared with what records know from others: people are in more than one, and HR reports on them (H4, P6, P8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records.store import Records
from starter.enrolment import intake, unfit, write_down

STARTS = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = STARTS + timedelta(days=30)
STAFF = "ana,Ana,ana@example.com,coordinator\nlee,Lee,lee@example.com,owner\nsam,Sam,sam@example.com,contact\n"


@pytest.fixture
def spring(files: Any, past: Any) -> Any:
    """p1 (m1 with e1) and p2 (m2 with e2) run, and `files` have them."""
    past.happened(files.read()[0], STARTS, {}, until=NOW)
    return past


@pytest.fixture
def speaks_against(spring: Any, files: Any) -> Any:
    """The objections to starting a cohort with these people and pairs; nothing is written."""

    def asked(people: str, pairs: str, cohort: str = "autumn-27", head: str = "person_id,name,email,role") -> list[str]:
        staff = "\n".join(line + "," * (head.count(",") - 3) for line in STAFF.splitlines()) + "\n"
        files.write(people=f"{head}\n{staff}{people}", pairs=f"pair_id,mentor_id,mentee_id\n{pairs}")
        roster, faults, _ = files.read()
        assert faults == []

        async def ask(records: Records) -> list[str]:
            return await unfit(records, roster, await intake(records, roster, cohort, "now"))

        found: list[str] = spring.ask(ask)
        return found

    return asked


def test_somebody_elses_address_is_refused_whichever_file_it_stands_in(speaks_against: Any) -> None:
    """Somebody who asks for a fresh link would be mailed the pages of both."""
    people = "m9,Mae,mae@example.com,mentor\ne9,Evi,EVE@example.com,mentee\n"

    assert speaks_against(people, "a1,m9,e9\n") == ["e9: the address is that of e1 in records, expected one of their own, since mail is private"]


def test_an_address_that_its_owner_gives_up_in_the_same_file_is_free(speaks_against: Any) -> None:
    people = "e1,Eve,eve.haddad@example.com,mentee\ne9,Evi,eve@example.com,mentee\nm9,Mae,mae@example.com,mentor\n"

    assert speaks_against(people, "a1,m9,e9\n") == []


def test_hrs_word_of_an_address_counts_before_an_older_file(spring: Any, speaks_against: Any) -> None:
    """The file gives m9 the address that HR has since given to e1, and still has e1's old one."""

    async def moved(records: Records) -> None:
        refs = await records.people.refs(["e1"])
        await records.people.tell(refs["e1"], {"email": "eve.haddad@example.com"}, NOW)

    spring.ask(moved)
    people = "e1,Eve,eve@example.com,mentee\nm9,Mae,eve.haddad@example.com,mentor\ne9,Evi,evi@example.com,mentee\n"

    assert [line.partition(":")[0] for line in speaks_against(people, "a1,m9,e9\n")] == ["m9"]


def test_who_was_erased_or_left_is_not_paired_by_an_older_file(spring: Any, speaks_against: Any) -> None:
    """P8: a pair with somebody erased would wait for ever. In a pair with somebody who left, the other would be welcomed and then told that it ended."""

    async def gone(records: Records) -> None:
        refs = await records.people.refs(["m2", "e2"])
        await records.people.erase(refs["e2"])
        await records.people.tell(refs["m2"], {"status": "gone"}, NOW)

    spring.ask(gone)
    people = "m2,Max,max@example.com,mentor\ne2,Eli,eli@example.com,mentee\n"

    assert speaks_against(people, "a1,m2,e2\n") == ["a1: e2 was erased, expected somebody else", "a1: m2 is gone, expected somebody active"]
    assert speaks_against(people, "p2,m2,e2\n", cohort="spring-27") == []


def test_a_line_that_only_records_know_is_refused(spring: Any, speaks_against: Any) -> None:
    """H4: m2 reports to m1, as the other cohort's file said; this one does not have the column."""
    people = "m1,Mia,mia@example.com,both\nm2,Max,max@example.com,both\n"

    wrong = "a1: mentor and mentee are 1 level apart in the reporting line, expected more than 2 levels, or another line"
    assert speaks_against(people, "a1,m1,m2\n") == [wrong]


def test_a_file_says_nothing_of_a_column_that_it_lacks(spring: Any, files: Any) -> None:
    """For somebody in two cohorts, language, zone and manager stay when the second one's file has no such columns; a blank cell does say something."""
    people = "m1,Mia,mia@example.com,both,\ne9,Evi,evi@example.com,mentee,\n"
    staff = "".join(f"{line},\n" for line in STAFF.splitlines())
    files.write(people=f"person_id,name,email,role,country\n{staff}{people}", pairs="pair_id,mentor_id,mentee_id\na1,m1,e9\n")
    roster = files.read()[0]

    async def joined(records: Records) -> Any:
        await write_down(records, roster, await intake(records, roster, "autumn-27", "now"))
        refs = await records.people.refs(["m1"])
        return await records.people.profile(refs["m1"])

    mia = spring.ask(joined)

    assert (mia.language, mia.time_zone, mia.manager_id, mia.capacity, mia.skills) == ("de", "Europe/Berlin", "boss", 1, ("a", "b"))
    assert (mia.role, mia.country) == ("both", None)


def test_a_start_that_does_not_fit_writes_nothing(spring: Any, files: Any, run: Any) -> None:
    staff = "person_id,name,email,role\n" + STAFF
    files.write(people=f"{staff}m9,Mae,mia@example.com,mentor\ne9,Evi,evi@example.com,mentee\n", pairs="pair_id,mentor_id,mentee_id\na1,m9,e9\n")

    told = run("cohort", "start", *files.options(cohort="autumn-27"), "--json")

    line = "m9: the address is that of m1 in records, expected one of their own, since mail is private"
    assert (told.code, told.json) == (1, {"ok": False, "unfit": [line]})
    assert told.err.splitlines() == ["cohort autumn-27 does not fit what is in records:", f"  {line}", "nothing was started"]
    assert spring.ask(lambda records: records.people.ref("m9")) is None
    assert spring.ask(lambda records: records.cohorts.get("autumn-27")) is None
