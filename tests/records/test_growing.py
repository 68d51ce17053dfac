"""Tables grow for years: frequent queries, and each step of a sweep, find their rows by an index and hold nobody up."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import text

from records import database as database_module
from records.coordination import looked_after
from records.people import Leave, People, Profile
from records.reporting_line import orders

GROWING = frozenset({"certificates", "data_keys", "door_messages", "journal", "notices", "people"})
SHORT = "ix_certificates_waiting|ix_certificates_invalid|ix_people_created_at"
"""Indexes that hold few rows, or whose first row is queried: scanning one of these does not read a table whole."""
NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)


@contextmanager
def listening(records: Any, heard: Callable[[str, Any], None]) -> Iterator[None]:
    """Reports every statement with its values, just before it is executed."""
    engine = records._database._engine.sync_engine

    def told(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        heard(statement, values)

    events.listen(engine, "before_cursor_execute", told)
    try:
        yield
    finally:
        events.remove(engine, "before_cursor_execute", told)


async def read_whole(records: Any, asked: Awaitable[Any]) -> set[str]:
    """The growing tables of which some statement would read every row, however many there are."""
    said: list[tuple[str, Any]] = []
    with listening(records, lambda statement, values: said.append((statement, values))):
        await asked
    sqlite, postgres = ("EXPLAIN QUERY PLAN", rf"SCAN (\w+)(?! USING (?:COVERING )?INDEX (?:{SHORT}))\b"), ("EXPLAIN", r"Seq Scan on (\w+)")
    explain, whole = sqlite if records._database.file is not None else postgres
    found: set[str] = set()
    async with records._database.read() as connection:
        if records._database.file is None:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # a small table is read whole, whatever indexes there are
        for statement, values in said:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                plan = await connection.exec_driver_sql(f"{explain} {statement}", values)
                found |= {scan[1] for line in plan if (scan := re.search(whole, str(line)))}
    return found & GROWING


@pytest.mark.parametrize(
    "ask",
    [
        lambda records: records.watch.figures(NOON),
        lambda records: records.lacking_key(),
        lambda records: records.certificates.invalid(),
        lambda records: records.certificates.waiting(),
        lambda records: records.doors.waiting("mentorship.spring.m-1"),
        lambda records: records.doors.waiting_of("reporting_line.", NOON),
        lambda records: records.notices.settled("mentorship.spring.m-1"),
    ],
    ids=[
        "the figures",
        "whether keys are here",
        "revocations",
        "certificates that wait",
        "commands that wait",
        "commands that wait and begin alike",
        "what was mailed",
    ],
)
async def test_what_is_asked_all_day_reads_no_table_whole(records, ask):
    assert await read_whole(records, ask(records)) == set()


async def test_what_a_sweep_does_for_each_mentorship_and_case_reads_no_table_whole(records, cohort, programme, people, event):
    await records.programmes.put(programme)
    await records.cohorts.put(cohort)
    (pair,) = (await records.cohorts.enrol_pairs("spring", [("PAIR-1", *people)])).added
    await records.journal.append(pair.mentorship, [event(seq) for seq in range(1, 4)], over_at=NOON)
    await records.journal.seal(pair.mentorship)
    case = await records.cases.open_line(pair.mentorship, "silence", programme="spring", at=NOON, key="k")
    await records.cases.end_line(case.id, NOON)

    assert await read_whole(records, records.cases.drop(case.id)) == set()
    assert await read_whole(records, records.retention._journal(pair.mentorship, {}, NOON, False)) == set()
    assert await records.journal.entries(pair.mentorship) == []


async def test_a_sweep_finds_what_stands_of_senders_by_where_it_stands(records, meddle):
    """Whatever the database's collation, and however many messages of mentorships are as old."""
    await meddle("DROP INDEX ix_door_messages_at")
    assert await read_whole(records, records.doors.forget_senders(NOON)) == set()


async def test_who_asks_for_their_lists_waits_for_no_cohort_without_an_open_line(records, programme, cohort, people):
    """P7: twenty cohorts of many years are closed. All of their pairs used to be opened and compared with everybody in the programme's team."""
    contacts = [Profile(person_id=person_id, name="n", email=f"{person_id}@corp.example") for person_id in ("E-7777", "E-8888")]
    coordinator, owner = (await records.people.enrol(contacts)).values()
    await records.programmes.put(programme)

    async def asked(ref: str) -> list[str]:
        said: list[str] = []
        with listening(records, lambda statement, _: said.append(statement)):
            await looked_after(records, ref)
        return said

    for number in range(2):
        await records.cohorts.put(cohort.model_copy(update={"id": f"c{number}"}))
    await asked(coordinator)  # what a programme says is read once
    fewer = await asked(coordinator)
    for number in range(2, 6):
        await records.cohorts.put(cohort.model_copy(update={"id": f"c{number}"}))
        await records.cohorts.enrol_pairs(f"c{number}", [("PAIR-1", *people)])
    assert len(await asked(coordinator)) == len(fewer)
    assert {table for statement in await asked(owner) for table in ("enrolments", "cases") if f"FROM {table}" in statement} == set()


async def test_who_acknowledges_does_not_wait_while_the_journal_is_looked_through_for_operators(records):
    """SQLite has one writer at a time, and the doors write, too (P5)."""
    for login in ("ana", "ben"):
        await records.people.operator(login)
    waiting: list[bool] = []

    def told(statement: str, _: Any) -> None:
        if "FROM journal" in statement:
            waiting.append(records._database._writing.locked())

    with listening(records, told):
        await records.people.forget_operators(datetime.now(UTC) + timedelta(days=1))
    assert waiting == [False]


async def test_a_sweep_that_opens_everybody_gives_others_their_turn(records, monkeypatch):
    """Opening fifty thousand people at once would block a worker's loop for longer than its activities' heartbeats allow."""
    monkeypatch.setattr(database_module, "CHUNK", 2)
    refs = (await records.people.enrol([Profile(person_id=f"e{n}", name="n", email=f"e{n}@corp.example") for n in range(5)])).values()
    away = list(refs)[3]
    await records.people.note_leave(away, Leave(begins=NOON, until=NOON), NOON)
    opened: list[int] = []
    legible = People._legible

    async def counted(self: People, connection: Any, wanted: Any) -> Any:
        several = list(wanted)
        opened.append(len(several))
        return await legible(self, connection, several)

    monkeypatch.setattr(People, "_legible", counted)
    await records.people.forget_leaves(datetime.now(UTC) + timedelta(days=5000))
    assert max(opened) == 2
    assert (await records.people.leave_words([away])) == {}


async def test_a_manager_that_hr_tells_of_reads_the_running_pairs_once_and_no_lines_but_its_own_kind(records, mentorship, programme):
    """A reorganisation brings thousands of these."""
    await records.programmes.put(programme)
    said: list[str] = []
    with listening(records, lambda statement, _: said.append(statement)):
        await orders(records, by="p-hr", at=NOON)
    assert sum("FROM enrolments" in statement for statement in said) == 1
    assert ["WHERE lines.line =" in statement for statement in said if "FROM lines" in statement] == [True]


async def test_a_rotation_chains_a_closed_journal_and_its_cohort_anew_in_one_statement_each(records, mentorship, event, reopen, next_keys):
    """A row at a time, everybody else waited for seconds, and fifty thousand journals took an hour."""
    await records.journal.append(mentorship, [event(seq) for seq in range(1, 6)], over_at=NOON)
    await records.journal.seal(mentorship)
    rotated = await reopen(next_keys)
    said: list[str] = []
    with listening(rotated, lambda statement, _: said.append(statement)):
        assert (await rotated.rewrap.everything()).rows == 6
    assert [sum(statement.startswith(f"UPDATE {table}") for statement in said) for table in ("journal", "seals")] == [1, 1]
    listed = [statement for statement in said if statement.startswith("SELECT") and "seals.mentorship" in statement and "journal" in statement]
    assert listed
    assert all("EXISTS" in statement and "JOIN" not in statement for statement in listed)  # otherwise Postgres reads the journals of all cohorts for it
    assert await rotated.journal.verify() == []
