"""A cohort's start: first what must be true, then records, then Temporal. Every step is safe to take again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from gateway.names import COHORT, TASK_QUEUE, cohort_id
from mentorship.commands import Plan
from mentorship.label import Label
from mentorship.programme import Programme
from records.cohorts import Cohort, EnrolledPairs
from records.store import Records
from starter.answer import Refused
from starter.roster import Roster
from starter.start_instant import parse_start

ENROL = "enrol"
_LOOK_EVERY = 0.2  # seconds


class CohortInput(BaseModel):
    """The workflow's input: an id, never a roster."""

    model_config = ConfigDict(frozen=True)

    cohort: str


def planned(roster: Roster, starts: datetime) -> dict[str, Plan]:
    """The plan of every pair by pair_id. Raises Refused when nothing fits into the programme for some pair."""
    plans = {pair.pair_id: roster.plan(pair, starts) for pair in roster.pairs}
    empty = [pair_id for pair_id, plan in plans.items() if not plan.slots]
    if empty:
        raise Refused(f"no meeting fits into the programme for {len(empty)} pairs, the first is {empty[0]}; see meetings.quiet, first_after and length")
    return plans


def short_plans(programme: Programme, plans: dict[str, Plan]) -> list[str]:
    """One line for each number of meetings that is less than the programme's."""
    short: dict[int, list[str]] = {}
    for pair_id, plan in plans.items():
        if len(plan.slots) < programme.meetings.count:
            short.setdefault(len(plan.slots), []).append(pair_id)
    return [f"notice: {count} of {programme.meetings.count} meetings fit for {len(pairs)} pairs: {', '.join(pairs[:5])}" for count, pairs in short.items()]


def refuse_past(plans: dict[str, Plan], now: datetime) -> None:
    """A start whose first meeting is past is refused: nobody could be prepared for it."""
    past = [(plan.slots[0].start, pair_id) for pair_id, plan in plans.items() if plan.slots[0].start <= now]
    if past:
        first, pair_id = min(past)
        raise Refused(f"the first meeting of {pair_id} would have been at {first:%Y-%m-%d %H:%M}Z, which is past; expected a later --starts")


async def write_down(records: Records, roster: Roster, cohort: str, starts: datetime) -> EnrolledPairs:
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
            starts_at=starts,
            created_at=datetime.now(UTC),
        ),
    )
    refs = await records.people.enrol(roster.profiles())
    return await records.cohorts.enrol_pairs(cohort, [(pair.pair_id, refs[pair.mentor_id], refs[pair.mentee_id]) for pair in roster.pairs])


async def start_instant(records: Records, when: str, cohort: str, time_zone: str) -> tuple[datetime, bool]:
    """(the start, whether the cohort is new). `now` for a cohort that exists is its own start: starting again starts nothing anew."""
    known = await records.cohorts.get(cohort)
    if known is not None and when == "now":
        return known.starts_at, False
    return parse_start(when, time_zone), known is None


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
