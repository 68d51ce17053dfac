"""What people write, sealed with the author's own key. Everything else knows a note only by its id (H12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update

from mentorship.instant import Instant
from records.data_keys import DataKeys
from records.database import Database, Part
from records.errors import Erased, UnknownNote
from records.ids import mint
from records.schema import notes
from records.sealing import Sealer, open_with, seal_with
from records.value import Value


class Note(Value):
    """`kind` is a code such as `goal`, `action`, `feedback`; `shared` means that the author lets the partner read it (H15)."""

    id: str
    author: str
    mentorship: str
    kind: str
    text: str
    shared: bool
    created_at: Instant


class Notes(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._keys = DataKeys(sealer)

    async def put(self, author: str, mentorship: str, kind: str, text: str, shared: bool = False, *, note_id: str | None = None) -> str:
        """Keeps a text and returns its id, which may travel. Raises UnknownPerson, Erased.

        Idempotent with a `note_id` from the caller: the first text stays. `mentorship` may be a case's id.
        """
        note = note_id or mint("n", 16)
        async with self._database.write() as connection:
            key = await self._keys.of(connection, author)
            values = {
                "id": note,
                "author": author,
                "mentorship": mentorship,
                "kind": kind,
                "sealed": seal_with(key, text.encode(), _about(note, author, mentorship)),
                "shared": shared,
                "created_at": datetime.now(UTC),
            }
            await self._database.insert_new(connection, notes, values, unique=[notes.c.id])
        return note

    async def get(self, note: str) -> Note:
        """Raises UnknownNote, Erased."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(notes).where(notes.c.id == note))).one_or_none()
            if row is None:
                raise UnknownNote(f"no note {note}")
            key = (await self._keys.many(connection, [row.author])).get(row.author)
        if key is None:
            raise Erased(row.author)
        return _note(row, key)

    async def share(self, note: str, author: str) -> None:
        """The author lets the partner read it, for good. Idempotent. Raises UnknownNote, also for somebody else's note."""
        async with self._database.write() as connection:
            if not (await connection.execute(update(notes).where(notes.c.id == note, notes.c.author == author).values(shared=True))).rowcount:
                raise UnknownNote(f"no note {note} of {author}")

    async def of(self, mentorship: str) -> list[Note]:
        """Every note that can be read, oldest first; notes of erased people are left out."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(notes).where(notes.c.mentorship == mentorship).order_by(notes.c.created_at, notes.c.id))).all()
            keys = await self._keys.many(connection, [row.author for row in rows])
        return [_note(row, keys[row.author]) for row in rows if row.author in keys]

    async def forget(self, mentorship: str) -> int:
        """Deletes every note of a mentorship when words are no longer kept. Returns how many there were; idempotent."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(notes).where(notes.c.mentorship == mentorship))).rowcount


def _note(row: Any, key: bytes) -> Note:
    text = open_with(key, row.sealed, _about(row.id, row.author, row.mentorship)).decode()
    return Note(id=row.id, author=row.author, mentorship=row.mentorship, kind=row.kind, text=text, shared=row.shared, created_at=row.created_at)


def _about(note: str, author: str, mentorship: str) -> str:
    return f"note {note} of {author} in {mentorship}"
