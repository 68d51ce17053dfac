"""Each person's own key, sealed with the keyring. Deleting it is what erases the person (P8)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.database import chunks
from records.errors import Erased, UnknownPerson
from records.schema import data_keys, people
from records.sealing import Sealer, new_data_key

_PURPOSE = "records/people"


class DataKeys:
    """Used within others' transactions."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def mint(self, connection: AsyncConnection, refs: Iterable[str]) -> dict[str, bytes]:
        keys = {ref: new_data_key() for ref in refs}
        if keys:
            rows = [{"person": ref, "sealed": self._sealer.seal(_PURPOSE, key, _about(ref))} for ref, key in keys.items()]
            await connection.execute(insert(data_keys), rows)
        return keys

    async def of(self, connection: AsyncConnection, ref: str) -> bytes:
        """Raises UnknownPerson or Erased."""
        found = await self.many(connection, [ref])
        if ref not in found:
            known = (await connection.execute(select(people.c.ref).where(people.c.ref == ref))).first()
            raise Erased(ref) if known else UnknownPerson(ref)
        return found[ref]

    async def many(self, connection: AsyncConnection, refs: Iterable[str]) -> dict[str, bytes]:
        """The keys that exist: none for people who were erased or never known."""
        keys: dict[str, bytes] = {}
        for chunk in chunks(dict.fromkeys(refs)):
            rows = await connection.execute(select(data_keys.c.person, data_keys.c.sealed).where(data_keys.c.person.in_(chunk)))
            keys.update({person: self._sealer.open(_PURPOSE, sealed, _about(person)) for person, sealed in rows})
        return keys

    async def drop(self, connection: AsyncConnection, ref: str) -> None:
        await connection.execute(delete(data_keys).where(data_keys.c.person == ref))


def _about(ref: str) -> str:
    return f"data key of {ref}"
