"""Cohorts and who is enrolled in them. Operators' pair ids belong to the company: they are sealed here, and found by keyed hashes (H12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.events import EarnedMilestone
from mentorship.instant import Instant
from mentorship.people import Pair
from records.database import Database, Part, chunks
from records.erasure import PEOPLE, erased
from records.errors import CohortChanged, Erased, PairChanged, PairedAlready, UnknownCohort
from records.ids import mint
from records.schema import Utc, cohorts, enrolments, journal, seals
from records.sealing import Sealer
from records.value import Value
from wire.names import mentorship_id

_PURPOSE = "records/pairs"

State = Literal["pending", "started", "over"]

_UNCLOSED = enrolments.c.mentorship.not_in(select(seals.c.mentorship))
_JOURNALLED = exists().where(journal.c.mentorship == enrolments.c.mentorship)
_RUNS = or_(enrolments.c.state == "started", and_(enrolments.c.state == "over", _JOURNALLED, _UNCLOSED))


class Cohort(Value):
    id: str
    programme: str
    version: int
    texts_digest: str
    starts_at: Instant
    created_at: Instant


class Enrolment(Value):
    """One pair of a cohort. `pair` is minted; `pair_id` is the operator's own, and leaves records only for operators."""

    cohort: str
    pair: str
    pair_id: str
    mentor: str
    mentee: str
    state: State
    starts_at: Instant | None = None
    """Its own start, if the pair joined after the cohort's start."""
    earned: tuple[EarnedMilestone, ...] = ()
    """Milestones that the mentee brings along from an earlier pair (P6)."""
    started_at: Instant | None = None
    over_at: Instant | None = None
    card: dict[str, Any] | None = None
    """The mentorship's last projection, for lists; written with the journal."""

    @property
    def mentorship(self) -> str:
        """The workflow id."""
        return mentorship_id(self.cohort, self.pair)

    @property
    def people(self) -> Pair:
        """The two people, by their opaque ids."""
        return Pair(mentor=self.mentor, mentee=self.mentee)


class Couple(Value):
    """A pair to be enrolled: the operator's own id and two opaque ones. `starts_at` and `earned` as in Enrolment."""

    pair_id: str
    mentor: str
    mentee: str
    starts_at: Instant | None = None
    earned: tuple[EarnedMilestone, ...] = ()


class EnrolledPairs(Value):
    added: tuple[Enrolment, ...]
    existing: tuple[Enrolment, ...]


class Cohorts(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def put(self, cohort: Cohort) -> None:
        """Idempotent. Raises CohortChanged for another start or programme. A newer version applies to pairs that are enrolled later."""
        async with self._database.write(f"cohort/{cohort.id}") as connection:
            row = (await connection.execute(select(cohorts).where(cohorts.c.id == cohort.id))).one_or_none()
            if row is None:
                await connection.execute(insert(cohorts).values(**cohort.model_dump()))
                return
            before = _cohort(row)
            found = [
                f"{what}: {old} → {new}"
                for what, old, new in (("programme", before.programme, cohort.programme), ("start", before.starts_at.isoformat(), cohort.starts_at.isoformat()))
                if old != new
            ]
            if found:
                raise CohortChanged(cohort.id, found)
            if (before.version, before.texts_digest) != (cohort.version, cohort.texts_digest):
                newer = update(cohorts).where(cohorts.c.id == cohort.id).values(version=cohort.version, texts_digest=cohort.texts_digest)
                await connection.execute(newer)

    async def get(self, cohort: str) -> Cohort | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(cohorts).where(cohorts.c.id == cohort))).one_or_none()
        return None if row is None else _cohort(row)

    async def all(self) -> list[Cohort]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(cohorts).order_by(cohorts.c.starts_at, cohorts.c.id))
            return [_cohort(row) for row in rows]

    async def enrol_pairs(self, cohort: str, pairs: Iterable[tuple[str, str, str] | Couple]) -> EnrolledPairs:
        """Enrols (pair_id, mentor, mentee), the people by opaque id. Both lists in the answer are in the roster's order.

        Idempotent by pair_id: a pair that is already there keeps its start. Raises PairChanged when a pair_id has other people now, PairedAlready for two
        people who would get every mail twice, Erased for somebody erased since the caller looked (P8), and UnknownCohort. Then nothing is enrolled.
        """
        couples = [one if isinstance(one, Couple) else Couple(pair_id=one[0], mentor=one[1], mentee=one[2]) for one in pairs]
        wanted = {self._lookup(cohort, one.pair_id): one for one in couples}
        async with self._database.write(PEOPLE, f"cohort/{cohort}") as connection:
            if (await connection.execute(select(cohorts.c.id).where(cohorts.c.id == cohort))).first() is None:
                raise UnknownCohort(f"no cohort {cohort}")
            rows = (await connection.execute(select(enrolments).where(enrolments.c.cohort == cohort))).all()
            known = {row.pair_lookup: self._enrolment(row) for row in rows if row.pair_lookup in wanted}
            _refuse_others(cohort, known, wanted)
            new = {lookup: one for lookup, one in wanted.items() if lookup not in known}
            _refuse_twice(cohort, {(row.mentor, row.mentee) for row in rows if row.state != "over"}, new.values())
            if gone := await erased(connection, {person for one in new.values() for person in (one.mentor, one.mentee)}):
                raise Erased(min(gone))
            position = max((row.position for row in rows), default=0)
            added: list[Enrolment] = []
            inserts: list[dict[str, Any]] = []
            for lookup, one in new.items():
                position += 1
                pair = Enrolment(cohort=cohort, pair=mint("m", 12), state="pending", **dict(one))
                added.append(pair)
                sealed = _sealed(self._sealer, one.pair_id, pair.mentorship)
                values = {"mentorship": pair.mentorship, "position": position, "pair_lookup": lookup, "pair_sealed": sealed}
                earned = [milestone.model_dump(mode="json") for milestone in one.earned] or None
                inserts.append(pair.model_dump(include={"cohort", "pair", "mentor", "mentee", "state", "starts_at"}) | values | {"earned": earned})
            if inserts:
                await connection.execute(insert(enrolments), inserts)
        return EnrolledPairs(added=tuple(added), existing=tuple(known[lookup] for lookup in wanted if lookup in known))

    async def refuse_changed(self, cohort: str, pairs: Iterable[tuple[str, str, str]]) -> None:
        """Raises PairChanged as `enrol_pairs` would, before anything is written. A person without an opaque id counts as somebody else."""
        wanted = {self._lookup(cohort, pair_id): Couple(pair_id=pair_id, mentor=mentor, mentee=mentee) for pair_id, mentor, mentee in pairs}
        async with self._database.read() as connection:
            rows = (await connection.execute(select(enrolments).where(enrolments.c.cohort == cohort))).all()
        _refuse_others(cohort, {row.pair_lookup: self._enrolment(row) for row in rows if row.pair_lookup in wanted}, wanted)

    async def pending(self, cohort: str, limit: int) -> list[Enrolment]:
        """The first `limit` pairs that are not started yet, in the roster's order."""
        return await self._select(enrolments.c.cohort == cohort, enrolments.c.state == "pending", limit=limit)

    async def mark_started(self, mentorship: str, at: datetime | None = None) -> None:
        """Idempotent: the first instant stays, and a pair that was over before is over again."""
        state = case((enrolments.c.over_at.is_not(None), "over"), else_="started")
        async with self._database.write() as connection:
            started = update(enrolments).where(enrolments.c.mentorship == mentorship, enrolments.c.state == "pending")
            await connection.execute(started.values(state=state, started_at=func.coalesce(enrolments.c.started_at, literal(at or datetime.now(UTC), Utc))))

    async def await_start(self, mentorship: str) -> None:
        """Marks a pair whose workflow is gone to be started again, from its journal. Idempotent; a pair that `to_run` does not return stays as it is."""
        async with self._database.write() as connection:
            lost = update(enrolments).where(enrolments.c.mentorship == mentorship, _RUNS)
            await connection.execute(lost.values(state="pending"))

    async def find(self, cohort: str, pair_id: str) -> Enrolment | None:
        """Finds a pair by the operator's own id."""
        found = await self._select(enrolments.c.cohort == cohort, enrolments.c.pair_lookup == self._lookup(cohort, pair_id))
        return found[0] if found else None

    async def having(self, cohort: str, pair_ids: Iterable[str]) -> frozenset[str]:
        """Those of the operator's pair ids that the cohort has, including ids that an erasure replaced by ours."""
        wanted = {self._lookup(cohort, pair_id): pair_id for pair_id in pair_ids}
        async with self._database.read() as connection:
            rows = await connection.execute(select(enrolments.c.pair_lookup).where(enrolments.c.cohort == cohort))
            return frozenset(wanted[lookup] for lookup in rows.scalars() if lookup in wanted)

    async def by_mentorship(self, mentorship: str) -> Enrolment | None:
        found = await self._select(enrolments.c.mentorship == mentorship)
        return found[0] if found else None

    async def enrolments(self, cohort: str) -> list[Enrolment]:
        return await self._select(enrolments.c.cohort == cohort)

    async def to_run(self, cohort: str) -> list[Enrolment]:
        """Pairs whose workflow should be running: begun and not over, or over with a journal that is not closed, since final mails wait for their readers.

        A pair whose journal is gone counts as over: it would begin anew. The audit reports that rows were removed.
        """
        return await self._select(enrolments.c.cohort == cohort, _RUNS)

    async def unclosed(self, cohort: str) -> list[Enrolment]:
        """Pairs to whose journal something may still be written, begun or not."""
        return await self._select(enrolments.c.cohort == cohort, _UNCLOSED)

    async def among(self, mentorships: Iterable[str]) -> list[Enrolment]:
        """Those of them that are enrolled, in whichever cohort."""
        return [pair for chunk in chunks(sorted(mentorships)) for pair in await self._select(enrolments.c.mentorship.in_(chunk))]

    async def of_person(self, ref: str) -> list[Enrolment]:
        """Every pair that the person is or was in, on either side."""
        return await self._select(or_(enrolments.c.mentor == ref, enrolments.c.mentee == ref))

    async def running(self) -> list[Enrolment]:
        """Every pair of every cohort that is not over."""
        return await self._select(enrolments.c.state != "over")

    async def counts(self, cohort: str) -> dict[State, int]:
        """How many pairs are in each state, zeros included."""
        grouped = select(enrolments.c.state, func.count()).where(enrolments.c.cohort == cohort).group_by(enrolments.c.state)
        async with self._database.read() as connection:
            counted = {row[0]: row[1] for row in await connection.execute(grouped)}
        states: tuple[State, ...] = ("pending", "started", "over")
        return {state: counted.get(state, 0) for state in states}

    async def last_end(self, cohort: str) -> datetime | None:
        """When the last of its finished pairs was over; None if none is."""
        latest = select(func.max(enrolments.c.over_at)).where(enrolments.c.cohort == cohort)
        async with self._database.read() as connection:
            at: datetime | None = (await connection.execute(latest)).scalar_one()
        return at

    async def _select(self, *where: ColumnElement[bool], limit: int | None = None) -> list[Enrolment]:
        async with self._database.read() as connection:
            wanted = select(enrolments).where(*where).order_by(enrolments.c.cohort, enrolments.c.position).limit(limit)
            return [self._enrolment(row) for row in await connection.execute(wanted)]

    def _enrolment(self, row: Any) -> Enrolment:
        pair_id = self._sealer.open(_PURPOSE, row.pair_sealed, row.mentorship).decode()
        return Enrolment(
            cohort=row.cohort,
            pair=row.pair,
            pair_id=pair_id,
            mentor=row.mentor,
            mentee=row.mentee,
            state=row.state,
            starts_at=row.starts_at,
            earned=tuple(EarnedMilestone.model_validate(milestone) for milestone in row.earned or ()),
            started_at=row.started_at,
            over_at=row.over_at,
            card=row.card,
        )

    def _lookup(self, cohort: str, pair_id: str) -> str:
        return self._sealer.blind(_PURPOSE, f"{cohort} {pair_id}")


def _refuse_others(cohort: str, known: Mapping[str, Enrolment], wanted: Mapping[str, Couple]) -> None:
    changed = [pair.pair_id for lookup, pair in known.items() if (pair.mentor, pair.mentee) != (wanted[lookup].mentor, wanted[lookup].mentee)]
    if changed:
        raise PairChanged(cohort, tuple(changed))


def _refuse_twice(cohort: str, paired: set[tuple[str, str]], new: Iterable[Couple]) -> None:
    twice: list[str] = []
    for one in new:
        if (one.mentor, one.mentee) in paired:
            twice.append(one.pair_id)
        paired.add((one.mentor, one.mentee))
    if twice:
        raise PairedAlready(cohort, tuple(twice))


async def forget_names(connection: AsyncConnection, sealer: Sealer, person: str) -> None:
    """Replaces the operators' own ids of this person's pairs by ours, since they may contain the person's name; the pairs are still found by them (P8)."""
    theirs = select(enrolments.c.mentorship, enrolments.c.pair).where(or_(enrolments.c.mentor == person, enrolments.c.mentee == person))
    for mentorship, pair in (await connection.execute(theirs)).all():
        renamed = update(enrolments).where(enrolments.c.mentorship == mentorship)
        await connection.execute(renamed.values(pair_sealed=_sealed(sealer, pair, mentorship)))


def _sealed(sealer: Sealer, pair_id: str, mentorship: str) -> bytes:
    return sealer.seal(_PURPOSE, pair_id.encode(), mentorship)


def _cohort(row: Any) -> Cohort:
    return Cohort(id=row.id, programme=row.programme, version=row.version, texts_digest=row.texts_digest, starts_at=row.starts_at, created_at=row.created_at)
