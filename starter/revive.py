"""`mentorship revive COHORT [PAIR]`: mentorships whose workflow is lost, or differs from its journal, go on from where the journal ends (P5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from gateway.cases import start_case
from gateway.runs import runs
from gateway.settings import Settings
from records.chain import Head
from records.cohorts import Enrolment
from records.store import Records
from starter.answer import Json, Refused, answer, counted
from starter.cohort_start import still_waiting
from starter.cohort_workflow import signal_with_start, watch
from starter.reach import enrolled, known_cohort, open_records, reach_temporal
from starter.running import each, stands_still
from wire.names import STATUS_QUERY, cohort_of

Standing = Literal["runs", "lost", "diverged", "behind", "ahead", "still", "silent"]
"""`lost`: no workflow runs. `behind`: the journal knows more than the workflow does. `ahead`: the workflow knows what the journal lacks.
`still`: workers take it up but cannot go on. `silent`: no worker answered for it."""

_ANEW = frozenset({"lost", "diverged", "behind"})
"""What is started again from its journal."""

_SETTLES = 3.0
"""Seconds within which a healthy workflow learns what its journal already has."""


class _Status(BaseModel, extra="ignore"):
    head: Head
    diverged: bool


def revive(
    cohort: Annotated[str, typer.Argument(help="The cohort's id.")],
    pair: Annotated[str | None, typer.Argument(help="The pair_id of the pairs file; without it, every pair of the cohort.")] = None,
    json: Json = False,
) -> None:
    """Starts mentorships again from their journals: those that are gone from Temporal, and those that differ from their journals."""
    asyncio.run(_revive(cohort, pair, json))


async def _revive(cohort: str, pair_id: str | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        if pair_id is not None:
            wanted = await enrolled(records, cohort, pair_id)
            asked = {wanted.mentorship}
        else:
            await known_cohort(records, cohort)
            asked = {pair.mentorship for pair in await records.cohorts.enrolments(cohort)}
        pairs = [pair for pair in await records.cohorts.to_run(cohort) if pair.mentorship in asked]
        client = await reach_temporal(settings)
        standing = await _standing(settings, client, records, pairs)
        again = [pair for pair, how in standing if how in _ANEW]
        for pair, how in standing:
            if how in {"diverged", "behind"}:
                await client.get_workflow_handle(pair.mentorship).terminate(f"{how}: revived from its journal")
        cases = await _wake_cases(client, records, cohort)
        for pair in again:
            await records.cohorts.await_start(pair.mentorship)
        await signal_with_start(client, cohort)
        pending = await watch(records, cohort, settings.update_timeout, lambda *_: None)
        left = {pair.mentorship for pair in await records.cohorts.unclosed(cohort) if pair.state == "pending"}
        owed = await each(partial(_owed, client), [pair.mentorship for pair in again if pair.mentorship not in left])
    _tell(cohort, standing, again, cases=cases, pending=pending, sent=[message for messages in owed for message in messages], as_json=as_json)


def _tell(
    cohort: str,
    standing: Sequence[tuple[Enrolment, Standing]],
    again: Sequence[Enrolment],
    *,
    cases: int,
    pending: int,
    sent: Sequence[str],
    as_json: bool,
) -> None:
    """`sent` has the ids of the messages that came along. Raises Refused if something is left to do."""
    result: dict[str, Any] = {
        "cohort": cohort,
        "revived": [{"pair_id": pair.pair_id, "mentorship": pair.mentorship, "was": how} for pair, how in standing if pair in again],
        "left": [{"pair_id": pair.pair_id, "mentorship": pair.mentorship, "is": how} for pair, how in standing if pair not in again and how != "runs"],
        "running": sum(how == "runs" for _, how in standing),
        "cases": cases,
        "pending": pending,
        "sent_again": sent,
    }
    lines = [f"{one['pair_id']}: was {one['was']}, goes on from its journal" for one in result["revived"]]
    if sent:
        lines.append(f"sent again, accepted before and not written yet: {counted(len(sent), 'message')}")
    lines.append(f"{cohort}: {len(again)} revived, {result['running']} were running all along, {counted(cases, 'case')} looked after")
    troubles = [f"{one['pair_id']}: left as it is: {_WHY[one['is']]}" for one in result["left"]]
    if pending:
        troubles.append(still_waiting(pending))
    if troubles:
        raise Refused(*lines, *troubles, result=result)
    answer(result, lines, as_json=as_json)


async def _owed(client: Client, mentorship: str) -> list[str]:
    """The ids of the messages with which the mentorship began again: sent before, and not written."""
    first, *_ = await runs(client, mentorship)
    begun = await anext(client.get_workflow_handle(mentorship, run_id=first).fetch_history_events(page_size=1))
    [given] = await client.data_converter.decode(begun.workflow_execution_started_event_attributes.input.payloads)
    return [command["message_id"] for command in given["carried"]["inbox"]] if given["carried"] else []


_WHY = {
    "ahead": "its workflow knows what its journal lacks; `mentorship journal refill` first",
    "still": "the code that runs cannot go on with it; see docs/operations.md, Stands still",
    "silent": "no worker answered for it, so that nobody can say whether it is well; start one and try again",
}


async def _standing(settings: Settings, client: Client, records: Records, pairs: list[Enrolment]) -> list[tuple[Enrolment, Standing]]:
    async def look(pair: Enrolment) -> Standing:
        return await _look(client, records, pair, timedelta(seconds=settings.update_timeout))

    found = dict(zip([pair.mentorship for pair in pairs], await each(look, pairs), strict=True))
    doubtful = [pair for pair in pairs if found[pair.mentorship] in {"behind", "ahead"}]
    if doubtful:  # while something happens, a row is mostly on its way from one to the other
        await asyncio.sleep(_SETTLES)
        for pair in doubtful:
            found[pair.mentorship] = await look(pair)
    return [(pair, found[pair.mentorship]) for pair in pairs]


async def _look(client: Client, records: Records, pair: Enrolment, limit: timedelta) -> Standing:
    handle = client.get_workflow_handle(pair.mentorship)
    try:
        description = await handle.describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return "lost"
    if description.status is WorkflowExecutionStatus.COMPLETED:
        return "runs"  # its last word is on its way into records
    if description.status is not WorkflowExecutionStatus.RUNNING:
        return "lost"
    try:
        status = _Status.model_validate(await handle.query(STATUS_QUERY, rpc_timeout=limit))
    except (RPCError, WorkflowQueryFailedError):
        return "still" if stands_still(await handle.describe()) else "silent"
    if status.diverged:
        return "diverged"
    written = await records.journal.head(pair.mentorship) or Head()
    if written.seq == status.head.seq:
        return "runs"
    return "behind" if written.seq > status.head.seq else "ahead"


async def _wake_cases(client: Client, records: Records, cohort: str) -> int:
    """Wakes the cases of concerns and of lines, so that whoever waits for a person is still looked after."""
    standing, _ = await records.cases.standing()  # an unreadable case does not keep mentorships from being revived; the doctor names it
    mine = [case for case in standing if cohort_of(case.mentorship) == cohort]
    for case in mine:
        await start_case(client, case.id, look=False)
    return len(mine)
