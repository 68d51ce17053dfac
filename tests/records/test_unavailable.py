from __future__ import annotations

import socket
import sqlite3
import threading

import pytest

from records import database as database_module
from records.database import out_of_reach, parse
from records.errors import DatabaseUnusable, RecordsUnavailable
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


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://u:secret@/records?host=a:5432&host=b:5432", "a:5432, b:5432/records"),
        ("postgresql://u:secret@/records?host=/run/postgresql", "/run/postgresql/records"),
        ("postgresql://u:secret@a", "a"),
        ("sqlite:////var/lib/records.db", "/var/lib/records.db"),
    ],
)
def test_it_is_said_where_the_database_is_however_that_was_written(url, where):
    assert out_of_reach(parse(url)) == f"the database at {where} cannot be reached; see MENTORSHIP_DATABASE_URL"


async def test_a_database_that_does_not_exist_is_unavailable(postgres, keys):
    with pytest.raises(RecordsUnavailable):
        await Records.open(postgres.get_uri(database="nowhere"), keys)


@pytest.mark.parametrize("place", ["nowhere/records.db", "."])
async def test_what_can_be_no_file_is_unavailable_before_the_driver_tries(keys, tmp_path, place):
    """In a thread of its own, which would tell of its failure with a traceback where the loop is over by then."""
    before = set(threading.enumerate())
    with pytest.raises(RecordsUnavailable):
        await Records.open(f"sqlite:///{tmp_path}/{place}", keys)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:secret@h/records?sslmode=require", "unknown option sslmode; expected ssl, as in ?ssl=require"),
        ("postgresql://u:secret@h/records?nonsense=1", "unknown option nonsense; expected one of "),
        ("sqlite:///records.db?mode=ro", "unknown option mode; expected one of "),
    ],
)
async def test_an_option_that_the_driver_does_not_have_is_refused_by_its_name(keys, url, told):
    with pytest.raises(DatabaseUnusable, match="MENTORSHIP_DATABASE_URL: ") as caught:
        await Records.open(url, keys)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h/records?ssl=require&timeout=5", "sqlite:///file:records.db?mode=ro&uri=true", "sqlite:///x.db?timeout=5"]
)
def test_options_that_the_driver_has_are_taken(url):
    assert parse(url)


async def test_a_file_locked_for_too_long_is_unavailable_and_works_again_later(url, keys, ada, reopen, monkeypatch):
    if not url.startswith("sqlite"):
        pytest.skip("Postgres does not lock as a whole")
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0)
    records = await reopen(keys)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable):
        await records.people.enrol([ada])
    other.execute("COMMIT")
    other.close()
    assert await records.people.enrol([ada])


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


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u:p%40@h:5433/d", "postgresql+asyncpg://u:p%40@h:5433/d"),
    ],
)
def test_plain_urls_will_do(given, used):
    assert parse(given).render_as_string(hide_password=False) == used


def test_another_database_is_refused():
    with pytest.raises(ValueError, match="begins with sqlite:/// or postgresql://"):
        parse("mysql://h/d")
