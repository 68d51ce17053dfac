"""Sends a mentorship an operator's command whose answer nobody waits for. It is a signal, which Temporal keeps even with no worker alive (P5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from mentorship.commands import OperatorCommand
from wire.names import ORDER_SIGNAL


async def send_order(client: Client, mentorship: str, command: OperatorCommand, within: float) -> bool:
    """True once Temporal has it; False when no such mentorship runs. A repeated message id is applied only once.

    Raises RPCError, TimeoutError after `within` seconds, and RuntimeError or OSError when the client cannot connect.
    """
    try:
        async with asyncio.timeout(within):
            await client.get_workflow_handle(mentorship).signal(ORDER_SIGNAL, command, rpc_timeout=timedelta(seconds=within))
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
