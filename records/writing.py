"""Whether a database that answers also accepts writes: otherwise nothing can be acknowledged (P5). It is asked all day, so asking writes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy import text

from records.database import Database

ROOM = 1 << 20
"""The least number of free bytes beside a SQLite file, whose log grows with every transaction."""


LOCK_SECONDS = 2
"""How long a SQLite file may be locked before that counts. A backup, a vacuum or a cohort's start takes less, and callers wait no longer than three seconds."""


class Writing:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._file = database.file
        self._opened = _which(self._file) if self._file is not None else None

    async def refused(self) -> bool:
        """Whether writes would be refused, as far as can be told without one. Raises RecordsUnavailable. A cancelled call ends at once."""
        if self._file is not None:
            return await asyncio.to_thread(self._refused_by, self._file)
        async with self._database.read() as connection:
            asked = text("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean")
            return bool((await connection.execute(asked)).scalar_one())

    async def attempt(self) -> None:
        """Writes a value that is already there, and commits it, which shows more than asking can. Raises RecordsUnavailable."""
        async with self._database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))

    def _refused_by(self, file: Path) -> bool:
        """True also if another file is in its place by now: processes that have the first one open would write where nobody looks."""
        if _which(file) != self._opened:
            return True
        free = os.statvfs(file.parent)
        writable = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)
        return not writable or free.f_bavail * free.f_frsize < ROOM or _locked(file)


def _locked(file: Path) -> bool:
    """Whether another program blocks all writers."""
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return True
    return False


def _which(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
