"""What one coordinator may see of a cohort (P7, H16): no lines of a pair that they are close to, and no numbers that reveal a single pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mentorship.people import Pair, Side
from mentorship.programme import Programme
from mentorship.visibility import SMALLEST, Thing, may_read, sight
from records.cohorts import Cohort, Enrolment
from records.contacts import blind_to, conflicted
from records.errors import UnknownProgramme
from records.lines import Line
from records.people import Profile
from records.store import Records
from records.value import Value

_RUNG = "cancellations_"
_LEFT_ALONE = "partner_left"

LATELY = timedelta(days=30)
"""For how long closed lines can still be looked at."""


class Entry(Value):
    """One line of the list with its pair. `about` is the side that it concerns, if it concerns one person."""

    line: Line
    mentor: str
    mentee: str
    about: Side | None

    @property
    def people(self) -> tuple[str, ...]:
        """People who can be asked or written to: the one whom it is about, who knows of it; otherwise both."""
        return {"mentor": (self.mentor,), "mentee": (self.mentee,), None: (self.mentor, self.mentee)}[self.about]


class Counts(Value):
    """Numbers of a cohort. They are the same for every reader, so that nobody can tell from them which pairs are hidden.

    What pairs reached is None while it could reveal a single pair's: in a small cohort, and, by comparing weeks, where few still run.
    """

    pairs: int
    running: int
    over: int
    meetings_held: int | None
    milestones_done: int | None
    milestones_total: int | None


class Overview(Value):
    """One coordinator's list, oldest first: open lines, and those closed lately. `names` are those of the pairs, and of whoever took a line."""

    cohort: Cohort
    programme: Programme
    reader: str
    profile: Profile
    now: datetime
    entries: tuple[Entry, ...]
    names: dict[str, Profile]
    counts: Counts

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """Lines that nobody took."""
        return tuple(entry for entry in self._open if entry.line.taken_by is None)

    @property
    def mine(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._open if entry.line.taken_by == self.reader and not entry.line.is_aside(self.now))

    @property
    def aside(self) -> tuple[Entry, ...]:
        """The reader's own lines, set aside for later."""
        return tuple(entry for entry in self._open if entry.line.taken_by == self.reader and entry.line.is_aside(self.now))

    @property
    def others(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._open if entry.line.taken_by not in (None, self.reader))

    @property
    def closed(self) -> tuple[Entry, ...]:
        """Newest first."""
        done = [entry for entry in self.entries if entry.line.closed_at is not None]
        return tuple(sorted(done, key=lambda entry: entry.line.closed_at or self.now, reverse=True))

    @property
    def _open(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.line.closed_at is None)


def pairs_of(entries: Iterable[Entry]) -> int:
    """How many pairs these lines are about."""
    return len({entry.line.mentorship for entry in entries})


async def coordinators(records: Records, programme: Programme) -> tuple[str, ...]:
    """The opaque ids of those who look after this programme's cohorts now, without those who left or were erased."""
    return await _there(records, programme.contacts.coordinators)


async def readers(records: Records, programme: Programme) -> tuple[str, ...]:
    """Those who may have a list of this programme: its coordinators, and its owner, who has one only while standing in for them (`may_see`)."""
    return tuple(dict.fromkeys((*await coordinators(records, programme), *await _owner(records, programme))))


async def able(records: Records, programme: Programme, mentorship: str, pair: Pair) -> tuple[str, ...]:
    """Those who may look after this pair: coordinators, or if none of them may, the programme's owner (H14). Empty if the owner may not either."""
    for find in (coordinators, _owner):
        asked = await find(records, programme)
        blind = await blind_to(records, mentorship, pair, asked)
        if found := tuple(ref for ref in asked if ref not in blind):
            return found
    return ()


async def _owner(records: Records, programme: Programme) -> tuple[str, ...]:
    return await _there(records, [programme.contacts.owner])


async def _there(records: Records, person_ids: Iterable[str]) -> tuple[str, ...]:
    """The opaque ids of those who are in a roster and neither left nor were erased."""
    refs = (await records.people.refs(person_ids)).values()
    return tuple(ref for ref, profile in (await records.people.profiles(refs)).items() if profile.status != "gone")


async def looked_after(records: Records, ref: str) -> list[tuple[Cohort, Programme]]:
    """Every cohort whose list this person may open now, with its programme, in the order of their starts."""
    judged: dict[tuple[str, int], _Read | None] = {}
    found: list[tuple[Cohort, Programme]] = []
    for cohort in await records.cohorts.all():
        version = (cohort.programme, cohort.version)
        if version not in judged:
            judged[version] = await _read_by(records, version, ref)
        read = judged[version]
        if read is not None and (read.coordinates or await _stands_in(records, read.programme, cohort.id, ref)):
            found.append((cohort, read.programme))
    return found


class _Read(NamedTuple):
    """A programme of which somebody has lists, as one of its coordinators or as a stand-in for them."""

    programme: Programme
    coordinates: bool


async def _read_by(records: Records, version: tuple[str, int], ref: str) -> _Read | None:
    """None if others coordinate, or if records have forgotten the programme, since then there is no list to open."""
    try:
        programme = await records.programmes.get(*version)
    except UnknownProgramme:
        return None
    coordinates = ref in await coordinators(records, programme)
    return _Read(programme, coordinates) if coordinates or ref in await _owner(records, programme) else None


async def _stands_in(records: Records, programme: Programme, cohort: str, reader: str) -> bool:
    """Whether the reader has a list of this cohort as a stand-in. Most old cohorts have no open line, and then nothing more is read."""
    named = {line.mentorship for line in await records.lines.all(cohort)}
    return bool(named) and await may_see(records, programme, reader, await records.cohorts.among(named)) is not None


async def closeness(records: Records, reader: str, pairs: Sequence[Enrolment]) -> dict[str, frozenset[str]]:
    """By mentorship: those of the pair, and of the people whom its concerns are about, to whom this reader is close.

    If there is anybody, the pair's lines are hidden from the reader (`blind_to`).
    """
    subjects = await records.cases.subjects(pair.mentorship for pair in pairs)
    everybody = {ref for pair in pairs for ref in (pair.mentor, pair.mentee)}.union(*subjects.values())
    close = await conflicted(records.people, everybody, [reader])  # closeness is mutual
    return {pair.mentorship: close & {pair.mentor, pair.mentee, *subjects.get(pair.mentorship, ())} for pair in pairs}


async def visible(records: Records, reader: str, pairs: Sequence[Enrolment]) -> frozenset[str]:
    """The mentorships of those pairs whose lines this reader may see; the same rule as `blind_to`, for many pairs at once."""
    return frozenset(mentorship for mentorship, close in (await closeness(records, reader, pairs)).items() if not close)


async def may_see(records: Records, programme: Programme, reader: str, pairs: Sequence[Enrolment]) -> frozenset[str] | None:
    """The mentorships of those pairs that are in this reader's list, as `able` decides; None for somebody who has no list here, or no longer."""
    team = await coordinators(records, programme)
    if reader in team:
        return await visible(records, reader, pairs)
    if reader not in await _owner(records, programme):
        return None
    left = list(pairs)
    for one in team:
        if left:  # the first coordinator sees nearly all of them
            seen = await visible(records, one, left)
            left = [pair for pair in left if pair.mentorship not in seen]
    return (await visible(records, reader, left) or None) if left else None


async def overview(records: Records, cohort: str, reader: str, now: datetime) -> Overview | None:
    """None for a cohort that does not exist, and for somebody who does not look after it (any more). The owner does, for pairs that no coordinator may."""
    known = await records.cohorts.get(cohort)
    if known is None:
        return None
    programme = await records.programmes.get(known.programme, known.version)
    pairs = {pair.mentorship: pair for pair in await records.cohorts.enrolments(cohort)}
    lines = _told_once(await records.lines.all(cohort, closed_since=now - LATELY)) if may_read("coordinators", "needs_a_person") else ()
    concerned = [pairs[name] for name in dict.fromkeys(line.mentorship for line in lines) if name in pairs]
    seen = await may_see(records, programme, reader, concerned)
    if seen is None:
        return None
    entries = tuple(_entry(line, pairs[line.mentorship]) for line in lines if line.mentorship in seen and _allowed(line.line))
    wanted = {reader, *(ref for entry in entries for ref in (entry.mentor, entry.mentee, entry.line.taken_by or reader))}
    profiles = await records.people.profiles(wanted)
    if reader not in profiles:  # erased a moment ago
        return None
    return Overview(
        cohort=known,
        programme=programme,
        reader=reader,
        profile=profiles[reader],
        now=now,
        entries=entries,
        names=profiles if may_read("coordinators", "name") else {},
        counts=_counts(pairs.values()),
    )


async def earned(records: Records, cohort: str) -> int | None:
    """The number of pairs in which somebody earned a certificate (H7).

    It comes from the journal, since the certificate itself may still be in the making, or wait for a font. None if it could reveal a single pair's,
    as in `Counts`.
    """
    if sight("coordinators", "certificate") == "no" or not _many(await records.cohorts.enrolments(cohort)):
        return None
    return await records.journal.certified(cohort)


def _allowed(line: str) -> bool:
    """Whether coordinators may see a line of this code. That somebody's cancellations reached the coordinator's rung depends on a row of its own."""
    return not line.startswith(_RUNG) or may_read("coordinators", "coordinator_told")


def _entry(line: Line, pair: Enrolment) -> Entry:
    about: Side | None = line.side if line.line == _LEFT_ALONE else None  # the one who left is not written to
    if line.line.startswith(_RUNG):
        about = "mentor" if line.line == f"{_RUNG}mentor" else "mentee"
    return Entry(line=line, mentor=pair.mentor, mentee=pair.mentee, about=about)


def _told_once(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One entry for a pair and a code: to a reader, two certificates that wait are one matter."""
    found: dict[str, Line] = {}
    for line in lines:
        found.setdefault(f"{line.mentorship} {line.line}" if line.closed_at is None else line.key, line)
    return tuple(found.values())


def _counts(pairs: Iterable[Enrolment]) -> Counts:
    """Only what the table lets a coordinator see as a number, and only if it is not a single pair's."""
    known = list(pairs)
    cards = [pair.card or {} for pair in known]
    running = _running(known)
    many = _many(known)

    def total(thing: Thing, name: str) -> int | None:
        return sum(int(card.get(name) or 0) for card in cards) if many and sight("coordinators", thing) != "no" else None

    return Counts(
        pairs=len(known),
        running=running,
        over=sum(pair.state == "over" for pair in known),
        meetings_held=total("meetings", "meetings_held"),
        milestones_done=total("milestones", "milestones_done"),
        milestones_total=total("milestones", "milestones_total"),
    )


def _running(pairs: Sequence[Enrolment]) -> int:
    return sum(pair.state == "started" for pair in pairs)


def _many(pairs: Sequence[Enrolment]) -> bool:
    return len(pairs) >= SMALLEST and not 0 < _running(pairs) < SMALLEST
