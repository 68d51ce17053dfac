"""The door with everything real: Temporal's own server, records in a SQLite file. Only the workflow is a stand-in."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sysconfig
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser as Chromium
from starlette.types import ASGIApp
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.settings import Settings
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from tests.chromium import headless
from tests.webhook.browser import Browser, form, words
from tests.webhook.looks import LOOKS, Look
from tests.webhook.outbox import Outbox
from tests.webhook.pair import ACCEPTED_AT, Mentorship, Pair
from tests.webhook.recorder import Recorder
from tests.webhook.sender import Sender, whsec
from webhook.app import create_app
from wire.names import WORK_QUEUE


@pytest.fixture(scope="session")
def recorder() -> type:
    """The stand-in workflow, for tests that run it for several mentorships."""
    return Recorder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[str]:
    """The address of a Temporal server for these tests."""
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(binary), dev_server_log_level="error") as environment:
        yield environment.client.service_client.config.target_host


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.generate(tmp_path / "keys.json")


@pytest.fixture
def settings(tmp_path: Path, template: Path) -> Settings:
    shutil.copy(template, tmp_path / "records.db")
    return Settings.load(
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'records.db'}",
        key_file=tmp_path / "keys.json",
        webhook_secrets={
            "everything": {"secret": whsec()},
            "spring": {"secret": whsec(), "scope": ["spring-2027"]},
            "autumn": {"secret": whsec(), "scope": ["autumn-2027"]},
            "hr": {"secret": whsec(), "scope": ["people:*"]},
            "payroll": {"secret": whsec(), "scope": ["people:*"]},
        },
        webhook_burst=1000,
        webhook_receipt_timeout=1.0,
    )


@pytest_asyncio.fixture
async def records(settings: Settings, keyring: Keyring) -> AsyncIterator[Records]:
    opened = await Records.open(settings.database_url, keyring)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def client(server: str, settings: Settings, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    return await connect(settings, keyring, role="test")


@dataclass
class Clock:
    """The hook's clock, which tests set."""

    now: datetime = ACCEPTED_AT
    ticks: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by
        self.ticks += by.total_seconds()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def app(settings: Settings, client: Client, records: Records, clock: Clock, outbox: Outbox) -> FastAPI:
    return create_app(settings, client, records, post=outbox, clock=clock, ticks=lambda: clock.ticks)


@pytest_asyncio.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as opened:
        yield opened


@pytest_asyncio.fixture
async def pair(records: Records) -> Pair:
    """A pair that is enrolled and marked as started; no workflow runs yet."""
    roster = [Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("ana", "ben", "cleo")]
    refs = await records.people.enrol(roster)
    cohort = Cohort(id="spring-2027", programme="p", version=1, texts_digest="0" * 64, starts_at=ACCEPTED_AT, created_at=ACCEPTED_AT)
    await records.cohorts.put(cohort)
    enrolled = await records.cohorts.enrol_pairs("spring-2027", [("pair-7", refs["ana"], refs["ben"])])
    await records.cohorts.mark_started(enrolled.added[0].mentorship)
    return Pair(enrolled.added[0].model_copy(update={"state": "started"}), queue=f"{WORK_QUEUE}-{uuid.uuid4()}")


@pytest_asyncio.fixture
async def running(mentorship: Mentorship) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """The pair's workflow, started in Temporal; no worker runs."""
    async with mentorship.accepted() as handle:
        yield handle


@pytest.fixture
def sender(http: httpx.AsyncClient, settings: Settings) -> Sender:
    return Sender(http, settings)


@pytest.fixture
def mentorship(client: Client, records: Records, pair: Pair) -> Mentorship:
    return Mentorship(client, records, pair)


@pytest.fixture
def problem() -> Callable[[httpx.Response], dict[str, Any]]:
    """Returns an answer's problem document, or fails the test."""

    def read(response: httpx.Response) -> dict[str, Any]:
        assert response.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = response.json()
        assert document["status"] == response.status_code
        assert document["title"]
        return document

    return read


@pytest.fixture
def places(problem: Callable[[httpx.Response], dict[str, Any]]) -> Callable[[httpx.Response], set[str]]:
    """The places in which the problem document finds something wrong."""

    def read(response: httpx.Response) -> set[str]:
        return {error.get("pointer") or error["header"] for error in problem(response).get("errors", [])}

    return read


# -- pages ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def says() -> Callable[[httpx.Response], str]:
    return words


@pytest.fixture
def form_on() -> Callable[[httpx.Response, str], tuple[str, dict[str, str]]]:
    return form


# -- a real browser ---------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Chromium]:
    async with headless() as browser:
        yield browser


@pytest_asyncio.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
async def look(request: pytest.FixtureRequest, chromium: Chromium) -> Look:
    return await Look.of(chromium, *request.param)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port for this test alone. The socket names TCP: only then asyncio sends each write at once, and no answer waits 40 ms for an acknowledgement."""
    with socket.socket(proto=socket.IPPROTO_TCP) as own:
        own.bind(("127.0.0.1", 0))
        yield own


Serving = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture
def serving(listening: socket.socket) -> Serving:
    """Serves an application over HTTP inside the block, and gives its address."""

    @asynccontextmanager
    async def serve(app: ASGIApp) -> AsyncIterator[str]:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        running = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await running

    return serve


@pytest_asyncio.fixture
async def served(app: FastAPI, serving: Serving) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@pytest.fixture
def browser(http: httpx.AsyncClient) -> Browser:
    return Browser(http)
