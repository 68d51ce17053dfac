"""`python -m local run`: its store stays, it reports its ports, and programs that die are restarted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from local.ports import HOST, OPTIONS, Ports, each, free_ports

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ports() -> Ports:
    return free_ports()


def arguments(folder: Path, ports: Ports) -> list[str]:
    chosen = [(OPTIONS[name], str(port)) for name, port in each(ports)]
    return ["run", "--folder", str(folder), *(word for option in chosen for word in option)]


def mentorship(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs the operators' command line in a shell that has sourced the stack's settings."""
    shell = ["/bin/sh", "-c", f'. "{folder}/env" && exec "$@"', "sh", sys.executable, "-m", "starter", *command]
    return subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


async def retention(ports: Ports) -> timedelta:
    """How long Temporal keeps workflows that have ended."""
    client = await Client.connect(ports.address)
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    kept: timedelta = described.config.workflow_execution_retention_ttl.ToTimedelta()
    return kept


def test_what_was_started_is_there_after_a_restart_and_keys_and_secrets_are_for_their_owner_only(start, tmp_path, ports, left_running, eventually):
    folder = tmp_path / "run"
    first = start(*arguments(folder, ports))
    first.said("Ctrl-C stops it")
    files = ["--programme", "examples/engineering-2027.yaml", "--people", "examples/people.csv", "--pairs", "examples/pairs.csv"]
    started = mentorship(folder, "cohort", "start", *files, "--cohort", "spring", "--starts", "2099-03-02")
    assert started.returncode == 0, started.stderr
    first.send(signal.SIGINT)
    assert first.ends() == 0, first.output
    assert left_running(folder) == []
    for name in ("keys.json", "issuer.json", "secrets.json", "env", "records.db"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name

    second = start(*arguments(folder, ports))
    second.said("Ctrl-C stops it")
    shown = mentorship(folder, "show", "spring", "p-01")
    assert shown.returncode == 0, shown.stderr
    assert "aligning" in shown.stdout
    assert asyncio.run(retention(ports)) == timedelta(days=30), "of what was terminated on a Friday something is left on Monday"
    paused = mentorship(folder, "pause", "spring", "p-01")
    assert paused.returncode == 0, paused.stderr

    worker = next(pid for pid in _pids(folder) if b"\0-m\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    second.said("starting it again")
    eventually(lambda: mentorship(folder, "resume", "spring", "p-01").returncode == 0)
    second.send(signal.SIGTERM)
    assert second.ends() == 0, second.output
    assert left_running(folder) == []


def test_a_port_that_is_taken_is_named_with_its_option(start, tmp_path, ports):
    with socket.create_server((HOST, ports.web)):
        stack = start(*arguments(tmp_path / "run", ports))
        assert stack.ends() == 1
    assert f"web: port {ports.web} is taken; choose another with --web-port" in stack.output
    assert "Traceback" not in stack.output
    assert not (tmp_path / "run" / "records.db").exists()


def _pids(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"MENTORSHIP_STACK={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found
