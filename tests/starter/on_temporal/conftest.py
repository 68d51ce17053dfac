"""A place to start cohorts from: a real Temporal server, keys and migrated records of its own, in the environment."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import issuer
from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.settings import Settings


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Temporal server of our own."""
    port = free_port()
    log = (tmp_path_factory.mktemp("temporal") / "log").open("wb")
    temporal = [str(Path(sysconfig.get_path("scripts")) / "temporal"), "server", "start-dev", "--headless", "--log-level", "error", "--namespace", "idle"]
    process = subprocess.Popen([*temporal, "--ip", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


@pytest.fixture
def site(server: str, tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a place of its own, with keys and migrated records, in the environment. What it ran is ended: the next place knows nothing of it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.db'}"
    values = {
        "TEMPORAL_ADDRESS": server,
        "MENTORSHIP_DATABASE_URL": url,
        "MENTORSHIP_KEY_FILE": str(tmp_path / "keys.json"),
        "MENTORSHIP_ISSUER_KEY_FILE": str(tmp_path / "issuer.json"),
        "MENTORSHIP_LINK_SECRETS": "a-secret-of-this-test-that-is-long-enough",
        "MENTORSHIP_SMTP_PORT": "1",
        "MENTORSHIP_UPDATE_TIMEOUT": "2",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    Keyring.generate(tmp_path / "keys.json")
    issuer.generate(tmp_path / "issuer.json")
    shutil.copy(template, tmp_path / "records.db")
    settings = Settings.load()
    yield settings
    for name in ("TEMPORAL_ADDRESS", "MENTORSHIP_KEY_FILE"):
        monkeypatch.setenv(name, values[name])
    asyncio.run(_end_all(settings))


async def _end_all(site: Settings) -> None:
    client = await connect(site, site.keyring())
    async for execution in client.list_workflows('ExecutionStatus = "Running"'):
        await client.get_workflow_handle(execution.id).terminate()
