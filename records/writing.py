"""Whether a database that answers takes writing too: without, nothing can be acknowledged (P5). Asked all day, so nothing is written for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy import text

from records.database import Database

ROOM = 1 << 20
"""Bytes that have to be free beside a SQLite file; less is no room, since its log grows with every transaction."""


LOCK_SECONDS = 2
"""How long a SQLite file may be locked before that counts: a backup, a vacuum or a cohort's start takes less, and who asks waits no longer than three."""


class Writing:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._file = database.file
        self._opened = _which(self._file) if self._file is not None else None

    async def refused(self) -> bool:
        """As far as asking tells. Raises RecordsUnavailable. Cancelling it ends it."""
        if self._file is not None:
            return await asyncio.to_thread(self._refused_by, self._file)
        async with self._database.read() as connection:
            asked = text("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean")
            return bool((await connection.execute(asked)).scalar_one())

    async def attempt(self) -> None:
        """Writes what stands there already, and commits it: tells what no asking does. Raises RecordsUnavailable."""
        async with self._database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))

    def _refused_by(self, file: Path) -> bool:
        """Also where another file is in its place by now: who still has the first one open would write where nobody looks."""
        if _which(file) != self._opened:
            return True
        free = os.statvfs(file.parent)
        writable = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)
        return not writable or free.f_bavail * free.f_frsize < ROOM or _locked(file)


def _locked(file: Path) -> bool:
    """Whether some other program keeps all others from writing."""
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
