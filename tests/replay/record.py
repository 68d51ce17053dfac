"""Writes the histories that this release must be able to replay for ever: `python tests/replay/record.py RELEASE [NAME…]`.

It adds files and never overwrites those of a release that ran somewhere, because workflows that began under it still have to be carried on.
Until a release has run somewhere, delete the files that you want to record anew.
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

from gateway import search_attributes
from tests.replay.answers import Answers
from tests.replay.replaying import WORKFLOWS
from tests.replay.scenarios import HISTORIES, MANY, OVER_MORE_RUNS

FOLDER = Path(__file__).parent / "histories"
SCRIPTS = Path(sysconfig.get_path("scripts"))


def workers(client, answers: Answers) -> list[Worker]:
    given = [getattr(answers, name) for name in vars(Answers) if not name.startswith("_")]
    return [Worker(client, task_queue=q, workflows=WORKFLOWS, activities=given) for q in ("mentorship", "mentorship-notices", "mentorship-certificates")]


async def _skipping_time() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SCRIPTS / "temporal-test-server"), data_converter=pydantic_data_converter
    )


async def _in_real_time() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(SCRIPTS / "temporal"),
        dev_server_extra_args=["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={MANY}"],
        dev_server_log_level="error",
        data_converter=pydantic_data_converter,
    )


async def recorded(name: str) -> WorkflowHistory:
    """Acts one scenario out to its end, on a server of its own."""
    environment = await (_in_real_time() if name in OVER_MORE_RUNS else _skipping_time())
    try:
        await search_attributes.register(environment.client)
        running = workers(environment.client, Answers())
        async with running[0], running[1], running[2]:
            handle = await HISTORIES[name](environment, name)
            return await handle.fetch_history()
    finally:
        await environment.shutdown()


def write(path: Path, history: WorkflowHistory) -> None:
    """Writes the history together with its workflow's id, from which a mentorship's share of the mails' spread is made."""
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
