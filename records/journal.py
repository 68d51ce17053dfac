"""The journal: every command with its outcome and every event, in ids, codes and instants, never in words (H12, P3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.instant import Instant
from records.chain import CHAIN, Finding, Head, audit_rows, audit_seals, audit_stubs, canonical, keys_of, mac, row_content, seal_content
from records.database import Database, Part
from records.errors import Diverged, Gap
from records.schema import enrolments, journal, seals, stubs
from records.sealing import Sealer
from records.value import Value
from wire.names import cohort_of, mentorships_of

SEALED_WITHIN = timedelta(days=1)
"""How long after its end a mentorship may lack its closing row before an audit reports it."""

# Postgres allows no NUL in text, and nothing that a participant sends may stop the journal.
Code = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\ufffd"))]
MessageId = Annotated[Code | None, AfterValidator(lambda text: text or None)]


class JournalEntry(Value):
    """One row. `seq` counts from 1 without gaps. Only commands have `outcome` and `reason`. `body` is JSON of codes and numbers."""

    seq: int
    at: Instant
    kind: Literal["command", "event"]
    name: Code
    message_id: MessageId = None
    by: Code | None = None
    outcome: Literal["applied", "refused"] | None = None
    reason: Code | None = None
    body: dict[str, Any] = Field(default_factory=dict)


class Receipt(Value):
    outcome: Literal["applied", "refused"] | None
    reason: str | None
    at: Instant


class LastSeal(NamedTuple):
    """The closing row with the highest number in a cohort."""

    cohort: str
    number: int
    mac: str


class _Row(BaseModel):
    """What the MAC covers of an entry: `body` as the text that is stored."""

    mentorship: str
    seq: int
    at: datetime
    kind: str
    name: str
    message_id: str | None
    by: str | None
    outcome: str | None
    reason: str | None
    body: str


class Journal(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._key = keys_of(sealer)

    async def append(self, mentorship: str, entries: Iterable[JournalEntry], card: Mapping[str, Any] | None = None, over_at: datetime | None = None) -> Head:
        """Appends a batch in one transaction, with the mentorship's card for lists and, when it ended, the instant. Idempotent.

        Raises Diverged when a row that is already there says something else, or when a row would follow the closing row. Raises Gap when rows in
        between are not there yet; then nothing was appended, and the caller should retry later.

        A late batch, for which newer rows are already there, leaves the card alone and gets its own last row as the answer. This caller did not write
        the rows after it: it may be a workflow that was reset, and is about to say something else there.
        """
        rows = _rows(mentorship, entries)
        try:
            async with self._database.write(_lock(mentorship)) as connection:
                head = await _head(connection, mentorship)
                stale = bool(rows) and rows[-1].seq < head.seq
                await _compare(connection, mentorship, [row for row in rows if row.seq <= head.seq])
                fresh = [row for row in rows if row.seq > head.seq]
                if fresh:
                    await _refuse_gap_or_seal(connection, mentorship, fresh, head)
                    head, linked = self._linked(fresh, head)
                    await connection.execute(insert(journal), linked)
                if stale:
                    head = await _head(connection, mentorship, rows[-1].seq)
                await _project(connection, mentorship, None if stale else card, over_at)
        except IntegrityError:
            raise Diverged(mentorship, rows[0].seq) from None
        return head

    async def entries(self, mentorship: str) -> list[JournalEntry]:
        """The rows in order; empty for an unknown mentorship."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(journal).where(journal.c.mentorship == mentorship).order_by(journal.c.seq))
            return [_entry(row) for row in rows.mappings()]

    async def head(self, mentorship: str) -> Head | None:
        async with self._database.read() as connection:
            head = await _head(connection, mentorship)
        return head if head.seq else None

    async def certified(self, cohort: str) -> int:
        """The number of a cohort's mentorships in which somebody was found to have earned a certificate."""
        decided = select(journal.c.body).where(
            journal.c.mentorship.in_(select(enrolments.c.mentorship).where(enrolments.c.cohort == cohort)), journal.c.name == "certificates_decided"
        )
        async with self._database.read() as connection:
            return sum(bool(json.loads(body)["certified"]) for body in (await connection.execute(decided)).scalars())

    async def receipt(self, mentorship: str, message_id: str) -> Receipt | None:
        """What became of a command, or None while it is not in the journal.

        A message that was repeated after the workflow had forgotten it is in the journal twice: the first time counts.
        """
        wanted = select(journal.c.outcome, journal.c.reason, journal.c.at).where(
            journal.c.mentorship == mentorship, journal.c.message_id == message_id, journal.c.kind == "command"
        )
        async with self._database.read() as connection:
            row = (await connection.execute(wanted.order_by(journal.c.seq).limit(1))).mappings().one_or_none()
        return None if row is None else Receipt.model_validate(dict(row))

    async def applied(self, mentorship: str, beginning: str) -> int:
        """How many of the mentorship's commands whose id begins so were applied."""
        theirs = (journal.c.mentorship == mentorship) & (journal.c.kind == "command") & journal.c.message_id.startswith(beginning, autoescape=True)
        async with self._database.read() as connection:
            return int((await connection.execute(select(func.count()).where(theirs, journal.c.outcome == "applied"))).scalar_one())

    async def is_sealed(self, mentorship: str) -> bool:
        """Whether the closing row is there, so that nothing will be appended any more."""
        async with self._database.read() as connection:
            return await _is_sealed(connection, mentorship)

    async def seal(self, mentorship: str) -> None:
        """Writes the closing row: nothing may follow in this journal, and the cohort's chain records where it ends. Idempotent."""
        cohort = cohort_of(mentorship)
        async with self._database.write(_lock(mentorship), f"seals/{cohort}") as connection:
            if await _is_sealed(connection, mentorship):
                return
            head = await _head(connection, mentorship)
            newest = select(seals.c.number, seals.c.mac).where(seals.c.cohort == cohort).order_by(seals.c.number.desc()).limit(1)
            last = (await connection.execute(newest)).one_or_none()
            row = SimpleNamespace(
                cohort=cohort,
                number=last.number + 1 if last else 1,
                mentorship=mentorship,
                seq=head.seq,
                head=head.mac,
                sealed_at=datetime.now(UTC),
                key_id=self._sealer.active,
                previous=last.mac if last else "",
            )
            proof = mac(self._sealer.key(CHAIN, row.key_id), row.previous, seal_content(row))
            await connection.execute(insert(seals).values(**vars(row), mac=proof))

    async def verify(self, *, cohort: str | None = None, expected: Mapping[str, Head] | None = None) -> list[Finding]:
        """What is wrong with a cohort's journals, or with all. Empty if nothing is.

        `expected` are the heads that running workflows know, taken before the call. Without them, a running mentorship's journal whose tail was cut
        off cannot be told from one that is short.
        """
        known = {name: head for name, head in (expected or {}).items() if _in_scope(name, cohort)}
        async with self._database.read() as connection:
            sealed, found = await self._audit_seals(connection, cohort)
            left = select(stubs) if cohort is None else select(stubs).where(self._database.begins(stubs.c.mentorship, mentorships_of(cohort)))
            swept, forged = audit_stubs(await connection.execute(left), sealed, self._key)
            found += forged
            over = await _over(connection, cohort)
            names = {*await _journals(connection, cohort), *sealed, *known, *over}
            for name in sorted(name for name in names if _in_scope(name, cohort)):
                rows = (await connection.execute(select(journal).where(journal.c.mentorship == name).order_by(journal.c.seq))).all()
                if name in swept:
                    found += [Finding(name, row.seq, "inserted") for row in rows]
                    continue
                wanted = [known[name]] if name in known else []
                findings = audit_rows(name, rows, self._key, sealed=sealed.get(name), known=wanted)
                if name in over and name not in sealed and not findings and not any(finding.mentorship == name for finding in found):
                    findings = _unsealed(name, rows, over[name])
                found += findings
        return found

    async def last_seals(self, cohort: str | None = None) -> list[LastSeal]:
        """The last closing row of each cohort's chain. Compare them with copies kept elsewhere: nothing else shows that rows after them were cut off."""
        newest = select(seals.c.cohort, func.max(seals.c.number).label("number")).group_by(seals.c.cohort).subquery()
        wanted = select(seals.c.cohort, seals.c.number, seals.c.mac).join(newest, (seals.c.cohort == newest.c.cohort) & (seals.c.number == newest.c.number))
        if cohort is not None:
            wanted = wanted.where(seals.c.cohort == cohort)
        async with self._database.read() as connection:
            return [LastSeal(*row) for row in await connection.execute(wanted.order_by(seals.c.cohort))]

    async def _audit_seals(self, connection: AsyncConnection, scope: str | None) -> tuple[dict[str, Head], list[Finding]]:
        heads: dict[str, Head] = {}
        found: list[Finding] = []
        wanted = select(seals) if scope is None else select(seals).where(seals.c.cohort == scope)
        chains: dict[str, list[Any]] = {}
        for row in await connection.execute(wanted.order_by(seals.c.cohort, seals.c.number)):
            chains.setdefault(row.cohort, []).append(row)
        for cohort in sorted(chains):
            some, problems = audit_seals(cohort, chains[cohort], self._key)
            heads |= some
            found += problems
        return heads, found

    def _linked(self, rows: Sequence[_Row], head: Head) -> tuple[Head, list[dict[str, Any]]]:
        key_id = self._sealer.active
        key = self._sealer.key(CHAIN, key_id)
        linked: list[dict[str, Any]] = []
        for row in rows:
            proof = mac(key, head.mac, row_content(row))
            linked.append(row.model_dump() | {"key_id": key_id, "previous": head.mac, "mac": proof})
            head = Head(seq=row.seq, mac=proof)
        return head, linked


def _rows(mentorship: str, entries: Iterable[JournalEntry]) -> list[_Row]:
    """In order, each place once. Raises Diverged when a batch has two different rows for one place."""
    rows: dict[int, _Row] = {}
    for entry in entries:
        row = _Row(mentorship=mentorship, body=canonical(entry.body), **entry.model_dump(exclude={"body"}))
        if rows.setdefault(row.seq, row) != row:
            raise Diverged(mentorship, row.seq)
    return [rows[seq] for seq in sorted(rows)]


async def _head(connection: AsyncConnection, mentorship: str, until: int | None = None) -> Head:
    """The last row, or the last one up to the sequence number `until`."""
    last = select(journal.c.seq, journal.c.mac).where(journal.c.mentorship == mentorship)
    if until is not None:
        last = last.where(journal.c.seq <= until)
    row = (await connection.execute(last.order_by(journal.c.seq.desc()).limit(1))).one_or_none()
    return Head() if row is None else Head(seq=row.seq, mac=row.mac)


async def _compare(connection: AsyncConnection, mentorship: str, rows: Sequence[_Row]) -> None:
    if not rows:
        return
    between = journal.c.seq.between(rows[0].seq, rows[-1].seq)
    stored = await connection.execute(select(journal).where(journal.c.mentorship == mentorship, between))
    there = {row.seq: row_content(row) for row in stored}
    for row in rows:
        if there.get(row.seq) != row_content(row):
            raise Diverged(mentorship, row.seq)


async def _refuse_gap_or_seal(connection: AsyncConnection, mentorship: str, fresh: Sequence[_Row], head: Head) -> None:
    for expected, row in enumerate(fresh, start=head.seq + 1):
        if row.seq != expected:
            raise Gap(mentorship, expected, row.seq)
    if await _is_sealed(connection, mentorship):
        raise Diverged(mentorship, fresh[0].seq)


async def _is_sealed(connection: AsyncConnection, mentorship: str) -> bool:
    return (await connection.execute(select(seals.c.number).where(seals.c.mentorship == mentorship))).first() is not None


async def _project(connection: AsyncConnection, mentorship: str, card: Mapping[str, Any] | None, over_at: datetime | None) -> None:
    values: dict[str, Any] = {}
    if card is not None:
        values["card"] = dict(card)
    if over_at is not None:
        values |= {"state": "over", "over_at": func.coalesce(enrolments.c.over_at, over_at)}
    if values:
        await connection.execute(update(enrolments).where(enrolments.c.mentorship == mentorship).values(**values))


async def _journals(connection: AsyncConnection, cohort: str | None) -> set[str]:
    names = select(journal.c.mentorship).distinct()
    if cohort is not None:
        names = names.where(journal.c.mentorship.startswith(mentorships_of(cohort), autoescape=True))
    return set((await connection.execute(names)).scalars())


async def _over(connection: AsyncConnection, cohort: str | None) -> dict[str, datetime | None]:
    """Mentorships that are over by either column. No MAC covers the columns, so neither alone may keep a journal out of the audit."""
    ended = select(enrolments.c.mentorship, enrolments.c.over_at).where((enrolments.c.state == "over") | enrolments.c.over_at.is_not(None))
    if cohort is not None:
        ended = ended.where(enrolments.c.cohort == cohort)
    return {row.mentorship: row.over_at for row in await connection.execute(ended)}


def _unsealed(name: str, rows: Sequence[Any], over_at: datetime | None) -> list[Finding]:
    """What is wrong with the journal of a mentorship that is over without a closing row. A pair that never began has neither rows nor an end."""
    if not rows:
        return [] if over_at is None else [Finding(name, None, "removed")]
    ended = rows[-1].at if over_at is None else min(over_at, rows[-1].at)
    return [Finding(name, None, "unsealed")] if ended < datetime.now(UTC) - SEALED_WITHIN else []


def _in_scope(name: str, cohort: str | None) -> bool:
    return cohort is None or name.startswith(mentorships_of(cohort))


def _entry(row: RowMapping) -> JournalEntry:
    fields = {name: row[name] for name in JournalEntry.model_fields if name != "body"}
    return JournalEntry(body=json.loads(row["body"]), **fields)


def _lock(mentorship: str) -> str:
    return f"journal/{mentorship}"
