"""Programme files and their texts, each version as it was started. They are sealed, since a file names its contacts by the company's ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.programme import Programme, Texts
from records.database import Database, Part
from records.errors import ProgrammeChanged, UnknownProgramme
from records.schema import programmes, texts
from records.sealing import Sealer

_PURPOSE = "records/programmes"


class Programmes(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._known: dict[tuple[str, int], Programme] = {}
        self._words: dict[str, Texts] = {}
        """Texts already read, by id and version or by digest. They never change, and every mail asks for them."""

    async def put(self, programme: Programme) -> None:
        """Keeps this version with its texts. Idempotent; raises ProgrammeChanged when the same version now says something else.

        Keys that a newer release added, with their defaults, are no change.
        """
        head = programme.programme
        async with self._database.write(f"programme/{head.id}") as connection:
            row = (await connection.execute(_select(head.id, head.version))).one_or_none()
            plain = programme.model_dump_json(by_alias=True).encode()
            values = {"digest": programme.digest, "sealed": self._sealer.seal(_PURPOSE, plain, _about(head.id, head.version))}
            if row is None:
                await connection.execute(insert(programmes).values(id=head.id, version=head.version, created_at=datetime.now(UTC), **values))
            elif row.digest != programme.digest:
                before = self._opened(row.sealed, head.id, head.version)
                changes = differences(_plain(before), _plain(programme))
                if changes:
                    raise ProgrammeChanged(head.id, head.version, changes)
                await connection.execute(update(programmes).where(programmes.c.id == head.id, programmes.c.version == head.version).values(**values))
            await self._put_texts(connection, programme.texts())

    async def get(self, programme: str, version: int) -> Programme:
        """Raises UnknownProgramme."""
        if (programme, version) in self._known:
            return self._known[programme, version]
        async with self._database.read() as connection:
            row = (await connection.execute(_select(programme, version))).one_or_none()
        if row is None:
            raise UnknownProgramme(f"no programme {programme} version {version}")
        self._known[programme, version] = self._opened(row.sealed, programme, version)
        return self._known[programme, version]

    async def texts(self, digest: str) -> Texts:
        """The texts with this `Texts.digest`. Raises UnknownProgramme."""
        if digest in self._words:
            return self._words[digest]
        async with self._database.read() as connection:
            sealed = (await connection.execute(select(texts.c.sealed).where(texts.c.digest == digest))).scalar_one_or_none()
        if sealed is None:
            raise UnknownProgramme(f"no texts with digest {digest}")
        self._words[digest] = Texts.model_validate_json(self._sealer.open(_PURPOSE, sealed, f"texts {digest}"))
        return self._words[digest]

    async def _put_texts(self, connection: AsyncConnection, words: Texts) -> None:
        digest = words.digest
        sealed = self._sealer.seal(_PURPOSE, words.model_dump_json(by_alias=True).encode(), f"texts {digest}")
        await self._database.insert_new(connection, texts, {"digest": digest, "sealed": sealed}, unique=[texts.c.digest])

    def _opened(self, sealed: bytes, programme: str, version: int) -> Programme:
        return Programme.model_validate_json(self._sealer.open(_PURPOSE, sealed, _about(programme, version)))


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """One line for each key that differs: `meetings.count: 12 → 13`. List entries are named by their id if they have one, otherwise by number, from 1."""
    if isinstance(before, list) and isinstance(after, list):
        before, after = _by_name(before), _by_name(after)
    if isinstance(before, dict) and isinstance(after, dict):
        keys = dict.fromkeys([*before, *after])
        return [line for key in keys for line in differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))]
    if before == after:
        return []
    if isinstance(before, dict) or isinstance(after, dict):
        return [f"{path}: {'added' if before is None else 'removed' if after is None else 'changed'}"]
    return [f"{path}: {'nothing' if before is None else before} → {'nothing' if after is None else after}"]


def _by_name(entries: list[Any]) -> dict[str, Any]:
    return {str(entry["id"] if isinstance(entry, dict) and "id" in entry else number): entry for number, entry in enumerate(entries, 1)}


def _plain(programme: Programme) -> Any:
    return programme.model_dump(mode="json", by_alias=True)


def _about(programme: str, version: int) -> str:
    return f"programme {programme} {version}"


def _select(programme: str, version: int) -> Any:
    return select(programmes.c.digest, programmes.c.sealed).where(programmes.c.id == programme, programmes.c.version == version)
