"""Writes the histories that this release must replay for ever: `python tests/replay/record.py`.

Add files, never overwrite those of a release that ran somewhere: a workflow that began under it still has to be carried on.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import sysconfig
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).parent))
from scenarios import SCENARIOS, Answers, begin, cohort

from gateway import search_attributes
from workflows.cohort import Cohort
from workflows.mentorship import Mentorship

HISTORIES = Path(__file__).parent / "histories"
SERVER = str(Path(sysconfig.get_path("scripts")) / "temporal-test-server")


async def environment() -> WorkflowEnvironment:
    started = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=SERVER, data_converter=pydantic_data_converter)
    await search_attributes.register(started.client)
    return started


def workers(client, answers: Answers) -> list[Worker]:
    given = [getattr(answers, name) for name in vars(Answers) if not name.startswith("_")]
    return [
        Worker(client, task_queue=q, workflows=[Mentorship, Cohort], activities=given) for q in ("mentorship", "mentorship-notices", "mentorship-certificates")
    ]


async def history_of(name: str) -> str:
    """Acts one scenario out to its end; its history as JSON."""
    started = await environment()
    try:
        running = workers(started.client, Answers())
        async with running[0], running[1], running[2]:
            if name == "cohort":
                handle = await cohort(started.client, "mentorship")
                await started.sleep(3 * 86400)
            else:
                pair = await begin(started, name, "mentorship")
                await SCENARIOS[name](pair)
                handle = pair.handle
            return (await handle.fetch_history()).to_json()
    finally:
        await started.shutdown()


async def _in_three_attempts(name: str) -> str:
    """The time-skipping server at times refuses a workflow task in a state of its own and then stands still; a fresh one does not."""
    for _ in range(2):
        try:
            return await history_of(name)
        except RPCError as error:
            sys.stderr.write(f"{name}: {error}; once more\n")
    return await history_of(name)


async def main(release: str) -> None:
    for name in (*SCENARIOS, "cohort"):
        target = HISTORIES / f"{release}.{name}.json.gz"
        if target.exists():
            sys.stdout.write(f"{target.name} is there already: a release's histories are never replaced\n")
            continue
        target.write_bytes(gzip.compress((await _in_three_attempts(name)).encode(), mtime=0))
        sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
