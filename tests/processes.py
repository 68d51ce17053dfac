"""Programs that a test starts, kills and restarts, and how it waits for what they do."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from gateway import search_attributes
from tests.forked import Forked, begun

TEMPORAL = Path(sysconfig.get_path("scripts")) / "temporal"

T = TypeVar("T")


async def until(holds: Callable[[], Awaitable[T | None]], *, within: float = 30.0, every: float = 0.05) -> T:
    """Waits for a condition of the outside world and returns what made it true; fails if that takes too long."""
    async with asyncio.timeout(within):
        while not (found := await holds()):  # noqa: ASYNC110 - nothing outside tells us
            await asyncio.sleep(every)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process(ABC):
    """A process whose output is kept in `log`."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: Forked | subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _begun(self) -> Forked | subprocess.Popen[bytes]: ...

    def start(self) -> None:
        self._process = self._begun()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill -9: the process gets no chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(15)
        self._process = None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Program(Process):
    """`python -m MODULE` with that environment."""

    def __init__(self, module: str, log: Path, env: dict[str, str]) -> None:
        super().__init__(log)
        self.env = env
        self._module = module

    def _begun(self) -> Forked:
        return begun(self._module, env=self.env, out=self.log, err=self.log)


class Server(Process):
    """Temporal's server. With a database file it can be killed and restarted. It has the namespace `default`, and `namespace` if one is named."""

    def __init__(self, folder: Path, *, durable: bool = False, dynamic: dict[str, object] | None = None, namespace: str | None = None) -> None:
        super().__init__(folder / "temporal.log")
        self.port = free_port()
        self._command = [str(TEMPORAL), "server", "start-dev", "--headless", "--port", str(self.port), "--log-level", "error"]
        if durable:
            self._command += ["--db-filename", str(folder / "temporal.db"), "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
        self._command += ["--namespace", namespace] if namespace else []
        for name, value in (dynamic or {}).items():
            self._command += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]

    def _begun(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def ready(self, namespace: str = "default", *, bare: bool = False) -> None:
        """Returns once the server answers, a little after it listens. By then it has that namespace with our search attributes, unless it stays `bare`."""

        async def answers() -> bool:
            assert self.alive, self.said()
            try:
                client = await Client.connect(self.address, namespace=namespace)
                await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=timedelta(seconds=2))
                if not bare:
                    await _have(client)
                    await search_attributes.register(client)
            except (RPCError, RuntimeError):
                return False
            return True

        await until(answers)


async def _have(client: Client) -> None:
    """Creates the client's namespace unless it exists."""
    wanted = RegisterNamespaceRequest(namespace=client.namespace)
    wanted.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    try:
        await client.workflow_service.register_namespace(wanted)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise
