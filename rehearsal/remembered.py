"""Records that never ask the database again for what has not changed: a rehearsal has them to itself, and its cases ask thousands of times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mentorship.people import Side
from records.cases import Case, Cases
from records.cohorts import Cohort, Cohorts, Enrolment
from records.database import Database
from records.lines import Line, Lines
from records.notices import Notices
from records.people import People, Profile
from records.sealing import KeySource, Sealer
from records.store import Records
from wire.names import cohort_of


class RememberedPeople(People):
    """Remembers all, since nobody's profile changes and nobody is erased."""

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
    """Remembers all, since no pair joins, and what becomes of a pair is journaled in memory."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._cohorts: dict[str, Cohort] = {}
        self._pairs: dict[str, list[Enrolment]] = {}

    async def get(self, cohort: str) -> Cohort | None:
        if cohort not in self._cohorts and (found := await super().get(cohort)) is not None:
            self._cohorts[cohort] = found
        return self._cohorts.get(cohort)

    async def by_mentorship(self, mentorship: str) -> Enrolment | None:
        return next((pair for pair in await self.enrolments(cohort_of(mentorship)) if pair.mentorship == mentorship), None)

    async def enrolments(self, cohort: str) -> list[Enrolment]:
        if cohort not in self._pairs:
            self._pairs[cohort] = await super().enrolments(cohort)
        return self._pairs[cohort]


class RememberedLines(Lines):
    """Nobody takes a line: lines change only when mentorships open and close them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._lines: dict[str, list[Line]] = {}

    async def open(self, mentorship: str, line: str, side: Side | None, at: datetime, key: str) -> None:
        await super().open(mentorship, line, side, at, key)
        self._lines.pop(mentorship, None)

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        await super().close(mentorship, line, at, side)
        self._lines.pop(mentorship, None)

    async def of(self, mentorship: str) -> list[Line]:
        if mentorship not in self._lines:
            self._lines[mentorship] = await super().of(mentorship)
        return self._lines[mentorship]


class RememberedCases(Cases):
    """Nobody raises a concern: each case is a line's, and changes once, when the line is closed."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._cases: dict[str, Case] = {}

    async def get(self, case: str) -> Case:
        if case not in self._cases:
            self._cases[case] = await super().get(case)
        return self._cases[case]

    async def end_line(self, case: str, at: datetime) -> Case:
        self._cases[case] = await super().end_line(case, at)
        return self._cases[case]

    async def of_pair(self, _mentorship: str) -> list[Case]:
        return []

    async def subjects(self, _mentorships: Iterable[str]) -> dict[str, frozenset[str]]:
        return {}


class RememberedNotices(Notices):
    """Only for mails about cases; the mentorships' mails are held in memory (rehearsal/ports.py)."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._last: dict[tuple[str, ...], datetime | None] = {}

    async def sent(self, key: str, message_id: str, at: datetime) -> None:
        await super().sent(key, message_id, at)
        self._last.clear()

    async def last_sent(self, person: str, kinds: Iterable[str], beginning: str) -> datetime | None:
        asked = (person, beginning, *kinds)
        if asked not in self._last:
            self._last[asked] = await super().last_sent(person, asked[2:], beginning)
        return self._last[asked]


class RememberedRecords(Records):
    def __init__(self, database: Database, keys: KeySource) -> None:
        super().__init__(database, keys)
        sealer = Sealer(keys)
        self.people = RememberedPeople(database, sealer)
        self.cohorts = RememberedCohorts(database, sealer)
        self.lines = RememberedLines(database)
        self.cases = RememberedCases(database, sealer)
        self.notices = RememberedNotices(database, sealer)
