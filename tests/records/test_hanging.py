"""A database that hangs counts as one that cannot be reached: nothing waits for it without end (P5)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from records import database as database_module
from records.database import Database, engine_for
from records.errors import RecordsUnavailable
from records.schema import data_keys
from records.store import Records

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
SOCKET = ".s.PGSQL.5432"
LONG = 15
"""Seconds that nothing here may take: the limits are fractions of a second, and the driver allows a closing connection two more."""


class Relay:
    """A relay in front of the server. While silent, it accepts data and returns nothing, like a server whose disk hangs."""

    def __init__(self, behind: Path) -> None:
        self._behind = behind
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def fall_silent(self) -> None:
        self._speaks.clear()

    def speak(self) -> None:
        self._speaks.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._speaks.wait()
        there, back = await asyncio.open_unix_connection(self._behind)
        for source, target in ((reader, back), (there, writer)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, target)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await source.read(65536):
                await self._speaks.wait()
                target.write(some)
        target.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def relayed(url):
    """A relay to this test's Postgres, and the URL that leads through it."""
    if url.startswith("sqlite"):
        pytest.skip("a file does not hang like a server")
    parsed = make_url(url)
    folder = Path(tempfile.mkdtemp())  # a socket's path must be short
    relay = Relay(Path(str(parsed.query["host"])) / SOCKET)
    server = await asyncio.start_unix_server(relay.take, folder / SOCKET)
    yield relay, parsed.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
    relay.speak()
    server.close()
    await relay.stop()
    shutil.rmtree(folder)


async def outcome(call, relay):
    """What became of the work while the server is silent. If it took too long, the server answers again, so that the test ends."""
    task = asyncio.ensure_future(call)
    await asyncio.wait([task], timeout=LONG)
    ended = task.done()
    relay.speak()
    with contextlib.suppress(Exception):
        await task
    assert ended, "it waits for the server without end"
    return task.exception()


async def test_who_has_a_limit_hears_within_it_that_a_server_hangs(relayed, keys):
    """These are the readiness probe and the gauges: an orchestrator has to learn of it while it lasts."""
    relay, url = relayed
    records = await Records.open(url, keys)
    for ask in (records.ping, lambda: records.watch.figures(NOON)):
        relay.fall_silent()
        assert isinstance(await outcome(asyncio.wait_for(ask(), 0.3), relay), TimeoutError)
        await records.ping()
    await records.close()


@pytest.mark.parametrize("begun", [False, True], ids=["before the transaction", "in the middle of it"])
@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_server_that_hangs_is_unavailable_and_works_again_later(relayed, monkeypatch, way, begun):
    relay, url = relayed
    monkeypatch.setattr(database_module, "ANSWER_SECONDS", 0.3)
    database = Database(engine_for(url))
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))

    async def use():
        async with getattr(database, way)() as connection:
            if begun:
                await connection.execute(text("SELECT 1"))
            relay.fall_silent()
            await connection.execute(text("SELECT 2"))

    if not begun:
        relay.fall_silent()
    assert isinstance(await outcome(use(), relay), RecordsUnavailable)
    async with database.write() as connection:
        assert (await connection.execute(text("SELECT 3"))).scalar_one() == 3
    await database.close()


async def test_clearing_up_that_takes_too_long_is_left_to_the_databases_own_housekeeping(relayed, monkeypatch):
    """P8: the erasure was done by then, and was reported as a failure."""
    _, url = relayed
    monkeypatch.setattr(database_module, "ANSWER_SECONDS", 0.3)
    database = Database(engine_for(url))
    reader = Database(engine_for(url))
    async with reader.read() as connection:
        await connection.execute(text("SELECT * FROM data_keys"))
        await database.forget_freed(data_keys)
    await database.forget_freed(data_keys)
    for one in (database, reader):
        await one.close()


async def test_a_migration_may_take_longer(relayed, monkeypatch):
    _, url = relayed
    monkeypatch.setattr(database_module, "ANSWER_SECONDS", 0.3)
    database = Database(engine_for(url, patient=True))
    async with database.write() as connection:
        await connection.execute(text("SELECT pg_sleep(0.6)"))
    await database.close()
