"""The door on what it really stands on: Temporal's own server, records in a SQLite file. Only the workflow is a stand-in."""

from __future__ import annotations

import asyncio
import base64
import html
import itertools
import json
import re
import secrets
import shutil
import socket
import sysconfig
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, async_playwright
from standardwebhooks import Webhook
from starlette.types import ASGIApp
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.names import TASK_QUEUE
from gateway.settings import Settings
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records
from webhook.app import create_app

ACCEPTED_AT = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


@workflow.defn(name="Mentorship", dynamic=False)
class Recorder:
    """Stands in for the real workflow: keeps every signal it is sent, in order, and answers receipts for those it has seen."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @workflow.run
    async def run(self, _: str) -> None:
        await workflow.wait_condition(lambda: any(name == "stop" for name, _ in self.seen))

    @workflow.signal(dynamic=True)
    def take(self, name: str, args: Sequence[RawValue]) -> None:
        self.seen.append((name, [workflow.payload_converter().from_payload(arg.payload) for arg in args]))

    @workflow.query
    def signals(self) -> list[Any]:
        return self.seen

    @workflow.query
    def receipt(self, message_id: str) -> dict[str, Any]:
        for name, arguments in self.seen:
            if arguments and arguments[0]["message_id"] == message_id:
                return {"outcome": "refused", "reason": "no_such_meeting"} if name == "excuse" else {"outcome": "applied", "reason": None}
        return {"outcome": "waiting", "reason": None}


@pytest.fixture(scope="session")
def recorder() -> type:
    """The stand-in, for tests that run it for several mentorships."""
    return Recorder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[str]:
    """The address of a Temporal server of our own."""
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(binary), dev_server_log_level="error") as environment:
        yield environment.client.service_client.config.target_host


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.generate(tmp_path / "keys.json")


def whsec() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


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
        webhook_timeout=3.0,
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
    """The hook's clock; tests turn it."""

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
def app(settings: Settings, client: Client, records: Records, clock: Clock) -> FastAPI:
    return create_app(settings, client, records, clock=clock, ticks=lambda: clock.ticks)


@pytest_asyncio.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as opened:
        yield opened


@dataclass
class Pair:
    """One enrolled pair, and what the roster calls it."""

    enrolment: Enrolment
    queue: str
    pair_id: str = "pair-7"
    mentor: str = "ana"
    mentee: str = "ben"

    @property
    def mentorship(self) -> str:
        return self.enrolment.mentorship


@pytest_asyncio.fixture
async def pair(records: Records) -> Pair:
    """Enrolled and marked as started; no workflow runs yet."""
    roster = [Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("ana", "ben", "cleo")]
    refs = await records.people.enrol(roster)
    cohort = Cohort(id="spring-2027", programme="p", version=1, texts_digest="0" * 64, starts_at=ACCEPTED_AT, created_at=ACCEPTED_AT)
    await records.cohorts.put(cohort)
    enrolled = await records.cohorts.enrol_pairs("spring-2027", [("pair-7", refs["ana"], refs["ben"])])
    await records.cohorts.mark_started(enrolled.added[0].mentorship)
    return Pair(enrolled.added[0].model_copy(update={"state": "started"}), queue=f"{TASK_QUEUE}-{uuid.uuid4()}")


@pytest_asyncio.fixture
async def running(client: Client, pair: Pair) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """The pair's workflow, accepted by Temporal; no worker lives."""
    handle = await client.start_workflow("Mentorship", "", id=pair.mentorship, task_queue=pair.queue)
    yield handle
    await handle.terminate()


@dataclass
class Sender:
    """A program that signs what it sends, as the specification says."""

    http: httpx.AsyncClient
    settings: Settings
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def headers(self, body: bytes, message_id: str, secret: str = "everything", at: datetime | None = None) -> dict[str, str]:
        at = at or datetime.now(UTC)
        signature = Webhook(self.settings.webhook_secrets[secret].secret.get_secret_value()).sign(message_id, at, body.decode())
        return {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}

    async def post(
        self,
        command: str,
        body: Any,
        message_id: str | None = None,
        *,
        cohort: str = "spring-2027",
        pair: str = "pair-7",
        headers: dict[str, str] | None = None,
        **signed: Any,
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message_id = message_id or f"msg_{next(self.numbers)}"
        sent = self.headers(raw, message_id, **signed) if headers is None else headers
        return await self.http.post(f"/v1/mentorships/{cohort}/{pair}/{command}", content=raw, headers=sent)

    async def receipt(self, message_id: str, *, cohort: str = "spring-2027", pair: str = "pair-7", **signed: Any) -> httpx.Response:
        headers = self.headers(b"", f"ask_{next(self.numbers)}", **signed)
        return await self.http.get(f"/v1/receipts/{cohort}/{pair}/{message_id}", headers=headers)

    async def answer(self, message_id: str) -> httpx.Response:
        """The receipt, once a worker that lives has had its turn: on a busy machine that takes longer than the hook waits for it, and "waiting" is true as well."""
        async with asyncio.timeout(30):
            while (told := await self.receipt(message_id)).json()["status"] == "waiting":
                pass
        return told


@pytest.fixture
def sender(http: httpx.AsyncClient, settings: Settings) -> Sender:
    return Sender(http, settings)


@dataclass
class Mentorship:
    """The pair's mentorship, seen from Temporal and from records."""

    client: Client
    records: Records
    pair: Pair

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """A worker lives inside, and none outside."""
        async with Worker(self.client, task_queue=self.pair.queue, workflows=[Recorder], workflow_runner=UnsandboxedWorkflowRunner()):
            yield

    async def signals(self) -> list[tuple[str, dict[str, Any]]]:
        """What the workflow was sent so far, in order."""
        async with self.worker():
            seen = await self.client.get_workflow_handle(self.pair.mentorship).query("signals")
        return [(name, arguments[0]) for name, arguments in seen]

    async def end(self, *known: str) -> None:
        """It is over, and the journal knows these messages as applied."""
        rows = [JournalEntry(seq=n, at=ACCEPTED_AT, kind="command", name="excuse", message_id=message, outcome="applied") for n, message in enumerate(known, 1)]
        await self.records.journal.append(self.pair.mentorship, rows, over_at=ACCEPTED_AT + timedelta(days=1))


@pytest.fixture
def mentorship(client: Client, records: Records, pair: Pair) -> Mentorship:
    return Mentorship(client, records, pair)


@pytest.fixture
def problem() -> Callable[[httpx.Response], dict[str, Any]]:
    """The problem document of an answer, or a failed test."""

    def read(response: httpx.Response) -> dict[str, Any]:
        assert response.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = response.json()
        assert document["status"] == response.status_code
        assert document["title"]
        return document

    return read


@pytest.fixture
def places(problem: Callable[[httpx.Response], dict[str, Any]]) -> Callable[[httpx.Response], set[str]]:
    """Where the problem document says that something is wrong."""

    def read(response: httpx.Response) -> set[str]:
        return {error.get("pointer") or error["header"] for error in problem(response).get("errors", [])}

    return read


# -- pages ----------------------------------------------------------------------------------------------------------------


@dataclass
class Browser:
    """Opens pages and sends the forms that it finds on them, as a person would."""

    http: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def send(self, page: httpx.Response, action: str, follow: bool = True, **typed: Any) -> httpx.Response:
        """The form whose address ends with `action`, with what is typed."""
        url, hidden = form(page, action)
        answer = await self.http.post(url, data={**hidden, **typed}, headers={"Sec-Fetch-Site": "same-origin"})
        if answer.status_code == 303:
            assert answer.headers["referrer-policy"] == "no-referrer", "the address holds a token"
        if follow and answer.status_code == 303:
            return await self.http.get(answer.headers["location"])
        return answer

    async def line(self, page: httpx.Response, number: int = 0) -> httpx.Response:
        """The page of a line on the coordinators' list, counted from 0."""
        found = re.findall(r'<a class="button second" href="([^"]*/coordinator/[^"/]+/[0-9a-f]{16}[^"]*)"', page.text)
        return await self.http.get(html.unescape(found[number]))


def form(page: httpx.Response, action: str) -> tuple[str, dict[str, str]]:
    """A form's address and its hidden fields."""
    for found in re.finditer(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL):
        if found[1].split("?")[0].endswith(action):
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[2])
            return html.unescape(found[1]), {name: html.unescape(value) for name, value in hidden}
    raise AssertionError(f"no form {action} on a page of {page.status_code}")


def words(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    main = re.sub(r"<(script|style).*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.fixture
def says() -> Callable[[httpx.Response], str]:
    return words


@pytest.fixture
def form_on() -> Callable[[httpx.Response, str], tuple[str, dict[str, str]]]:
    return form


# -- a real browser ---------------------------------------------------------------------------------------------------------

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Chromium]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield browser
        await browser.close()


LOOKS = (("light", 320, "de"), ("dark", 500, "en"), ("dark", 1000, "ar"))
"""Colours, width and language: what a page is judged in. 320 is a small phone, 500 a window of 1,000 at 200 %."""


@dataclass
class Look:
    """A page in a browser as one reader has it, and the judgement on what it shows."""

    page: Page
    width: int
    lang: str

    async def open(self, address: str) -> None:
        await self.page.goto(f"{address}{'&' if '?' in address else '?'}lang={self.lang}")
        await self.judge(address)

    async def judge(self, what: str) -> None:
        """Nothing that axe finds, nothing cut off however wide the window is, one main heading."""
        found = (await Axe().run(self.page)).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], what
        assert await self.page.locator("h1").count() == 1, what
        for width in (*(width for _, width, _ in LOOKS if width != self.width), self.width):
            await self.page.set_viewport_size({"width": width, "height": 900})
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, (what, width)


@pytest_asyncio.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
async def look(request: pytest.FixtureRequest, chromium: Chromium) -> Look:
    scheme, width, lang = request.param
    return Look(await chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}), width, lang)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port of the test's own. Of TCP by name: only then asyncio sends each write at once, and no answer waits 40 ms for the reader's acknowledgement."""
    with socket.socket(proto=socket.IPPROTO_TCP) as own:
        own.bind(("127.0.0.1", 0))
        yield own


Serving = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture
def serving(listening: socket.socket) -> Serving:
    """Serves an application over HTTP while inside; tells its address."""

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
