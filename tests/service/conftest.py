"""The whole service on what it really stands on, so that parts of it can be killed: Temporal's own server, records in a SQLite file,
SMTP, and where a test kills them, workers in processes of their own. Programmes last seconds instead of weeks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from activities import options
from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.connect import connect
from gateway.keyring import Keyring
from gateway.names import TASK_QUEUE, cohort_id
from gateway.settings import Settings
from mentorship.commands import Message
from mentorship.programme import Programme
from records.chain import Head
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records
from webhook.bodies import BODIES
from webhook.door import Door
from webhook.parsing import digest
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import activities
from workflows.cohort import CohortInput
from workflows.status import Outcome, Status

ROOT = Path(__file__).parents[2]
TEMPORAL = Path(sysconfig.get_path("scripts")) / "temporal"

T = TypeVar("T")


async def until(holds: Callable[[], Awaitable[T]], *, within: float = 30.0, every: float = 0.05) -> T:
    """Waits for a condition of the world outside, and returns what made it true; fails when it does not come."""
    async with asyncio.timeout(within):
        while not (found := await holds()):  # noqa: ASYNC110 - nothing outside tells us
            await asyncio.sleep(every)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- processes ------------------------------------------------------------------------------------------------------------


class Process:
    """A process of ours. `log` holds what it wrote."""

    def __init__(self, command: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        self._command = list(command)
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._env, cwd=ROOT)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill -9: no last words."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(15)
        self._process = None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Server(Process):
    """Temporal's server; with a database file it can be killed and started again."""

    def __init__(self, folder: Path, *, durable: bool = False, dynamic: dict[str, object] | None = None) -> None:
        self.port = free_port()
        command = [str(TEMPORAL), "server", "start-dev", "--headless", "--port", str(self.port), "--log-level", "error"]
        if durable:
            command += ["--db-filename", str(folder / "temporal.db"), "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
        for name, value in (dynamic or {}).items():
            command += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]
        super().__init__(command, folder / "temporal.log")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def ready(self) -> None:
        async def answers() -> bool:
            assert self.alive, self.said()
            try:
                client = await Client.connect(self.address)
                await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=timedelta(seconds=2))
                await search_attributes.register(client)
            except (RPCError, RuntimeError):
                return False
            return True

        await until(answers)


Servers = Callable[..., Awaitable[Server]]


@pytest.fixture
async def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Servers]:
    """Starts a server of the test's own, and makes it the one that TEMPORAL_ADDRESS names."""
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


# -- the service ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers in this process try a mail again after a tenth of a second, not five."""
    quick = options.OPTIONS["send_notice"]._replace(first_pause=timedelta(seconds=0.1), longest_pause=timedelta(seconds=0.5))
    monkeypatch.setitem(options.OPTIONS, "send_notice", quick)


def seconds_programme(**changes: Any) -> Programme:
    """A programme whose weeks are seconds. `length` and what `changes` names may be longer; nothing is spread, mail has no hours."""
    length = changes.pop("length", "PT40S")
    grace = changes.pop("grace", "PT1S")
    closes = changes.pop("closes", "PT1S")
    meetings = {
        "count": 3,
        "first_after": "PT3S",
        "interval": "PT3S",
        "duration": "PT1S",
        "prepare": "PT1S",
        "ask_after": "PT1S",
        **changes.pop("meetings", {}),
    }
    return Programme.model_validate(
        {
            "programme": {"id": "quick", "version": 1, "title": "Quick", "length": length, "reporting_grace": grace, "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["ana"], "owner": "lee", "outside": ["sam"]},
            "meetings": meetings,
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "Onwards"}, {"topic": "Looking back", "closing": True}],
            "milestones": [
                {"id": "aligned", "title": "Aligned", "when": "expectations_confirmed"},
                {"id": "goal", "title": "A goal", "when": "goal_set"},
                {"id": "shadowing", "title": "Shadowing", "by": "either"},
                {"id": "talk", "title": "A talk", "by": "either"},
                {"id": "visit", "title": "A visit", "by": "either"},
            ],
            "object_within": "PT5S",
            "attendance": {"contest_within": "PT5S"},
            "cancellations": {"notice": "PT1S", "answer_within": "PT5S", "window": "PT60S"},
            "attention": {"no_meeting_by": "PT300S", "offer_rematch": "PT300S", "unowned": "PT300S"},
            "alignment": {"remind_after": "PT60S"},
            "heads_up": "PT2S",
            "surveys": {"closing_reminder": "PT60S", "closes": closes},
            "pause": {"longest": "PT60S"},
            "extension": {"by_pair": "PT10S"},
            "mail": {"budget": {"most": 1000, "in": "P30D"}, "follow_ups": 100, "hours": "none", "spread": "PT0S"},
            **changes,
        }
    )


def long_programme(**changes: Any) -> Programme:
    """One in which nothing is due while a test lasts."""
    hours = {"first_after": "PT1H", "interval": "PT1H", "prepare": "PT10M", "ask_after": "PT10M"}
    return seconds_programme(length="PT24H", grace="PT1H", heads_up="PT1H", **{"meetings": hours, **changes})


@dataclass
class House:
    """One cohort of the service, and everything that a test does with it."""

    server: Server
    settings: Settings
    keyring: Keyring
    records: Records
    issuer: Issuer
    folder: Path
    client: Client
    cohort: str = "spring"
    pairs: list[Enrolment] = field(default_factory=list)
    sent: dict[str, list[str]] = field(default_factory=dict)
    """Message ids that were accepted, by mentorship."""

    # -- people and pairs

    async def enrol(self, programme: Programme, pairs: int = 1, starts: datetime | None = None) -> None:
        """`mentor-1` with `mentee-1` and so on, and Ana the coordinator; nothing is started."""
        await self.records.programmes.put(programme)
        names = [f"{side}-{n}" for n in range(1, pairs + 1) for side in ("mentor", "mentee")]
        roster = [Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in names]
        refs = await self.records.people.enrol([*roster, Profile(person_id="ana", name="Ana", email="ana@example.org", role="coordinator")])
        await self.records.cohorts.put(
            Cohort(
                id=self.cohort,
                programme=programme.programme.id,
                version=programme.programme.version,
                texts_digest=programme.texts().digest,
                starts_at=starts or datetime.now(UTC),
                created_at=datetime.now(UTC),
            )
        )
        wanted = [(f"pair-{n}", refs[f"mentor-{n}"], refs[f"mentee-{n}"]) for n in range(1, pairs + 1)]
        self.pairs = list((await self.records.cohorts.enrol_pairs(self.cohort, wanted)).added)

    async def start(self, programme: Programme, pairs: int = 1) -> WorkflowHandle[Any, Any]:
        """Enrols and starts without a cohort workflow or a worker; returns the first mentorship."""
        await self.enrol(programme, pairs)
        await RecordsOffice(self.records, self.client, None).enrol(self.cohort, pairs, lambda *_: None)  # type: ignore[arg-type]
        return self.handle(0)

    async def start_cohort(self) -> None:
        """As the operators do: the cohort's own workflow starts the pairs."""
        await self.client.start_workflow("Cohort", CohortInput(cohort=self.cohort), id=cohort_id(self.cohort), task_queue=TASK_QUEUE)

    def handle(self, pair: int = 0) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(self.pairs[pair].mentorship)

    @property
    def mentor(self) -> str:
        return self.pairs[0].mentor

    @property
    def mentee(self) -> str:
        return self.pairs[0].mentee

    # -- workers

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Workers of this process live inside, and none outside."""
        async with AsyncExitStack() as stack:
            for worker in workers(self.client, activities(self.settings, self.records, self.client, self.issuer)):
                await stack.enter_async_context(worker)
            yield

    def worker_process(self, *, key_file: Path | None = None, name: str = "worker", **changes: str) -> Process:
        """`python -m worker.main`, as an operator runs it; not started yet. `changes` are further settings."""
        env = self._environment(KEY_FILE=str(key_file or self.settings.key_file), **changes)
        return Process([sys.executable, "-m", "worker.main"], self.folder / f"{name}.log", env)

    def hook_process(self, port: int, **changes: str) -> Process:
        """`python -m webhook.main` on that port; not started yet."""
        return Process([sys.executable, "-m", "webhook.main"], self.folder / "hook.log", self._environment(WEBHOOK_PORT=str(port), **changes))

    def _environment(self, **changes: str) -> dict[str, str]:
        settings = self.settings
        env = {name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_", "COVERAGE", "PYTEST"))}
        ours = {
            "DATABASE_URL": settings.database_url,
            "KEY_FILE": str(settings.key_file),
            "SMTP_HOST": settings.smtp_host,
            "SMTP_PORT": str(settings.smtp_port),
            "SMTP_TLS": "none",
            "MAIL_FROM": settings.mail_from,
            "BASE_URL": settings.base_url,
            "LINK_SECRETS": json.dumps([secret.get_secret_value() for secret in settings.link_secrets]),
            "ISSUER_KEY_FILE": str(settings.issuer_key_file),
            "ISSUER_NAME": settings.issuer_name,
            "LOG_FORMAT": "json",
            **changes,
        }
        return env | {"TEMPORAL_ADDRESS": self.server.address} | {f"MENTORSHIP_{name}": value for name, value in ours.items()}

    async def cli(self, *arguments: str, expect: int = 0) -> Any:
        """The operators' command line in a process of its own; what it answers with `--json`."""
        command = [sys.executable, "-m", "starter", *arguments, "--json"]
        process = await asyncio.create_subprocess_exec(*command, env=self.worker_process()._env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said, wrong = await process.communicate()
        assert process.returncode == expect, said.decode() + wrong.decode()
        return json.loads(said)

    # -- commands

    def door(self) -> Door:
        return Door(self.settings, self.client, self.records)

    async def post(self, pair: int, side: str, command: str, message_id: str, **body: Any) -> None:
        """Through the web hook's door, as a program's signed POST goes. Raises webhook.problems.Problem."""
        enrolment = self.pairs[pair]
        value = {"by": f"{side}-{pair + 1}", **body}
        written = BODIES[command].model_validate_json(json.dumps(value))
        by = enrolment.mentor if side == "mentor" else enrolment.mentee
        await self.door().take(enrolment, by, message_id, digest(command, value), written.command)
        self.sent.setdefault(enrolment.mentorship, []).append(message_id)

    async def signal(self, command: Message, pair: int = 0) -> None:
        """A signal by a client with our keys."""
        await self.handle(pair).signal(command.command, command)  # type: ignore[attr-defined]
        if command.message_id:
            self.sent.setdefault(self.pairs[pair].mentorship, []).append(command.message_id)

    async def by_hand(self, name: str, *inputs: str) -> None:
        """`temporal workflow signal`: no codec, no model, nothing of ours. Fails the test when the server does not take it."""
        command = [str(TEMPORAL), "workflow", "signal", "--address", self.server.address, "--workflow-id", self.pairs[0].mentorship, "--name", name]
        for text in inputs:
            command += ["--input", text]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()

    # -- what became of it

    until = staticmethod(until)

    async def status(self, pair: int = 0) -> Status:
        return Status.model_validate(await self.handle(pair).query("status"))

    async def receipt(self, message_id: str, pair: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = await self.handle(pair).query("receipt", message_id)
        return found

    async def receipt_within(self, message_id: str, pair: int = 0, within: float = 30.0) -> dict[str, Any]:
        """The receipt, once the workflow has handled the message."""

        async def known() -> dict[str, Any] | None:
            with contextlib.suppress(RPCError):
                found = await self.receipt(message_id, pair)
                return found if found["outcome"] != "waiting" else None
            return None

        return await until(known, within=within)

    async def journal(self, pair: int = 0) -> list[JournalEntry]:
        return await self.records.journal.entries(self.pairs[pair].mentorship)

    async def journalled(self, message_id: str, pair: int = 0, within: float = 30.0) -> None:
        await until(lambda: self.records.journal.receipt(self.pairs[pair].mentorship, message_id), within=within)

    async def idle(self, pair: int = 0, within: float = 30.0) -> Status:
        """The status, once the outbox is empty."""

        async def nothing_waits() -> Status | None:
            with contextlib.suppress(RPCError):
                status = await self.status(pair)
                return status if status.pending_effects == 0 else None
            return None

        return await until(nothing_waits, within=within)

    async def outcome(self, pair: int = 0, within: float = 60.0) -> Outcome:
        async with asyncio.timeout(within):
            while True:
                try:
                    return Outcome.model_validate(await self.handle(pair).result())
                except RPCError:  # the server is being killed
                    await asyncio.sleep(0.2)

    async def check_books(self) -> Counter[str]:
        """What must be true whatever was killed: sent = applied + refused, each once; the journal whole. Returns applied and refused."""
        total: Counter[str] = Counter()
        expected: dict[str, Head] = {}
        for n, pair in enumerate(self.pairs):
            rows = await self.journal(n)
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
            commands = [row for row in rows if row.kind == "command" and row.by != "service"]
            assert set(Counter(row.message_id for row in commands if row.outcome == "applied").values()) <= {1}
            first = {row.message_id: row.outcome for row in reversed(commands)}
            sent = set(self.sent.get(pair.mentorship, []))
            assert sent <= set(first), f"lost: {sorted(sent - set(first))[:5]} of {len(sent)}"
            total.update(first[message_id] or "?" for message_id in sent)
            known = await self.known_head(n)
            if known is not None:
                expected[pair.mentorship] = known
        assert sum(total.values()) == sum(len(set(ids)) for ids in self.sent.values())
        assert await self.records.journal.verify(cohort=self.cohort, expected=expected) == []
        return total

    async def known_head(self, pair: int) -> Head | None:
        """The journal's head as the running workflow knows it; None once it is over, or while nobody can be asked."""
        with contextlib.suppress(RPCError):
            head = Status.model_validate(await self.handle(pair).query("status", rpc_timeout=timedelta(seconds=2))).head
            return Head(seq=head.seq, mac=head.mac)
        return None

    async def histories(self, pair: int = 0) -> list[Any]:
        """Every event of the newest run."""
        return [event async for event in self.handle(pair).fetch_history_events()]

    async def reset(self, *, forgetful: bool = True, request: str = "reset") -> None:
        """The first mentorship, to its beginning; a forgetful one is without the signals that it had: the journal knows better."""
        first = next(event.event_id for event in await self.histories() if event.HasField("workflow_task_completed_event_attributes"))
        await self.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=self.pairs[0].mentorship),
                reason="a test",
                workflow_task_finish_event_id=first,
                request_id=request,
                reset_reapply_exclude_types=[ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL] if forgetful else [],
            )
        )


Houses = Callable[..., Awaitable[House]]


@pytest.fixture
async def houses(servers: Servers, settings: Settings, keyring: Keyring, records: Records, issuer: Issuer, tmp_path: Path) -> Houses:
    """A service on a server of its own; keywords are the server's."""

    async def build(**server: Any) -> House:
        started = await servers(**server)
        client = await connect(settings, keyring, role="test")
        return House(started, settings, keyring, records, issuer, tmp_path, client)

    return build


@pytest.fixture
async def house(houses: Houses) -> House:
    return await houses()


@pytest.fixture
async def processes() -> AsyncIterator[Callable[[Process], Process]]:
    """Starts processes, and ends them with the test."""
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
