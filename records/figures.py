"""Numbers about the whole service, for its operators: how many and how long, never who (H12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.certificates import AWAITED
from records.database import Database, whole
from records.doors import handled
from records.schema import audits, certificates, door_messages, enrolments, lines, notices

LATELY = timedelta(days=1)
"""The time over which mails are counted."""
LONGEST = timedelta(days=30)
"""Commands that have waited for longer are ignored: by then an alarm has been ringing for weeks."""

JOURNAL = "journal"
"""The audit of all journals (`mentorship journal verify`)."""


@dataclass(frozen=True)
class Waiting:
    """How many wait, and since when the first of them has."""

    number: int
    since: datetime | None


@dataclass(frozen=True)
class Audit:
    at: datetime
    findings: int


@dataclass(frozen=True)
class Figures:
    """`commands` are acknowledged but not in the journal, `certificates` reserved but without a document, `lines` taken by nobody."""

    commands: Waiting
    certificates: Waiting
    lines: Waiting
    mentorships: dict[str, int]
    mails: dict[str, int]
    audit: Audit | None


class Watch:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(self, now: datetime) -> Figures:
        """The numbers at `now`, from a handful of queries that use indexes. A cancelled call ends at once, so that callers can set a limit."""
        async with self._database.read() as connection:
            return Figures(
                commands=await _commands(connection, now),
                certificates=await _waiting(connection, certificates.c.issued_at, AWAITED),
                lines=await _waiting(connection, lines.c.opened_at, lines.c.closed_at.is_(None), lines.c.taken_by.is_(None)),
                mentorships=await _by(connection, enrolments.c.state),
                mails=await _by(connection, notices.c.state, notices.c.at > now - LATELY),
                audit=await _audit(connection),
            )

    @whole
    async def note_audit(self, at: datetime, findings: int) -> None:
        """Notes that all journals were verified; only the newest result is kept."""
        async with self._database.write(f"audit/{JOURNAL}") as connection:
            await connection.execute(audits.delete().where(audits.c.name == JOURNAL))
            await connection.execute(audits.insert().values(name=JOURNAL, at=at, findings=findings))


async def _commands(connection: AsyncConnection, now: datetime) -> Waiting:
    """Only running mentorships count: a command that comes in the instant in which one closes is refused without a row of its own."""
    d = door_messages
    running = exists().where(enrolments.c.mentorship == d.c.mentorship, enrolments.c.state == "started")
    return await _waiting(connection, d.c.at, d.c.at > now - LONGEST, d.c.sent.is_(True), running, ~handled())


async def _waiting(connection: AsyncConnection, since: Any, *where: Any) -> Waiting:
    row = (await connection.execute(select(func.count(), func.min(since)).where(*where))).one()
    return Waiting(row[0], row[1])


async def _by(connection: AsyncConnection, state: Any, *where: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(select(state, func.count()).where(*where).group_by(state))}


async def _audit(connection: AsyncConnection) -> Audit | None:
    row = (await connection.execute(select(audits.c.at, audits.c.findings).where(audits.c.name == JOURNAL))).one_or_none()
    return None if row is None else Audit(row.at, row.findings)
