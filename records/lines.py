"""The coordinators' list: which pairs need a person, by code and never by reason (P7).

A line opens and closes with the mentorship's own events. Besides, coordinators take it, set it aside for some days, give it back, and
close it with an outcome. If two act at once, the first one counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, select, update

from mentorship.instant import Instant
from mentorship.people import Side
from records.database import Database, Part
from records.schema import lines
from records.value import Value
from wire.names import cohort_of

LineOutcome = Literal["talked", "rhythm_changed", "rematch", "ended", "nothing_needed"]
OUTCOMES: tuple[LineOutcome, ...] = get_args(LineOutcome)
"""What a coordinator closes a line with: a code, never a word about anybody."""


class Line(Value):
    """One entry. `side` says whose it is if it concerns one person. `taken_by` is the coordinator who owns it, and who returns to it at `aside_until`.

    `outcome` is a coordinator's. A line that was closed without one closed by itself, or was closed by an operator.
    """

    key: str
    mentorship: str
    cohort: str
    line: str
    side: Side | None
    opened_at: Instant
    closed_at: Instant | None
    taken_by: str | None
    taken_at: Instant | None
    aside_until: Instant | None = None
    outcome: LineOutcome | None = None

    def is_aside(self, now: datetime) -> bool:
        return self.aside_until is not None and now < self.aside_until


class Lines(Part):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, mentorship: str, line: str, side: Side | None, at: datetime, key: str) -> None:
        """Idempotent by `key`, the effect's: a repeat neither opens a second line nor reopens one that was closed since."""
        values = {"key": key, "mentorship": mentorship, "cohort": cohort_of(mentorship), "line": line, "side": side, "opened_at": at}
        async with self._database.write() as connection:
            await self._database.insert_new(connection, lines, values, unique=[lines.c.key])

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        """Closes what was opened under this code until `at`, of one side or of any. Idempotent; does nothing if none is open."""
        closed = update(lines).where(lines.c.mentorship == mentorship, lines.c.line == line, lines.c.closed_at.is_(None), lines.c.opened_at <= at)
        if side is not None:
            closed = closed.where(lines.c.side == side)
        async with self._database.write() as connection:
            await connection.execute(closed.values(closed_at=at))

    async def all(self, cohort: str | None = None, open_only: bool = True, *, closed_since: datetime | None = None, line: str | None = None) -> list[Line]:
        """Oldest first, of one cohort or all, of one code or all. With `closed_since`, the open lines and those closed from then on."""
        wanted = []
        if line is not None:
            wanted.append(lines.c.line == line)
        if cohort is not None:
            wanted.append(lines.c.cohort == cohort)
        if open_only:
            still = lines.c.closed_at.is_(None)
            wanted.append(still if closed_since is None else still | (lines.c.closed_at >= closed_since))
        return await self._select(*wanted)

    async def of(self, mentorship: str) -> list[Line]:
        """Every line that this pair ever had, oldest first."""
        return await self._select(lines.c.mentorship == mentorship)

    async def take(self, mentorship: str, line: str, by: str, at: datetime, *, instead_of: str | None = None) -> bool:
        """Makes a coordinator the owner of the open line; whoever came first stays. False when it is somebody else's, or none is open.

        `instead_of` is the coordinator from whom it is taken over: only while it is still theirs.
        """
        free = lines.c.taken_by.is_(None)
        whose = free if instead_of is None else free | (lines.c.taken_by == instead_of)
        return await self._change(mentorship, line, by, whose, {"taken_by": by, "taken_at": at, "aside_until": None})

    async def set_aside(self, mentorship: str, line: str, by: str, until: datetime, at: datetime) -> bool:
        """Takes the line and sets it aside until then. Returns whether it is theirs. Idempotent."""
        await self.take(mentorship, line, by, at)
        return await self._change(mentorship, line, by, lines.c.taken_by == by, {"aside_until": until})

    async def give_back(self, mentorship: str, line: str, by: str) -> None:
        """The line waits for somebody again. No effect when it is not theirs."""
        await self._change(mentorship, line, by, lines.c.taken_by == by, {"taken_by": None, "taken_at": None, "aside_until": None})

    async def settle(self, mentorship: str, line: str, by: str, outcome: LineOutcome, at: datetime) -> bool:
        """Closes the open line with its outcome. False when it is somebody else's, or none is open: the first outcome stays."""
        if not await self.take(mentorship, line, by, at):
            return False
        mine = self._open(mentorship, line) & (lines.c.taken_by == by)
        async with self._database.write(_lock(mentorship, line)) as connection:
            changed = await connection.execute(update(lines).where(mine).values(closed_at=at, outcome=outcome, aside_until=None))
            return bool(changed.rowcount)

    async def _change(self, mentorship: str, line: str, by: str, whose: ColumnElement[bool], values: dict[str, Any]) -> bool:
        """Returns whether the open line is `by`'s afterwards."""
        standing = self._open(mentorship, line)
        async with self._database.write(_lock(mentorship, line)) as connection:
            await connection.execute(update(lines).where(standing, whose).values(**values))
            return (await connection.execute(select(lines.c.key).where(standing, lines.c.taken_by == by))).first() is not None

    @staticmethod
    def _open(mentorship: str, line: str) -> ColumnElement[bool]:
        return (lines.c.mentorship == mentorship) & (lines.c.line == line) & lines.c.closed_at.is_(None)

    async def _select(self, *where: ColumnElement[bool]) -> list[Line]:
        async with self._database.read() as connection:
            rows = (await connection.execute(select(lines).where(*where).order_by(lines.c.opened_at, lines.c.key))).mappings().all()
        return [Line.model_validate({name: row[name] for name in Line.model_fields}) for row in rows]


def _lock(mentorship: str, line: str) -> str:
    return f"line/{mentorship}/{line}"
