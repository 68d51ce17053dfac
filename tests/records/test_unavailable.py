from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import threading
from pathlib import Path

import pytest

from records.errors import RecordsUnavailable
from records.store import Records


async def test_a_database_that_answers_says_nothing(records):
    await records.ping()


async def test_a_server_that_is_not_there_is_unavailable(keys):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(RecordsUnavailable) as caught:
            await Records.open(f"postgresql://somebody:secret-password@127.0.0.1:{port}/records", keys)
    assert str(caught.value) == f"the database at 127.0.0.1:{port}/records cannot be reached; see MENTORSHIP_DATABASE_URL"


async def test_a_database_that_does_not_exist_is_unavailable(postgres, keys):
    with pytest.raises(RecordsUnavailable):
        await Records.open(postgres.get_uri(database="nowhere"), keys)


@pytest.mark.parametrize("place", ["nowhere/records.db", "."])
async def test_what_can_be_no_file_is_unavailable_before_the_driver_tries(keys, tmp_path, place):
    """The driver tries in a thread of its own, which would report its failure with a traceback if the loop has ended by then."""
    before = set(threading.enumerate())
    with pytest.raises(RecordsUnavailable):
        await Records.open(f"sqlite:///{tmp_path}/{place}", keys)
    assert set(threading.enumerate()) <= before


async def test_a_file_locked_for_too_long_is_unavailable_and_works_again_later(url, keys, ada):
    if not url.startswith("sqlite"):
        pytest.skip("Postgres does not lock as a whole")
    records = await Records.open(url, keys, busy=0)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable):
        await records.people.enrol([ada])
    other.execute("COMMIT")
    other.close()
    assert await records.people.enrol([ada])
    await records.close()


async def test_a_file_that_is_damaged_while_it_is_open_is_unavailable_to_who_begins_to_write(records, url, ada):
    if not url.startswith("sqlite"):
        pytest.skip("a file of SQLite's")
    await records.ping()
    _damage(Path(url.removeprefix("sqlite:///")))
    with pytest.raises(RecordsUnavailable, match="the file is no SQLite database, or a damaged one"):
        await records.people.enrol([ada])


def _damage(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE other (one)")  # so that a process that has it open reads it again,
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # and not from its log
        path.write_bytes(b"damaged" * 1000)


async def test_who_waits_behind_many_for_a_locked_file_waits_no_longer_than_the_first(url, keys, ada):
    if not url.startswith("sqlite"):
        pytest.skip("Postgres does not lock as a whole")
    records = await Records.open(url, keys, busy=0.01)
    async with asyncio.timeout(10), records._database.write():
        with pytest.raises(RecordsUnavailable, match="others wait for its lock already; see MENTORSHIP_DATABASE_URL"):
            await records.people.enrol([ada])
    assert await records.people.enrol([ada])
    await records.close()


async def test_a_connection_cut_in_between_heals_itself(records, postgres, url, people):
    if url.startswith("sqlite"):
        pytest.skip("a file has no connection to cut")
    postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
    assert len(await records.people.profiles(people)) == 2


async def test_a_table_that_is_gone_is_not_mistaken_for_an_outage_by_its_message(records, meddle, people):
    await meddle("DROP TABLE data_keys")
    with pytest.raises(Exception) as caught:
        await records.people.profile(people[0])
    assert people[0] not in str(caught.value)
