"""A cohort's start in records: first it checks what must be true, then it writes. Every step may safely be repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mentorship.commands import Plan
from records.cohorts import Cohort, Couple, EnrolledPairs
from records.errors import CohortChanged
from records.reporting_line import managers_with
from records.store import Records
from starter.calendars import planned, refuse_past, some
from starter.pairs_file import too_near
from starter.roster import Roster
from starter.start_instant import parse_start


@dataclass(frozen=True)
class Intake:
    """Who joins `cohort` now. `starts` is the cohort's own start; `plans` has each new pair's plan with its start, by pair_id."""

    cohort: str
    is_new: bool
    starts: datetime
    plans: Mapping[str, Plan]
    stays: tuple[str, ...] = ()
    """Lines about what starting again does not change, though somebody may have meant it to."""

    @property
    def later(self) -> dict[str, datetime]:
        """The start of each pair that joins later than the cohort."""
        return {pair_id: plan.starts for pair_id, plan in self.plans.items() if plan.starts != self.starts}


async def intake(records: Records, roster: Roster, cohort: str, when: str) -> Intake:
    """What starting (again) would start. A pair that joins later has the programme's full length from its own start.

    For a cohort that exists, `--starts` is for what is new: a later instant, or `now`. The cohort's own start again means with the cohort,
    or now if a first meeting would be past. Writes nothing. Raises Refused for a first meeting in the past, Misused like `parse_start`,
    CohortChanged for another programme, a start before the cohort's, or another start when nothing is new, and PairChanged.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    known = await records.cohorts.get(cohort)
    at = parse_start(when, roster.programme.programme.time_zone, now)
    if known is None:
        plans = planned(roster, at)
        refuse_past(plans, now)
        return Intake(cohort, True, at, plans)
    programme = roster.programme.programme.id
    if known.programme != programme:
        raise CohortChanged(cohort, [f"programme: {known.programme} → {programme}"])
    refs = await records.people.refs(roster.people)
    await records.cohorts.refuse_changed(cohort, ((pair.pair_id, refs.get(pair.mentor_id, ""), refs.get(pair.mentee_id, "")) for pair in roster.pairs))
    there = await records.cohorts.having(cohort, (pair.pair_id for pair in roster.pairs))
    new = [pair for pair in roster.pairs if pair.pair_id not in there]
    if when != "now" and (at < known.starts_at or (at != known.starts_at and not new)):
        raise CohortChanged(cohort, [f"start: {known.starts_at.isoformat()} → {at.isoformat()}"])
    plans = planned(roster, at, new)
    if at == known.starts_at:
        plans |= planned(roster, now, [pair for pair in new if plans[pair.pair_id].slots[0].start <= now])
    refuse_past(plans, now)
    running = [pair.pair_id for pair in await records.cohorts.enrolments(cohort) if pair.state != "over"]
    return Intake(cohort, False, known.starts_at, plans, tuple(_stays(roster, known, running)))


def _stays(roster: Roster, known: Cohort, running: Sequence[str]) -> Iterator[str]:
    absent = sorted(set(running) - {pair.pair_id for pair in roster.pairs})
    if absent:
        yield f"notice: not in the pairs file, and they go on: {some(absent)}; `mentorship end` ends one"
    if running and roster.programme.programme.version > known.version:
        yield f"notice: the rules of version {roster.programme.programme.version} are for pairs that join; those that run keep theirs: {some(running)}"


async def running_already(records: Records, roster: Roster, joining: Intake) -> dict[str, str]:
    """For each new pair whose two are paired already and not over: the cohort in which they are, this one before another.

    Mostly somebody mistyped a cohort's id, or a pair's.
    """
    pairs = sorted(await records.cohorts.running(), key=lambda pair: pair.cohort == joining.cohort)
    known = {(pair.mentor, pair.mentee): pair.cohort for pair in pairs}
    new = [pair for pair in roster.pairs if pair.pair_id in joining.plans]
    refs = await records.people.refs({person for pair in new for person in (pair.mentor_id, pair.mentee_id)})
    found = {pair.pair_id: known.get((refs.get(pair.mentor_id, ""), refs.get(pair.mentee_id, ""))) for pair in new}
    return {pair_id: other for pair_id, other in found.items() if other is not None}


async def unfit(records: Records, roster: Roster, joining: Intake) -> list[str]:
    """What speaks against this start apart from its files: what records know about people from other cohorts and from HR (H4, H9, P8)."""
    foreseen = await records.people.foreseen(roster.profiles())
    people = foreseen.profiles
    wrong = [f"{one}: {taken(other)}" for one, other in sorted(foreseen.shared.items())]
    managers = await managers_with(records.people, people)
    for pair in roster.pairs:
        if pair.pair_id not in joining.plans:
            continue
        both = (pair.mentor_id, pair.mentee_id)
        wrong += [f"{pair.pair_id}: {one} was erased, expected somebody else" for one in both if one not in people]
        wrong += [f"{pair.pair_id}: {one} is gone, expected somebody active" for one in both if one in people and people[one].status == "gone"]
        if (near := too_near(*both, managers, roster.programme.reporting_line)) is not None:
            wrong.append(f"{pair.pair_id}: {', expected '.join(near)}")
    return wrong


def taken(other: str) -> str:
    """The words for an address that is somebody else's: the two would read each other's mails and open each other's pages."""
    return f"the address is that of {other} in records, expected one of their own, since mail is private"


@dataclass(frozen=True)
class Written:
    """`changed` is how many of the people already known have something different in records now."""

    pairs: EnrolledPairs
    changed: int


async def write_down(records: Records, roster: Roster, joining: Intake) -> Written:
    """Writes programme, people, cohort and pairs into records. Idempotent. Raises ProgrammeChanged, CohortChanged, PairChanged, PairedAlready, Erased.

    It writes nothing of the roster when the programme or the cohort is refused.
    """
    programme = roster.programme
    await records.programmes.put(programme)
    await records.cohorts.put(
        Cohort(
            id=joining.cohort,
            programme=programme.programme.id,
            version=programme.programme.version,
            texts_digest=programme.texts().digest,
            starts_at=joining.starts,
            created_at=datetime.now(UTC),
        ),
    )
    before = await records.people.profiles((await records.people.refs(roster.people)).values())
    refs = await records.people.enrol(roster.profiles())
    after = await records.people.profiles(before)
    later = joining.later
    couples = [
        Couple(pair_id=pair.pair_id, mentor=refs[pair.mentor_id], mentee=refs[pair.mentee_id], starts_at=later.get(pair.pair_id)) for pair in roster.pairs
    ]
    return Written(await records.cohorts.enrol_pairs(joining.cohort, couples), sum(after[ref] != before[ref] for ref in after))
