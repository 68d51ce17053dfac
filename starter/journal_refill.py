"""`mentorship journal refill [COHORT]`: records that are older than Temporal get their journals' missing rows back, out of Temporal's histories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from temporalio.client import Client, WorkflowExecutionStatus

from activities.journal import JournalBatch
from gateway.settings import Settings
from records.cohorts import Enrolment
from records.errors import Diverged, Gap
from records.journal import JournalEntry
from records.store import Records
from starter.answer import Json, Refused, answer, counted
from starter.reach import open_records, reach_temporal
from starter.running import runs

APPEND = "append_journal"


def refill(cohort: Annotated[str | None, typer.Argument(help="Only this cohort.")] = None, json: Json = False) -> None:
    """After records of an earlier moment were put back: writes the rows that they lack and that Temporal's histories still have."""
    asyncio.run(_refill(cohort, json))


async def _refill(cohort: str | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        if cohort is not None and await records.cohorts.get(cohort) is None:
            raise Refused(f"there is no cohort {cohort}")
        client = await reach_temporal(settings)
        names = [cohort] if cohort else [known.id for known in await records.cohorts.all()]
        pairs = [pair for name in names for pair in await records.cohorts.enrolments(name) if pair.state == "started"]
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
    """How many rows were written. What is there already is compared, so that this may be repeated. Raises Gap, Diverged."""
    before = await records.journal.head(pair.mentorship)
    known = await runs(client, pair.mentorship)
    for run_id in known:
        async for batch in _batches(client, pair.mentorship, run_id):
            rows = [JournalEntry.model_validate(entry.model_dump()) for entry in batch.entries]
            await records.journal.append(pair.mentorship, rows, card=batch.card, over_at=batch.over_at)
    if known and (await client.get_workflow_handle(pair.mentorship).describe()).status is WorkflowExecutionStatus.COMPLETED:
        await records.journal.seal(pair.mentorship)  # its own last act
    after = await records.journal.head(pair.mentorship)
    return (after.seq if after else 0) - (before.seq if before else 0)


async def _batches(client: Client, workflow_id: str, run_id: str) -> AsyncIterator[JournalBatch]:
    async for event in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == APPEND:
            [batch] = await client.data_converter.decode(scheduled.input.payloads, [JournalBatch])
            yield batch
