"""A cohort's start: first what must be true, then records, then Temporal. Every step is safe to take again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from gateway.names import COHORT, TASK_QUEUE, cohort_id
from mentorship.commands import Plan
from mentorship.label import Label
from mentorship.programme import Programme
from records.cohorts import Cohort, Couple, EnrolledPairs
from records.errors import CohortChanged
from records.store import Records
from starter.answer import Refused
from starter.pairs_file import RosterPair
from starter.roster import Roster
from starter.start_instant import parse_start

ENROL = "enrol"
_LOOK_EVERY = 0.2  # seconds


class CohortInput(BaseModel):
    """The workflow's input: an id, never a roster."""

    model_config = ConfigDict(frozen=True)

    cohort: str


@dataclass(frozen=True)
class Intake:
    """Who joins a cohort now. `starts` is the cohort's own start; `plans` has the pairs that are new, by pair_id, each with its start."""

    is_new: bool
    starts: datetime
    plans: Mapping[str, Plan]

    @property
    def later(self) -> dict[str, datetime]:
        """The start of each pair that joins later than the cohort."""
        return {pair_id: plan.starts for pair_id, plan in self.plans.items() if plan.starts != self.starts}


async def intake(records: Records, roster: Roster, cohort: str, when: str) -> Intake:
    """What starting (again) would start: a pair that joins later has the programme's full length from its own start.

    `--starts` of a cohort that exists is for what is new: a later instant or `now` as it says; the cohort's own start again means with
    the cohort, or now where a first meeting would be past. Raises Refused for a first meeting in the past, ValueError like `parse_start`,
    and CohortChanged for a start before the cohort's, or for another start when nothing is new.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    known = await records.cohorts.get(cohort)
    at = parse_start(when, roster.programme.programme.time_zone, now)
    if known is None:
        plans = planned(roster, at)
        refuse_past(plans, now)
        return Intake(True, at, plans)
    there = {pair.pair_id for pair in await records.cohorts.enrolments(cohort)}
    new = [pair for pair in roster.pairs if pair.pair_id not in there]
    if when != "now" and (at < known.starts_at or (at != known.starts_at and not new)):
        raise CohortChanged(cohort, [f"start: {known.starts_at.isoformat()} → {at.isoformat()}"])
    plans = planned(roster, at, new)
    if at == known.starts_at:
        plans |= planned(roster, now, [pair for pair in new if plans[pair.pair_id].slots[0].start <= now])
    refuse_past(plans, now)
    return Intake(False, known.starts_at, plans)


async def running_already(records: Records, roster: Roster, joining: Intake) -> dict[str, str]:
    """Of the pairs that are new: the cohort in which the same two are paired and not over. Mostly a cohort's id was mistyped, or a pair's."""
    known = {(pair.mentor, pair.mentee): pair.cohort for pair in await records.cohorts.running()}
    new = [pair for pair in roster.pairs if pair.pair_id in joining.plans]
    refs = await records.people.refs({person for pair in new for person in (pair.mentor_id, pair.mentee_id)})
    found = {pair.pair_id: known.get((refs.get(pair.mentor_id, ""), refs.get(pair.mentee_id, ""))) for pair in new}
    return {pair_id: other for pair_id, other in found.items() if other is not None}


def planned(roster: Roster, starts: datetime, pairs: Iterable[RosterPair] | None = None) -> dict[str, Plan]:
    """The plan of every pair by pair_id, or of these. Raises Refused when nothing fits into the programme for some pair."""
    plans = roster.plans(roster.pairs if pairs is None else pairs, starts)
    empty = [pair_id for pair_id, plan in plans.items() if not plan.slots]
    if empty:
        raise Refused(f"no meeting fits into the programme for {len(empty)} pairs, the first is {empty[0]}; see meetings.quiet, first_after and length")
    return plans


def short_plans(programme: Programme, plans: Mapping[str, Plan]) -> list[str]:
    """One line for each number of meetings that is less than the programme's."""
    short: dict[int, list[str]] = {}
    for pair_id, plan in plans.items():
        if len(plan.slots) < programme.meetings.count:
            short.setdefault(len(plan.slots), []).append(pair_id)
    return [f"notice: {count} of {programme.meetings.count} meetings fit for {len(pairs)} pairs: {', '.join(pairs[:5])}" for count, pairs in short.items()]


def refuse_past(plans: Mapping[str, Plan], now: datetime) -> None:
    """A start whose first meeting is past is refused: nobody could be prepared for it."""
    past = [(plan.slots[0].start, pair_id) for pair_id, plan in plans.items() if plan.slots[0].start <= now]
    if past:
        first, pair_id = min(past)
        raise Refused(f"the first meeting of {pair_id} would have been at {first:%Y-%m-%d %H:%M}Z, which is past; expected a later --starts")


@dataclass(frozen=True)
class Written:
    """`changed` is how many people who were known have something else in records now."""

    pairs: EnrolledPairs
    changed: int


async def write_down(records: Records, roster: Roster, cohort: str, joining: Intake) -> Written:
    """Programme, people, cohort and pairs into records. Idempotent. Raises ProgrammeChanged, CohortChanged, PairChanged.

    Nothing of the roster is written when the programme or the cohort is refused.
    """
    programme = roster.programme
    await records.programmes.put(programme)
    await records.cohorts.put(
        Cohort(
            id=cohort,
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
    return Written(await records.cohorts.enrol_pairs(cohort, couples), sum(after[ref] != before[ref] for ref in after))


async def signal_with_start(client: Client, cohort: str) -> None:
    """Wakes the cohort's workflow, or starts it. Durable once this returns, with or without a worker."""
    await client.start_workflow(
        COHORT,
        CohortInput(cohort=cohort),
        id=cohort_id(cohort),
        task_queue=TASK_QUEUE,
        start_signal=ENROL,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=Label(f"cohort {cohort}"),
    )


async def watch(records: Records, cohort: str, patience: float, moved: Callable[[int, int], None]) -> int:
    """Waits until every pair is started, as records have it; gives up after `patience` seconds without progress.

    Calls `moved(started, all)`. Returns how many are still pending.
    """
    loop = asyncio.get_running_loop()
    pending, since = -1, loop.time()
    while True:
        counts = await records.cohorts.counts(cohort)
        moved(counts["started"] + counts["over"], sum(counts.values()))
        if counts["pending"] != pending:
            pending, since = counts["pending"], loop.time()
        if not pending or loop.time() - since >= patience:
            return pending
        await asyncio.sleep(_LOOK_EVERY)
