"""A canary in every field that a person or the company fills in is found nowhere in the database's bytes (H12, P8)."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import traceback
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

import records as package
from records.cases import Case
from records.database import Database, engine_for
from records.errors import RecordsError
from records.journal import JournalEntry
from records.journal_events import events_of
from records.people import Profile
from records.schema import cases, metadata, notes
from records.store import Records

CANARY = "canary"


async def _fill(records, programme, cohort) -> str:
    """Puts the canary into every free-text field that records take. Returns the person's opaque id."""
    canaries = {name: f"{CANARY}-{name}" for name in ("person_id", "name", "email", "time_zone", "language", "country", "manager_id", "department")}
    profile = Profile(**canaries, role="mentor", skills=(f"{CANARY}-skill",), goals=(f"{CANARY}-goal",))
    ref = (await records.people.enrol([profile]))[profile.person_id]
    await records.people.operator(f"{CANARY}-login")
    contacts = programme.contacts.model_copy(update={"coordinators": (f"{CANARY}-ana",)})
    await records.programmes.put(programme.model_copy(update={"contacts": contacts}))
    await records.cohorts.put(cohort)
    mentorship = (await records.cohorts.enrol_pairs("spring", [(f"{CANARY}-pair", ref, ref)])).added[0].mentorship
    await records.notes.put(ref, mentorship, "goal", f"{CANARY} words" * 500)
    certificate = (await records.certificates.reserve(mentorship, ref, {"holder": f"{CANARY}-holder"})).id
    await records.certificates.store(certificate, "{}", f"%PDF {CANARY}".encode())
    await records.certificates.revoke(certificate, f"{CANARY}-reason")
    now = datetime.now(UTC)
    await records.doors.accept(mentorship, "msg", f"{CANARY}-digest", now)
    await records.notices.begin("key", ref, "ask", False, now, 6, timedelta(days=30))
    await records.notices.failed("key", f"550 {CANARY}@corp.example", now)
    return ref


def _bytes(url: str) -> bytes:
    path = Path(url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))


async def _dump(url: str) -> bytes:
    database = Database(engine_for(url))
    try:
        async with database.read() as connection:
            rows = [list(await connection.execute(text(f'SELECT * FROM "{table}"'))) for table in metadata.tables]
            return repr(rows).encode()
    finally:
        await database.close()


async def test_nothing_that_a_person_is_or_wrote_can_be_read_without_the_keys(records, programme, cohort, url):
    await _fill(records, programme, cohort)
    assert CANARY.encode() not in await _dump(url)
    if url.startswith("sqlite"):
        stored = _bytes(url)  # with the write-ahead log
        assert len(stored) > 20_000
        assert CANARY.encode() not in stored


async def test_no_plain_hash_of_a_company_id_stands_there_to_be_guessed(records, ada, people, url):
    import hashlib  # noqa: PLC0415 - what somebody would try

    dump = await _dump(url)
    for guess in (ada.person_id, ada.email):
        assert hashlib.sha256(guess.encode()).hexdigest().encode() not in dump


async def test_erasing_erases_the_key_from_the_files(records, people, url, meddle):
    if not url.startswith("sqlite"):
        pytest.skip("Postgres's files belong to its server; there the table is rewritten")
    [(sealed,)] = await meddle("SELECT sealed FROM data_keys WHERE person = :ref", ref=people[0])
    assert bytes(sealed) in _bytes(url)
    await records.people.erase(people[0])
    assert bytes(sealed) not in _bytes(url)


async def test_on_postgres_erasing_rewrites_the_table_that_held_the_key(records, people, url, meddle):
    if url.startswith("sqlite"):
        pytest.skip("SQLite overwrites in place")
    before = await meddle("SELECT pg_relation_filenode('data_keys')")
    await records.people.erase(people[0])
    assert await meddle("SELECT pg_relation_filenode('data_keys')") != before


@pytest.mark.parametrize("table", [notes, cases], ids=lambda table: table.name)
async def test_on_postgres_a_table_of_words_can_be_rewritten_as_well(records, url, meddle, table):
    """A failure here is not reported: the erasure or sweep succeeds without it."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite overwrites in place")
    before = await meddle(f"SELECT pg_relation_filenode('{table.name}')")
    await records._database.forget_freed(table)
    assert await meddle(f"SELECT pg_relation_filenode('{table.name}')") != before


async def test_a_login_that_may_not_rewrite_the_table_is_known_to_leave_erased_keys_in_the_files(records, people, url, meddle, keys):
    """P8: the server only warns, and skips the table."""
    if url.startswith("sqlite"):
        assert not await records.keeps_erased()
        return
    assert not await records.keeps_erased()
    await meddle("DO $$ BEGIN CREATE ROLE lesser LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    await meddle("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lesser")
    before = await meddle("SELECT pg_relation_filenode('data_keys')")
    lesser = await Records.open(make_url(url).set(username="lesser").render_as_string(hide_password=False), keys)
    try:
        await lesser.people.erase(people[0])
        assert await lesser.keeps_erased()
    finally:
        await lesser.close()
    assert await meddle("SELECT pg_relation_filenode('data_keys')") == before


async def test_clearing_up_leaves_its_limit_to_nobody(records, people, url):
    """A pooler gives the connection to another client, which would then wait for locks no longer than this."""
    if url.startswith("sqlite"):
        pytest.skip("a setting of Postgres' sessions")
    said: list[str] = []
    engine = records._database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_: said.append(statement))
    await records.people.erase(people[0])
    assert [statement for statement in said if "lock_timeout" in statement] == ["SET LOCAL lock_timeout = '2s'"]


async def test_erasing_leaves_no_sealed_key_in_the_table(records, people, meddle):
    await records.people.erase(people[0])
    assert await meddle("SELECT person FROM data_keys") == [(people[1],)]
    assert await meddle("SELECT sealed, email_lookup FROM people WHERE ref = :ref", ref=people[0]) == [(None, None)]


async def test_erasing_goes_on_while_somebody_reads(records, people, url):
    database = Database(engine_for(url))
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT count(*) FROM data_keys"))
            await records.people.erase(people[0])
    finally:
        await database.close()
    assert await records.people.profiles(people) == {people[1]: await records.people.profile(people[1])}


async def test_every_connection_is_durable_and_overwrites_what_it_deletes(url):
    if not url.startswith("sqlite"):
        pytest.skip("these are SQLite's")
    database = Database(engine_for(url))
    try:
        async with database.read() as connection:
            pragmas = {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in ("journal_mode", "synchronous", "secure_delete")}
            pragmas |= {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in ("foreign_keys", "busy_timeout")}
    finally:
        await database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 30_000}


async def test_a_copy_of_the_file_is_a_backup_without_words(records, programme, cohort, url, tmp_path):
    if not url.startswith("sqlite"):
        pytest.skip("a file's backup")
    await _fill(records, programme, cohort)
    copy = tmp_path / "backup.db"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    assert CANARY.encode() not in copy.read_bytes()


def test_what_cannot_be_read_is_quoted_in_no_error():
    """H12, H16: during an upgrade an earlier release reads a later one's row, and the error ends up as a traceback in a worker's log."""
    row = {"id": "c-1", "raiser": "p-raiser", "mentorship": "mentorship.spring.m-1", "programme": "p", "subject": "p-subject", "contacts": (), "hold": "later"}
    with pytest.raises(ValidationError) as raised:
        Case.model_validate(row)
    assert not any(told in str(raised.value) for told in ("p-raiser", "p-subject", "m-1"))


def test_an_event_that_cannot_be_read_is_named_by_its_row_and_quoted_in_no_error():
    """After a rollback a report or a page meets a later release's event, and says so in a sentence."""
    entry = JournalEntry(seq=7, at=datetime(2027, 3, 1, tzinfo=UTC), kind="event", name="a_later_one", body={"person": "p-somebody"})
    with pytest.raises(RecordsError, match="row 7 of a journal") as raised:
        events_of([entry])
    assert "p-somebody" not in "".join(traceback.format_exception(raised.value))


def test_every_model_of_records_keeps_its_values_out_of_errors():
    modules = [importlib.import_module(f"records.{module.name}") for module in pkgutil.iter_modules(package.__path__) if module.name != "migrations"]
    models = {one for module in modules for one in vars(module).values() if isinstance(one, type) and issubclass(one, BaseModel) and one is not BaseModel}
    ours = [one for one in models if one.__module__.startswith("records.") and not one.__name__.startswith("_")]
    assert len(ours) > 20
    assert [one.__name__ for one in ours if not one.model_config.get("hide_input_in_errors")] == []
