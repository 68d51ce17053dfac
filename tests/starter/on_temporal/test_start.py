"""Starting a cohort for real, and starting it again (H9)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.connect import TemporalUnavailable
from gateway.settings import Settings
from records.retention import Retention, Swept
from records.store import Records
from starter.cohort_start import interrupted
from tests.starter.on_temporal.place import Run, counts, registered, worker
from worker import main as worker_main

ROOT = Path(__file__).parents[3]


async def _version(site: Settings, cohort: str) -> int:
    records = await Records.open(site.database_url, site.keyring())
    try:
        known = await records.cohorts.get(cohort)
        assert known is not None
        return known.version
    finally:
        await records.close()


async def _mark_started(site: Settings, cohort: str) -> None:
    records = await Records.open(site.database_url, site.keyring())
    try:
        for pair in await records.cohorts.enrolments(cohort):
            await records.cohorts.mark_started(pair.mentorship)
    finally:
        await records.close()


def more_pairs(files: Any) -> None:
    files.pairs.write_text(files.pairs.read_text() + "p3,m2,e1\n")


def test_a_start_needs_migrated_records(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    (tmp_path / "records.db").unlink()

    told = run("cohort", "start", *files.options())

    assert told.code == 1
    assert "`mentorship doctor --fix`" in told.err


def test_a_start_without_temporal_writes_nothing_down(site: Settings, files: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    told = run("cohort", "start", *files.options())

    assert told.code == 1
    assert "Temporal cannot be reached" in told.err
    assert counts(site, "spring-27") == {"pending": 0, "started": 0, "over": 0}


def test_a_start_is_kept_until_a_worker_runs_and_starting_again_starts_only_what_is_new(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    options = files.options(cohort="kept")

    alone = run("cohort", "start", *options, "--wait", "0.3")
    assert alone.code == 1
    assert "2 pairs still wait for a worker; nothing is lost" in alone.err
    assert counts(site, "kept") == {"pending": 2, "started": 0, "over": 0}
    assert run("cohort", "start", *options, "--wait", "0").code == 0

    with worker(tmp_path / "worker.log"):
        again = run("cohort", "start", *options)
        assert (again.code, again.err) == (0, "")
        assert again.out == "cohort kept, start 2099-03-01 23:00Z: 0 pairs added, 2 were there\n"
        assert counts(site, "kept") == {"pending": 0, "started": 2, "over": 0}

        more_pairs(files)
        late = run("cohort", "start", *files.options(cohort="kept", starts="now"), "--json")
        assert late.code == 0
        assert (late.json["added"], late.json["existing"], late.json["pending"]) == (["p3"], ["p1", "p2"], 0)
        assert counts(site, "kept")["started"] == 3


def test_a_changed_programme_under_the_same_version_is_refused_with_the_difference(site: Settings, files: Any, run: Run) -> None:
    assert run("cohort", "start", *files.options(cohort="first"), "--wait", "0").code == 0
    files.write(programme=files.programme.read_text().replace("count: 12", "count: 11"))

    told = run("cohort", "start", *files.options(cohort="second"), "--again", "--json")

    assert told.code == 1
    assert "  meetings.count: 12 → 11" in told.err
    assert told.json["differences"] == ["meetings.count: 12 → 11"]
    assert counts(site, "second") == {"pending": 0, "started": 0, "over": 0}


def test_a_pair_that_runs_in_another_cohort_is_started_only_on_purpose(site: Settings, files: Any, run: Run) -> None:
    """A mistyped cohort id would write to everybody twice."""
    assert run("cohort", "start", *files.options(cohort="spring-27"), "--wait", "0").code == 0
    more_pairs(files)

    told = run("cohort", "start", *files.options(cohort="sprng-27"), "--json")

    assert told.code == 1
    assert "p1: the same two run in cohort spring-27" in told.err
    assert told.json["elsewhere"] == {"p1": "spring-27", "p2": "spring-27"}
    assert counts(site, "sprng-27") == {"pending": 0, "started": 0, "over": 0}
    assert run("cohort", "start", *files.options(cohort="autumn-27"), "--again", "--wait", "0").code == 0
    assert counts(site, "autumn-27")["pending"] == 3


def test_a_cohort_with_another_start_or_a_pair_with_other_people_is_refused(site: Settings, files: Any, run: Run) -> None:
    assert run("cohort", "start", *files.options(cohort="fixed"), "--wait", "0").code == 0

    moved = run("cohort", "start", *files.options(cohort="fixed", starts="2099-03-09"))
    files.write(
        programme=files.programme.read_text().replace("version: 1", "version: 2"),
        people=files.people.read_text().replace("e1,Eve", "e1,Renamed"),
        pairs="pair_id,mentor_id,mentee_id\np1,m2,e1\n",
    )
    other = run("cohort", "start", *files.options(cohort="fixed"))

    assert moved.code == 1
    assert "start: 2099-03-01T23:00:00+00:00 → 2099-03-08T23:00:00+00:00" in moved.err
    assert other.code == 1
    assert "  p1: other people than when it was started, expected a new pair_id" in other.err
    assert "nothing was started" in moved.err
    assert "nothing was started" in other.err
    assert run("person", "export", "e1", "--json").json["profile"]["name"] == "Eve"  # nor was anybody's profile accepted, nor a programme
    assert asyncio.run(_version(site, "fixed")) == 1


def test_a_programme_that_a_cohort_refused_was_never_started(site: Settings, files: Any, run: Run) -> None:
    assert run("cohort", "start", *files.options(cohort="fixed"), "--wait", "0").code == 0
    files.write(programme=files.programme.read_text().replace("id: spring", "id: autumn"))
    other = run("cohort", "start", *files.options(cohort="fixed"))
    assert other.code == 1
    assert "  programme: spring → autumn" in other.err

    files.write(programme=files.programme.read_text().replace("count: 12", "count: 11"))
    assert run("cohort", "start", *files.options(cohort="another"), "--again", "--wait", "0").code == 0


@pytest.mark.parametrize("command", ["start", "revive"])
def test_in_a_namespace_that_is_not_there_nothing_is_started_and_nothing_taken_for_lost(
    site: Settings, files: Any, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A server reports a missing namespace as it reports a missing workflow: not found."""
    assert run("cohort", "start", *files.options(cohort="there"), "--wait", "0").code == 0
    asyncio.run(_mark_started(site, "there"))
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TEMPORAL_NAMESPACE", "nowhere")
        told = run("revive", "there") if command == "revive" else run("cohort", "start", *files.options(cohort="fresh"), "--again")

    assert told.code == 1
    assert told.err == "Temporal has no namespace nowhere; see TEMPORAL_NAMESPACE\n"
    assert counts(site, "there") == {"pending": 0, "started": 2, "over": 0}
    assert counts(site, "fresh") == {"pending": 0, "started": 0, "over": 0}


def test_a_worker_says_in_a_line_that_its_namespace_is_not_there(site: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TEMPORAL_NAMESPACE", "nowhere")
        with pytest.raises(TemporalUnavailable, match="Temporal has no namespace nowhere; see TEMPORAL_NAMESPACE"):
            asyncio.run(worker_main.run(site, asyncio.Event()))


def test_a_worker_sweeps_and_says_which_fonts_it_cannot_use(site: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """H12, P8: no operator has to see to it that what was kept for its time is deleted."""
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "house.ttf").write_text("no font")

    async def works_until_it_sweeps() -> None:
        stop = asyncio.Event()

        async def sweep(*_: Any) -> Swept:
            stop.set()
            return Swept()

        monkeypatch.setattr(Retention, "sweep", sweep)
        await asyncio.wait_for(worker_main.run(site.model_copy(update={"font_folder": tmp_path / "fonts"}), stop), 60)

    with capture_logs() as said:
        asyncio.run(works_until_it_sweeps())
    assert [line["event"] for line in said] == ["font_left_out", "worker_started", "worker_stopping", "worker_stopped"]


def test_a_past_start_is_refused_for_a_new_cohort_and_nothing_is_written(site: Settings, files: Any, run: Run) -> None:
    told = run("cohort", "start", *files.options(cohort="past", starts="2020-01-06"))

    assert told.code == 1
    assert "which is past" in told.err
    assert run("cohort", "status", "past").code == 1


def test_ctrl_c_says_to_whom_mails_go_all_the_same(site: Settings, files: Any, run: Run) -> None:
    registered(run)
    started = subprocess.Popen(
        [sys.executable, "-m", "starter", "cohort", "start", *files.options(cohort="stopped"), "--wait", "120"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not counts(site, "stopped")["pending"] and time.monotonic() < deadline:
        time.sleep(0.2)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "interrupted: 0 pairs of cohort stopped are enrolled and go on by themselves, so that their people are written to;\n" in told
    assert "2 more are written down and may start as well: repeat the command for the rest\n" in told
    assert interrupted("none", {"pending": 0, "started": 0, "over": 0}) == ("interrupted: nothing was started",)
