"""An operator's command to a mentorship that nobody waits for: a signal, which Temporal keeps with no worker alive (P5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from mentorship.commands import OperatorCommand
from wire.names import ORDER_SIGNAL


async def send_order(client: Client, mentorship: str, command: OperatorCommand, within: float) -> bool:
    """True once Temporal has it; False when no such mentorship runs. The same message id again is applied once.

    Raises RPCError, TimeoutError after `within` seconds, and what a client raises that cannot connect (RuntimeError, OSError).
    """
    try:
        async with asyncio.timeout(within):
            await client.get_workflow_handle(mentorship).signal(ORDER_SIGNAL, command, rpc_timeout=timedelta(seconds=within))
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
