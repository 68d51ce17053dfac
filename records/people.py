"""Who the opaque ids are. A profile is sealed with the person's own data key, and found by keyed hashes (H12, P8).

Two sources describe a person: people files, and HR's events at the web hook (P6). For each field the later word counts. A file says something
new about a field only if its value changed since HR spoke, so that starting again with an old file undoes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.instant import Instant
from records.address import earlier_form, normal_form
from records.cohorts import forget_names
from records.data_keys import DataKeys
from records.database import MANY, Database, Part, chunks
from records.erasure import PEOPLE, clear, running
from records.errors import AddressTaken, Begun, Erased, UnknownPerson, Unreadable
from records.ids import mint
from records.profile import Profile
from records.schema import data_keys, journal, people
from records.sealing import Sealer, open_with, seal_with
from records.value import Value

__all__ = ["Leave", "People", "Profile", "Said"]

_PURPOSE = "records/people"

Said = Literal["name", "email", "time_zone", "language", "manager_id", "status"]
"""Fields that HR's events may set."""


class Leave(Value):
    """Away from `begins` until `until`, or without it until further notice. It ends by itself."""

    begins: Instant
    until: Instant | None = None

    def holds(self, at: datetime) -> bool:
        return self.begins <= at and not self.is_past(at)

    def is_past(self, at: datetime) -> bool:
        return self.until is not None and self.until <= at


class LeaveWord(Value):
    """What HR last said of somebody's leave, and when. None means that they are back."""

    at: Instant
    leave: Leave | None


class Foreseen(Value):
    """What a people file would make of the people in it, by person_id, without those who were erased.

    `shared` names, for each person whom the file would give somebody else's address, that other person, who may be from another file or from HR.
    """

    profiles: dict[str, Profile]
    shared: dict[str, str]


class _Told(BaseModel):
    """When HR set this field. `filed` is a keyed hash of the people file's value at that time."""

    at: Instant
    filed: str


class _Kept(Profile):
    """What is sealed: the profile as it is now, and where it differs from the people file."""

    told: dict[str, _Told] = Field(default_factory=dict)
    leave: Leave | None = None
    leave_told_at: Instant | None = None

    def leave_is_over(self, at: datetime) -> bool:
        """Whether HR has said something about a leave, and no leave holds any more at `at`."""
        over = self.leave.is_past(at) if self.leave is not None else True
        return self.leave_told_at is not None and self.leave_told_at <= at and over

    def seen(self, at: datetime) -> Profile:
        """As others see the profile: a person who is on leave at `at` has that status."""
        fields = {name: getattr(self, name) for name in Profile.model_fields}
        if self.status == "active" and self.leave is not None and self.leave.holds(at):
            fields["status"] = "leave"
        return Profile.model_construct(**fields)


class People(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._keys = DataKeys(sealer)

    async def enrol(self, profiles: Iterable[Profile]) -> dict[str, str]:
        """Returns each person's opaque id, by person_id. New people get a minted id; those who are known keep theirs, and changed profiles are updated.

        For people who are known, only fields that a profile was given count (`model_fields_set`), since another cohort's file may lack a column.
        Idempotent. An erased person keeps the id and stays erased. If one person_id is given twice, the last counts.
        """
        wanted = {self._lookup(profile.person_id): profile for profile in profiles}
        async with self._database.write(PEOPLE) as connection:
            known = await self._known(connection, wanted)
            fresh = {lookup: mint("p", 16) for lookup in wanted if lookup not in known}
            if fresh:
                created_at = datetime.now(UTC)
                await connection.execute(insert(people), [{"ref": ref, "lookup": lookup, "created_at": created_at} for lookup, ref in fresh.items()])
            keys = await self._keys.mint(connection, fresh.values())
            keys |= await self._keys.many(connection, known.values())
            refs = known | fresh
            stored = await self._sealed(connection, known.values())
            for lookup, profile in wanted.items():
                ref = refs[lookup]
                key = keys.get(ref)
                if key is None:
                    continue
                before = _kept(key, stored[ref], ref) if ref in stored else None
                after = _Kept(**dict(profile)) if before is None else self._filed(before, profile, ref)
                if after != before:
                    await self._store(connection, ref, key, after)
        return {profile.person_id: refs[lookup] for lookup, profile in wanted.items()}

    async def foreseen(self, profiles: Iterable[Profile]) -> Foreseen:
        """What `enrol` would make of these. Writes nothing, and mints no ids."""
        wanted = {self._lookup(profile.person_id): profile for profile in profiles}
        now = datetime.now(UTC)
        async with self._database.read() as connection:
            known = await self._known(connection, wanted)
            keys = await self._keys.many(connection, known.values())
            stored = await self._sealed(connection, keys)
            before = {ref: _kept(keys[ref], sealed, ref) for ref, sealed in stored.items()}
            after: dict[str, Profile] = {}
            for lookup, profile in wanted.items():
                ref = known.get(lookup)
                if ref is None:
                    after[profile.person_id] = profile
                elif ref in before:
                    after[profile.person_id] = self._filed(before[ref], profile, ref).seen(now)
            had = {kept.person_id: normal_form(kept.email) for kept in before.values()}
            fresh = {person_id for person_id, profile in after.items() if had.get(person_id) != normal_form(profile.email)}
            return Foreseen(profiles=after, shared=await self._shared(connection, after, fresh))

    async def _shared(self, connection: AsyncConnection, after: Mapping[str, Profile], fresh: Collection[str]) -> dict[str, str]:
        """For those who get a `fresh` address: whose address it would also be, once `after` is stored."""
        holders: dict[str, set[str]] = {}
        for person_id, profile in after.items():
            holders.setdefault(normal_form(profile.email), set()).add(person_id)
        forms = {form for person_id in fresh for form in (normal_form(after[person_id].email), earlier_form(after[person_id].email)) if form}
        refs: list[str] = []
        for chunk in chunks(self._email_lookup(form) for form in forms):
            refs += (await connection.execute(select(people.c.ref).where(people.c.email_lookup.in_(chunk)))).scalars()
        for kept in (await self._legible(connection, refs)).values():
            if kept.person_id not in after:
                holders.setdefault(normal_form(kept.email), set()).add(kept.person_id)
        found: dict[str, str] = {}
        for person_id in sorted(fresh):
            others = holders[normal_form(after[person_id].email)] - {person_id}
            if others:
                found[person_id] = min(others)
        return found

    async def tell(self, ref: str, said: Mapping[Said, str | None], at: datetime) -> None:
        """Records what HR says of somebody at this instant. What HR said of a later instant is not replaced. Idempotent.

        Mail is private: each address belongs to one person, as in people files. Raises UnknownPerson, Erased, AddressTaken; then nothing is recorded.
        """
        async with self._database.write(PEOPLE) as connection:
            key, before = await self._one(connection, ref)
            fields: dict[str, Any] = {}
            told = dict(before.told)
            for name, value in said.items():
                if name in told and told[name].at > at:
                    continue
                filed = told[name].filed if name in told else self._filed_as(ref, name, getattr(before, name))
                fields[name], told[name] = value, _Told(at=at, filed=filed)
            if fields.get("email") is not None and set(await self._with_address(connection, fields["email"])) - {ref}:
                raise AddressTaken(ref)
            after = before.model_copy(update={**fields, "told": told})
            if after != before:
                await self._store(connection, ref, key, after)

    async def note_leave(self, ref: str, leave: Leave | None, at: datetime) -> bool:
        """Records a leave, or None when HR says that the person is back. Rules as for `tell`. False when HR already said something of a later instant."""
        async with self._database.write(PEOPLE) as connection:
            key, before = await self._one(connection, ref)
            if before.leave_told_at is not None and before.leave_told_at > at:
                return False
            await self._store(connection, ref, key, before.model_copy(update={"leave": leave, "leave_told_at": at}))
        return True

    async def leave_words(self, refs: Iterable[str]) -> dict[str, LeaveWord]:
        """HR's last word about each person's leave, current or not; people of whose leave HR never spoke are left out."""
        found = await self._all(refs)
        return {ref: LeaveWord(at=kept.leave_told_at, leave=kept.leave) for ref, kept in found.items() if kept.leave_told_at is not None}

    async def left(self, refs: Iterable[str]) -> dict[str, Instant | None]:
        """Those of them who have left or were erased, and when HR said so; None if it did not, as when only a people file does."""
        wanted = list(refs)
        found, gone = await self._all(wanted), dict[str, Instant | None]()
        for ref in wanted:
            kept = found.get(ref)
            if kept is None or kept.status == "gone":
                told = kept.told.get("status") if kept is not None else None
                gone[ref] = told.at if told is not None else None
        return gone

    async def ref(self, person_id: str) -> str | None:
        """The opaque id of a roster's person_id, also if the person was erased."""
        return (await self.refs([person_id])).get(person_id)

    async def refs(self, person_ids: Iterable[str]) -> dict[str, str]:
        """The opaque ids of those who are known, in the order of the request."""
        wanted = {self._lookup(person_id): person_id for person_id in person_ids}
        async with self._database.read() as connection:
            known = await self._known(connection, wanted)
        return {person_id: known[lookup] for lookup, person_id in wanted.items() if lookup in known}

    async def profile(self, ref: str) -> Profile:
        """Raises UnknownPerson, Erased."""
        async with self._database.read() as connection:
            _, kept = await self._one(connection, ref)
        return kept.seen(datetime.now(UTC))

    async def profiles(self, refs: Iterable[str]) -> dict[str, Profile]:
        """Those who are known and not erased."""
        found, now = await self._all(refs), datetime.now(UTC)
        return {ref: kept.seen(now) for ref, kept in found.items()}

    async def by_email(self, email: str) -> tuple[str, ...]:
        """Everybody with this address, however it is written; an empty tuple if there is nobody.

        A row is found by the normal form of the address; until the person is next written, also by the earlier form. Operators have nothing to do.
        """
        async with self._database.read() as connection:
            return await self._with_address(connection, email)

    async def operator(self, login: str) -> str:
        """The opaque id of an operator's login, minted if it is new. A roster's person_id is never mistaken for a login."""
        lookup = self._sealer.blind(_PURPOSE, f"operator {login}")
        async with self._database.write(PEOPLE) as connection:
            known = await self._known(connection, [lookup])
            if lookup in known:
                return known[lookup]
            ref = mint("p", 16)
            await connection.execute(insert(people).values(ref=ref, lookup=lookup, created_at=datetime.now(UTC)))
            key = (await self._keys.mint(connection, [ref]))[ref]
            profile = Profile(person_id=login, name=login, email="", role="operator")
            await connection.execute(update(people).where(people.c.ref == ref).values(sealed=seal_with(key, profile.model_dump_json().encode(), _about(ref))))
        return ref

    async def forget_operators(self, before: datetime) -> None:
        """Deletes operators who were minted by `before` and whom no journal names (H16, P8).

        A login is kept no longer than what it did, and so is the id under which a concern held its meetings. An operator who returns gets a new id.
        """
        old = select(people.c.ref).where(people.c.email_lookup.is_(None), people.c.erased_at.is_(None), people.c.created_at <= before)
        async with self._database.read() as connection:
            known = await self._legible(connection, (await connection.execute(old)).scalars())
            gone = {ref for ref, kept in known.items() if kept.role == "operator"}
            for chunk in chunks(gone):  # this reads the whole journal: once, and before the lock that others wait for
                gone -= set((await connection.execute(select(journal.c.by).where(journal.c.by.in_(chunk)).distinct())).scalars())
        async with self._database.write(MANY, PEOPLE) as connection:
            for chunk in chunks(gone):
                await connection.execute(delete(data_keys).where(data_keys.c.person.in_(chunk)))
                await connection.execute(delete(people).where(people.c.ref.in_(chunk)))
        if gone:
            await self._database.forget_freed(data_keys)

    async def forget_leaves(self, before: datetime) -> None:
        """Deletes what HR said of leaves that were over by `before`, or of returns until then: no journal mentions them any more (P8)."""
        over: list[str] = []
        async with self._database.read() as connection:
            old = (await connection.execute(select(people.c.ref).where(people.c.created_at <= before))).scalars()
            for chunk in chunks(old):  # decrypting everybody takes seconds; chunks let others have their turns
                over += [ref for ref, kept in (await self._legible(connection, chunk)).items() if kept.leave_is_over(before)]
        for ref in over:
            async with self._database.write(PEOPLE) as connection:
                for kept in (await self._legible(connection, [ref])).values():
                    if kept.leave_is_over(before):
                        key = await self._keys.of(connection, ref)
                        await self._store(connection, ref, key, kept.model_copy(update={"leave": None, "leave_told_at": None}))

    async def whole(self, ref: str) -> dict[str, Any]:
        """Everything that is kept here about a person, as JSON, for a person who asks what is kept (P8). Raises UnknownPerson, Erased."""
        async with self._database.read() as connection:
            _, kept = await self._one(connection, ref)
        return kept.model_dump(mode="json", exclude={"told"}, exclude_none=True)

    async def erase(self, ref: str, *, ended: Collection[str] | None = None) -> None:
        """Deletes the person's key, profile and address. What was sealed with the key is noise from now on; the id stays (P8).

        `ended` are the mentorships that were ended for the erasure. If another one began since then, though its pair was not to be started any more,
        raises Begun and deletes nothing. None skips this check.

        Idempotent. Raises UnknownPerson. records/erasure.py says what becomes of everything else. Earlier backups still hold the key, sealed with the
        keyring, until they are deleted.
        """
        async with self._database.write(MANY, PEOPLE) as connection:
            known = (await connection.execute(select(people.c.erased_at).where(people.c.ref == ref).with_for_update())).one_or_none()
            if known is None:
                raise UnknownPerson(ref)
            await self._keys.drop(connection, ref)
            await clear(connection, ref)
            if ended is not None and set(await running(connection, ref)).difference(ended):
                raise Begun(ref)
            await forget_names(connection, self._sealer, ref)
            erased_at = known.erased_at or datetime.now(UTC)
            await connection.execute(update(people).where(people.c.ref == ref).values(sealed=None, email_lookup=None, erased_at=erased_at))
        await self._database.forget_freed(data_keys)

    async def _with_address(self, connection: AsyncConnection, email: str) -> tuple[str, ...]:
        lookups = {self._email_lookup(form) for form in (normal_form(email), earlier_form(email)) if form}
        rows = await connection.execute(select(people.c.ref).where(people.c.email_lookup.in_(lookups)).order_by(people.c.ref))
        return tuple(rows.scalars())

    async def _all(self, refs: Iterable[str]) -> dict[str, _Kept]:
        """What is kept of those who are known and not erased, in the order of the request."""
        wanted = list(dict.fromkeys(refs))
        async with self._database.read() as connection:
            keys = await self._keys.many(connection, wanted)
            sealed = await self._sealed(connection, keys)
        return {ref: _kept(keys[ref], sealed[ref], ref) for ref in wanted if ref in sealed}

    async def _one(self, connection: AsyncConnection, ref: str) -> tuple[bytes, _Kept]:
        key = await self._keys.of(connection, ref)
        sealed = await self._sealed(connection, [ref])
        if ref not in sealed:
            raise Erased(ref)
        return key, _kept(key, sealed[ref], ref)

    async def _store(self, connection: AsyncConnection, ref: str, key: bytes, kept: _Kept) -> None:
        address = normal_form(kept.email)
        changed = {"sealed": seal_with(key, kept.model_dump_json().encode(), _about(ref)), "email_lookup": self._email_lookup(address) if address else None}
        await connection.execute(update(people).where(people.c.ref == ref).values(**changed))

    def _filed(self, before: _Kept, profile: Profile, ref: str) -> _Kept:
        """Applies a people file's profile to a known person. HR's word about a field stays as long as the file says what it said when HR spoke."""
        fields = {name: getattr(profile, name) for name in profile.model_fields_set}
        standing = {name: told for name, told in before.told.items() if name not in fields or told.filed == self._filed_as(ref, name, fields[name])}
        kept = {name: getattr(before, name) for name in standing}
        return before.model_copy(update={**fields, **kept, "told": standing})

    def _filed_as(self, ref: str, name: str, value: str | None) -> str:
        return self._sealer.blind(_PURPOSE, f"filed {ref} {name} {value}")

    async def _known(self, connection: AsyncConnection, lookups: Iterable[str]) -> dict[str, str]:
        known: dict[str, str] = {}
        for chunk in chunks(lookups):
            rows = await connection.execute(select(people.c.lookup, people.c.ref).where(people.c.lookup.in_(chunk)))
            known.update({row.lookup: row.ref for row in rows})
        return known

    async def _sealed(self, connection: AsyncConnection, refs: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for chunk in chunks(refs):
            rows = await connection.execute(select(people.c.ref, people.c.sealed).where(people.c.ref.in_(chunk), people.c.sealed.is_not(None)))
            found.update({row.ref: row.sealed for row in rows})
        return found

    async def _legible(self, connection: AsyncConnection, refs: Iterable[str]) -> dict[str, _Kept]:
        """What is kept of each person, without those who were erased and those whose row cannot be read."""
        wanted = list(refs)
        try:
            keys = await self._keys.many(connection, wanted)
        except Unreadable:  # one of them is unreadable: the others are read all the same
            keys = {}
            for ref in wanted:
                with suppress(Unreadable):
                    keys |= await self._keys.many(connection, [ref])
        found: dict[str, _Kept] = {}
        for ref, sealed in (await self._sealed(connection, keys)).items():
            with suppress(Unreadable):
                found[ref] = _kept(keys[ref], sealed, ref)
        return found

    def _lookup(self, person_id: str) -> str:
        return self._sealer.blind(_PURPOSE, f"person {person_id}")

    def _email_lookup(self, address: str) -> str:
        return self._sealer.blind(_PURPOSE, f"email {address}")


def _kept(key: bytes, sealed: bytes, ref: str) -> _Kept:
    return _Kept.model_validate_json(open_with(key, sealed, _about(ref)))


def _about(ref: str) -> str:
    return f"profile of {ref}"
