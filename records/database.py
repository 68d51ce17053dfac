"""One database, SQLite or Postgres: transactions, locks, and one way to say that it is unavailable."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import ColumnElement, Connection, Table, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import AdaptedConnection, DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from records.database_url import file_of, out_of_reach, parse, reason, tell_driver
from records.errors import NoTables, RecordsUnavailable

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 30
"""How long a SQLite writer waits for its turn in this process, and then for other processes, before it gives up."""
CONNECT_SECONDS = 10
ANSWER_SECONDS = 30
"""How long Postgres may take for one statement, including waiting for a lock. A server that hangs counts as one that cannot be reached."""
NO_DATABASE = "the file is no SQLite database, or a damaged one"
HOUSEKEEPING_SECONDS = 2
"""How long an erasure waits for readers that keep it from clearing its traces."""
CHUNK = 1000
"""How many values one statement asks for; both databases allow some 32,000."""

MANY = "many rows"
"""The first lock of a transaction that changes rows of many mentorships or people, or several rows that an erasure changes too.

Two transactions that take the same rows in different orders would wait for each other, and Postgres ends one of them: an erasure and a sweep, or a
sweep and a rotation.
"""

_BARE = (sqlite3.OperationalError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What the drivers raise where nothing stands between them and us: SQLite's as a transaction begins."""
_BEGIN = "mentorship_begin"
_BUSY = "mentorship_busy"
_OWNS = text("SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid = ANY (CAST(:tables AS regclass[]))")
_MAY_MAINTAIN = text("SELECT bool_and(has_table_privilege(name, 'MAINTAIN')) FROM unnest(CAST(:tables AS text[])) AS tables (name)")


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, at most CHUNK at a time."""
    everything = list(values)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]


def refuse_unopenable(url: URL) -> None:
    """Refuses a SQLite file before the driver tries it: the driver does so in a thread of its own, creates a missing file, and fails in its own words.

    Raises RecordsUnavailable, and NoTables for a file that was never made.
    """
    path = file_of(url)
    if path is None:
        return
    try:
        if path.parent.is_dir() and not path.exists():
            raise NoTables
        sqlite3.connect(path).close()
    except (sqlite3.Error, OSError) as error:
        raise RecordsUnavailable(out_of_reach(url, error)) from error


def engine_for(url: str, *, patient: bool = False, busy: float = BUSY_SECONDS) -> AsyncEngine:
    """An engine whose errors never repeat parameters. On SQLite every connection is durable, waits (`busy` seconds), and overwrites what it deletes.

    `patient` sets no limit for a statement, since a migration of a large table may take long.
    """
    parsed = parse(url)
    if parsed.get_backend_name() == "postgresql":
        limits = {"timeout": CONNECT_SECONDS, "command_timeout": None if patient else ANSWER_SECONDS}
        engine = create_async_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args=limits)
        event.listen(engine.sync_engine, "do_connect", tell_driver)
        event.listen(engine.sync_engine, "handle_error", _give_up_what_hangs)
        return engine
    # isolation_level None: the driver's own BEGIN would be a deferred one, and only before some statements.
    engine = create_async_engine(parsed, hide_parameters=True, execution_options={_BUSY: busy}, connect_args={"timeout": busy, "isolation_level": None})
    event.listen(engine.sync_engine, "connect", functools.partial(_prepare_sqlite, busy))
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _give_up_what_hangs(context: ExceptionContext) -> None:
    """Discards a connection that did not answer in time: its rollback would wait for the same server, without any limit."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


def _prepare_sqlite(busy: float, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {_milliseconds(busy)}", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _begin_sqlite(connection: Connection) -> None:
    """One way to the driver's thread and back. As a statement of its own it takes three, and costs as much as what is read."""
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin:
        driver = cast("AdaptedConnection", connection.connection.dbapi_connection)
        driver.run_async(lambda file: file.execute(begin))


@contextlib.contextmanager
def unavailable(url: URL) -> Iterator[None]:
    """Turns every way in which a database can be out of reach into RecordsUnavailable."""
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, InterfaceError, InternalError, PoolTimeout, OSError, TimeoutError, *_BARE) as error:
        raise RecordsUnavailable(out_of_reach(url, error)) from error
    except sqlite3.DatabaseError as error:
        raise RecordsUnavailable(NO_DATABASE) from error
    except DBAPIError as error:
        if type(error) is DatabaseError:  # SQLite's error for a file that is no database
            raise RecordsUnavailable(NO_DATABASE) from error
        # asyncpg's shutdowns and lost connections arrive as the bare class, our own mistakes as a subclass. The operator of the database
        # has to deal with a missing privilege, and with a statement that a pooler lost.
        if error.connection_invalidated or type(error) is DBAPIError or reason(error):
            raise RecordsUnavailable(out_of_reach(url, error)) from error
        raise


def whole(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Finishes a call that began even if its caller is cancelled meanwhile; the caller gets the cancellation afterwards.

    An abandoned statement would run on in the driver, and on SQLite hold the lock that everybody waits for. So a caller's own time limit does
    not end such a call. A method that only reads and must keep to such a limit is not `whole`.
    """

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(method(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # retrieved, so that the loop does not complain
            raise

    return call


class Part:
    """One part of records: each of its public methods is `whole`."""

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if not name.startswith("_") and inspect.iscoroutinefunction(method):
                setattr(cls, name, whole(method))


class Database:
    """Transactions on one engine. `read` sees one moment. `write` is exclusive: on SQLite altogether, on Postgres under its `locks`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._busy: float = engine.sync_engine.get_execution_options().get(_BUSY, BUSY_SECONDS)
        self._sqlite = engine.dialect.name == "sqlite"
        # Otherwise each statement on Postgres would see what was committed in between: a sweep during an audit would look like tampering.
        one_moment: dict[str, Any] = {_BEGIN: "BEGIN"} if self._sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._for_reading = engine.execution_options(**one_moment)
        # A server's default may differ. A transaction that waited for a lock has to see what was written meanwhile.
        alone: dict[str, Any] = {_BEGIN: "BEGIN IMMEDIATE"} if self._sqlite else {"isolation_level": "READ COMMITTED"}
        self._for_writing = engine.execution_options(**alone)
        # Writers of this process queue here, in order, instead of polling SQLite's lock against each other.
        self._writing = asyncio.Lock()

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for a server."""
        return file_of(self._engine.url)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with unavailable(self._engine.url):
            async with self._for_reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self, *locks: str) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end of the block and rolled back by an exception.

        Writers under the same lock wait for each other, in whatever process; several locks are taken in the order given.
        SQLite takes its write lock at once, since a transaction that reads first and writes later fails if another wrote meanwhile.
        """
        async with self._turn() if self._sqlite else contextlib.nullcontext():
            with unavailable(self._engine.url):
                async with self._for_writing.begin() as connection:
                    if not self._sqlite:
                        for lock in locks:
                            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(lock, 0))))
                    yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Waits for this process's other writers. Raises RecordsUnavailable after too long: each of them may itself wait as long for another process."""
        try:
            async with asyncio.timeout(self._busy):
                await self._writing.acquire()
        except TimeoutError:
            raise RecordsUnavailable(out_of_reach(self._engine.url, sqlite3.OperationalError("others wait for its lock already"))) from None
        try:
            yield
        finally:
            self._writing.release()

    def begins(self, column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
        """Whether a value begins so, as a condition that an index answers: SQLite uses none for LIKE, Postgres only one that is made for it."""
        if self._sqlite:
            return (column >= beginning) & (column < beginning[:-1] + chr(ord(beginning[-1]) + 1))
        return column.startswith(beginning, autoescape=True)

    async def insert_new(self, connection: AsyncConnection, table: Table, values: dict[str, Any], *, unique: Sequence[ColumnElement[Any]]) -> bool:
        """Inserts unless a row with the same `unique` columns is there. True when it was inserted."""
        new = sqlite.insert(table) if self._sqlite else postgresql.insert(table)
        statement = new.values(**values).on_conflict_do_nothing(index_elements=list(unique)).returning(*unique)
        return (await connection.execute(statement)).first() is not None

    async def forget_freed(self, table: Table) -> None:
        """Removes deleted bytes of `table` from the files, as far as possible now.

        Empties SQLite's log; makes Postgres rewrite the table. When others are in the way, the database's next own housekeeping does it instead.
        """
        with contextlib.suppress(RecordsUnavailable, SQLAlchemyError), unavailable(self._engine.url):
            if not self._sqlite:
                async with self.write() as connection:
                    await connection.execute(text(f"SET LOCAL lock_timeout = '{HOUSEKEEPING_SECONDS}s'"))
                    # Like VACUUM FULL, but within a transaction, so that a pooler does not pass the time limit on to somebody else.
                    await connection.execute(text(f'CLUSTER "{table.name}" USING "{table.primary_key.name}"'))
                return
            async with self._engine.connect() as connection:
                await connection.execution_options(**{_BEGIN: None})
                await connection.execute(text(f"PRAGMA busy_timeout = {_milliseconds(HOUSEKEEPING_SECONDS)}"))
                try:
                    await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                finally:
                    await connection.execute(text(f"PRAGMA busy_timeout = {_milliseconds(self._busy)}"))

    async def keeps_freed(self, *tables: Table) -> bool:
        """Whether `forget_freed` does nothing on one of these, since somebody else owns it. Then deleted data stays in the files for a while."""
        if self._sqlite:
            return False
        async with self.read() as connection:
            asked = _MAY_MAINTAIN if (connection.dialect.server_version_info or ()) >= (17,) else _OWNS
            return not (await connection.execute(asked, {"tables": [table.name for table in tables]})).scalar_one()

    async def close(self) -> None:
        await self._engine.dispose()
