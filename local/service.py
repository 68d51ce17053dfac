"""`python -m local run`: the stack with a store that is kept, in the foreground, for real work on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from local.child import Child
from local.place import Place
from local.ports import Ports, refuse_taken
from local.stack import Stack, running
from local.trouble import Trouble, one_trouble

_BREATH = 1.0
"""Seconds between a program's end and its next start, so that a program that cannot run does not restart constantly."""


async def serve(folder: Path, ports: Ports, console: Console) -> bool:
    """Runs until it is cancelled, then stops everything and returns True. Raises Trouble."""
    place = Place(folder)
    with place.locked():
        refuse_taken(ports)
        console.print("Starting Temporal, worker, web hook and a mailbox …")
        async with running(place, ports, store=place.temporal_store) as stack:
            place.write_env(ports)
            _welcome(console, place, ports)
            try:
                await _watch(stack, console)
            except asyncio.CancelledError:
                console.print("Stopping; everything that was acknowledged is kept.")
    return True


async def _watch(stack: Stack, console: Console) -> None:
    """Restarts programs that end by themselves: commands wait for a worker, and none is lost."""

    async def keep(child: Child | None, start: Callable[[], Child], ready: Callable[[Child], Awaitable[None]]) -> None:
        while child is not None:
            code = await child.exited()
            console.print(f"{child.name} ended by itself (exit {code}); starting it again", style="bold")
            await asyncio.sleep(_BREATH)
            child = start()
            await ready(child)

    async def mourn() -> None:
        code = await stack.temporal.exited()
        raise Trouble(f"the Temporal server ended by itself (exit {code}); its log is {stack.temporal.log}:\n{stack.temporal.tail()}")

    with one_trouble():
        async with asyncio.TaskGroup() as group:
            group.create_task(mourn())
            group.create_task(keep(stack.worker, stack.start_worker, stack.worker_ready))
            group.create_task(keep(stack.webhook, stack.start_webhook, stack.webhook_ready))
            group.create_task(keep(stack.codec, stack.start_codec, stack.codec_ready))


def _welcome(console: Console, place: Place, ports: Ports) -> None:
    monday = datetime.now(UTC).date() + timedelta(days=14)
    monday += timedelta(days=-monday.weekday() % 7)
    addresses(console, place, ports)
    console.print("\nTo start a cohort, in another shell:")
    for line in (
        f". {place.env_file}",
        "mentorship cohort start --programme examples/engineering-2027.yaml --people examples/people.csv --pairs examples/pairs.csv \\",
        f"    --cohort first --starts {monday}",
        "mentorship cohort status first",
    ):
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print("\nCtrl-C stops it; the next start goes on where it was.")


def addresses(console: Console, place: Place, ports: Ports) -> None:
    """Prints where to look while the stack runs."""
    lines = {
        "Temporal UI": f"{ports.ui_url}/namespaces/default/workflows (payloads in clear text)",
        "mailbox": f"{ports.mailbox_url}/ (files in {place.mails})",
        "web hook": f"{ports.web_url}/ (pages by the links in the mails; /who-sees-what)",
        "settings": f". {place.env_file}",
        "logs": str(place.logs),
    }
    for name, where in lines.items():
        console.print(Text.assemble((f"{name:<13}", "bold"), where), soft_wrap=True)
