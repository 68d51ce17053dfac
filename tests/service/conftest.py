"""The whole service with everything real, so that tests can kill parts of it: Temporal's own server, records in a SQLite file,
SMTP and, where a test kills them, workers in processes of their own. Programmes last seconds instead of weeks.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities import options
from certificates.issuer import Issuer
from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.settings import Settings
from mentorship.programme import Programme
from records.store import Records
from tests.processes import Process, Server
from tests.service.house import House
from tests.service.programmes import long_programme, seconds_programme

Servers = Callable[..., Awaitable[Server]]


@pytest.fixture
async def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Servers]:
    """Starts a server for this test alone and sets TEMPORAL_ADDRESS to it."""
    started: list[Server] = []

    async def start(*, durable: bool = False, dynamic: dict[str, object] | None = None) -> Server:
        server = Server(tmp_path, durable=durable, dynamic=dynamic)
        server.start()
        started.append(server)
        await server.ready()
        monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers in this process retry a mail after a tenth of a second, not after five."""
    quick = options.OPTIONS["send_notice"]._replace(first_pause=timedelta(seconds=0.1), longest_pause=timedelta(seconds=0.5))
    monkeypatch.setitem(options.OPTIONS, "send_notice", quick)


Houses = Callable[..., Awaitable[House]]


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server shared by all tests that need no settings of their own and do not disturb it; each has its own namespace there."""
    server = Server(tmp_path_factory.mktemp("temporal"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def houses(servers: Servers, settings: Settings, keyring: Keyring, records: Records, issuer: Issuer, tmp_path: Path) -> Houses:
    """A service on a server of its own, which a test may kill; keywords are passed to the server."""

    async def build(**server: Any) -> House:
        started = await servers(**server)
        client = await connect(settings, keyring, role="test")
        return House(started, settings, keyring, records, issuer, tmp_path, client)

    return build


@pytest.fixture
async def house(
    common: Server, settings: Settings, keyring: Keyring, records: Records, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> House:
    """A service in a namespace of its own, to which TEMPORAL_NAMESPACE is set."""
    namespace = f"test-{uuid.uuid4()}"
    await common.ready(namespace)
    monkeypatch.setenv("TEMPORAL_ADDRESS", common.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    return House(common, settings, keyring, records, issuer, tmp_path, await connect(settings, keyring, role="test"))


@pytest.fixture
async def processes() -> AsyncIterator[Callable[[Process], Process]]:
    """Starts processes and ends them with the test."""
    started: list[Process] = []

    def start(process: Process) -> Process:
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def quick() -> Callable[..., Programme]:
    return seconds_programme


@pytest.fixture
def calm() -> Callable[..., Programme]:
    return long_programme
