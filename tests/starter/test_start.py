"""Starting a cohort for real, on the real server with the real workers (H9), and what operators do to it afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from certificates import issuer
from gateway.connect import TemporalUnavailable, connect
from gateway.keyring import Keyring
from gateway.settings import Settings
from records.errors import RecordsError
from records.store import Records
from starter.cohort_start import interrupted
from tests.forked import begun
from wire.names import cohort_id
from worker import main as worker_main

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Temporal server of our own."""
    port = free_port()
    log = (tmp_path_factory.mktemp("temporal") / "log").open("wb")
    temporal = [str(Path(sysconfig.get_path("scripts")) / "temporal"), "server", "start-dev", "--headless", "--log-level", "error", "--namespace", "idle"]
    process = subprocess.Popen([*temporal, "--ip", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log)
    try:
        asyncio.run(_serves(f"127.0.0.1:{port}"))
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


async def _serves(address: str) -> None:
    """Returns once it answers: it listens before it is healthy."""
    async with asyncio.timeout(30):
        while True:
            with suppress(RPCError, RuntimeError):
                await Client.connect(address)
                return
            await asyncio.sleep(0.05)


@pytest.fixture
def site(server: str, tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a place of its own, with keys and migrated records, in the environment. What it ran is ended: the next place knows nothing of it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.db'}"
    values = {
        "TEMPORAL_ADDRESS": server,
        "MENTORSHIP_DATABASE_URL": url,
        "MENTORSHIP_KEY_FILE": str(tmp_path / "keys.json"),
        "MENTORSHIP_ISSUER_KEY_FILE": str(tmp_path / "issuer.json"),
        "MENTORSHIP_LINK_SECRETS": "a-secret-of-this-test-that-is-long-enough",
        "MENTORSHIP_SMTP_PORT": "1",
        "MENTORSHIP_UPDATE_TIMEOUT": "2",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    Keyring.generate(tmp_path / "keys.json")
    issuer.generate(tmp_path / "issuer.json")
    shutil.copy(template, tmp_path / "records.db")
    settings = Settings.load()
    yield settings
    for name in ("TEMPORAL_ADDRESS", "MENTORSHIP_KEY_FILE"):
        monkeypatch.setenv(name, values[name])
    asyncio.run(_end_all(settings))


async def _end_all(site: Settings) -> None:
    """Until Temporal lists nothing: what was started or ended just now it lists a little later."""
    client = await connect(site, site.keyring())
    left = await _begun(site)
    while left:
        for workflow in left:
            with suppress(RPCError):  # it is over
                await client.get_workflow_handle(workflow).terminate()
        left = {execution.id async for execution in client.list_workflows('ExecutionStatus = "Running"')}


async def _begun(site: Settings) -> set[str]:
    """By what records know of, if there are any."""
    try:
        records = await Records.open(site.database_url, site.keyring())
    except RecordsError:
        return set()
    try:
        begun = {cohort_id(cohort.id) for cohort in await records.cohorts.all()}
        return begun | {pair.mentorship for pair in await records.cohorts.running()}
    finally:
        await records.close()


@contextmanager
def worker(log: Path) -> Iterator[None]:
    """A worker lives inside, for whose answer commands wait as long as they do for operators."""
    process = begun("worker.main", env=os.environ, out=log, err=log)
    try:
        with pytest.MonkeyPatch.context() as patient:
            patient.delenv("MENTORSHIP_UPDATE_TIMEOUT")
            yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def registered(run: Run) -> None:
    told = run("doctor", "--fix", "--json")
    assert {check["name"] for check in told.json["checks"] if check["state"] == "wrong"} <= {"workers"}, told.err


async def _counts(site: Settings, cohort: str) -> dict[str, int]:
    records = await Records.open(site.database_url, site.keyring())
    try:
        return dict(await records.cohorts.counts(cohort))
    finally:
        await records.close()


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


def counts(site: Settings, cohort: str) -> dict[str, int]:
    return asyncio.run(_counts(site, cohort))


def more_pairs(files: Any) -> None:
    files.pairs.write_text(files.pairs.read_text() + "p3,m2,e1\n")


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
    """Without workers nothing fails, nothing is lost, and nothing happens: the one fault that nothing else would name."""
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
    """A cohort's id that was mistyped would write twice to everybody."""
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
    assert run("person", "export", "e1", "--json").json["profile"]["name"] == "Eve"  # nor was anybody taken over, nor a programme
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
    """A server says of a namespace that it lacks what it says of a workflow: not found."""
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


def test_a_past_start_is_refused_for_a_new_cohort_and_nothing_is_written(site: Settings, files: Any, run: Run) -> None:
    told = run("cohort", "start", *files.options(cohort="past", starts="2020-01-06"))

    assert told.code == 1
    assert "which is past" in told.err
    assert run("cohort", "status", "past").code == 1


def ends(run: Run) -> datetime:
    return datetime.fromisoformat(run("show", "busy", "p1", "--json").json["status"]["ends"])


def paused_until(run: Run) -> datetime:
    return datetime.fromisoformat(run("show", "busy", "p1", "--json").json["status"]["paused_until"])


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


def test_operators_commands_are_answered_and_refused_by_the_mentorship(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="busy")).code == 0

        assert run("waive", "busy", "p1", "shadowing").out == "waive: done for p1 of busy\n"
        unknown = run("waive", "busy", "p1", "nonsense", "--json")
        assert unknown.code == 1
        assert (unknown.json["outcome"], unknown.json["reason"]) == ("refused", "no_such_milestone")
        assert run("pause", "busy", "p1", "--until", "2020-01-01").err == "pause: refused: that is past, expected an instant to come\n"
        for until, cut in (("2099-05-01", False), ("2100-01-01", True)):
            paused = run("pause", "busy", "p1", "--until", until)
            assert (paused.code, paused.out) == (0, f"pause: done for p1 of busy, paused until {paused_until(run):%Y-%m-%d %H:%M}Z\n")
            assert (f"it ends before {until}: all pauses of a pair together take at most pause.longest" in paused.err) == cut
            assert run("resume", "busy", "p1").code == 0
        assert run("pause", "busy", "p1").code == 0
        assert run("resume", "busy", "p1", "--as", "ana").code == 0
        before = ends(run)
        longer = run("extend", "busy", "p1", "--by", "P10W")
        after = before + timedelta(days=70, hours=1)  # the clocks change in between: ten weeks are calendar time
        assert (longer.code, longer.out) == (0, f"extend: done for p1 of busy, which ends {after:%Y-%m-%d %H:%M}Z\n")
        assert ends(run) == after
        for length, code in (("P9000D", "too_long"), ("PT1S", "too_short")):
            refused = run("extend", "busy", "p1", "--by", length, "--json")
            assert (refused.code, refused.json["outcome"], refused.json["reason"]) == (1, "refused", code)
            assert ends(run) == after
        assert run("resolve", "busy", "p1", "no_such_line").code == 1

        shown = run("show", "busy", "p1", "--json").json
        assert (shown["state"], shown["from"], shown["status"]["phase"]) == ("started", "workflow", "aligning")
        assert [milestone["id"] for milestone in shown["status"]["milestones"] if milestone["waived"]] == ["shadowing"]

        in_words = run("show", "busy", "p1").out.splitlines()
        assert {"  phase: aligning", "  milestones_done: 1 of 3", "  meetings_held: 0", "  diverged: no", "  paused_until: -"} <= set(in_words[:20])
        assert len(in_words) < 50, "a line a meeting, a line a milestone"
        assert [line.split()[0] for line in in_words[in_words.index("  milestones:") + 2 :]] == ["aligned", "goal", "shadowing"]

        verified = run("journal", "verify", "busy", "--json").json
        assert verified["ok"]
        assert verified["compared_with_running"] == 2

        status = run("cohort", "status", "busy", "--names", "--json").json
        first = status["pairs"][0]
        assert (first["pair_id"], first["mentor"], first["milestones_done"]) == ("p1", "Mia", 1)
        assert run("cases").out == "no pair needs anybody\n"

        assert run("end", "busy", "p2", "--leaver", "mentor").code == 2
        assert run("end", "busy", "p2", "--reason", "stepped_away").code == 2
        assert run("end", "busy", "p2", "--reason", "stepped_away", "--leaver", "mentor").code == 0
    assert run("pause", "busy", "p1").code == 1


def test_a_command_that_no_worker_answers_may_still_apply_and_says_so(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="quiet")).code == 0

    told = run("pause", "quiet", "p1", "--json")

    assert told.code == 1
    assert (told.json["outcome"], told.json["reason"], told.json["message_id"][:3]) == ("unknown", "no_answer", "op-")
    assert "pause: no answer within 2 seconds: no worker runs, or Temporal went away; it may still apply once they are back" in told.err


def test_a_pair_or_cohort_that_is_not_there_is_named(site: Settings, files: Any, run: Run) -> None:
    assert run("cohort", "start", *files.options(cohort="there"), "--wait", "0").code == 0

    assert run("show", "nowhere", "p1").err == "there is no cohort nowhere\n"
    assert run("show", "there", "p9").err == "cohort there has no pair p9\n"
    assert run("pause", "there", "p1").err == "pause: p1 was not started yet\n"
    assert run("waive", "there", "p1", "shadowing").err == "waive: p1 was not started yet\n"
    assert run("show", "there", "p1").code == 0


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
    """Everything can be reached, and nothing that a new key seals is read by whoever was not restarted."""
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
