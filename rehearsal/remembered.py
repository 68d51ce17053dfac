"""Records that ask for nothing twice that stays as it is while a rehearsal runs: people and pairs. Its cases ask for them thousands of times."""

from __future__ import annotations

from collections.abc import Iterable

from records.cohorts import Cohort, Cohorts, Enrolment
from records.database import Database
from records.people import People, Profile
from records.sealing import KeySource, Sealer
from records.store import Records


class RememberedPeople(People):
    """Nobody's profile changes, and nobody is erased."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._refs: dict[str, str] = {}
        self._profiles: dict[str, Profile] = {}

    async def refs(self, person_ids: Iterable[str]) -> dict[str, str]:
        wanted = list(dict.fromkeys(person_ids))
        if fresh := [person_id for person_id in wanted if person_id not in self._refs]:
            self._refs |= await super().refs(fresh)
        return {person_id: self._refs[person_id] for person_id in wanted if person_id in self._refs}

    async def profiles(self, refs: Iterable[str]) -> dict[str, Profile]:
        wanted = list(dict.fromkeys(refs))
        if fresh := [ref for ref in wanted if ref not in self._profiles]:
            self._profiles |= await super().profiles(fresh)
        return {ref: self._profiles[ref] for ref in wanted if ref in self._profiles}

    async def profile(self, ref: str) -> Profile:
        return (await self.profiles([ref])).get(ref) or await super().profile(ref)


class RememberedCohorts(Cohorts):
    """No pair joins, and what becomes of one is journaled in memory."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._cohorts: dict[str, Cohort] = {}
        self._pairs: dict[str, Enrolment] = {}

    async def get(self, cohort: str) -> Cohort | None:
        if cohort not in self._cohorts and (found := await super().get(cohort)) is not None:
            self._cohorts[cohort] = found
        return self._cohorts.get(cohort)

    async def by_mentorship(self, mentorship: str) -> Enrolment | None:
        if mentorship not in self._pairs and (found := await super().by_mentorship(mentorship)) is not None:
            self._pairs[mentorship] = found
        return self._pairs.get(mentorship)


class RememberedRecords(Records):
    def __init__(self, database: Database, keys: KeySource) -> None:
        super().__init__(database, keys)
        sealer = Sealer(keys)
        self.people = RememberedPeople(database, sealer)
        self.cohorts = RememberedCohorts(database, sealer)
