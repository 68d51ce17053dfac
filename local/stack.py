"""The whole service on one machine: mail server, mailbox, Temporal, worker, web hook, codec door; started in this order, stopped in the reverse."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from gateway import search_attributes
from gateway.asking import Asking
from gateway.converter import data_converter
from gateway.keyring import Keyring
from local import binaries
from local.child import Child, python
from local.mail_catcher import catching
from local.mailbox import showing
from local.place import Place
from local.ports import HOST, Ports
from local.trouble import Trouble
from records import migrate
from records.errors import RecordsError
from wire.names import CERTIFICATES_QUEUE, NOTICES_QUEUE, WORK_QUEUE

PATIENCE = 90.0
"""Seconds within which each program has to become ready; a slow machine needs a few."""

_ASK = timedelta(seconds=2)

REMEMBERED = timedelta(days=30)
"""How long Temporal keeps closed workflows, as with Compose; the embedded server's default namespace would delete them after a day."""


class Stack:
    """The running programs. `client` can read and write what the service's own processes do, since it has their keys."""

    def __init__(self, place: Place, ports: Ports, *, env: dict[str, str], client: Client, keyring: Keyring, temporal: Child) -> None:
        self.place = place
        self.ports = ports
        self.client = client
        self.keyring = keyring
        self.temporal = temporal
        self.worker: Child | None = None
        self.webhook: Child | None = None
        self.codec: Child | None = None
        self._env = env
        self._number = count(1)

    def start_webhook(self) -> Child:
        self.webhook = Child.start("the web hook", python("webhook"), env=self._env, log=self.place.logs / "webhook.log")
        return self.webhook

    def start_worker(self) -> Child:
        self.worker = Child.start("the worker", python("worker"), env=self._env, log=self.place.logs / "worker.log")
        return self.worker

    def start_codec(self) -> Child:
        self.codec = Child.start("the codec door", python("local.codec"), env=self._env, log=self.place.logs / "codec.log")
        return self.codec

    async def webhook_ready(self, child: Child) -> None:
        """Returns once the web hook answers that Temporal and records can be reached. Raises Trouble."""
        await child.until(partial(_answers, self.ports.web, "/readyz"), PATIENCE)

    async def codec_ready(self, child: Child) -> None:
        """Returns once the codec door answers. Raises Trouble."""
        await child.until(partial(_answers, self.ports.codec, "/healthz"), PATIENCE)

    async def worker_ready(self, child: Child) -> None:
        """Returns once this very worker polls Temporal on all its queues. Raises Trouble."""

        async def polls() -> bool:
            wanted = ((WORK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW), *((q, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY) for q in _ACTIVITIES))
            return all([await self._polled(queue, kind, f"-{child.pid}") for queue, kind in wanted])

        await child.until(polls, PATIENCE)

    async def starter(self, *arguments: str) -> tuple[int, str]:
        """Runs the operators' command line as a person would, in this stack's environment. Returns its exit code and output."""
        log = self.place.logs / f"starter-{next(self._number):02}.log"
        log.unlink(missing_ok=True)  # an earlier stack's output
        child = Child.start("the starter", python("starter", *arguments), env=self._env, log=log)
        try:
            async with asyncio.timeout(PATIENCE):
                code = await child.exited()
        finally:
            child.kill()
        return code, log.read_text(encoding="utf-8")

    async def _polled(self, queue: str, kind: TaskQueueType.ValueType, identity: str) -> bool:
        request = DescribeTaskQueueRequest(namespace=self.client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
        try:
            answer = await self.client.workflow_service.describe_task_queue(request, timeout=_ASK)
        except RPCError:
            return False
        return any(poller.identity.endswith(identity) for poller in answer.pollers)


_ACTIVITIES = (WORK_QUEUE, NOTICES_QUEUE, CERTIFICATES_QUEUE)


@asynccontextmanager
async def running(place: Place, ports: Ports, *, store: Path | None, more: Mapping[str, str] | None = None) -> AsyncIterator[Stack]:
    """Everything is ready inside the block, and nothing of it is left afterwards, whatever happens in between. Raises Trouble.

    `store` is Temporal's file, or None to keep everything in memory; `more` are further settings of worker, web hook and starter.
    """
    binary = binaries.temporal()
    place.prepare()
    env = place.environment({**place.settings(ports), **(more or {})})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(catching(place.mails, ports.smtp))
        stack.enter_context(showing(place.mails, ports.mailbox))
        temporal = Child.start("the Temporal server", _start_dev(binary, ports, store), env=place.environment({}), log=place.logs / "temporal.log")
        stack.push_async_callback(temporal.stop)
        try:
            await asyncio.to_thread(migrate.upgrade, place.database_url)
        except RecordsError as error:
            raise Trouble(f"{place.records_file}: {error}") from error
        keyring = Keyring.load(place.key_file)
        client = await _connected(temporal, ports, keyring)
        await search_attributes.register(client)
        await _remembering(client)
        found = Stack(place, ports, env=env, client=client, keyring=keyring, temporal=temporal)
        # Stops the worker of the end, since another may have replaced the first one.
        stack.push_async_callback(_stop, lambda: found.worker)
        worker = found.start_worker()
        stack.push_async_callback(_stop, lambda: found.webhook)
        webhook = found.start_webhook()
        stack.push_async_callback(_stop, lambda: found.codec)
        codec = found.start_codec()
        await found.worker_ready(worker)
        await found.webhook_ready(webhook)
        await found.codec_ready(codec)
        yield found


async def _stop(running: Callable[[], Child | None]) -> None:
    child = running()
    if child is not None:
        await child.stop()


def _start_dev(binary: Path, ports: Ports, store: Path | None) -> list[str | Path]:
    command: list[str | Path] = [binary, "server", "start-dev", "--ip", HOST, "--port", str(ports.temporal), "--ui-port", str(ports.ui)]
    command += ["--ui-disable-news-fetch", "--ui-codec-endpoint", f"{ports.codec_url}/codec", "--log-level", "warn"]
    if store is not None:
        # A write-ahead log that is synced at every commit, so that acknowledged messages survive a power cut (P5).
        command += ["--db-filename", store, "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
    return command


async def _connected(temporal: Child, ports: Ports, keyring: Keyring) -> Client:
    converter = data_converter(keyring)
    client = await Client.connect(ports.address, data_converter=converter, interceptors=[Asking()], identity="mentorship-local", lazy=True)

    async def ready() -> bool:
        try:
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace), timeout=_ASK)
            await search_attributes.missing(client)
        except (RPCError, RuntimeError, OSError):
            return False
        return True

    await temporal.until(ready, PATIENCE)
    return client


async def _remembering(client: Client) -> None:
    """Makes the namespace keep closed workflows for REMEMBERED; a longer setting stays."""
    service, namespace = client.workflow_service, client.namespace
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=_ASK)
    if described.config.workflow_execution_retention_ttl.ToTimedelta() < REMEMBERED:
        longer = NamespaceConfig()
        longer.workflow_execution_retention_ttl.FromTimedelta(REMEMBERED)
        await service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=longer), timeout=_ASK)


async def _answers(port: int, path: str) -> bool:
    return await asyncio.to_thread(_status, port, path) == http.client.OK


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
