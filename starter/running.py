"""What Temporal runs and ran: which mentorships, in which runs each, and whether one makes progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from wire.names import MENTORSHIP
from wire.search_attributes import NEEDS_ATTENTION

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 20

STANDS_STILL = "stands still"
"""Temporal runs it but accepts no worker's decision: the worker's code does not replay its history, or lacks a key."""


async def each(look: Callable[[T], Awaitable[R]], things: Iterable[T], *, at_once: int = _AT_ONCE) -> list[R]:
    """What `look` finds out about each of them, in their order. Temporal is asked about some at a time. Raises the first error."""
    gate = asyncio.Semaphore(at_once)

    async def ask(thing: T) -> R:
        async with gate:
            return await look(thing)

    return await asyncio.gather(*(ask(thing) for thing in things))


async def running(client: Client) -> dict[str, bool]:
    """The id of every running mentorship, and whether it says that it needs somebody. Raises RPCError."""
    found = client.list_workflows(f'WorkflowType = "{MENTORSHIP}" AND ExecutionStatus = "Running"')
    return {execution.id: bool(execution.typed_search_attributes.get(NEEDS_ATTENTION)) async for execution in found}


async def ended(client: Client) -> dict[str, list[str]]:
    """The runs of every mentorship that did not end by themselves and that Temporal still has, oldest first. Raises RPCError."""
    how = ", ".join(f'"{status}"' for status in ("Terminated", "Failed", "Canceled", "TimedOut"))
    found = [one async for one in client.list_workflows(f'WorkflowType = "{MENTORSHIP}" AND ExecutionStatus IN ({how})')]
    by_mentorship: dict[str, list[str]] = {}
    for execution in sorted(found, key=lambda one: one.start_time):
        by_mentorship.setdefault(execution.id, []).append(execution.run_id)
    return by_mentorship


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
    """Whether the last decision failed and the next is not through. Whatever comes in restarts the count, and a second decision takes ten seconds to fail.

    A decision during which a worker was killed counts, too, until another worker takes it up.
    """
    return description.raw_description.pending_workflow_task.attempt > 1
