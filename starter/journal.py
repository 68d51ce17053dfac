"""`mentorship journal verify [COHORT]` (P3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from gateway.connect import TemporalUnavailable
from gateway.settings import Settings
from records.chain import Head
from records.cohorts import Enrolment
from records.store import Records
from starter.answer import Json, Refused, answer, aside, counted
from starter.reach import known_cohort, open_records, reach_temporal
from starter.running import each
from wire.names import STATUS_QUERY


def verify(cohort: Annotated[str | None, typer.Argument(help="Only this cohort.")] = None, json: Json = False) -> None:
    """Names every row that was altered, inserted, cut off or taken away, and every mentorship that is gone.

    From the database alone it cannot see that the mentorships which closed last in a cohort, or a whole cohort, were taken away with
    everything about them: keep `last_seals` of --json elsewhere, and compare.
    """
    asyncio.run(_verify(cohort, json))


async def _verify(cohort: str | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        pairs = await _enrolments(records, cohort)
        heads, asked = await _heads(settings, [pair for pair in pairs if pair.state == "started"])
        findings = await records.journal.verify(cohort=cohort, expected=heads)
        seals = await records.journal.last_seals(cohort)
        if cohort is None:  # metrics show when this was last done, and what it found
            await records.watch.note_audit(datetime.now(UTC), len(findings))
    result = {
        "ok": not findings,
        "mentorships": len(pairs),
        "compared_with_running": len(heads),
        "findings": [finding._asdict() for finding in findings],
        "last_seals": [seal._asdict() for seal in seals],
    }
    if findings:
        raise Refused(*(f"{finding.mentorship}: {_where(finding.seq)}{finding.problem}" for finding in findings), result=result)
    answer(result, [f"{counted(len(pairs), 'mentorship')}, nothing wrong; {len(heads)} of {asked} running ones compared with their workflows"], as_json=as_json)


async def _enrolments(records: Records, cohort: str | None) -> list[Enrolment]:
    cohorts = [await known_cohort(records, cohort)] if cohort is not None else await records.cohorts.all()
    return [pair for known in cohorts for pair in await records.cohorts.enrolments(known.id)]


async def _heads(settings: Settings, running: list[Enrolment]) -> tuple[dict[str, Head], int]:
    """What running workflows know about their journals' ends, so that a cut tail is noticed. Those that do not answer are left out."""
    if not running:
        return {}, 0
    try:
        client = await reach_temporal(settings)
    except TemporalUnavailable as error:
        aside(f"notice: running workflows were not asked: {error}")
        return {}, len(running)
    limit = timedelta(seconds=settings.update_timeout)

    async def ask(pair: Enrolment) -> Head | None:
        """The head that records gave the workflow, so records must have it. None if nothing was written yet, or if nobody answers."""
        try:
            status = await client.get_workflow_handle(pair.mentorship).query(STATUS_QUERY, rpc_timeout=limit)
            head = Head.model_validate(status["head"])
        except (RPCError, WorkflowQueryFailedError, ValueError, KeyError, TypeError):
            return None
        return head if head.seq else None

    heads = zip(running, await each(ask, running), strict=True)
    return {pair.mentorship: head for pair, head in heads if head is not None}, len(running)


def _where(seq: int | None) -> str:
    return "" if seq is None else f"row {seq}: "
