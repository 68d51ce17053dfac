"""A program that is told to stop in its first second ends as it would later: with its exit code and without a traceback."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.stopping import Stop
from tests.forked import begun

ROOT = Path(__file__).parents[2]

_CALLED = """
import os, runpy, signal, sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == {loaded!r}:
            os.kill(os.getpid(), signal.{sent})

sys.meta_path.insert(0, Impatient())
sys.argv = {called!r}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("called", "loaded", "sent", "code"),
    [
        ("worker", "worker.main", "SIGINT", 0),
        ("worker", "google.protobuf.message", "SIGTERM", 0),
        ("webhook", "google.protobuf.message", "SIGINT", 0),
        ("webhook.codec", "webhook.codec.main", "SIGTERM", 0),
        ("local run", "local.main", "SIGTERM", 130),
        ("local run", "local.service", "SIGINT", 130),
        ("starter cohort status c", "starter.cli", "SIGINT", 130),
        ("starter cohort status c", "starter.cohort_status", "SIGTERM", 143),
        ("starter cohort status c", "google.protobuf.message", "SIGINT", 130),
    ],
)
def test_what_is_stopped_while_it_loads_leaves_in_silence(called: str, loaded: str, sent: str, code: int) -> None:
    """Most of the first second is imports, and some of the imported libraries mistake the exception for something else."""
    program = _CALLED.format(loaded=loaded, sent=sent, called=called.split())
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (code, "", "")


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_once_a_server_runs_either_signal_lets_it_put_things_away(sent: signal.Signals) -> None:
    before = signal.signal(sent, lambda *_: None)
    stop, loop = Stop(), asyncio.get_running_loop()
    try:
        waiting = asyncio.create_task(stop.wait())
        await asyncio.sleep(0)  # it heeds signals from now on
        os.kill(os.getpid(), sent)
        assert await asyncio.wait_for(waiting, 20)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        signal.signal(sent, before)


class Silent(NamedTuple):
    address: str
    called: asyncio.Event
    """Set once somebody has connected."""


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    """A server that accepts every connection and never answers."""
    called, callers = asyncio.Event(), list[asyncio.StreamWriter]()

    def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer)
        called.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    yield Silent("{}:{}".format(*server.sockets[0].getsockname()), called)
    server.close()
    for caller in callers:
        caller.close()


@pytest.mark.parametrize(
    ("program", "waits_for", "sent"), [("worker", "temporal", signal.SIGTERM), ("worker", "records", signal.SIGINT), ("webhook", "records", signal.SIGTERM)]
)
async def test_who_waits_for_the_first_answer_of_something_leaves_when_told_to(
    program: str, waits_for: str, sent: signal.Signals, silent: Silent, template: Path, keyring: object, issuer: object, tmp_path: Path
) -> None:
    shutil.copy(template, tmp_path / "records.db")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_"))}
    settings = {
        "TEMPORAL_ADDRESS": silent.address,
        "MENTORSHIP_CONNECT_TIMEOUT": "600",
        "MENTORSHIP_DATABASE_URL": f"postgresql://one@{silent.address}/records" if waits_for == "records" else f"sqlite:///{tmp_path}/records.db",
        "MENTORSHIP_KEY_FILE": str(tmp_path / "keys.json"),
        "MENTORSHIP_ISSUER_KEY_FILE": str(tmp_path / "issuer.json"),
        "MENTORSHIP_LINK_SECRETS": '["a secret of this test, long enough to be one"]',
    }
    log = tmp_path / "log"
    process = begun(program, env={**surroundings, **settings}, out=log, err=log)
    try:
        await asyncio.wait_for(silent.called.wait(), 120)
        process.send_signal(sent)
        assert (await asyncio.to_thread(process.wait, 60), log.read_text()) == (0, "")
    finally:
        process.kill()
