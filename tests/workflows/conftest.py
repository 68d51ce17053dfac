"""Workflows on the time-skipping server, with the real activities behind them: real records, real mail, real certificates."""

from __future__ import annotations

import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.workflow import Info

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings
from mentorship.programme import Programme
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from tests.workflows.place import Place
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import activities

EXAMPLES = Path(__file__).parents[2] / "examples"
AFTER_ONE_LOOK = 12
"""How many events a run has that has looked into records once: its start, an activity, and a workflow task before and after it."""


@pytest.fixture(scope="session")
def programme() -> Programme:
    return Programme.model_validate(YAML(typ="safe").load(EXAMPLES / "engineering-2027.yaml"))


@pytest.fixture
async def skipping(keyring: Keyring) -> AsyncIterator[WorkflowEnvironment]:
    """Each test gets its own environment, because a shared one stops skipping time."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal-test-server"), data_converter=data_converter(keyring)
    )
    await search_attributes.register(environment.client)
    yield environment
    await environment.shutdown()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begins a new run at every second check; the time-skipping server never asks for one. The history's length decides, so that a replay does the same."""
    monkeypatch.setattr(Info, "is_continue_as_new_suggested", lambda info: info.get_current_history_length() > AFTER_ONE_LOOK)


Starter = Callable[..., Awaitable[WorkflowHandle[Any, Any]]]


@pytest.fixture
async def start(skipping: WorkflowEnvironment, settings: Settings, records: Records, issuer: Issuer, programme: Programme) -> AsyncIterator[Starter]:
    """Starts the workers, and a mentorship of Mia (mentor, Berlin) and Noor (mentee, London) through the real enrolment."""
    async with AsyncExitStack() as stack:

        async def begin(**changes: Any) -> WorkflowHandle[Any, Any]:
            chosen = programme.model_copy(update=changes)
            now = await skipping.get_current_time()
            await records.programmes.put(chosen)
            people = await records.people.enrol(
                [
                    Profile(person_id="mia", name="Mia Mentor", email="mia@example.org", time_zone="Europe/Berlin", country="DE"),
                    Profile(person_id="noor", name="Noor Mentee", email="noor@example.org", time_zone="Europe/London", country="GB"),
                    Profile(person_id=chosen.contacts.coordinators[0], name="Ana Coordinator", email="ana@example.org", role="coordinator"),
                ]
            )
            await records.cohorts.put(
                Cohort(
                    id="spring",
                    programme=chosen.programme.id,
                    version=chosen.programme.version,
                    texts_digest=chosen.texts().digest,
                    starts_at=now.astimezone(UTC).replace(microsecond=0),
                    created_at=datetime.now(UTC),
                )
            )
            enrolled = await records.cohorts.enrol_pairs("spring", [("pair-1", people["mia"], people["noor"])])
            for worker in workers(skipping.client, activities(settings, records, skipping.client, issuer)):
                await stack.enter_async_context(worker)
            await RecordsOffice(records, skipping.client).enrol("spring", 1, lambda *_: None)
            return skipping.client.get_workflow_handle(enrolled.added[0].mentorship)

        yield begin


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(monkeypatch)
