"""`mentorship journal refill [COHORT]`: if records are older than Temporal, takes their journals' missing rows from Temporal's histories."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Annotated, Any, NamedTuple

import typer
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.journal import JournalBatch
from gateway.runs import runs
from gateway.settings import Settings
from records.cohorts import Enrolment
from records.errors import Diverged, Gap
from records.journal import JournalEntry
from records.store import Records
from starter.answer import Json, Refused, answer, counted
from starter.reach import known_cohort, open_records, reach_temporal

APPEND = "append_journal"


def refill(cohort: Annotated[str | None, typer.Argument(help="Only this cohort.")] = None, json: Json = False) -> None:
    """After an older copy of records was restored: writes the rows that it lacks and that Temporal's histories still have."""
    asyncio.run(_refill(cohort, json))


async def _refill(cohort: str | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        cohorts = [await known_cohort(records, cohort)] if cohort is not None else await records.cohorts.all()
        client = await reach_temporal(settings)
        pairs = [pair for known in cohorts for pair in await records.cohorts.unclosed(known.id)]
        filled: list[dict[str, Any]] = []
        lacking: list[dict[str, Any]] = []
        for pair in pairs:
            try:
                rows = await _fill(client, records, pair)
            except Gap as error:
                lacking.append({"pair_id": pair.pair_id, "mentorship": pair.mentorship, "problem": "gap", "seq": error.expected})
            except Diverged as error:
                lacking.append({"pair_id": pair.pair_id, "mentorship": pair.mentorship, "problem": "differs", "seq": error.seq})
            else:
                if rows:
                    filled.append({"pair_id": pair.pair_id, "mentorship": pair.mentorship, "rows": rows})
    result = {"mentorships": len(pairs), "filled": filled, "lacking": lacking}
    lines = [f"{one['pair_id']}: {counted(one['rows'], 'row')}" for one in filled]
    lines.append(f"{counted(len(pairs), 'mentorship')} looked at, {counted(sum(one['rows'] for one in filled), 'row')} written")
    if lacking:
        raise Refused(*lines, *(f"{one['pair_id']}: {_PROBLEM[one['problem']]} at row {one['seq']}" for one in lacking), result=result)
    answer(result, lines, as_json=as_json)


_PROBLEM = {"gap": "Temporal does not have these rows any more,", "differs": "records say something else than Temporal's history does,"}


async def _fill(client: Client, records: Records, pair: Enrolment) -> int:
    """Returns how many rows it wrote. Rows that are there already are only compared, so it may be repeated. Raises Gap, Diverged."""
    before = await _length(records, pair.mentorship)
    known = await runs(client, pair.mentorship)
    begun = (await _origin(client, pair.mentorship, known[0])).behind if known else 0
    if before < begun:
        await _append(records, await _written(client, pair.mentorship, known, begun))
        if (there := await _length(records, pair.mentorship)) < begun:
            raise Gap(pair.mentorship, there + 1, begun + 1)
    for run_id in known:
        await _append(records, await _batches(client, pair.mentorship, run_id))
    if known and (await client.get_workflow_handle(pair.mentorship).describe()).status is WorkflowExecutionStatus.COMPLETED:
        await records.journal.seal(pair.mentorship)  # as the workflow itself does last
    return await _length(records, pair.mentorship) - before


async def _length(records: Records, mentorship: str) -> int:
    head = await records.journal.head(mentorship)
    return head.seq if head else 0


class _Origin(NamedTuple):
    behind: int
    """The row after which a run began. A run that was revived, or whose earlier runs are gone, goes on from what was in the journal."""
    run_id: str
    """Its own id, or that of the run that was reset to it."""


async def _origin(client: Client, mentorship: str, run_id: str) -> _Origin:
    first = await anext(client.get_workflow_handle(mentorship, run_id=run_id).fetch_history_events(page_size=1))
    begun = first.workflow_execution_started_event_attributes
    [given] = await client.data_converter.decode(begun.input.payloads)
    return _Origin(int(given["carried"]["outbox"]["head"]["seq"]) if given["carried"] else 0, begun.original_execution_run_id)


async def _append(records: Records, batches: Iterable[JournalBatch]) -> None:
    for batch in batches:
        rows = [JournalEntry.model_validate(entry.model_dump()) for entry in batch.entries]
        await records.journal.append(batch.mentorship, rows, card=batch.card or None, over_at=batch.over_at)


async def _written(client: Client, mentorship: str, newer: Collection[str], until: int) -> list[JournalBatch]:
    """What records took from the runs before the `newer` ones, in the order of rows: from each run, as far as the next one goes on from it.

    Rows after that were lost once before, and others were written in their place. Rows that records refused or never got were not in the lost
    journal either. A run and what it was reset to have the same beginning: if records took rows of both, the later run's count.
    """
    found: list[JournalBatch] = []
    there: set[int] = set()
    next_one = _Origin(until, "")
    older = [execution async for execution in client.list_workflows(f'WorkflowId = "{mentorship}"') if execution.run_id not in newer]
    for execution in sorted(older, key=lambda one: one.start_time, reverse=True):
        try:
            origin = await _origin(client, mentorship, execution.run_id)
            given = await _batches(client, mentorship, execution.run_id, taken_only=True)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            break  # Temporal no longer keeps it, though it is still listed: nobody knows where it went on from
        if origin.run_id != next_one.run_id:
            until = min(until, next_one.behind)
        next_one = origin
        found += [kept for batch in given if (kept := _without(batch, there, until)).entries]
        there.update(entry.seq for batch in found for entry in batch.entries)
    return sorted(found, key=lambda batch: batch.entries[0].seq)


def _without(batch: JournalBatch, there: Collection[int], until: int) -> JournalBatch:
    """The batch without rows that are `there` or after `until`. Without its last row it has no card either: lists show what came with that row."""
    entries = tuple(entry for entry in batch.entries if entry.seq <= until and entry.seq not in there)
    if entries and entries[-1] == batch.entries[-1]:
        return batch.model_copy(update={"entries": entries})
    return batch.model_copy(update={"entries": entries, "card": {}, "over_at": None})


async def _batches(client: Client, mentorship: str, run_id: str, *, taken_only: bool = False) -> list[JournalBatch]:
    """The batches that a run gave to be written, in order."""
    given: dict[int, JournalBatch] = {}
    taken: set[int] = set()
    async for event in client.get_workflow_handle(mentorship, run_id=run_id).fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == APPEND:
            [given[event.event_id]] = await client.data_converter.decode(scheduled.input.payloads, [JournalBatch])
        taken.add(event.activity_task_completed_event_attributes.scheduled_event_id)
    return [batch for number, batch in given.items() if number in taken or not taken_only]
