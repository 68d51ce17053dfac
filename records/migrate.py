"""Brings a database to this release's tables. It is synchronous, as Alembic is: from async code call it with `asyncio.to_thread`."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from records.database import BUSY_SECONDS, NO_DATABASE, Database, engine_for, refuse_unopenable, unavailable
from records.database_url import SETTING, file_of, out_of_reach, parse
from records.errors import DatabaseUnusable, RecordsUnavailable
from records.schema import refuse_newer

T = TypeVar("T")


def upgrade(url: str) -> None:
    """Creates or upgrades the tables. Safe to repeat, also in several processes at once, which wait for each other. Makes SQLite's file and its folder, for us
    only.

    Raises RecordsUnavailable, SchemaNewer if the tables are a newer release's, and ValueError for a URL of another database or of one that cannot
    hold every text.
    """
    _make_file(url)
    _run(url, _upgrade)


def _upgrade(connection: Connection) -> None:
    _refuse_other_letters(connection)
    if (revision := MigrationContext.configure(connection).get_current_revision()) is not None:
        refuse_newer(revision)
    command.upgrade(config(connection), "head")


def _refuse_other_letters(connection: Connection) -> None:
    """A program's message id may use any letters. A database without one of them would refuse it for ever, as if the database were away."""
    if connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding not in ("UTF8", "SQL_ASCII"):
            raise DatabaseUnusable(f"{SETTING}: this database's encoding is {encoding}; expected one that was made with ENCODING 'UTF8'")


def current(url: str) -> str | None:
    """The database's revision, or None if it is empty. Raises RecordsUnavailable."""
    parsed = parse(url)
    path = file_of(parsed)
    with unavailable(parsed):
        if path is not None and not path.exists():
            return None  # connecting would create it
    refuse_unopenable(parsed)
    return _run(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def config(connection: Connection) -> Config:
    """Alembic's configuration, for a connection in whose transaction everything happens."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def _run(url: str, work: Callable[[Connection], T]) -> T:
    async def run() -> T:
        database = Database(engine_for(url, patient=True))
        try:
            async with database.write("migrations") as connection:
                return await connection.run_sync(work)
        finally:
            await database.close()

    return asyncio.run(run())


def _make_file(url: str) -> None:
    parsed = parse(url)
    path = file_of(parsed)
    if path is None:
        return
    with unavailable(parsed):
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        _turn_to_its_log(path, parsed)


def _turn_to_its_log(path: Path, url: URL) -> None:
    # SQLite does not wait for others only when it switches a file to its write-ahead log.
    patience = time.monotonic() + BUSY_SECONDS
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if time.monotonic() > patience or getattr(error, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ):
                    raise RecordsUnavailable(out_of_reach(url, error)) from error
                time.sleep(0.02)
            except sqlite3.DatabaseError as error:
                raise RecordsUnavailable(NO_DATABASE) from error
            else:
                return
