"""The company, and the programme that its pairs are in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client

from mentorship.programme import Programme
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from tests.webhook.people.company import NOW, Company


@pytest_asyncio.fixture
async def company(http: httpx.AsyncClient, sender: Any, client: Client, records: Records, calm_programme: Programme, recorder: type) -> AsyncIterator[Company]:
    managers = {"ana": "eva", "ben": "eva2", "cleo": None, "eva": "dan"}
    names = ("ana", "ben", "cleo", "dan", "eva")
    refs = await records.people.enrol([Profile(person_id=n, name=n.title(), email=f"{n}@example.org", manager_id=managers.get(n)) for n in names])
    await records.programmes.put(calm_programme)
    head = calm_programme.programme
    await records.cohorts.put(Cohort(id="spring-2027", programme=head.id, version=head.version, texts_digest="0" * 64, starts_at=NOW, created_at=NOW))
    pairs = (await records.cohorts.enrol_pairs("spring-2027", [("one", refs["ana"], refs["ben"]), ("two", refs["ana"], refs["cleo"])])).added
    mentorships = [pair.mentorship for pair in pairs]
    queue = f"people-{mentorships[0]}"
    async with AsyncExitStack() as stack:
        for mentorship in mentorships:
            await records.cohorts.mark_started(mentorship, NOW)
            await client.start_workflow("Mentorship", "", id=mentorship, task_queue=queue)
            stack.push_async_callback(client.get_workflow_handle(mentorship).terminate)
        yield Company(http, sender.headers, client, records, refs, mentorships, queue, recorder)


@pytest.fixture(scope="session")
def calm_programme() -> Programme:
    return Programme.model_validate(
        {
            "programme": {"id": "p", "version": 1, "title": "P", "length": "P26W", "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["dan"], "owner": "eva", "outside": ["cleo"]},
            "meetings": {"count": 2, "first_after": "P7D", "interval": "P14D", "duration": "PT1H"},
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "On"}],
            "milestones": [{"id": "m", "title": "M"}],
        }
    )
