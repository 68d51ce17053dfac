"""Starts a case's workflow (H16, P7). Web hook, worker and command line all use this, so that a concern's case and a line's begin alike."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from wire.inputs import CaseOf
from wire.names import CASE, LOOK_SIGNAL, WORK_QUEUE, case_id


async def start_case(client: Client, case: str, *, look: bool = True, again: bool = True, within: timedelta | None = None) -> None:
    """Starts the case unless it runs. `look` tells a running one to look now; without `again`, a case that has ended stays ended.

    It is durable on return, even with no worker alive. The case finds in records what was done before. `within` limits the request's time.
    Raises RPCError, and RuntimeError or OSError when a lazy client cannot connect.
    """
    with contextlib.suppress(WorkflowAlreadyStartedError):  # only without `again`
        await client.start_workflow(
            CASE,
            CaseOf(case=case),
            id=case_id(case),
            task_queue=WORK_QUEUE,
            start_signal=LOOK_SIGNAL if look else None,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE,
            rpc_timeout=within,
        )
