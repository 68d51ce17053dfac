"""Makes complete copies of records while everything runs, and restores them: by SQLite's own online backup. For Postgres use pg_dump.

A copy is sealed like the original. It cannot be read without the keyring, so keep the keys apart from it.
"""

# ruff: noqa: N818 - an error is named for what is the case: InTheWay, NoFile

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from records.database import BUSY_SECONDS
from records.errors import RecordsError
from records.value import Value


class NotABackup(RecordsError):
    """The file is no intact SQLite database, or could not be copied as one."""


class InTheWay(RecordsError):
    """Something exists already where the copy should go. Nothing is ever overwritten."""


class NoFile(RecordsError):
    """There is no file to copy: the database is a server's, or was never made."""


class Copied(Value):
    file: Path
    size: int
    """Bytes."""


def copy_all(wanted: Iterable[tuple[Path, Path]]) -> list[Copied]:
    """Copies every source to its target, in this order, or none: after a failure, nothing remains that was made here. Raises what `copy` raises."""
    couples = list(wanted)
    for source, target in couples:
        _check(source, target)
    folders = {folder for _, target in couples for folder in target.parents if not folder.exists()}
    copied: list[Copied] = []
    try:
        for source, target in couples:
            copied.append(copy(source, target))
    except BaseException:
        for one in copied:
            one.file.unlink(missing_ok=True)
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):  # innermost first
            with contextlib.suppress(OSError):  # never made, or somebody put something there meanwhile
                folder.rmdir()
        raise
    return copied


def copy(source: Path, target: Path) -> Copied:
    """Copies one moment of `source`, which others may be writing to, to `target`: complete, synced to the disk, readable only by us.

    Raises NoFile, InTheWay, NotABackup. An interrupted attempt leaves no `target`.
    """
    _check(source, target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        with contextlib.closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as old, contextlib.closing(sqlite3.connect(partial)) as new:
            old.backup(new)  # in one step: with a write-ahead log this neither blocks writers nor starts over because of them
            if new.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise NotABackup(f"{source} is damaged")
            new.execute("PRAGMA journal_mode = DELETE")  # so that the copy is a single file
        _sync(partial)
        os.link(partial, target)  # unlike a rename, this fails if somebody else made the target meanwhile
        try:
            _sync(target.parent)
        except OSError:
            target.unlink()
            raise
    except sqlite3.OperationalError as error:  # a full disk, a lock: SQLite's own words, which are about files
        raise NotABackup(f"{source} could not be copied: {error}") from error
    except sqlite3.DatabaseError as error:
        raise NotABackup(f"{source} is not a SQLite database, or cannot be read") from error
    except FileExistsError:
        raise InTheWay(f"{target} is there already; nothing is overwritten") from None
    finally:
        partial.unlink(missing_ok=True)
    return Copied(file=target, size=target.stat().st_size)


def _check(source: Path, target: Path) -> None:
    if not source.is_file():
        raise NoFile(f"{source} is not there")
    for path in (target, *_beside(target)):
        if path.exists():
            raise InTheWay(f"{path} is there already; nothing is overwritten")


def _beside(path: Path) -> tuple[Path, ...]:
    """Files beside the database: SQLite would read an older database's log into a new file of the same name."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
