"""The coordinators' list: which pairs need a person, by code and never by reason (P7)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, update

from mentorship.instant import Instant
from mentorship.people import Side
from records.database import Database, Part
from records.ids import cohort_of
from records.schema import lines


class Line(BaseModel):
    """One entry. `side` says whose it is, where it is one person's; `taken_by` is the coordinator who owns it."""

    model_config = ConfigDict(frozen=True)

    mentorship: str
    cohort: str
    line: str
    side: Side | None
    opened_at: Instant
    closed_at: Instant | None
    taken_by: str | None
    taken_at: Instant | None


class Lines(Part):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, mentorship: str, line: str, side: Side | None, at: datetime, key: str) -> None:
        """Idempotent by `key`, the effect's: a repeat neither opens twice nor opens again what was closed since."""
        values = {"key": key, "mentorship": mentorship, "cohort": cohort_of(mentorship), "line": line, "side": side, "opened_at": at}
        async with self._database.write() as connection:
            await self._database.insert_new(connection, lines, values, unique=[lines.c.key], returning=lines.c.key)

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        """Closes what was opened under this code until `at`, of one side or of any. Idempotent; nothing open is fine."""
        closed = update(lines).where(lines.c.mentorship == mentorship, lines.c.line == line, lines.c.closed_at.is_(None), lines.c.opened_at <= at)
        if side is not None:
            closed = closed.where(lines.c.side == side)
        async with self._database.write() as connection:
            await connection.execute(closed.values(closed_at=at))

    async def all(self, cohort: str | None = None, open_only: bool = True) -> list[Line]:
        """Oldest first, of one cohort or of all."""
        wanted = select(lines).order_by(lines.c.opened_at, lines.c.key)
        if cohort is not None:
            wanted = wanted.where(lines.c.cohort == cohort)
        if open_only:
            wanted = wanted.where(lines.c.closed_at.is_(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [Line.model_validate({name: row[name] for name in Line.model_fields}) for row in rows]

    async def take(self, mentorship: str, line: str, by: str, at: datetime) -> bool:
        """A coordinator owns the open line from now on; who came first stays. False when it is somebody else's, or none is open."""
        mine = (lines.c.mentorship == mentorship) & (lines.c.line == line) & lines.c.closed_at.is_(None)
        async with self._database.write(f"line/{mentorship}/{line}") as connection:
            await connection.execute(update(lines).where(mine, lines.c.taken_by.is_(None)).values(taken_by=by, taken_at=at))
            return (await connection.execute(select(lines.c.key).where(mine, lines.c.taken_by == by))).first() is not None
