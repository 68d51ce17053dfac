"""Wakes a case: records have what a person did, and the case's workflow does what follows (H16, P7)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client

from gateway.cases import start_case
from gateway.settings import Settings
from webhook.problems import asking_temporal


async def wake(client: Client, settings: Settings, case: str) -> None:
    """Starts the case's workflow, or tells a running one to look. One that had ended does what is left and ends again.

    It is durable on return, even with no worker alive. Raises Problem (503).
    """
    limit = settings.webhook_timeout
    with asking_temporal(settings.webhook_retry_after):
        async with asyncio.timeout(limit):
            await start_case(client, case, within=timedelta(seconds=limit))
