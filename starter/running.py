"""What Temporal runs and ran: which mentorships, each in which runs, and whether one gets on or stands still."""

from __future__ import annotations

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from wire.names import MENTORSHIP
from wire.search_attributes import NEEDS_ATTENTION

AT_ONCE = 20
"""Mentorships that are asked at a time."""

STANDS_STILL = "stands still"
"""Temporal runs it, and no worker's decision is taken: its code does not replay what it did, or lacks a key."""


async def running(client: Client) -> dict[str, bool]:
    """Every mentorship's id, and whether it says that it needs somebody. Raises RPCError."""
    found = client.list_workflows(f'WorkflowType = "{MENTORSHIP}" AND ExecutionStatus = "Running"')
    return {execution.id: bool(execution.typed_search_attributes.get(NEEDS_ATTENTION)) async for execution in found}


async def ended(client: Client) -> dict[str, list[str]]:
    """The runs of every mentorship that did not end by themselves, oldest first, of what Temporal still has. Raises RPCError."""
    how = ", ".join(f'"{status}"' for status in ("Terminated", "Failed", "Canceled", "TimedOut"))
    found = [one async for one in client.list_workflows(f'WorkflowType = "{MENTORSHIP}" AND ExecutionStatus IN ({how})')]
    by_mentorship: dict[str, list[str]] = {}
    for execution in sorted(found, key=lambda one: one.start_time):
        by_mentorship.setdefault(execution.id, []).append(execution.run_id)
    return by_mentorship


async def runs(client: Client, workflow_id: str, last: str | None = None) -> list[str]:
    """Every run that Temporal still has up to the newest one, or to the `last`, oldest first: a long life is continued as new. Raises RPCError."""
    found: list[str] = []
    try:
        run = last or (await client.get_workflow_handle(workflow_id).describe()).run_id
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
