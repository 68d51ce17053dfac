"""Whether a mentee may go on with that mentor: pairing's hard rules (H4, H9) for two people, by records and one people file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mentorship.commands import Plan
from mentorship.policy.milestones import certified, final_instant
from mentorship.programme import Programme
from records.cohorts import Enrolment
from records.journal_events import journalled
from records.profile import Profile
from records.reporting_line import managers_with
from records.store import Records
from schedule.plan import plan
from schedule.working_days import Home
from starter.answer import Refused
from starter.calendars import refuse_past
from starter.enrolment import taken
from starter.pairs_file import too_near
from starter.people_file import away
from starter.reach import known_cohort
from starter.start_instant import parse_start


@dataclass(frozen=True)
class Wish:
    """What an operator asks for. `people` are from a file, and take precedence over records."""

    mentor_id: str
    people: Mapping[str, Profile]
    pair_id: str | None
    starts: str


@dataclass(frozen=True)
class Match:
    """A new pair that nothing speaks against. `was_there` means that an earlier run of the command enrolled it."""

    old: Enrolment
    programme: Programme
    mentor: Profile
    mentee: Profile
    pair_id: str
    plan: Plan
    was_there: bool


async def find_match(records: Records, old: Enrolment, wish: Wish) -> Match:
    """The match that the operator wishes for. Raises Refused with everything that speaks against it, Misused for an invalid start."""
    if old.state == "pending":
        raise Refused(f"{old.pair_id} was not started yet: there is nothing to match anew")
    programme = await _programme(records, old)
    foreseen = await records.people.foreseen(wish.people.values())
    people = foreseen.profiles
    mentee = await _mentee(records, old, people)
    mentor = await _mentor(records, wish.mentor_id, people)
    pairs = await records.cohorts.of_person(old.mentee)
    ref = await records.people.ref(wish.mentor_id)
    before = _done_before(pairs, old, ref, wish)
    wrong = [
        *_about(mentor, mentee, old, ref),
        *([] if before is not None else [*_since(pairs, old), *await _certificate(records, old)]),
        *_partners(pairs, old, ref, None if before is None else before.pair_id),
        *await _line(records, mentor, mentee, people, programme),
        *(f"{one}: {taken(other)}" for one, other in foreseen.shared.items()),
        *([] if ref is None or before is not None else await _room(records, mentor, ref, old, programme)),
    ]
    if wrong:
        raise Refused(*wrong, result={"ok": False, "faults": wrong})
    now = datetime.now(UTC).replace(microsecond=0)
    if before is not None:
        return Match(old, programme, mentor, mentee, before.pair_id, _plan(programme, mentor, mentee, before.starts_at or now), was_there=True)
    at = parse_start(wish.starts, programme.programme.time_zone, now)
    chosen = wish.pair_id or _next_id(old.pair_id, {pair.pair_id for pair in await records.cohorts.enrolments(old.cohort)})
    if await records.cohorts.find(old.cohort, chosen) is not None:
        raise Refused(f"cohort {old.cohort} has a pair {chosen} already, expected another --pair-id")
    planned = _plan(programme, mentor, mentee, at)
    if not planned.slots:
        raise Refused("no meeting fits into the programme; see meetings.quiet, first_after and length")
    refuse_past({chosen: planned}, now)
    return Match(old, programme, mentor, mentee, chosen, planned, was_there=False)


async def _programme(records: Records, old: Enrolment) -> Programme:
    cohort = await known_cohort(records, old.cohort)
    return await records.programmes.get(cohort.programme, cohort.version)


async def _mentee(records: Records, old: Enrolment, people: Mapping[str, Profile]) -> Profile:
    known = (await records.people.profiles([old.mentee])).get(old.mentee)
    if known is None:
        raise Refused(f"the mentee of {old.pair_id} was erased")
    return people.get(known.person_id, known)


async def _mentor(records: Records, mentor_id: str, people: Mapping[str, Profile]) -> Profile:
    if mentor_id in people:
        return people[mentor_id]
    ref = await records.people.ref(mentor_id)
    known = (await records.people.profiles([ref])).get(ref) if ref is not None else None
    if known is None:
        raise Refused(f"nobody with the id {mentor_id}, expected somebody of an earlier people file, or of --people")
    return known


def _about(mentor: Profile, mentee: Profile, old: Enrolment, ref: str | None) -> list[str]:
    found: list[str] = []
    if mentor.person_id == mentee.person_id:
        found.append(f"{mentor.person_id} is the mentee, expected somebody else")
    elif ref == old.mentor:
        found.append(f"{mentor.person_id} is the mentor of {old.pair_id}, expected somebody else")
    if mentor.role not in {None, "mentor", "both"}:
        found.append(f"{mentor.person_id} has the role {mentor.role}, expected mentor or both")
    found += [f"{person.person_id} is {away(person)}" for person in (mentor, mentee) if person.status != "active"]
    if (old.card or {}).get("phase") == "completed":
        found.append(f"{old.pair_id} was completed: what follows is a new pair, with `cohort start`")
    return found


def _later(pairs: Sequence[Enrolment], old: Enrolment) -> list[Enrolment]:
    """The pairs that the mentee began after `old` in the same cohort, each with its own start, in the order of the roster."""
    theirs = [pair for pair in pairs if pair.cohort == old.cohort and pair.mentee == old.mentee]
    place = [pair.mentorship for pair in theirs].index(old.mentorship)
    return [pair for pair in theirs[place + 1 :] if pair.starts_at is not None]


def _done_before(pairs: Sequence[Enrolment], old: Enrolment, ref: str | None, wish: Wish) -> Enrolment | None:
    """The very pair that is wished for, if an earlier run of the command got as far as ending the old pair and enrolling the new one (P6)."""
    if old.state != "over":
        return None
    named = (pair for pair in _later(pairs, old) if pair.pair_id == wish.pair_id or pair.pair_id.startswith(_stem(old.pair_id)))
    return next((pair for pair in named if pair.mentor == ref), None)


def _since(pairs: Sequence[Enrolment], old: Enrolment) -> list[str]:
    """Refuses if another pair followed `old`: what the mentee earned there would be lost, or earned twice."""
    later = [pair for pair in _later(pairs, old) if pair.started_at is not None]
    return [f"the mentee went on with {later[-1].pair_id} after {old.pair_id}, expected that pair"] if later else []


async def _certificate(records: Records, old: Enrolment) -> list[str]:
    """Refuses if the mentee earned the certificate: a person earns one (H7), and the milestones brought along would earn it again with nothing left to do."""
    state = await journalled(records.journal, old.mentorship)
    if state is None or (old.card or {}).get("phase") == "completed":
        return []
    earned = state.decided.certified if state.decided is not None else certified(state, min(datetime.now(UTC), final_instant(state)))
    if "mentee" not in earned:
        return []
    has = "has earned the certificate" if state.decided is not None else "earns the certificate when it ends"
    return [f"the mentee of {old.pair_id} {has}: what follows is a new pair, with `cohort start`"]


def _partners(pairs: Sequence[Enrolment], old: Enrolment, ref: str | None, again: str | None) -> list[str]:
    """Pairs are not repeated, and a mentee has one mentor at a time in a cohort."""
    found = []
    for pair in pairs:
        if pair.mentorship == old.mentorship or (pair.cohort == old.cohort and pair.pair_id == again):
            continue
        if ref is not None and ref in {pair.mentor, pair.mentee}:
            found.append(f"the two were a pair before: {pair.pair_id} of {pair.cohort}")
        elif pair.cohort == old.cohort and pair.mentee == old.mentee and pair.state != "over":
            found.append(f"the mentee goes on already: {pair.pair_id} runs")
    return found


async def _line(records: Records, mentor: Profile, mentee: Profile, people: Mapping[str, Profile], programme: Programme) -> list[str]:
    """Checks H4, with the reporting lines of both records and the file."""
    managers = await managers_with(records.people, {**people, mentor.person_id: mentor, mentee.person_id: mentee})
    near = too_near(mentor.person_id, mentee.person_id, managers, programme.reporting_line)
    return [] if near is None else [", expected ".join(near)]


async def _room(records: Records, mentor: Profile, ref: str, old: Enrolment, programme: Programme) -> list[str]:
    capacity = programme.pairing.mentees_per_mentor if mentor.capacity is None else mentor.capacity
    having = [pair for pair in await records.cohorts.of_person(ref) if pair.mentor == ref and pair.state != "over" and pair.mentorship != old.mentorship]
    if len(having) < capacity:
        return []
    return [f"{mentor.person_id} has room for {capacity} and has {', '.join(f'{pair.pair_id} of {pair.cohort}' for pair in having) or 'nobody'}"]


def _plan(programme: Programme, mentor: Profile, mentee: Profile, starts: datetime) -> Plan:
    return plan(programme, starts, mentee=Home.of(mentee, programme), mentor=Home.of(mentor, programme))


def _stem(pair_id: str) -> str:
    return re.sub(r"-[0-9]+$", "", pair_id) if re.search(r"[0-9]-[0-9]+$", pair_id) else pair_id


def _next_id(pair_id: str, taken: set[str]) -> str:
    """`p-01` is followed by `p-01-2`, and that by `p-01-3`, since a pair id always names the same people."""
    number = 2
    while (name := f"{_stem(pair_id)}-{number}") in taken:
        number += 1
    return name
