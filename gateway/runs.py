"""The runs of a mentorship that Temporal still has."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode


async def ended(client: Client, workflow_id: str) -> list[str]:
    """The runs that did not end by themselves and that Temporal still lists, oldest first. Raises RPCError."""
    how = ", ".join(f'"{status}"' for status in ("Terminated", "Failed", "Canceled", "TimedOut"))
    found = [one async for one in client.list_workflows(f'WorkflowId = "{workflow_id}" AND ExecutionStatus IN ({how})')]
    return [one.run_id for one in sorted(found, key=lambda one: one.start_time)]


async def runs(client: Client, workflow_id: str, last: str | None = None) -> list[str]:
    """Every run that Temporal still has up to the newest one, or up to `last`, oldest first: a long mentorship has several, by continue-as-new.

    Raises RPCError.
    """
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
        if error.status != RPCStatusCode.NOT_FOUND:  # not found: Temporal no longer keeps it
            raise
    return found[::-1]
