"""Everything that outlives Temporal's retention, behind one door: people, programmes, notes, the journal, certificates, mails."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from records.calendar_links import CalendarLinks
from records.cases import Cases
from records.certificates import Certificates
from records.clock import Clock
from records.cohorts import Cohorts
from records.database import BUSY_SECONDS, Database, engine_for, refuse_unopenable, whole
from records.database_url import parse
from records.doors import Doors
from records.errors import NoTables, SchemaOutdated
from records.figures import Watch
from records.journal import Journal
from records.lines import Lines
from records.notes import Notes
from records.notices import Notices
from records.people import People
from records.programmes import Programmes
from records.retention import Retention
from records.rewrap import Rewrap, lacking
from records.schema import REVISION, cases, data_keys, notes, refuse_newer
from records.sealing import KeySource, Sealer
from records.writing import Writing


class Records:
    """Every method may raise RecordsUnavailable; those that read sealed values may raise UnknownKey. Use it in one event loop."""

    def __init__(self, database: Database, keys: KeySource) -> None:
        sealer = Sealer(keys)
        self._database = database
        self._sealer = sealer
        self.people = People(database, sealer)
        self.programmes = Programmes(database, sealer)
        self.cohorts = Cohorts(database, sealer)
        self.notes = Notes(database, sealer)
        self.journal = Journal(database, sealer)
        self.certificates = Certificates(database, sealer)
        self.notices = Notices(database, sealer)
        self.doors = Doors(database, sealer)
        self.lines = Lines(database)
        self.cases = Cases(database, sealer)
        self.calendar_links = CalendarLinks(database)
        self.watch = Watch(database)
        self.retention = Retention(database, sealer)
        self.rewrap = Rewrap(database, sealer)
        self.writing = Writing(database)
        self.clock = Clock(database)

    @classmethod
    async def open(cls, url: str, keys: KeySource, *, busy: float = BUSY_SECONDS) -> Records:
        """Connects. A write waits up to `busy` seconds for a SQLite file that is locked.

        Raises ValueError for a URL of another database, RecordsUnavailable, NoTables, SchemaOutdated, SchemaNewer.
        """
        refuse_unopenable(parse(url))
        database = Database(engine_for(url, busy=busy))
        try:
            await _check_schema(database)
        except BaseException:
            await database.close()
            raise
        return cls(database, keys)

    async def close(self) -> None:
        await self._database.close()

    async def ping(self) -> None:
        """Asks the database something trivial. Raises RecordsUnavailable. A cancelled call ends at once, so that callers can set a limit."""
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def lacking_key(self) -> str | None:
        """The id of a key that others now seal with and that this process lacks; None when it can read what is written. Raises RecordsUnavailable."""
        return await lacking(self._database, self._sealer)

    async def keeps_erased(self) -> bool:
        """Whether an erased key, or words past their time, stay in a Postgres server's files until the server's own housekeeping overwrites them.

        Raises RecordsUnavailable.
        """
        return await self._database.keeps_freed(data_keys, notes, cases)


@whole
async def _check_schema(database: Database) -> None:
    async with database.read() as connection:
        revision = await connection.run_sync(_revision)
    if revision is None:
        raise NoTables
    refuse_newer(revision)
    if revision != REVISION:
        raise SchemaOutdated(revision, REVISION)


def _revision(connection: Connection) -> str | None:
    """Alembic's revision, read without Alembic: only migrations need it, and it takes longer to load than many a question to answer."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return revision
