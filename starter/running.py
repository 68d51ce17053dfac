"""What Temporal runs and ran, beside what records know of it: mentorships that they do not know, and some that run and stand still."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode

from gateway.names import MENTORSHIP
from gateway.search_attributes import NEEDS_ATTENTION
from starter.check import Check

AT_ONCE = 20
"""Mentorships that are asked at a time."""
_NAMED = 3

STANDS_STILL = "stands still"
"""Temporal runs it, and no worker's decision is taken: its code does not replay what it did, or lacks a key."""


async def running(client: Client) -> dict[str, bool]:
    """Every mentorship's id, and whether it says that it needs somebody. Raises RPCError."""
    found = client.list_workflows(f'WorkflowType = "{MENTORSHIP}" AND ExecutionStatus = "Running"')
    return {execution.id: bool(execution.typed_search_attributes.get(NEEDS_ATTENTION)) async for execution in found}


async def runs(client: Client, workflow_id: str) -> list[str]:
    """Every run that Temporal still has, oldest first: a long life is continued as new. Raises RPCError."""
    found: list[str] = []
    try:
        run = (await client.get_workflow_handle(workflow_id).describe()).run_id
        while run:
            first = await anext(client.get_workflow_handle(workflow_id, run_id=run).fetch_history_events(page_size=1), None)
            if first is None:
                break
            found.append(run)
            run = first.workflow_execution_started_event_attributes.continued_execution_run_id
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:  # else its time in Temporal is over
            raise
    return found[::-1]


async def standing(client: Client, workflow_id: str) -> str:
    """`running`, STANDS_STILL, `not there`, or how it ended. Raises RPCError."""
    try:
        description = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return "not there"
    if stands_still(description):
        return STANDS_STILL
    status = description.status
    if status in {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW}:
        return "running"
    return status.name.lower() if status else "unknown"


def stands_still(description: WorkflowExecutionDescription) -> bool:
    """The last decision failed, and the next is not through. Whatever comes in begins the count anew, and a second one takes ten seconds to fail.

    One that a worker was killed in counts, too, until another takes it up.
    """
    return description.raw_description.pending_workflow_task.attempt > 1


def still(name: str, workflow_id: str) -> Check:
    return Check(name, "wrong", f"{workflow_id} runs and stands still: its decisions fail, and the worker's log says why; see docs/operations.md, Stands still")


def strangers(ids: Iterable[str], known: Collection[str]) -> list[Check]:
    """Records of an earlier moment, or none at all, make nothing wrong of what they have: it shows by what they lack."""
    unknown = sorted(mentorship for mentorship in ids if mentorship not in known)
    if not unknown:
        return []
    named = ", ".join(unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
    what = "these are records of an earlier moment or of another place: see docs/operations.md, Restore"
    run, are = ("runs", "is") if len(unknown) == 1 else ("run", "are")
    return [Check("mentorships", "wrong", f"{len(unknown)} {run} in Temporal and {are} not in records ({named}); {what}")]


async def diverged(client: Client, ids: Iterable[str], seconds: float) -> list[Check]:
    """Of these the ones that differ from their journals: they run, answer, and send nothing until somebody has looked."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(mentorship: str) -> Check | None:
        async with gate:
            try:
                status = await client.get_workflow_handle(mentorship).query("status", rpc_timeout=timedelta(seconds=seconds))
            except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
                return None  # whether anybody answers at all is asked elsewhere
        if not isinstance(status, dict) or not status.get("diverged"):
            return None
        return Check("mentorship", "wrong", f"{mentorship} decides differently from its journal and sends nothing; see docs/operations.md, Diverged")

    return [check for check in await asyncio.gather(*(look(mentorship) for mentorship in ids)) if check is not None]
