"""Concerns on the time-skipping server, with real records, real mail, and the mentorship that a concern may put on hold."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML
from temporalio.client import Interceptor, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.cases import Standing
from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.links import LinkSigner
from gateway.settings import Settings
from mentorship.programme import Programme
from notices.smtp import Mailer
from records.cases import Case
from records.cohorts import Cohort, Enrolment
from records.people import Profile
from records.store import Records
from schedule.calendar import reading_hours
from webhook.concern.door import Concern, ConcernDoor
from wire.names import case_id
from worker.build import workers
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings
from worker.case_post import CasePost
from worker.office import RecordsOffice
from worker.ports import activities
from workflows.status import Status

EXAMPLES = Path(__file__).parents[2] / "examples"
WORDS = "He keeps commenting on how I look."


def person(person_id: str, **more: Any) -> Profile:
    return Profile(**{"person_id": person_id, "name": person_id.title(), "email": f"{person_id}@example.org", "time_zone": "Europe/Berlin"} | more)


ROSTER = (
    person("mia", role="mentor", country="DE", manager_id="vera"),
    person("noor", role="mentee", country="DE", manager_id="max"),
    person("ana", role="coordinator"),
    person("carl", role="coordinator"),
    person("sam", role="contact"),
    person("lee", role="owner"),
    person("vera", manager_id="walt"),
    person("walt"),
    person("max"),
)
"""Mia mentors Noor. Vera and Walt are above Mia in the company, and Max is above Noor."""


@dataclass
class Clock:
    now: datetime = datetime(2027, 1, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """One pair, everybody who can be asked, and a Temporal server whose time the tests control."""

    environment: WorkflowEnvironment
    settings: Settings
    records: Records
    issuer: Issuer
    programme: Programme
    clock: Clock = field(default_factory=Clock)
    refs: dict[str, str] = field(default_factory=dict)
    pair: Enrolment | None = None

    @property
    def door(self) -> ConcernDoor:
        return ConcernDoor(self.settings, self.environment.client, self.records, self.clock)

    @property
    def desk(self) -> CaseDesk:
        """What a case's activities call, for tests that call it directly."""
        mailer, signer = Mailer(self.settings.smtp_host, self.settings.smtp_port, tls="none"), LinkSigner(self.settings.link_secrets)
        post = CasePost(self.records, mailer, signer, reading_hours, sender=self.settings.mail_from, base_url="http://hook")
        return CaseDesk(self.records, Meetings(self.records, self.environment.client), post)

    @property
    def mentorship(self) -> WorkflowHandle[Any, Any]:
        return self.environment.client.get_workflow_handle(self.enrolment.mentorship)

    @property
    def enrolment(self) -> Enrolment:
        assert self.pair is not None
        return self.pair

    async def start(self) -> None:
        """Starts at midnight in Berlin on the first Monday of the coming year, so that two runs begin at the same instant."""
        now = await self.environment.get_current_time()
        day = date(now.year + 1, 1, 4)
        monday = datetime.combine(day + timedelta(days=(7 - day.weekday()) % 7), time(), ZoneInfo("Europe/Berlin")).astimezone(UTC)
        await self.until(monday)
        await self.records.programmes.put(self.programme)
        self.refs = await self.records.people.enrol(ROSTER)
        head = self.programme.programme
        digest = self.programme.texts().digest
        await self.records.cohorts.put(
            Cohort(id="spring", programme=head.id, version=head.version, texts_digest=digest, starts_at=monday, created_at=datetime.now(UTC))
        )
        pairs = await self.records.cohorts.enrol_pairs("spring", [("pair-1", self.refs["mia"], self.refs["noor"])])
        self.pair = pairs.added[0]
        await RecordsOffice(self.records, self.environment.client).enrol("spring", 1, lambda *_: None)

    async def until(self, instant: datetime) -> None:
        await self.environment.sleep(instant - await self.environment.get_current_time())
        self.clock.now = await self.environment.get_current_time()

    async def wait(self, days: float = 0, **more: float) -> None:
        await self.environment.sleep(timedelta(days=days, **more))
        self.clock.now = await self.environment.get_current_time()

    async def concern(
        self,
        raiser: str = "noor",
        *,
        contacts: tuple[str, ...] = ("sam",),
        hold: bool = False,
        about: str | None = "mia",
        words: str = WORDS,
        key: str = "form-1",
    ) -> Case:
        self.clock.now = await self.environment.get_current_time()
        subject = self.refs[about] if about is not None else None
        wanted = Concern(subject=subject, contacts=tuple(self.refs[name] for name in contacts), words=words, hold=hold)
        return await self.door.take_in(self.enrolment, self.refs[raiser], wanted, key)

    async def now(self, case: Case) -> Case:
        return await self.records.cases.get(case.id)

    def case(self, case: Case) -> WorkflowHandle[Any, Any]:
        return self.environment.client.get_workflow_handle(case_id(case.id))

    async def standing(self, case: Case) -> Standing:
        return Standing.model_validate(await self.case(case).query("standing"))

    async def status(self) -> Status:
        return Status.model_validate(await self.mentorship.query("status"))


@pytest.fixture(scope="session")
def programme() -> Programme:
    """Meets every second Monday at ten, mails between 8 and 18 in the reader's zone, and spreads nothing."""
    document = YAML(typ="safe").load(EXAMPLES / "engineering-2027.yaml")
    document["contacts"] = {"coordinators": ["ana", "carl"], "owner": "lee", "outside": ["sam"]}
    document["meetings"] |= {"holidays": False, "quiet": []}
    document["mail"] = {**document.get("mail", {}), "spread": "PT0S", "hours": "08:00-18:00"}
    return Programme.model_validate(document)


Build = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def build(settings: Settings, issuer: Issuer, programme: Programme, template: Path) -> Build:
    """Builds a house in that folder, with its own server and records. A test may build several, one after the other."""

    @asynccontextmanager
    async def build(folder: Path, *, interceptors: Sequence[Interceptor] = (), **changes: Any) -> AsyncIterator[House]:
        own = settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{folder}/records.db"})
        keyring = Keyring.load(settings.key_file)
        shutil.copy(template, folder / "records.db")
        async with AsyncExitStack() as stack:
            records = await Records.open(own.database_url, keyring)
            stack.push_async_callback(records.close)
            environment = await WorkflowEnvironment.start_time_skipping(
                test_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal-test-server"),
                data_converter=data_converter(keyring),
                interceptors=interceptors,
            )
            stack.push_async_callback(environment.shutdown)
            await search_attributes.register(environment.client)
            for worker in workers(environment.client, activities(own, records, environment.client, issuer)):
                await stack.enter_async_context(worker)
            house = House(environment, own, records, issuer, programme.model_copy(update=changes))
            await house.start()
            yield house

    return build


@pytest.fixture
async def house(build: Build, keyring: Keyring, tmp_path: Path) -> AsyncIterator[House]:
    async with build(tmp_path) as built:
        yield built
