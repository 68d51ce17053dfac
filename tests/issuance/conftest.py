"""Issuance on what it really stands on: Temporal's own server, worker processes that are killed, a mail server, records in a file."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from ruamel.yaml import YAML
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.names import MENTORSHIP, TASK_QUEUE
from gateway.settings import Settings
from mentorship.commands import RecordMilestone
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from records import migrate
from records.cohorts import Cohort, Enrolment
from records.people import Profile
from records.store import Records
from workflows.mentorship import MentorshipInput

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMESPACES = 32


@dataclass(frozen=True)
class Server:
    address: str
    namespaces: list[str]

    async def client(self, keyring: Keyring) -> Client:
        """In a namespace of its own: a worker that is killed there is nobody else's."""
        client = await Client.connect(self.address, namespace=self.namespaces.pop(), data_converter=data_converter(keyring))
        await search_attributes.register(client)
        return client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    names = [f"issuance-{number}" for number in range(NAMESPACES)]
    more = [argument for name in names for argument in ("--namespace", name)]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(binary), dev_server_log_level="error", dev_server_extra_args=more
    ) as environment:
        yield Server(environment.client.service_client.config.target_host, names)


def _programme(milestones: int = 5) -> Programme:
    """The demo's words over milestones that somebody reports, at any hour, with nothing after the certificates to wait for."""
    given = YAML(typ="safe").load(ROOT / "examples" / "demo" / "programme.yaml")
    given["programme"]["id"] = f"of-{milestones}"
    given["milestones"] = [{"id": f"m-{number}", "title": f"Milestone {number}"} for number in range(1, milestones + 1)]
    given["mail"] = {"hours": "none", "spread": "PT0S"}
    given["surveys"] = {"closing_reminder": "PT1S", "closes": "PT2S"}
    return Programme.model_validate(given)


@pytest.fixture
def programme() -> Callable[..., Programme]:
    return _programme


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Waits until something is so, at most a minute; a failed test otherwise."""

    async def wait(is_so: Callable[[], Any], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while True:
                found = is_so()
                if await found if inspect.isawaitable(found) else found:
                    return
                await asyncio.sleep(0.05)

    return wait


@dataclass(frozen=True)
class Font:
    path: Path
    character: str


@pytest.fixture
def some_font() -> Font:
    """A font of this machine, and a character of a script that we do not ship (Tifinagh)."""
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.is_file():
        pytest.skip("DejaVu Sans is not installed here")
    return Font(path, "ⵣ")


@dataclass(frozen=True)
class Place:
    """One mentorship's surroundings, as a worker's process sees them."""

    client: Client
    server: Server
    settings: Settings
    records: Records
    issuer: Issuer
    mailbox: Any
    folder: Path

    def with_fonts(self, folder: Path) -> Place:
        return replace(self, settings=self.settings.model_copy(update={"font_folder": folder}))

    @asynccontextmanager
    async def worker(self, *arguments: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """A worker's own process, gone afterwards."""
        settings = self.settings
        secret = settings.link_secrets[0].get_secret_value()
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_"))},
            "PYTHONPATH": str(ROOT),
            "TEMPORAL_ADDRESS": self.server.address,
            "TEMPORAL_NAMESPACE": self.client.namespace,
            "MENTORSHIP_DATABASE_URL": settings.database_url,
            "MENTORSHIP_KEY_FILE": str(settings.key_file),
            "MENTORSHIP_ISSUER_KEY_FILE": str(settings.issuer_key_file),
            "MENTORSHIP_ISSUER_NAME": settings.issuer_name,
            "MENTORSHIP_SMTP_HOST": settings.smtp_host,
            "MENTORSHIP_SMTP_PORT": str(settings.smtp_port),
            "MENTORSHIP_SMTP_TLS": settings.smtp_tls,
            "MENTORSHIP_MAIL_FROM": settings.mail_from,
            "MENTORSHIP_BASE_URL": settings.base_url,
            "MENTORSHIP_LINK_SECRETS": secret,
            "MENTORSHIP_FONT_FOLDER": str(settings.font_folder or ""),
        }
        with (self.folder / "worker.log").open("ab") as log:
            command = [sys.executable, HERE / "stopping_worker.py", *arguments]
            process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)  # noqa: ASYNC220 - it starts at once
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    async def enrol(self, number: int, chosen: Programme, *, mentor: str = "Mia Mentor", mentee: str = "Noor Mentee") -> Enrolment:
        people = await self.records.people.enrol(
            [
                Profile(person_id=f"mentor-{number}", name=mentor, email=f"mentor-{number}@example.org"),
                Profile(person_id=f"mentee-{number}", name=mentee, email=f"mentee-{number}@example.org"),
                Profile(person_id=chosen.contacts.coordinators[0], name="Ana Coordinator", email="ana@example.org", role="coordinator"),
            ]
        )
        cohort = f"cohort-{number}"
        head = chosen.programme
        await self.records.programmes.put(chosen)
        now = datetime.now(UTC)
        known = Cohort(id=cohort, programme=head.id, version=head.version, texts_digest=chosen.texts().digest, starts_at=now, created_at=now)
        await self.records.cohorts.put(known)
        enrolled = await self.records.cohorts.enrol_pairs(cohort, [(f"pair-{number}", people[f"mentor-{number}"], people[f"mentee-{number}"])])
        enrolment = enrolled.added[0]
        await self.records.cohorts.mark_started(enrolment.mentorship)
        return enrolment

    async def start(self, enrolment: Enrolment, chosen: Programme, *, ends: datetime, grace: timedelta) -> WorkflowHandle[Any, Any]:
        """A mentorship that began an hour ago and is about to end."""
        begins = MentorshipStarted(
            at=ends - timedelta(hours=1),
            pair=Pair(mentor=enrolment.mentor, mentee=enrolment.mentee),
            rules=chosen.rules(),
            starts=ends - timedelta(hours=1),
            ends=ends,
            reporting_ends=ends + grace,
            slots=(),
        )
        given = MentorshipInput(cohort=enrolment.cohort, texts=chosen.texts().digest, begins=begins)
        return await self.client.start_workflow(MENTORSHIP, given, id=enrolment.mentorship, task_queue=TASK_QUEUE)

    async def documents(self, mentorship: str) -> dict[str, tuple[str, bytes]]:
        """What was issued so far, by certificate."""
        found = await self.records.certificates.of(mentorship)
        return {one.id: await self.records.certificates.document(one.id) for one in found if one.stored}

    async def report(self, handle: WorkflowHandle[Any, Any], by: str, numbers: range, done_at: datetime) -> None:
        for number in numbers:
            await handle.signal(
                "record_milestone", RecordMilestone(message_id=f"report-{number}", by=by, at=datetime.now(UTC), milestone=f"m-{number}", done_at=done_at)
            )


@pytest.fixture
async def place(server: Server, settings: Settings, keyring: Keyring, records: Records, issuer: Issuer, mailbox: Any, tmp_path: Path) -> Place:
    return Place(await server.client(keyring), server, settings, records, issuer, mailbox, tmp_path)


@pytest.fixture
async def another_place(place: Place, keyring: Keyring) -> AsyncIterator[Callable[[str], Awaitable[Place]]]:
    """Further places, each with a namespace, a mail server and records of its own."""
    migrating = asyncio.Lock()  # Alembic's operations are a global of the process
    async with AsyncExitStack() as stack:

        async def made(name: str) -> Place:
            folder = place.folder / name
            folder.mkdir()
            mailbox = type(place.mailbox)()
            await mailbox.start()
            stack.callback(mailbox.stop)
            settings = place.settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{folder}/records.db", "smtp_port": mailbox.port})
            async with migrating:
                await asyncio.to_thread(migrate.upgrade, settings.database_url)
            records = await Records.open(settings.database_url, keyring)
            stack.push_async_callback(records.close)
            return Place(await place.server.client(keyring), place.server, settings, records, place.issuer, mailbox, folder)

        yield made
