"""The registry of certificates: exactly one per mentorship and person, whatever crashes (H7, H8); after a change of name, one that is valid."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.instant import Instant
from records.data_keys import DataKeys
from records.database import MANY, Database, Part
from records.errors import Erased, NotStored, Revoked, Superseded, UnknownCertificate
from records.ids import mint_certificate
from records.schema import certificates, data_keys
from records.sealing import Sealer, open_with, seal_with
from records.value import Value

_standing = certificates.alias("standing")
AWAITED: ColumnElement[bool] = (
    certificates.c.credential.is_(None)
    & exists().where(data_keys.c.person == certificates.c.person)
    & ~exists().where(_standing.c.mentorship == certificates.c.mentorship, _standing.c.person == certificates.c.person, _standing.c.status == "revoked")
)
"""Reserved, and still to get a document. One whose holder was erased, or of which another edition was revoked, never gets one."""


LIST = 131_072
"""The least number of places in a status list (`certificates.status`)."""

_PLACES = "certificates/places"


class Certificate(Value):
    """One row. `id` is unguessable; `status_index` is its place in a status list; `stored` says that its document can be fetched.

    `edition` 1 is what the programme issued; a later one superseded the one before. `changed_at` is since when it is not valid any more.

    `fields` are what it was issued with, the holder's name among them, and `reason` is why it was revoked: both are sealed with the
    holder's key, and are empty once the holder was erased. The certificate and its status stay.
    """

    id: str
    mentorship: str
    person: str
    issued_at: Instant
    status: Literal["valid", "revoked", "superseded"]
    reason: str | None
    superseded_by: str | None
    edition: int
    changed_at: Instant | None
    stored: bool
    fields: dict[str, Any]
    status_index: int

    def renewed(self, *, name: str, email: str, results: bool | None) -> dict[str, Any]:
        """The fields of an edition for its holder's present name. `results` None: it shows what this one shows."""
        before = {"show_results": False, **self.fields}
        return {**before, "holder_name": name, "holder_email": email, "show_results": before["show_results"] if results is None else results}

    def says(self, fields: Mapping[str, Any]) -> bool:
        """Whether an edition with these fields would say nothing new."""
        return {"show_results": False, **self.fields} == dict(fields)


class Certificates(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._keys = DataKeys(sealer)

    async def reserve(self, mentorship: str, person: str, fields: Mapping[str, Any]) -> Certificate:
        """The person's certificate of this mentorship: a new row, or the first edition, unchanged, with the `fields` that it was reserved with.

        It is the first edition even if a later one superseded it: whoever repeats what the programme did gets what the programme got.
        Raises UnknownPerson, Erased. `fields` is JSON.
        """
        async with self._database.write(f"certificate/{mentorship}/{person}", _PLACES) as connection:
            return await self._edition(connection, mentorship, person, 1, fields)

    async def reissue(self, certificate: str, fields: Mapping[str, Any]) -> Certificate:
        """The next edition of a valid certificate, reserved with these `fields`, or the edition that already superseded it, unchanged.

        Supersedes nothing yet: `supersede` does that once there is a document. Until then a repeat may give other fields.
        Raises UnknownCertificate, NotStored (there is nothing to supersede yet), Revoked, Erased.
        """
        async with self._database.read() as connection:
            old = await _row(connection, certificate)
        async with self._database.write(f"certificate/{old.mentorship}/{old.person}", _PLACES) as connection:
            old = await _row(connection, certificate)
            if old.status == "revoked":
                raise Revoked(f"certificate {certificate} is revoked")
            if old.credential is None:
                raise NotStored(f"certificate {certificate} has no document yet")
            new = await self._edition(connection, old.mentorship, old.person, old.edition + 1, fields)
            if new.stored or new.fields == dict(fields):
                return new
            key = await self._keys.of(connection, old.person)
            without = update(certificates).where(certificates.c.id == new.id, certificates.c.credential.is_(None))  # another attempt may store one
            await connection.execute(without.values(fields_sealed=_sealed_fields(key, new.id, fields)))
            return (await self._select(connection, certificates.c.id == new.id))[0]

    async def correct(self, certificate: str, fields: Mapping[str, Any]) -> Certificate:
        """Gives other fields to a certificate that has no document yet: a name that no font prints may be written differently instead.

        A certificate with a document is returned unchanged. Raises UnknownCertificate, Erased.
        """
        async with self._database.write(f"certificate/{certificate}") as connection:
            row = await _row(connection, certificate)
            if row.credential is None:
                key = await self._keys.of(connection, row.person)
                await connection.execute(update(certificates).where(certificates.c.id == certificate).values(fields_sealed=_sealed_fields(key, row.id, fields)))
            return (await self._select(connection, certificates.c.id == certificate))[0]

    async def supersede(self, certificate: str, by: str, credential: str, pdf: bytes, fields: Mapping[str, Any] | None = None) -> None:
        """Stores the new edition's document and supersedes the old one: both or neither. Idempotent: the first document stays. `fields` as in `store`.

        Raises UnknownCertificate, Revoked, Erased.
        """
        async with self._database.write(MANY, f"certificate/{certificate}", f"certificate/{by}") as connection:
            old, new = await _row(connection, certificate), await _row(connection, by)
            if old.status == "revoked":
                raise Revoked(f"certificate {certificate} is revoked")
            if (new.mentorship, new.person, new.edition) != (old.mentorship, old.person, old.edition + 1):
                raise UnknownCertificate(f"{by} is not the next edition of {certificate}")
            await self._store(connection, new, credential, pdf, fields)
            if old.status == "valid":
                changed = {"status": "superseded", "superseded_by": by, "changed_at": datetime.now(UTC)}
                await connection.execute(update(certificates).where(certificates.c.id == certificate).values(**changed))

    async def store(self, certificate: str, credential: str, pdf: bytes, fields: Mapping[str, Any] | None = None) -> bool:
        """Stores the document once: the first stays, and False says that there was one. Raises UnknownCertificate, Erased.

        `fields` are what the document was made from, since another attempt may have written others meanwhile; None keeps those that are there.
        """
        async with self._database.write(f"certificate/{certificate}") as connection:
            return await self._store(connection, await _row(connection, certificate), credential, pdf, fields)

    async def get(self, certificate: str) -> Certificate | None:
        async with self._database.read() as connection:
            found = await self._select(connection, certificates.c.id == certificate)
        return found[0] if found else None

    async def credential(self, certificate: str) -> str:
        """The signed credential as JSON. It contains no name, so it remains available for verification even after erasure.

        Raises UnknownCertificate, NotStored.
        """
        async with self._database.read() as connection:
            row = await _row(connection, certificate)
        if row.credential is None:
            raise NotStored(f"certificate {certificate} has no document yet")
        credential: str = row.credential
        return credential

    async def document(self, certificate: str) -> tuple[str, bytes]:
        """The credential as JSON, and the PDF. Raises UnknownCertificate, NotStored, Erased."""
        async with self._database.read() as connection:
            row = await _row(connection, certificate)
            key = (await self._keys.many(connection, [row.person])).get(row.person)
        if row.credential is None:
            raise NotStored(f"certificate {certificate} has no document yet")
        if key is None:
            raise Erased(row.person)
        return row.credential, open_with(key, row.pdf_sealed, f"document of {certificate}")

    async def revoke(self, certificate: str, reason: str) -> None:
        """Idempotent: the first reason stays. Raises UnknownCertificate, and Superseded, since the later edition would still be valid."""
        async with self._database.write(f"certificate/{certificate}") as connection:
            row = await _row(connection, certificate)
            if row.status == "revoked":
                return
            if row.status == "superseded":
                raise Superseded(certificate, row.superseded_by)
            key = (await self._keys.many(connection, [row.person])).get(row.person)
            sealed = seal_with(key, reason.encode(), f"reason of {certificate}") if key else None
            changed = {"status": "revoked", "reason_sealed": sealed, "changed_at": datetime.now(UTC)}
            await connection.execute(update(certificates).where(certificates.c.id == certificate).values(**changed))

    async def of(self, mentorship: str) -> list[Certificate]:
        async with self._database.read() as connection:
            return await self._select(connection, certificates.c.mentorship == mentorship)

    async def editions(self, mentorship: str, person: str) -> list[Certificate]:
        """All editions that this person ever had of this mentorship, the first one first; an empty list if none."""
        return sorted((one for one in await self.of(mentorship) if one.person == person), key=lambda one: one.edition)

    async def standing(self, mentorship: str, person: str) -> Certificate | None:
        """The edition that counts: the newest that has its document. None while no edition has one."""
        return next((one for one in reversed(await self.editions(mentorship, person)) if one.stored), None)

    async def of_person(self, person: str) -> list[Certificate]:
        async with self._database.read() as connection:
            return await self._select(connection, certificates.c.person == person)

    async def invalid(self) -> list[int]:
        """The places in a status list whose certificates are revoked or superseded."""
        async with self._database.read() as connection:
            wanted = select(certificates.c.status_index).where(certificates.c.status != literal_column("'valid'")).order_by(certificates.c.status_index)
            return list((await connection.execute(wanted)).scalars())

    async def waiting(self) -> list[Certificate]:
        """Reserved and without a document yet: in the making, or held up by a character that no font prints."""
        async with self._database.read() as connection:
            return await self._select(connection, AWAITED)

    async def _edition(self, connection: AsyncConnection, mentorship: str, person: str, edition: int, fields: Mapping[str, Any]) -> Certificate:
        """The row of this edition, inserted if it is not there."""
        this = (certificates.c.mentorship == mentorship, certificates.c.person == person, certificates.c.edition == edition)
        found = await self._select(connection, *this)
        if found:
            return found[0]
        key = await self._keys.of(connection, person)
        certificate = mint_certificate()
        values = {
            "id": certificate,
            "status_index": await _place(connection),
            "mentorship": mentorship,
            "person": person,
            "edition": edition,
            "issued_at": datetime.now(UTC),
            "status": "valid",
            "fields_sealed": _sealed_fields(key, certificate, fields),
        }
        unique = [certificates.c.mentorship, certificates.c.person, certificates.c.edition]
        await self._database.insert_new(connection, certificates, values, unique=unique)
        return (await self._select(connection, *this))[0]

    async def _store(self, connection: AsyncConnection, row: Any, credential: str, pdf: bytes, fields: Mapping[str, Any] | None) -> bool:
        if row.credential is not None:
            return False
        key = await self._keys.of(connection, row.person)
        changed = {"credential": credential, "pdf_sealed": seal_with(key, pdf, f"document of {row.id}")}
        if fields is not None:
            changed["fields_sealed"] = _sealed_fields(key, row.id, fields)
        await connection.execute(update(certificates).where(certificates.c.id == row.id).values(**changed))
        return True

    async def _select(self, connection: AsyncConnection, *where: ColumnElement[bool]) -> list[Certificate]:
        rows: Sequence[Any] = (await connection.execute(select(certificates).where(*where).order_by(certificates.c.issued_at, certificates.c.id))).all()
        keys = await self._keys.many(connection, [row.person for row in rows])
        return [_certificate(row, keys.get(row.person)) for row in rows]


async def _place(connection: AsyncConnection) -> int:
    """Any free place, so that a stranger cannot see from neighbouring places that two certificates are one pair's (H8). At most half of all are taken."""
    taken = (await connection.execute(select(func.count()).select_from(certificates))).scalar_one()
    room = LIST * (1 + 2 * taken // LIST)
    while True:
        place = 1 + secrets.randbelow(room - 1)
        if (await connection.execute(select(certificates.c.id).where(certificates.c.status_index == place))).first() is None:
            return place


def _sealed_fields(key: bytes, certificate: str, fields: Mapping[str, Any]) -> bytes:
    return seal_with(key, json.dumps(dict(fields)).encode(), f"fields of {certificate}")


async def _row(connection: AsyncConnection, certificate: str) -> Any:
    row = (await connection.execute(select(certificates).where(certificates.c.id == certificate))).one_or_none()
    if row is None:
        raise UnknownCertificate(f"no certificate {certificate}")
    return row


def _certificate(row: Any, key: bytes | None) -> Certificate:
    return Certificate(
        id=row.id,
        mentorship=row.mentorship,
        person=row.person,
        issued_at=row.issued_at,
        status=row.status,
        reason=open_with(key, row.reason_sealed, f"reason of {row.id}").decode() if key and row.reason_sealed else None,
        superseded_by=row.superseded_by,
        edition=row.edition,
        changed_at=row.changed_at,
        stored=row.credential is not None,
        fields=json.loads(open_with(key, row.fields_sealed, f"fields of {row.id}")) if key else {},
        status_index=row.status_index,
    )
