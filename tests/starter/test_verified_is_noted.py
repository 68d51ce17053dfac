"""Monitoring can see that all journals were verified, and what was found (P3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from records.database import Database, engine_for
from records.figures import Audit

STARTS = datetime(2024, 1, 8, 8, tzinfo=UTC)


@pytest.fixture
def filled(files, past):
    """A cohort that is over, with its journals closed."""
    past.happened(files.read()[0], STARTS, {})
    for pair in past.ask(lambda records: records.cohorts.enrolments("spring-27")):
        past.ask(lambda records, name=pair.mentorship: records.journal.seal(name))
    return past


def noted(past) -> Audit | None:
    return past.ask(lambda records: records.watch.figures(datetime.now(UTC))).audit


def altered(past) -> None:
    async def alter() -> None:
        database = Database(engine_for(past.settings.database_url))
        async with database.write() as connection:
            await connection.execute(text("UPDATE journal SET name = 'other' WHERE seq = 1"))
        await database.close()

    asyncio.run(alter())


def test_only_a_check_of_everything_counts_as_one(filled, run):
    assert run("journal", "verify", "spring-27").code == 0
    assert noted(filled) is None
    assert run("journal", "verify").code == 0
    audit = noted(filled)
    assert audit is not None
    assert audit.findings == 0
    assert (datetime.now(UTC) - audit.at).total_seconds() < 60


def test_what_was_found_is_noted_too(filled, run):
    altered(filled)
    told = run("journal", "verify", "--json")
    assert told.code == 1
    audit = noted(filled)
    assert audit is not None
    assert audit.findings == len(told.json["findings"]) > 0
