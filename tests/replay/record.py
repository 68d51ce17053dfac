"""Writes the histories that this release must replay for ever: `python tests/replay/record.py RELEASE [NAME…]`.

Adds files, never overwrites those of a release that ran somewhere: a workflow that began under it still has to be carried on.
Until there is one, delete what is to be recorded anew.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import sysconfig
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).parent))
from replaying import WORKFLOWS
from scenarios import HISTORIES, Answers

from gateway import search_attributes

FOLDER = Path(__file__).parent / "histories"
SERVER = str(Path(sysconfig.get_path("scripts")) / "temporal-test-server")


def workers(client, answers: Answers) -> list[Worker]:
    given = [getattr(answers, name) for name in vars(Answers) if not name.startswith("_")]
    return [Worker(client, task_queue=q, workflows=WORKFLOWS, activities=given) for q in ("mentorship", "mentorship-notices", "mentorship-certificates")]


async def recorded(name: str) -> WorkflowHistory:
    """Acts one scenario out to its end, on a server of its own."""
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=SERVER, data_converter=pydantic_data_converter)
    try:
        await search_attributes.register(environment.client)
        running = workers(environment.client, Answers())
        async with running[0], running[1], running[2]:
            handle = await HISTORIES[name](environment, name)
            return await handle.fetch_history()
    finally:
        await environment.shutdown()


def write(path: Path, history: WorkflowHistory) -> None:
    """With its workflow's id: a mentorship's share of the mails' spread is made from it."""
    path.write_bytes(gzip.compress(json.dumps({"workflow_id": history.workflow_id, **history.to_json_dict()}).encode(), mtime=0))


def read(path: Path) -> WorkflowHistory:
    stored = json.loads(gzip.decompress(path.read_bytes()))
    return WorkflowHistory.from_json(stored.pop("workflow_id"), stored)


async def main(release: str, names: list[str]) -> None:
    for name in names or HISTORIES:
        target = FOLDER / f"{release}.{name}.json.gz"
        if target.exists():
            sys.stdout.write(f"{target.name} is there already: a release's histories are never replaced\n")
            continue
        history = await recorded(name)
        write(target, history)
        sys.stdout.write(f"{target.name}: {len(history.events)} events, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
