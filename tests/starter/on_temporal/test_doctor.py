"""`mentorship doctor` names what is wrong, mends what it can, and asks Temporal which workers do the work."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.connect import connect
from gateway.settings import Settings
from records.store import Records
from tests.starter.on_temporal.place import Run, registered, worker
from wire.names import cohort_id


def test_doctor_names_what_is_wrong_and_fixes_what_it_can(site: Settings, run: Run, tmp_path: Path) -> None:
    (tmp_path / "records.db").unlink()

    before = run("doctor")
    fixed = run("doctor", "--fix", "--json")
    after = run("doctor")

    assert before.code == 1
    assert "wrong  records: records have no tables yet; are there any elsewhere, put them back first" in before.err
    assert {check["name"]: check["state"] for check in fixed.json["checks"]}["records"] == "fixed"
    assert "ok     search attributes: all registered" in after.out + after.err


def test_doctor_sees_whether_anybody_does_the_work(site: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without workers nothing fails, nothing is lost, and nothing happens: nothing else would report this fault."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "idle")
    registered(run)
    idle = run("doctor")
    with worker(tmp_path / "worker.log"):
        deadline = time.monotonic() + 60
        while (working := run("doctor")).code and time.monotonic() < deadline:
            time.sleep(0.1)

    assert idle.code == 1
    assert "wrong  workers: no worker has asked for decisions, records, mails, certificates" in idle.err
    assert working.code == 0, working.err
    assert "ok     workers: ask for decisions, records, mails, certificates" in working.out


def test_doctor_without_temporal_says_where_it_looked(site: Settings, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    told = run("doctor")

    assert told.code == 1
    assert "wrong  temporal: Temporal cannot be reached at 127.0.0.1:1" in told.err


async def _terminate(site: Settings, cohort: str, pair_id: str) -> str:
    records = await Records.open(site.database_url, site.keyring())
    found = await records.cohorts.find(cohort, pair_id)
    await records.close()
    assert found is not None
    client = await connect(site, site.keyring())
    await client.get_workflow_handle(found.mentorship).terminate()
    return found.mentorship


async def _terminate_cohort(site: Settings, cohort: str) -> None:
    client = await connect(site, site.keyring())
    await client.get_workflow_handle(cohort_id(cohort)).terminate()


def test_doctor_finds_a_cohort_whose_workflow_does_not_run_and_starts_it_again(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    """P7: nobody waits to be enrolled, and yet no digest would come any more."""
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="lapsed")).code == 0
        asyncio.run(_terminate_cohort(site, "lapsed"))

        told, fixed, after = run("doctor"), run("doctor", "--fix", "--json"), run("doctor")

    assert told.code == 1
    assert "wrong  cohort: lapsed should run and is terminated" in told.err
    assert "`mentorship doctor --fix` starts it again" in told.err
    assert [check["state"] for check in fixed.json["checks"] if check["name"] == "cohort"] == ["fixed"]
    assert after.code == 0, after.err


def test_doctor_finds_a_mentorship_that_somebody_terminated(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="broken")).code == 0
        assert run("doctor").code == 0
    mentorship = asyncio.run(_terminate(site, "broken", "p1"))

    told = run("doctor")

    assert told.code == 1
    assert f"wrong  mentorship: {mentorship} should run and is terminated" in told.err


def test_doctor_asks_a_mentorship_and_hears_that_the_worker_lacks_the_new_key(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    """Everything can be reached, but a worker that was not restarted cannot read what the new key seals."""
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="rotated")).code == 0
        before = run("doctor")
        assert run("keys", "rotate").code == 0
        told = run("doctor")

    assert before.code == 0, before.err
    assert "and a worker answered" in before.out
    assert told.code == 1
    assert "wrong  answer: mentorship.rotated." in told.err
    assert "keys" in told.err


def test_doctor_hears_that_the_last_worker_is_gone_while_temporal_still_lists_it(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="left")).code == 0
        assert run("doctor").code == 0

    told = run("doctor")

    assert told.code == 1
    assert "was asked and no worker answered within 2 s" in told.err
