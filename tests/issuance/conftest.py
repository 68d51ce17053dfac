"""Issuance with everything real: Temporal's own server, worker processes that are killed, a mail server, records in a file.

As many pairs as possible share it: one server with two places on it. Workers die in one; a worker lives in the other.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import inspect
import json
import os
import shutil
import socket
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from ruamel.yaml import YAML
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from certificates import issuer as issuer_keys
from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.asking import Asking
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings
from local.mail_catcher import catching
from mentorship.commands import RecordMilestone
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from records.cohorts import Cohort, Enrolment
from records.people import Profile
from records.store import Records
from tests.forked import Forked, begun, told
from wire.names import MENTORSHIP, WORK_QUEUE
from workflows.mentorship import MentorshipInput

ROOT = Path(__file__).parents[2]
COHORT = "spring"
SOON = timedelta(seconds=3)
"""Time enough for five signals on a busy machine: whatever arrives after the end and its grace is too late."""


async def eventually(is_so: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits until a condition holds and returns what it found; otherwise the test fails."""
    async with asyncio.timeout(seconds):
        while True:
            found = is_so()
            if answer := (await found if inspect.isawaitable(found) else found):
                return answer
            await asyncio.sleep(0.05)


@pytest.fixture(name="eventually")
def eventually_() -> Callable[..., Awaitable[Any]]:
    return eventually


def programme(milestones: int = 5) -> Programme:
    """The demo's words with milestones that somebody reports. It sends at any hour and waits for nothing after the certificates."""
    given = YAML(typ="safe").load(ROOT / "examples" / "demo" / "programme.yaml")
    given["programme"]["id"] = f"of-{milestones}"
    given["milestones"] = [{"id": f"m-{number}", "title": f"Milestone {number}"} for number in range(1, milestones + 1)]
    given["mail"] = {"hours": "none", "spread": "PT0S"}
    given["surveys"] = {"closing_reminder": "PT1S", "closes": "PT2S"}
    return Programme.model_validate(given)


@pytest.fixture(name="programme")
def programme_() -> Callable[..., Programme]:
    return programme


@dataclass(frozen=True)
class Two:
    """A pair and its workflow. The pair `number` has the addresses mentor-{number} and mentee-{number}."""

    number: int
    enrolment: Enrolment
    handle: WorkflowHandle[Any, Any]
    ends: datetime

    @property
    def mentorship(self) -> str:
        return self.enrolment.mentorship

    def address(self, side: str) -> str:
        return f"{side}-{self.number}@example.org"

    async def report(self, by: str, numbers: range, done_at: datetime) -> None:
        for number in numbers:
            report = RecordMilestone(message_id=f"report-{number}", by=by, at=datetime.now(UTC), milestone=f"m-{number}", done_at=done_at)
            await self.handle.signal("record_milestone", report)


@dataclass(frozen=True)
class Place:
    """An installation: a namespace, records, a mail server, keys, and the workers running there."""

    address: str
    client: Client
    settings: Settings
    records: Records
    issuer: Issuer
    folder: Path
    opened_at: datetime

    @property
    def env(self) -> dict[str, str]:
        settings = self.settings
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_"))},
            "PYTHONPATH": str(ROOT),
            "TEMPORAL_ADDRESS": self.address,
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
            "MENTORSHIP_LINK_SECRETS": settings.link_secrets[0].get_secret_value(),
            "MENTORSHIP_FONT_FOLDER": str(settings.font_folder or ""),
        }

    @property
    def said(self) -> str:
        """What this place's workers wrote to their logs."""
        return (self.folder / "worker.log").read_text(errors="replace")

    @asynccontextmanager
    async def worker(self, *arguments: str) -> AsyncIterator[Forked]:
        """Runs a worker in its own process, which has ended when the block ends."""
        log = self.folder / "worker.log"
        process = begun("tests.issuance.stopping_worker", *arguments, env=self.env, out=log, err=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    async def run(self, *arguments: str) -> tuple[int, Any, str]:
        """Runs the operators' command line without the issuer's key, which it does not need; returns its exit code, its JSON, and its stderr."""
        env = {**self.env, "MENTORSHIP_ISSUER_KEY_FILE": str(self.folder / "nowhere.json")}
        code, out, err = await told(*arguments, "--json", env=env)
        return code, json.loads(out) if out else None, err

    async def begin(self, number: int, *, ends: datetime | None = None, grace: timedelta = SOON, milestones: int = 5, mentee: str = "Noor Mentee") -> Two:
        """A pair whose mentorship began an hour before it ends. It ends at `ends`, or soon after it is in records, however long that took."""
        chosen = programme(milestones)
        enrolment = await self._enrol(number, chosen, mentee)
        ends = ends or datetime.now(UTC) + SOON
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
        handle = await self.client.start_workflow(MENTORSHIP, given, id=enrolment.mentorship, task_queue=WORK_QUEUE)
        return Two(number, enrolment, handle, ends)

    async def done(self, number: int, **more: Any) -> Two:
        """A pair that has done all five in time and is about to end."""
        two = await self.begin(number, **more)
        await two.report(two.enrolment.mentor, range(1, 6), two.ends - timedelta(minutes=1))
        return two

    async def _enrol(self, number: int, chosen: Programme, mentee: str) -> Enrolment:
        cohort = f"{COHORT}-{chosen.programme.id}"
        names = {f"mentor-{number}": "Mia Mentor", f"mentee-{number}": mentee}
        people = await self.records.people.enrol(
            [
                *(Profile(person_id=person, name=name, email=f"{person}@example.org") for person, name in names.items()),
                Profile(person_id=chosen.contacts.coordinators[0], name="Ana Coordinator", email="ana@example.org", role="coordinator"),
            ]
        )
        head, texts = chosen.programme, chosen.texts().digest
        await self.records.programmes.put(chosen)
        await self.records.cohorts.put(
            Cohort(id=cohort, programme=head.id, version=head.version, texts_digest=texts, starts_at=self.opened_at, created_at=self.opened_at)
        )
        mentor, mentee = (people[f"{side}-{number}"] for side in ("mentor", "mentee"))
        enrolled = await self.records.cohorts.enrol_pairs(cohort, [(f"pair-{number}", mentor, mentee)])
        await self.records.cohorts.mark_started(enrolled.added[0].mentorship)
        return enrolled.added[0]

    async def rename(self, two: Two, name: str) -> None:
        """Changes the mentee's name in the people file and has the file read again."""
        await self.records.people.enrol([Profile(person_id=f"mentee-{two.number}", name=name, email=two.address("mentee"))])

    async def documents(self, two: Two) -> dict[str, tuple[str, bytes]]:
        """The documents issued so far, by certificate."""
        found = await self.records.certificates.of(two.mentorship)
        return {one.id: await self.records.certificates.document(one.id) for one in found if one.stored}

    def mails(self, address: str) -> list[EmailMessage]:
        return [mail for mail in (_mail(path, path.stat().st_size) for path in sorted((self.folder / "mails").glob("*.eml"))) if address in mail["To"]]


@cache
def _mail(path: Path, _: int) -> EmailMessage:
    """Reads a mail's file once: a mail that was caught never changes. One whose size differs was still being written."""
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def attached(mail: EmailMessage, name: str = "certificate.pdf") -> list[bytes]:
    return [part.get_payload(decode=True) for part in mail.iter_attachments() if part.get_filename() == name]  # type: ignore[misc]


@pytest.fixture(name="attached")
def attached_() -> Callable[..., list[bytes]]:
    return attached


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def opened(tmp_path_factory: pytest.TempPathFactory, template: Path) -> AsyncIterator[Callable[[str], Awaitable[Place]]]:
    """Opens places, each in its own namespace of one server, so that a worker killed in one belongs to no other."""
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with AsyncExitStack() as stack:
        started = WorkflowEnvironment.start_local(
            dev_server_existing_path=str(binary), dev_server_log_level="error", dev_server_extra_args=["--namespace", "killed", "--namespace", "living"]
        )
        environment = await stack.enter_async_context(await started)
        address = environment.client.service_client.config.target_host

        async def opening(namespace: str) -> Place:
            folder = tmp_path_factory.mktemp(namespace)
            for name in ("mails", "fonts"):
                (folder / name).mkdir()
            keyring = Keyring.generate(folder / "keys.json")
            issuer_keys.generate(folder / "issuer.json")
            port = _free_port()
            await stack.enter_async_context(catching(folder / "mails", port))
            settings = Settings(
                database_url=f"sqlite+aiosqlite:///{folder}/records.db",
                key_file=folder / "keys.json",
                smtp_host="127.0.0.1",
                smtp_port=port,
                smtp_tls="none",
                mail_from="Mentorship <mentorship@example.org>",
                base_url="http://127.0.0.1:8080",
                link_secrets=(SecretStr("a secret of these tests, long enough to be one"),),
                issuer_key_file=folder / "issuer.json",
                issuer_name="Example Ltd",
                font_folder=folder / "fonts",
            )
            shutil.copy(template, folder / "records.db")
            records = await Records.open(settings.database_url, keyring)
            stack.push_async_callback(records.close)
            client = await Client.connect(address, namespace=namespace, data_converter=data_converter(keyring), interceptors=[Asking()])
            await search_attributes.register(client)
            return Place(address, client, settings, records, Issuer.load(settings.issuer_key_file, name=settings.issuer_name), folder, datetime.now(UTC))

        yield opening


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def deadly(opened: Callable[[str], Awaitable[Place]]) -> Place:
    """A place without workers: each test starts its own and kills them."""
    return await opened("killed")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place(opened: Callable[[str], Awaitable[Place]]) -> AsyncIterator[Place]:
    """A place with a worker that stays alive."""
    made = await opened("living")
    async with made.worker():
        yield made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Documents = dict[str, tuple[str, bytes]]
Check = Callable[..., Awaitable[None]]


@pytest.fixture
def holds() -> Check:
    """Asserts that each of the two has exactly one genuine certificate, unchanged since `before`, and one mail by Message-ID."""

    async def check(place: Place, two: Two, before: Documents, verify: Callable[[bytes], bool], most: int | None = None) -> None:
        certificates = await place.records.certificates.of(two.mentorship)
        assert sorted(one.person for one in certificates) == sorted([two.enrolment.mentor, two.enrolment.mentee])
        documents = await place.documents(two)
        assert len(documents) == 2
        assert {name: documents[name] for name in before} == before
        by_person = {one.person: documents[one.id][1] for one in certificates}
        for side, person in (("mentor", two.enrolment.mentor), ("mentee", two.enrolment.mentee)):
            sent: Sequence[EmailMessage] = [mail for mail in place.mails(two.address(side)) if attached(mail)]
            assert sent, f"{side} got no certificate"
            assert len({mail["Message-ID"] for mail in sent}) == 1, "a repeat is the same mail"
            assert {pdf for mail in sent for pdf in attached(mail)} == {by_person[person]}
            assert most is None or len(sent) <= most
            assert verify(by_person[person])

    return check
