"""What the participants' door took in. The first instant of each message stays, whatever is repeated (P5).

A program's signature covers its message's id, time and body, but not the address. So somebody with a copy of a request could send it to another
pair or person, for whom it means something else. Therefore each id of a sender is kept once over all addresses, with the one that it was sent to.

A mentorship's messages are kept under the sender's ids. Messages about a person, and the ids of a sender, are kept as keyed hashes: HR's ids
often say whom they are about, and would outlive that person's erasure (P8).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Exists, Row, Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.instant import Instant
from records.database import Database, Part
from records.errors import DifferentBody, UnknownMessage
from records.schema import door_messages, journal
from records.sealing import Sealer
from records.value import Value
from wire.names import is_mentorship

_PURPOSE = "records/doors"
_SENDERS = "sender."
"""The beginning of the `mentorship` column in rows that say where a sender's ids were sent."""
_BEYOND_SENDERS = "sendes"
"""Sorts right after everything that begins with `_SENDERS`, in any language's order, so that a range finds these rows by the key's ordinary index."""

SENDERS_KEPT = timedelta(days=30)
"""A signature is valid for minutes. For this time one rule holds for every id, whether or not it is a copy."""


class Accepted(Value):
    """`at` is when the message first came; `fresh` means that this was now; `sent` that Temporal has taken it."""

    at: Instant
    fresh: bool
    sent: bool


class Kept(Value):
    """A message that the door took in, from whomever. `sent` as in Accepted."""

    message_id: str
    at: Instant
    sent: bool


class Doors(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def accept(self, mentorship: str, message_id: str, digest: str | None, at: datetime, *, sender: str | None = None) -> Accepted:
        """Keeps when a message came, and a keyed hash of its body's digest. A repeat that is not `sent` must be sent again, with the first `at`.

        `digest` is None for an id of our own that tells all that the message says. Otherwise raises DifferentBody if the same id came with another
        body, or if the same `sender`, a program, used it for a message to another address.
        """
        async with self._database.write() as connection:
            if sender is not None:
                await self._keep(connection, self._ids_of(sender), message_id, f"{mentorship} {digest}", at)
            earlier = None if is_mentorship(mentorship) else await self._known(connection, mentorship, message_id)
            return await self._keep(connection, mentorship, message_id, digest, at) if earlier is None else self._repeat(earlier, digest)

    async def repeated(self, mentorship: str, message_id: str, digest: str, at: datetime, *, sender: str | None = None) -> Accepted | None:
        """Like `accept`, for a mentorship or person that takes nothing new any more. A message that never came before gives None, and is not kept for it.

        The rows of what is over may have been swept, and no later sweep would delete a new one (records/retention.py).
        """
        async with self._database.write() as connection:
            if sender is not None:
                await self._keep(connection, self._ids_of(sender), message_id, f"{mentorship} {digest}", at)
            row = await self._known(connection, mentorship, message_id)
            return None if row is None else self._repeat(row, digest)

    async def forget_senders(self, now: datetime) -> None:
        """Forgets where old ids of senders were sent. The messages themselves are kept as long as their mentorship's journal."""
        t = door_messages
        theirs = (t.c.mentorship >= _SENDERS) & (t.c.mentorship < _BEYOND_SENDERS) & self._database.begins(t.c.mentorship, _SENDERS)
        async with self._database.write() as connection:
            await connection.execute(delete(t).where(theirs, t.c.at <= now - SENDERS_KEPT))

    async def mark_sent(self, mentorship: str, message_id: str) -> None:
        """Temporal has taken it. Idempotent; raises UnknownMessage."""
        t = door_messages
        async with self._database.write() as connection:
            sent = update(t).where(t.c.mentorship == mentorship, t.c.message_id.in_(self._names(mentorship, message_id))).values(sent=True)
            if not (await connection.execute(sent)).rowcount:
                raise UnknownMessage(f"message {message_id} to {mentorship} was never accepted")

    async def one(self, to: str, message_id: str) -> Kept | None:
        """A message by its sender's id, to a mentorship or about a person; None if it never came."""
        async with self._database.read() as connection:
            row = await self._known(connection, to, message_id)
        return None if row is None else Kept(message_id=message_id, at=row.at, sent=row.sent)

    async def of(self, mentorship: str, beginning: str = "") -> list[Kept]:
        """Every message of this mentorship whose id begins with `beginning`, oldest first."""
        t = door_messages
        wanted = select(t.c.message_id, t.c.at, t.c.sent).where(t.c.mentorship == mentorship, t.c.message_id.startswith(beginning, autoescape=True))
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.order_by(t.c.at, t.c.message_id))
            return [Kept.model_validate(dict(row)) for row in rows.mappings()]

    async def waiting_of(self, beginning: str, since: datetime) -> list[tuple[str, Kept]]:
        """Each message of any mentorship that came since then, whose id begins so, and that is not in the journal yet; oldest first, beside its mentorship."""
        t = door_messages
        ours = select(t.c.mentorship, t.c.message_id, t.c.at, t.c.sent).where(t.c.at >= since, t.c.message_id.startswith(beginning, autoescape=True))
        async with self._database.read() as connection:
            rows = (await connection.execute(ours.where(~handled()).order_by(t.c.at, t.c.message_id))).mappings().all()
        return [(row["mentorship"], Kept.model_validate({name: row[name] for name in Kept.model_fields})) for row in rows]

    async def waiting(self, mentorship: str) -> int:
        """How many messages Temporal has taken that are not in the mentorship's journal yet."""
        t = door_messages
        wanted = select(func.count()).where(t.c.mentorship == mentorship, t.c.sent.is_(True), ~handled())
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    def _ids_of(self, sender: str) -> str:
        return _SENDERS + self._sealer.blind(_PURPOSE, f"sender {sender}")

    async def _keep(self, connection: AsyncConnection, to: str, message_id: str, digest: str | None, at: datetime) -> Accepted:
        """Of several at once the first one stays: the others wait here for its transaction, and then find its row."""
        t = door_messages
        name = self._names(to, message_id)[0]
        values = {"mentorship": to, "message_id": name, "body_lookup": self._sealer.blind(_PURPOSE, digest or message_id), "at": at, "sent": False}
        if await self._database.insert_new(connection, t, values, unique=[t.c.mentorship, t.c.message_id]):
            return Accepted(at=at, fresh=True, sent=False)
        return self._repeat((await connection.execute(_one(to, name))).one(), digest)

    async def _known(self, connection: AsyncConnection, to: str, message_id: str) -> Row[Any] | None:
        found = [(await connection.execute(_one(to, name))).one_or_none() for name in self._names(to, message_id)]
        return next((row for row in found if row is not None), None)

    def _names(self, to: str, message_id: str) -> tuple[str, ...]:
        """What the id is kept as, and then what an earlier release kept it as."""
        if is_mentorship(to):
            return (message_id,)
        return self._sealer.blind(_PURPOSE, f"id {to} {message_id}"), message_id

    def _repeat(self, row: Row[Any], digest: str | None) -> Accepted:
        if digest is not None and row.body_lookup != self._sealer.blind(_PURPOSE, digest):
            raise DifferentBody(row.mentorship, row.message_id)
        return Accepted(at=row.at, fresh=False, sent=row.sent)


def handled() -> Exists:
    """Whether the journal has a message of the door."""
    t = door_messages
    return exists().where(journal.c.mentorship == t.c.mentorship, journal.c.message_id == t.c.message_id, journal.c.kind == "command")


def _one(to: str, message_id: str) -> Select[Any]:
    return select(door_messages).where(door_messages.c.mentorship == to, door_messages.c.message_id == message_id)
