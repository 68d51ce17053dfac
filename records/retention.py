"""Deletes what was kept for its time: words some time after a mentorship's end, its journal later (defaults: 90 days and 24 months).

A concern is kept apart from its mentorship, for as long, counted from its own end: first its words are deleted, then that there was one. An open
concern stays, since only a person closes it. A line's case is kept and deleted as a concern is.

The programme sets the times (`retention:`), in the version that the cohort was last started with. Deleting is idempotent and safe while
everything runs, so anybody may do it: each worker sweeps once a day, and `mentorship records sweep` does at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records.cases import Cases
from records.chain import CHAIN, Head, audit_rows, audit_seals, keys_of, mac, stub_content
from records.cohorts import Cohorts
from records.database import MANY, Database, Part, chunks
from records.doors import Doors
from records.errors import UnknownProgramme, Unreadable
from records.notes import Notes
from records.people import People
from records.programmes import Programmes
from records.schema import calendar_links, cases, door_messages, enrolments, journal, lines, notes, notices, seals, stubs
from records.sealing import Sealer
from records.value import Value
from wire.names import cohort_of


class Swept(Value):
    """What was deleted, or in a dry run would be. `cases` counts those whose contents were deleted, `closed_cases` those of which nothing is kept now.
    Both count concerns and lines alike, so that neither reveals whether there was a concern (H16).

    `damaged` stays, since it is not what was written, and that is evidence: mentorships whose journal does not verify, cases whose row nobody can
    read (`case.…`), and cohorts whose programme nobody can read (`cohort.…`), with everything of theirs.
    """

    notes: int = 0
    cases: int = 0
    closed_cases: int = 0
    journals: int = 0
    rows: int = 0
    damaged: tuple[str, ...] = ()

    def __add__(self, other: Swept) -> Swept:
        return Swept.model_validate({name: getattr(self, name) + getattr(other, name) for name in Swept.model_fields})

    @property
    def nothing(self) -> bool:
        return not (self.notes or self.cases or self.closed_cases or self.journals)


class _Keep(BaseModel):
    words: timedelta
    journal: timedelta


class _Audited(NamedTuple):
    """A cohort's chain of closing rows after its audit: their MACs, and the heads that they confirm; no heads if the chain is damaged."""

    macs: dict[str, str]
    heads: dict[str, Head]


class Retention(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._key = keys_of(sealer)
        self._programmes = Programmes(database, sealer)
        self._cohorts = Cohorts(database, sealer)
        self._notes = Notes(database, sealer)
        self._cases = Cases(database, sealer)
        self._doors = Doors(database, sealer)
        self._people = People(database, sealer)

    async def sweep(self, now: datetime, *, dry_run: bool = False) -> Swept:
        """Deletes whatever was kept longer than its programme says.

        Raises UnknownKey: for a missing key of a programme before anything is deleted, for a person's when only what is kept of people is left to delete.
        """
        keep, swept = await self._keep()
        if not dry_run:
            await self._doors.forget_senders(now)
            await self._forget_what_is_nobodys(keep, now)
        swept += await self._words(keep, now, dry_run) + await self._cases_due(keep, now, dry_run)
        if swept.notes and not dry_run:
            await self._database.forget_freed(notes)
        if (swept.cases or swept.closed_cases) and not dry_run:
            await self._database.forget_freed(cases)
        audited: dict[str, _Audited] = {}
        for mentorship in await self._due(keep, now):
            swept += await self._journal(mentorship, audited, now, dry_run)
        if keep and not dry_run:
            await self._people.forget_operators(_before(keep, now))
            await self._people.forget_leaves(_before(keep, now))
        return swept

    async def _keep(self) -> tuple[dict[str, _Keep], Swept]:
        """The times, by cohort. A cohort whose programme is missing or unreadable keeps everything."""
        found: dict[str, _Keep] = {}
        damaged: list[str] = []
        for cohort in await self._cohorts.all():
            try:
                said = (await self._programmes.get(cohort.programme, cohort.version)).retention
            except UnknownProgramme:
                continue
            except Unreadable:
                damaged.append(f"cohort.{cohort.id}")
                continue
            found[cohort.id] = _Keep(words=said.words.span, journal=said.journal.span)
        return found, Swept(damaged=tuple(damaged))

    async def _words(self, keep: dict[str, _Keep], now: datetime, dry_run: bool) -> Swept:
        """Deletes what people wrote in mentorships that have been over for long enough."""
        e = enrolments.c
        ended = select(e.mentorship, e.cohort, e.over_at, func.count()).join(notes, notes.c.mentorship == e.mentorship).where(e.over_at.is_not(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(ended.group_by(e.mentorship, e.cohort, e.over_at))).all()
        due = [row for row in rows if row.cohort in keep and row.over_at + keep[row.cohort].words <= now]
        if dry_run:
            return Swept(notes=sum(row[3] for row in due))
        return Swept(notes=sum([await self._notes.forget(row.mentorship) for row in due]))

    async def _cases_due(self, keep: dict[str, _Keep], now: datetime, dry_run: bool) -> Swept:
        """Deletes concerns' words, and whole cases. The times are those of the pair's programme, counted from the case's end."""
        forgotten, dropped = 0, 0
        closed, unreadable = await self._cases.closed()
        for case in closed:
            kept = keep.get(cohort_of(case.mentorship))
            if kept is None or case.closed_at is None:
                continue
            if case.closed_at + kept.words <= now and not case.forgotten:
                forgotten += 1 if dry_run else await self._cases.forget(case.id)
            if case.closed_at + kept.journal <= now:
                dropped += 1 if dry_run else await self._cases.drop(case.id)
        return Swept(cases=forgotten, closed_cases=dropped, damaged=tuple(f"case.{case}" for case in unreadable))

    async def _forget_what_is_nobodys(self, keep: dict[str, _Keep], now: datetime) -> None:
        """Deletes rows that belong to no mentorship and no case, once they are as old as the longest journal.

        They are: mails about a whole cohort in the ledger, HR's messages about a person, and what followed from a mentorship after its own journal was
        deleted (a later edition of a certificate, H8).
        """
        if not keep:
            return
        before = _before(keep, now)
        n, d = notices.c, door_messages.c
        of_all = self._database.begins(n.key, "cohort.") | self._database.begins(n.key, "owner.")
        async with self._database.write(MANY) as connection:
            gone = set((await connection.execute(select(stubs.c.mentorship))).scalars())
            old = (await connection.execute(select(n.key).where(n.at <= before))).scalars()
            late = [key for key in old if key.partition("/")[0] in gone]
            for chunk in chunks(late):
                await connection.execute(delete(notices).where(n.key.in_(chunk)))
            await connection.execute(delete(notices).where(of_all, n.at <= before))
            await connection.execute(delete(lines).where(lines.c.mentorship.in_(select(stubs.c.mentorship)), lines.c.closed_at <= before))
            await connection.execute(delete(door_messages).where(self._database.begins(d.mentorship, "person."), d.at <= before))

    async def _due(self, keep: dict[str, _Keep], now: datetime) -> list[str]:
        """Mentorships whose journal has its closing row and was kept for its time."""
        e = enrolments.c
        closed = select(e.mentorship, e.cohort, e.over_at).join(seals, seals.c.mentorship == e.mentorship).where(e.over_at.is_not(None))
        async with self._database.read() as connection:
            gone = set((await connection.execute(select(stubs.c.mentorship))).scalars())
            rows = (await connection.execute(closed.order_by(e.over_at, e.mentorship))).all()
        return [row.mentorship for row in rows if row.mentorship not in gone and row.cohort in keep and row.over_at + keep[row.cohort].journal <= now]

    async def _journal(self, mentorship: str, audited: dict[str, _Audited], now: datetime, dry_run: bool) -> Swept:
        """Deletes the journal, and everything that the doors, the list and the ledger of mails kept of this mentorship. Nothing if another process just did."""
        async with self._database.write(MANY, f"journal/{mentorship}") as connection:
            if (await connection.execute(select(stubs.c.mentorship).where(stubs.c.mentorship == mentorship))).first() is not None:
                return Swept()
            rows = (await connection.execute(select(journal).where(journal.c.mentorship == mentorship).order_by(journal.c.seq))).all()
            head = await self._sealed(connection, mentorship, audited)
            if head is None or audit_rows(mentorship, rows, self._key, sealed=head, known=()):
                return Swept(damaged=(mentorship,))
            swept = Swept(journals=1, rows=len(rows))
            if dry_run:
                return swept
            values = {"mentorship": mentorship, "seq": head.seq, "head": head.mac, "swept_at": now, "key_id": self._sealer.active}
            proof = mac(self._sealer.key(CHAIN, self._sealer.active), head.mac, stub_content(SimpleNamespace(**values)))
            await connection.execute(insert(stubs).values(**values, mac=proof))
            for table in (journal, door_messages, lines, calendar_links):
                await connection.execute(delete(table).where(table.c.mentorship == mentorship))
            await connection.execute(delete(notices).where(self._database.begins(notices.c.key, f"{mentorship}/")))
            await connection.execute(update(enrolments).where(enrolments.c.mentorship == mentorship).values(card=None))
        return swept

    async def _sealed(self, connection: AsyncConnection, mentorship: str, audited: dict[str, _Audited]) -> Head | None:
        """The head that the closing row confirms, if the cohort's chain of closing rows is undamaged.

        A whole cohort is due on one day, so its chain is audited once per sweep; again if a rotation replaced this row meanwhile.
        """
        cohort = cohort_of(mentorship)
        stands = (await connection.execute(select(seals.c.mac).where(seals.c.mentorship == mentorship))).scalar_one_or_none()
        if cohort not in audited or audited[cohort].macs.get(mentorship) != stands:
            rows = (await connection.execute(select(seals).where(seals.c.cohort == cohort).order_by(seals.c.number))).all()
            heads, found = audit_seals(cohort, rows, self._key)
            audited[cohort] = _Audited({row.mentorship: row.mac for row in rows}, {} if found else heads)
        return audited[cohort].heads.get(mentorship)


def _before(keep: dict[str, _Keep], now: datetime) -> datetime:
    """The instant until which rows that belong to no cohort are deleted: they are kept as long as the longest journal."""
    return now - max(kept.journal for kept in keep.values())
