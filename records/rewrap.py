"""After a rotation: seals everything that older keys sealed again with the active key, so that an older key can be removed (docs/operations.md).

Values that the keyring sealed are opened and sealed again. Closed journals, cohorts' closing rows and stubs are audited first, then chained anew;
what does not verify is left as it is, since it is evidence. Journals of running mentorships are left too, since their workflows know the
last row's MAC; they follow once they are over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records.chain import CHAIN, Head, audit_rows, audit_seals, audit_stubs, keys_of, mac, row_content, seal_content, stub_content
from records.database import MANY, Database, Part
from records.errors import UnknownKey
from records.schema import cases, data_keys, enrolments, journal, notices, people, programmes, seals, stubs, texts
from records.sealing import Sealer
from records.value import Value
from wire.names import mentorships_of

_AT_ONCE = 200
_JOURNALS_AT_ONCE = 50


class Place(NamedTuple):
    """A column of values that the keyring seals, and what each value is bound to."""

    column: Column[Any]
    purpose: str
    about: Callable[[Any], str]

    @property
    def table(self) -> Table:
        return self.column.table


PLACES: tuple[Place, ...] = (
    Place(data_keys.c.sealed, "records/people", lambda row: f"data key of {row.person}"),
    Place(programmes.c.sealed, "records/programmes", lambda row: f"programme {row.id} {row.version}"),
    Place(texts.c.sealed, "records/programmes", lambda row: f"texts {row.digest}"),
    Place(enrolments.c.pair_sealed, "records/pairs", lambda row: str(row.mentorship)),
    Place(cases.c.sealed, "records/cases", lambda row: str(row.id)),
    Place(notices.c.why_sealed, "records/notices", lambda row: f"why {row.key}"),
)
"""Everything that is sealed with the keyring. Values under a person's own key stay as they are: only that key is sealed again."""


class Rewrapped(Value):
    """How many values and rows were brought under the active key. `left`: mentorships or cohorts whose chain does not verify."""

    values: int = 0
    rows: int = 0
    left: tuple[str, ...] = ()


async def lacking(database: Database, sealer: Sealer) -> str | None:
    """The key that the newest rows are sealed with, if this keyring lacks it. It is asked for all day, so it looks at two rows only.

    It does not find a missing older key: some values are unreadable without that, but everybody else can still be served.
    """
    newest = (
        select(data_keys.c.sealed).join(people, people.c.ref == data_keys.c.person).order_by(people.c.created_at.desc()).limit(1),
        select(programmes.c.sealed).order_by(programmes.c.created_at.desc()).limit(1),
    )
    async with database.read() as connection:
        used = [sealer.key_id(sealed) for query in newest for sealed in (await connection.execute(query)).scalars()]
    for key_id in used:
        try:
            sealer.key(CHAIN, key_id)
        except UnknownKey:
            return key_id
    return None


class Rewrap(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._key = keys_of(sealer)

    async def usage(self) -> dict[str, dict[str, int]]:
        """By key id: how many values or rows of each table need the key."""
        found: dict[str, Counter[str]] = {}
        async with self._database.read() as connection:
            for place in PLACES:
                for sealed in (await connection.execute(select(place.column).where(place.column.is_not(None)))).scalars():
                    found.setdefault(self._sealer.key_id(sealed), Counter())[place.table.name] += 1
            for table in (journal, seals, stubs):
                for key_id, count in await connection.execute(select(table.c.key_id, func.count()).group_by(table.c.key_id)):
                    found.setdefault(key_id, Counter())[table.name] += count
        return {key_id: dict(counts) for key_id, counts in sorted(found.items())}

    async def everything(self) -> Rewrapped:
        """Idempotent, and safe while everything runs. Every process must already have the active key. Raises UnknownKey."""
        values = sum([await self._values(place) for place in PLACES])
        rows = 0
        left: list[str] = []
        async with self._database.read() as connection:
            cohorts = list((await connection.execute(select(seals.c.cohort).distinct().order_by(seals.c.cohort))).scalars())
        for cohort in cohorts:
            found = await self._cohort(cohort)
            rows += found.rows
            left += found.left
        return Rewrapped(values=values, rows=rows, left=tuple(left))

    # -- sealed values --------------------------------------------------------------------------------------------------------

    async def _values(self, place: Place) -> int:
        keys = list(place.table.primary_key.columns)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(*keys, place.column.label("value")).where(place.column.is_not(None)))).all()
        old = [tuple(row[: len(keys)]) for row in rows if self._sealer.key_id(row.value) != self._sealer.active]
        done = 0
        for start in range(0, len(old), _AT_ONCE):
            async with self._database.write(MANY) as connection:
                done += await self._again(connection, place, keys, old[start : start + _AT_ONCE])
        return done

    async def _again(self, connection: AsyncConnection, place: Place, keys: Sequence[Column[Any]], wanted: Sequence[tuple[Any, ...]]) -> int:
        these = or_(*(and_(*(key == part for key, part in zip(keys, one, strict=True))) for one in wanted))
        done = 0
        for row in (await connection.execute(select(*keys, place.column.label("value")).where(these, place.column.is_not(None)))).all():
            if self._sealer.key_id(row.value) == self._sealer.active:
                continue
            about = place.about(row)
            again = self._sealer.seal(place.purpose, self._sealer.open(place.purpose, row.value, about), about)
            this = and_(*(key == getattr(row, key.name) for key in keys))
            # On Postgres somebody may have written it meanwhile: their value stays, and is sealed with the active key already.
            done += (await connection.execute(update(place.table).where(this, place.column == row.value).values({place.column: again}))).rowcount
        return done

    # -- chains ---------------------------------------------------------------------------------------------------------------

    async def _cohort(self, cohort: str) -> Rewrapped:
        rows, left = 0, set[str]()
        while True:
            names = [name for name in await self._old_journals(cohort) if name not in left]
            batch = names[:_JOURNALS_AT_ONCE]
            async with self._database.write(*(f"journal/{name}" for name in batch), f"seals/{cohort}") as connection:
                closing = (await connection.execute(select(seals).where(seals.c.cohort == cohort).order_by(seals.c.number))).all()
                heads, damaged = audit_seals(cohort, closing, self._key)
                if damaged:
                    return Rewrapped(rows=rows, left=tuple(sorted({*left, f"cohort.{cohort}"})))
                fresh: dict[str, Head] = {}
                swept = set((await connection.execute(select(stubs.c.mentorship).where(stubs.c.mentorship.in_(batch)))).scalars())
                for name in batch:
                    if name in swept:  # deleted since it was listed: that is no damage
                        continue
                    chained = await self._journal(connection, name, heads[name])
                    if chained is None:
                        left.add(name)
                    else:
                        fresh[name], count = chained
                        rows += count
                rows += await self._stubs(connection, cohort, heads)
                rows += await self._closing_rows(connection, closing, fresh)
            if not names:
                return Rewrapped(rows=rows, left=tuple(sorted(left)))

    async def _old_journals(self, cohort: str) -> list[str]:
        """Closed journals with rows under an older key."""
        # `exists` asks only whether there is such a row. With a join, Postgres would read all cohorts' journals for each batch of one.
        old = exists().where(journal.c.mentorship == seals.c.mentorship, journal.c.key_id != self._sealer.active)
        async with self._database.read() as connection:
            return list((await connection.execute(select(seals.c.mentorship).where(seals.c.cohort == cohort, old).order_by(seals.c.mentorship))).scalars())

    async def _journal(self, connection: AsyncConnection, mentorship: str, head: Head) -> tuple[Head, int] | None:
        """The new head and how many rows were chained anew; None if the rows are not those that were written."""
        rows = (await connection.execute(select(journal).where(journal.c.mentorship == mentorship).order_by(journal.c.seq))).all()
        if audit_rows(mentorship, rows, self._key, sealed=head, known=()):
            return None
        secret, before = self._sealer.key(CHAIN, self._sealer.active), ""
        chained: list[dict[str, Any]] = []
        for row in rows:
            proof = mac(secret, before, row_content(row))
            chained.append({"this": row.seq, "before": before, "proof": proof})
            before = proof
        changed = update(journal).where(journal.c.mentorship == mentorship, journal.c.seq == bindparam("this"))
        await connection.execute(changed.values(key_id=self._sealer.active, previous=bindparam("before"), mac=bindparam("proof")), chained)
        return Head(seq=head.seq, mac=before), len(rows)

    async def _closing_rows(self, connection: AsyncConnection, closing: Sequence[Any], fresh: dict[str, Head]) -> int:
        """Chains the cohort's closing rows anew, if a journal's head changed or an older key made them."""
        if not fresh and all(row.key_id == self._sealer.active for row in closing):
            return 0
        secret, before = self._sealer.key(CHAIN, self._sealer.active), ""
        chained: list[dict[str, Any]] = []
        for row in closing:
            head = fresh[row.mentorship].mac if row.mentorship in fresh else row.head
            proof = mac(secret, before, seal_content(SimpleNamespace(**row._asdict() | {"head": head})))
            chained.append({"these": row.cohort, "this": row.number, "ends": head, "before": before, "proof": proof})
            before = proof
        changed = update(seals).where(seals.c.cohort == bindparam("these"), seals.c.number == bindparam("this"))
        values = {"head": bindparam("ends"), "key_id": self._sealer.active, "previous": bindparam("before"), "mac": bindparam("proof")}
        await connection.execute(changed.values(**values), chained)
        return sum(row.key_id != self._sealer.active for row in closing)

    async def _stubs(self, connection: AsyncConnection, cohort: str, heads: dict[str, Head]) -> int:
        """Renews the stubs of deleted journals. One that is not what was written keeps its key, and `journal verify` names it."""
        mine = self._database.begins(stubs.c.mentorship, mentorships_of(cohort))
        old = (await connection.execute(select(stubs).where(mine, stubs.c.key_id != self._sealer.active))).all()
        genuine, _ = audit_stubs(old, heads, self._key)
        for row in old:
            if row.mentorship in genuine:
                proof = mac(self._sealer.key(CHAIN, self._sealer.active), row.head, stub_content(row))
                this = update(stubs).where(stubs.c.mentorship == row.mentorship)
                await connection.execute(this.values(key_id=self._sealer.active, mac=proof))
        return len(genuine)
