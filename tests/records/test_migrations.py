from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from records import migrate, schema
from records.database import Database, engine_for
from records.errors import DatabaseUnusable, NoTables, SchemaNewer, SchemaOutdated
from records.store import Records


def _made(connection: Connection) -> dict[str, object]:
    """What stands in the database, by table. Indexes are in its own words: their conditions and orders are, too, and no reflection has all of them."""
    seen = inspect(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    indexes = (
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL" if is_sqlite else "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    counting = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
    return {
        **{
            name: {
                "columns": {column.pop("name"): {key: str(value) for key, value in column.items()} for column in map(dict, seen.get_columns(name))},
                "primary key": seen.get_pk_constraint(name),
                "others": set(map(str, (*seen.get_unique_constraints(name), *seen.get_check_constraints(name), *seen.get_foreign_keys(name)))),
            }
            for name in seen.get_table_names()
            if name != "alembic_version"
        },
        "indexes": {text for text in connection.exec_driver_sql(indexes).scalars() if "alembic_version" not in text},
        "a number is never given twice": connection.exec_driver_sql(counting).scalars().all() if is_sqlite else None,
    }


async def test_migrations_from_nothing_lead_to_the_very_tables_of_the_code(empty_url):
    await asyncio.to_thread(migrate.upgrade, empty_url)
    database = Database(engine_for(empty_url))
    try:
        async with database.write() as connection:
            by_migrations = await connection.run_sync(_made)
            await connection.run_sync(schema.metadata.drop_all)
            await connection.run_sync(schema.metadata.create_all)
            assert by_migrations == await connection.run_sync(_made)
    finally:
        await database.close()


def test_the_code_names_the_newest_migration(url):
    database = Database(engine_for(url))

    async def heads() -> list[str]:
        async with database.read() as connection:
            found = await connection.run_sync(lambda sync: ScriptDirectory.from_config(migrate.config(sync)).get_heads())
        await database.close()
        return list(found)

    assert asyncio.run(heads()) == [schema.REVISION]


def test_upgrading_twice_is_safe(empty_url):
    assert migrate.current(empty_url) is None
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == schema.REVISION


async def test_several_processes_may_upgrade_at_once(empty_url):
    await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, empty_url) for _ in range(4)))
    assert await asyncio.to_thread(migrate.current, empty_url) == schema.REVISION


async def test_a_database_that_was_never_made_is_refused_and_not_made(empty_url, keys):
    """A file created by a program that only asked would be readable by others."""
    file = Path(empty_url.removeprefix("sqlite:///")) if empty_url.startswith("sqlite") else None
    if file is not None:
        file.parent.mkdir(parents=True)
    with pytest.raises(NoTables, match=r"no tables yet; .*put them back first .*`mentorship doctor --fix` makes them; see MENTORSHIP_DATABASE_URL$"):
        await Records.open(empty_url, keys)
    assert file is None or not file.exists()


async def test_a_database_of_an_older_release_is_refused_with_both_revisions(empty_url, keys):
    await asyncio.to_thread(migrate._make_file, empty_url)
    await asyncio.to_thread(migrate._run, empty_url, lambda connection: command.upgrade(migrate.config(connection), "0002"))
    with pytest.raises(SchemaOutdated, match=f"records stand at revision 0002, this release needs {schema.REVISION}; `mentorship doctor --fix` "):
        await Records.open(empty_url, keys)


async def test_a_database_of_a_newer_release_is_refused_by_whoever_would_read_it_or_bring_it_here(empty_url, keys):
    await asyncio.to_thread(migrate.upgrade, empty_url)
    database = Database(engine_for(empty_url))
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await database.close()
    with pytest.raises(SchemaNewer, match=f"records stand at revision 9999, which a newer release made; this one knows {schema.REVISION} and none after it"):
        await Records.open(empty_url, keys)
    with pytest.raises(SchemaNewer, match=r"; use that release$"):
        await asyncio.to_thread(migrate.upgrade, empty_url)
    assert await asyncio.to_thread(migrate.current, empty_url) == "9999"


def test_a_postgres_that_cannot_hold_every_text_is_refused(postgres):
    """A message id with other letters would be refused, for ever, as if the database were away."""
    postgres.psql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(DatabaseUnusable, match="this database's encoding is LATIN1; expected one that was made with ENCODING 'UTF8'"):
        migrate.upgrade(postgres.get_uri(database="latin"))
    assert migrate.current(postgres.get_uri(database="latin")) is None


def test_a_new_sqlite_file_is_its_owners_only(tmp_path):
    path = tmp_path / "folder" / "records.db"
    assert migrate.current(f"sqlite:///{path}") is None
    assert not path.exists()
    migrate.upgrade(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_certificates_of_an_older_release_are_first_editions_and_keep_their_places(empty_url, keys):
    await asyncio.to_thread(migrate._make_file, empty_url)
    await asyncio.to_thread(migrate._run, empty_url, lambda connection: command.upgrade(migrate.config(connection), "0002"))
    database = Database(engine_for(empty_url))
    async with database.write() as connection:
        at = "2027-03-01 09:00:00+00:00"
        await connection.exec_driver_sql(f"INSERT INTO people (ref, lookup, created_at) VALUES ('p-1', 'x', '{at}')")
        for number in (1, 2):
            columns = "(status_index, id, mentorship, person, issued_at, status, fields_sealed)"
            values = f"({number + 40}, 'c-{number}', 'mentorship.spring.m-{number}', 'p-1', '{at}', 'valid', '')"
            await connection.exec_driver_sql(f"INSERT INTO certificates {columns} VALUES {values}")
    await database.close()

    await asyncio.to_thread(migrate.upgrade, empty_url)
    records = await Records.open(empty_url, keys)
    try:
        found = await records.certificates.of_person("p-1")
        assert [(one.id, one.status_index, one.edition, one.changed_at) for one in found] == [("c-1", 41, 1, None), ("c-2", 42, 1, None)]
    finally:
        await records.close()
