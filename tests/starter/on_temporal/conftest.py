"""A place to start cohorts from: a real Temporal server, and keys and migrated records of its own, set in the environment."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.service import RPCError

from certificates import issuer
from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.settings import Settings
from records.errors import RecordsError
from records.store import Records
from tests.processes import Server
from wire.names import cohort_id


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Temporal server for these tests, with nothing registered on it; nobody works in its namespace `idle`."""
    server = Server(tmp_path_factory.mktemp("temporal"), namespace="idle")
    server.start()
    try:
        asyncio.run(server.ready(bare=True))
        yield server.address
    finally:
        server.stop()


@pytest.fixture
def site(server: str, tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a place of its own, with keys and migrated records, in the environment. Its workflows are ended afterwards, so the next place sees none."""
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
    """Ends workflows until Temporal lists none: it lists a recent start or end a little later."""
    client = await connect(site, site.keyring())
    left = await _begun(site)
    while left:
        for workflow in left:
            with suppress(RPCError):  # it has ended already
                await client.get_workflow_handle(workflow).terminate()
        left = {execution.id async for execution in client.list_workflows('ExecutionStatus = "Running"')}


async def _begun(site: Settings) -> set[str]:
    """The workflows that records know of, if there are records."""
    try:
        records = await Records.open(site.database_url, site.keyring())
    except RecordsError:
        return set()
    try:
        begun = {cohort_id(cohort.id) for cohort in await records.cohorts.all()}
        return begun | {pair.mentorship for pair in await records.cohorts.running()}
    finally:
        await records.close()
