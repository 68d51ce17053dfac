"""One cohort of the service with everything real, and everything that a test does with it: its people, its processes, and what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from certificates.issuer import Issuer
from gateway.keyring import Keyring
from gateway.settings import Settings
from mentorship.commands import Message
from mentorship.programme import Programme
from records.chain import Head
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records
from starter.running import running
from tests.forked import told
from tests.processes import TEMPORAL, Program, Server, until
from webhook.bodies import BODIES
from webhook.door import Door
from webhook.parsing import digest
from webhook.problems import Problem
from wire.inputs import CohortOf
from wire.names import WORK_QUEUE, cohort_id
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import activities
from workflows.status import Outcome, Status


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
    """The ids of accepted messages, by mentorship."""

    # -- people and pairs

    async def enrol(self, programme: Programme, pairs: int = 1, starts: datetime | None = None) -> None:
        """Enrols `mentor-1` with `mentee-1` and so on, and Ana the coordinator; starts nothing."""
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
        await RecordsOffice(self.records, self.client).enrol(self.cohort, pairs, lambda *_: None)
        return self.handle(0)

    async def start_cohort(self) -> None:
        """Starts the pairs as operators do, through the cohort's own workflow."""
        await self.client.start_workflow("Cohort", CohortOf(cohort=self.cohort), id=cohort_id(self.cohort), task_queue=WORK_QUEUE)

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
        """Workers of this process run inside the block, and none outside it."""
        async with AsyncExitStack() as stack:
            for worker in workers(self.client, activities(self.settings, self.records, self.client, self.issuer)):
                await stack.enter_async_context(worker)
            yield

    def worker_process(self, *, key_file: Path | None = None, name: str = "worker", **changes: str) -> Program:
        """`python -m worker`, as an operator runs it, not started yet. `changes` are further settings."""
        env = self._environment(KEY_FILE=str(key_file or self.settings.key_file), **changes)
        return Program("worker", self.folder / f"{name}.log", env)

    def hook_process(self, port: int, **changes: str) -> Program:
        """`python -m webhook` on that port, not started yet."""
        return Program("webhook", self.folder / "hook.log", self._environment(WEBHOOK_PORT=str(port), **changes))

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
        return (
            env
            | {"TEMPORAL_ADDRESS": self.server.address, "TEMPORAL_NAMESPACE": self.client.namespace}
            | {f"MENTORSHIP_{name}": value for name, value in ours.items()}
        )

    async def cli(self, *arguments: str, expect: int = 0) -> Any:
        """Runs the operators' command line in a process of its own; returns what it answers with `--json`."""
        code, said, wrong = await told(*arguments, "--json", env=self.worker_process().env)
        assert code == expect, said + wrong
        return json.loads(said)

    # -- commands

    def door(self) -> Door:
        return Door(self.settings, self.client, self.records)

    async def post(self, pair: int, side: str, command: str, message_id: str, **body: Any) -> None:
        """Sends a command through the web hook's door, as a program's signed POST would. Raises webhook.problems.Problem."""
        enrolment = self.pairs[pair]
        value = {"by": f"{side}-{pair + 1}", **body}
        written = BODIES[command].model_validate_json(json.dumps(value))
        by = enrolment.mentor if side == "mentor" else enrolment.mentee
        await self.door().take(enrolment, by, message_id, digest(command, value), written.command)
        self.sent.setdefault(enrolment.mentorship, []).append(message_id)

    async def persist(self, pair: int, side: str, command: str, message_id: str, **body: Any) -> None:
        """Sends the same message again until it is accepted, as a program should."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.post(pair, side, command, message_id, **body)
                except Problem as problem:
                    if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        raise
                    await asyncio.sleep(0.2)
                else:
                    return

    async def signal(self, command: Message, pair: int = 0) -> None:
        """Sends a signal with a client that has our keys."""
        await self.handle(pair).signal(command.command, command)  # type: ignore[attr-defined]
        if command.message_id:
            self.sent.setdefault(self.pairs[pair].mentorship, []).append(command.message_id)

    async def by_hand(self, name: str, *inputs: str) -> None:
        """Runs `temporal workflow signal`, without our codec and models. Fails the test when the server does not accept the signal."""
        given = [word for text in inputs for word in ("--input", text)]
        await self.temporal("workflow", "signal", "--workflow-id", self.pairs[0].mentorship, "--name", name, *given)

    async def temporal(self, *arguments: str) -> None:
        """Runs Temporal's own command line. Fails the test when the command fails."""
        where = ("--address", self.server.address, "--namespace", self.client.namespace)
        process = await asyncio.create_subprocess_exec(TEMPORAL, *arguments, *where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()

    # -- what became of it

    until = staticmethod(until)

    async def status(self, pair: int = 0) -> Status:
        return Status.model_validate(await self.handle(pair).query("status"))

    async def diverged(self) -> bool:
        """Whether the workflow reports that it has diverged; False while it does not answer."""
        with contextlib.suppress(RPCError):
            return (await self.status()).diverged
        return False

    async def receipt(self, message_id: str, pair: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = await self.handle(pair).query("receipt", message_id)
        return found

    async def receipt_within(self, message_id: str, pair: int = 0, within: float = 30.0) -> dict[str, Any]:
        """Returns the receipt, once the workflow has handled the message."""

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
        """Returns the status, once the outbox is empty."""

        async def nothing_waits() -> Status | None:
            with contextlib.suppress(RPCError):
                status = await self.status(pair)
                return status if status.pending_effects == 0 else None
            return None

        return await until(nothing_waits, within=within)

    async def listed(self, mentorships: int) -> None:
        """Waits until Temporal lists this many as running; it lists a start or an end a moment later."""

        async def so_many() -> bool:
            return len(await running(self.client)) == mentorships

        await until(so_many)

    async def outcome(self, pair: int = 0, within: float = 60.0) -> Outcome:
        async with asyncio.timeout(within):
            while True:
                try:
                    return Outcome.model_validate(await self.handle(pair).result())
                except RPCError:  # the server is being killed
                    await asyncio.sleep(0.2)

    async def check_books(self) -> Counter[str]:
        """Asserts what must be true whatever was killed: sent = applied + refused, each once, and a whole journal. Returns applied and refused."""
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
        """The journal's head as the running workflow knows it; None once it is over, or while it cannot be queried."""
        with contextlib.suppress(RPCError):
            head = Status.model_validate(await self.handle(pair).query("status", rpc_timeout=timedelta(seconds=2))).head
            return Head(seq=head.seq, mac=head.mac)
        return None

    async def histories(self, pair: int = 0) -> list[Any]:
        """Every event of the newest run."""
        return [event async for event in self.handle(pair).fetch_history_events()]

    async def reset(self, *, forgetful: bool = True, request: str = "reset") -> None:
        """Resets the first mentorship to its beginning. With `forgetful` it loses the signals that it had, which only the journal still knows."""
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


async def lose(house: Any, *statements: str) -> None:
    """Puts records back to an earlier moment. It does so in a thread: a worker of this process may be writing, and can finish only meanwhile."""

    def changed() -> None:
        with sqlite3.connect(house.folder / "records.db", timeout=20, isolation_level="IMMEDIATE") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    await asyncio.to_thread(changed)
