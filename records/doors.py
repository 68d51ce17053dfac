"""What the participants' door took in: the first instant of each message stays, whatever is repeated (P5)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, update

from mentorship.instant import Instant
from records.database import Database, Part
from records.errors import DifferentBody, UnknownMessage
from records.schema import door_messages
from records.sealing import Sealer

_PURPOSE = "records/doors"


class Accepted(BaseModel):
    """`at` is when the message first came; `fresh` when that is now; `sent` once Temporal took it."""

    model_config = ConfigDict(frozen=True)

    at: Instant
    fresh: bool
    sent: bool


class Kept(BaseModel):
    """A message that the door took in, whoever it is from. `sent` as in Accepted."""

    model_config = ConfigDict(frozen=True)

    message_id: str
    at: Instant
    sent: bool


class Doors(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def accept(self, mentorship: str, message_id: str, digest: str, at: datetime) -> Accepted:
        """Keeps when a message came, and a keyed hash of its body's digest. Raises DifferentBody for the same id with another body.

        A repeat that was not `sent` is to be sent again, with the first `at`.
        """
        t = door_messages
        lookup = self._sealer.blind(_PURPOSE, digest)
        async with self._database.write() as connection:
            values = {"mentorship": mentorship, "message_id": message_id, "body_lookup": lookup, "at": at, "sent": False}
            if await self._database.insert_new(connection, t, values, unique=[t.c.mentorship, t.c.message_id], returning=t.c.message_id):
                return Accepted(at=at, fresh=True, sent=False)
            row = (await connection.execute(select(t).where(t.c.mentorship == mentorship, t.c.message_id == message_id))).one()
        if row.body_lookup != lookup:
            raise DifferentBody(mentorship, message_id)
        return Accepted(at=row.at, fresh=False, sent=row.sent)

    async def mark_sent(self, mentorship: str, message_id: str) -> None:
        """Temporal has it. Idempotent; raises UnknownMessage."""
        t = door_messages
        async with self._database.write() as connection:
            sent = update(t).where(t.c.mentorship == mentorship, t.c.message_id == message_id).values(sent=True)
            if not (await connection.execute(sent)).rowcount:
                raise UnknownMessage(f"message {message_id} to {mentorship} was never accepted")

    async def of(self, mentorship: str, beginning: str = "") -> list[Kept]:
        """Every message of this mentorship whose id begins so, oldest first."""
        t = door_messages
        wanted = select(t.c.message_id, t.c.at, t.c.sent).where(t.c.mentorship == mentorship, t.c.message_id.startswith(beginning, autoescape=True))
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.order_by(t.c.at, t.c.message_id))
            return [Kept.model_validate(dict(row)) for row in rows.mappings()]
