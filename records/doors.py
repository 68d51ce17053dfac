"""What the participants' door took in: the first instant of each message stays, whatever is repeated (P5).

A program's signature covers its message's id, time and body, but not the address: whoever has a copy of a request could send it to
another pair or person, where it means something else. So each id of a sender is kept once over all addresses, with the one it came to.

A mentorship knows its messages by the sender's ids. Beside a person, and of a sender, they stand as keyed hashes: HR's often say of whom they
are, and would outlive that person's erasure (P8).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Exists, Row, Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.instant import Instant
from records.database import Database, Part
from records.errors import DifferentBody, UnknownMessage
from records.schema import door_messages, journal
from records.sealing import Sealer
from wire.names import is_mentorship

_PURPOSE = "records/doors"
_SENDERS = "sender."
"""Begins what stands for a mentorship in the rows that say where a sender's ids came to."""
_BEYOND_SENDERS = "sendes"
"""Sorts behind all that begins so, in any language's order: a range finds them by the key's index where none is made for beginnings."""

SENDERS_KEPT = timedelta(days=30)
"""A signature is good for minutes; for so long one rule holds for an id, whether or not it is a copy."""


class Accepted(BaseModel):
    """`at` is when the message first came; `fresh` when that is now; `sent` once Temporal took it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    at: Instant
    fresh: bool
    sent: bool


class Kept(BaseModel):
    """A message that the door took in, whoever it is from. `sent` as in Accepted."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    message_id: str
    at: Instant
    sent: bool


class Doors(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def accept(self, mentorship: str, message_id: str, digest: str, at: datetime, *, sender: str | None = None) -> Accepted:
        """Keeps when a message came, and a keyed hash of its body's digest. A repeat that was not `sent` is to be sent again, with the first `at`.

        Raises DifferentBody for the same id with another body, and where the same `sender`, a program, gave that id to a message to something else.
        """
        async with self._database.write() as connection:
            if sender is not None:
                await self._keep(connection, self._ids_of(sender), message_id, f"{mentorship} {digest}", at)
            earlier = None if is_mentorship(mentorship) else await self._known(connection, mentorship, message_id)
            return await self._keep(connection, mentorship, message_id, digest, at) if earlier is None else self._repeat(earlier, digest)

    async def repeated(self, mentorship: str, message_id: str, digest: str, at: datetime, *, sender: str | None = None) -> Accepted | None:
        """As `accept`, for what takes nothing new any more: None for a message that never came before, and no row stays of it there.

        What is over may have been swept, and nobody would sweep it again (records/retention.py).
        """
        async with self._database.write() as connection:
            if sender is not None:
                await self._keep(connection, self._ids_of(sender), message_id, f"{mentorship} {digest}", at)
            row = await self._known(connection, mentorship, message_id)
            return None if row is None else self._repeat(row, digest)

    async def forget_senders(self, now: datetime) -> None:
        """Forgets to which address ids of long ago came; the messages themselves are kept as long as their mentorship's journal."""
        t = door_messages
        theirs = (t.c.mentorship >= _SENDERS) & (t.c.mentorship < _BEYOND_SENDERS) & self._database.begins(t.c.mentorship, _SENDERS)
        async with self._database.write() as connection:
            await connection.execute(delete(t).where(theirs, t.c.at <= now - SENDERS_KEPT))

    async def mark_sent(self, mentorship: str, message_id: str) -> None:
        """Temporal has it. Idempotent; raises UnknownMessage."""
        t = door_messages
        async with self._database.write() as connection:
            sent = update(t).where(t.c.mentorship == mentorship, t.c.message_id.in_(self._names(mentorship, message_id))).values(sent=True)
            if not (await connection.execute(sent)).rowcount:
                raise UnknownMessage(f"message {message_id} to {mentorship} was never accepted")

    async def one(self, to: str, message_id: str) -> Kept | None:
        """A message by its sender's id, to a mentorship or about a person; None: it never came."""
        async with self._database.read() as connection:
            row = await self._known(connection, to, message_id)
        return None if row is None else Kept(message_id=message_id, at=row.at, sent=row.sent)

    async def of(self, mentorship: str, beginning: str = "") -> list[Kept]:
        """Every message of this mentorship whose id begins so, oldest first."""
        t = door_messages
        wanted = select(t.c.message_id, t.c.at, t.c.sent).where(t.c.mentorship == mentorship, t.c.message_id.startswith(beginning, autoescape=True))
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.order_by(t.c.at, t.c.message_id))
            return [Kept.model_validate(dict(row)) for row in rows.mappings()]

    async def waiting(self, mentorship: str) -> int:
        """How many messages Temporal has that the mentorship's journal does not know yet."""
        t = door_messages
        wanted = select(func.count()).where(t.c.mentorship == mentorship, t.c.sent.is_(True), ~handled())
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    def _ids_of(self, sender: str) -> str:
        return _SENDERS + self._sealer.blind(_PURPOSE, f"sender {sender}")

    async def _keep(self, connection: AsyncConnection, to: str, message_id: str, digest: str, at: datetime) -> Accepted:
        """Of several at once the first stays: the others wait for it here, and then find it."""
        t = door_messages
        name = self._names(to, message_id)[0]
        values = {"mentorship": to, "message_id": name, "body_lookup": self._sealer.blind(_PURPOSE, digest), "at": at, "sent": False}
        if await self._database.insert_new(connection, t, values, unique=[t.c.mentorship, t.c.message_id]):
            return Accepted(at=at, fresh=True, sent=False)
        return self._repeat((await connection.execute(_one(to, name))).one(), digest)

    async def _known(self, connection: AsyncConnection, to: str, message_id: str) -> Row[Any] | None:
        found = [(await connection.execute(_one(to, name))).one_or_none() for name in self._names(to, message_id)]
        return next((row for row in found if row is not None), None)

    def _names(self, to: str, message_id: str) -> tuple[str, ...]:
        """What the id is kept as; then how an earlier release kept it."""
        if is_mentorship(to):
            return (message_id,)
        return self._sealer.blind(_PURPOSE, f"id {to} {message_id}"), message_id

    def _repeat(self, row: Row[Any], digest: str) -> Accepted:
        if row.body_lookup != self._sealer.blind(_PURPOSE, digest):
            raise DifferentBody(row.mentorship, row.message_id)
        return Accepted(at=row.at, fresh=False, sent=row.sent)


def handled() -> Exists:
    """Whether the journal knows a message of the door."""
    t = door_messages
    return exists().where(journal.c.mentorship == t.c.mentorship, journal.c.message_id == t.c.message_id, journal.c.kind == "command")


def _one(to: str, message_id: str) -> Select[Any]:
    return select(door_messages).where(door_messages.c.mentorship == to, door_messages.c.message_id == message_id)
