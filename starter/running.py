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
