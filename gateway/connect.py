"""How every process reaches Temporal: by `TEMPORAL_*` and profiles, as Temporal's own environment configuration reads them."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from gateway.asking import Asking
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings

UNTOLD = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED})
"""The statuses that leave a question open: this login may not ask it, or the server does not know it."""

_ASK = timedelta(seconds=10)
_ALIKE = ("cli", "webhook", "worker")


class TemporalUnavailable(Exception):  # noqa: N818 - it says what is the case
    """Temporal cannot be reached as configured. The message names the address and the namespace, never a key or a token."""


async def connect(
    settings: Settings,
    keyring: Keyring,
    *,
    role: str = "client",
    interceptors: Sequence[Interceptor] = (),
    runtime: Runtime | None = None,
    lazy: bool = False,
) -> Client:
    """A client that seals everything it sends. With `lazy` it connects at its first call.

    Raises TemporalUnavailable; with `lazy`, only when the configuration cannot be used.

    `role` names the process in Temporal's UI. The processes that start cases or send operators' commands share one name, so that the
    sender does not tell whether a concern or an operator is behind it (H16). The machine's name is left out: a laptop's is often a person's.
    """
    target = configured()
    where = f"{target['target_host']}, namespace {target['namespace']}"
    try:
        async with asyncio.timeout(settings.connect_timeout):
            return await Client.connect(
                **target,
                data_converter=data_converter(keyring),
                interceptors=[*interceptors, Asking()],
                identity="mentorship" if role in _ALIKE else process(role),
                runtime=runtime,
                lazy=lazy,
            )
    except (TimeoutError, RuntimeError, RPCError, OSError, ValueError) as error:
        raise TemporalUnavailable(f"Temporal cannot be reached at {where}: {_why(error)}; see TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE") from error


async def has_namespace(client: Client, within: timedelta = _ASK) -> bool:
    """Whether the server has our namespace. True also when it does not say (`UNTOLD`): who may not ask may still work there. Raises RPCError."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace), timeout=within)
    except RPCError as error:
        if error.status not in {RPCStatusCode.NOT_FOUND, *UNTOLD}:
            raise
        return error.status in UNTOLD
    return True


async def refuse_without_namespace(client: Client) -> None:
    """Raises TemporalUnavailable when the server lacks our namespace or cannot be asked. It would answer as if nothing ran there."""
    try:
        there = await has_namespace(client)
    except RPCError as error:
        raise TemporalUnavailable(f"Temporal does not say whether it has the namespace {client.namespace}: {_why(error)}") from error
    if not there:
        raise TemporalUnavailable(f"Temporal has no namespace {client.namespace}; see TEMPORAL_NAMESPACE")


def process(role: str) -> str:
    """What a process is called in Temporal's UI."""
    return f"mentorship-{role}-{os.getpid()}"


def _why(error: Exception) -> str:
    """The reason in plain words. The client's own message is never repeated: it is for experts, and may contain what the client was given."""
    if isinstance(error, TimeoutError):
        return "no answer in time (MENTORSHIP_CONNECT_TIMEOUT)"
    if isinstance(error, RPCError):
        return error.status.name.lower().replace("_", " ")
    said = str(error)
    return next((words for sign, words in _SIGNS if re.search(sign, said, re.IGNORECASE)), "its client does not say why")


_SIGNS = (
    ("invalid target URL", "this is no address, expected host:port"),
    ("ConnectionRefused", "nobody listens there"),
    ("dns error", "there is no such host"),
    ("InvalidContentType", "TLS is asked for (TEMPORAL_TLS, TEMPORAL_API_KEY), and it speaks none"),
    ("certificate", "its certificate, or ours, is not believed"),
    ("Unauthenticated|PermissionDenied", "it does not let us in"),
    (
        "http2|h2 protocol|operation was canceled|grpc-status header|ConnectionReset|BrokenPipe|UnexpectedEof",
        "who answers there is no Temporal server, is one that stops just now, or has TLS where we have none, or none where we have it",
    ),
)


def configured() -> ClientConnectConfig:
    """What `TEMPORAL_*` says, always with `target_host` and `namespace`. Raises TemporalUnavailable when it cannot be read."""
    if os.environ.get("TEMPORAL_TLS", "true").lower() not in ("true", "false", "1", "0"):  # the SDK reads `no` as yes, and an empty value too
        raise TemporalUnavailable("Temporal's own configuration cannot be read (TEMPORAL_TLS: expected true, false, 1 or 0)")
    try:
        return {"target_host": "localhost:7233", "namespace": "default", **ClientConfig.load_client_connect_config()}
    except (RuntimeError, OSError, ValueError) as error:
        file = os.environ.get("TEMPORAL_CONFIG_FILE")
        if isinstance(error, OSError):
            why = f"{error.filename}: {error.strerror}"
        elif file and not os.access(file, os.R_OK):
            why = f"{file}: not there, or not for this process's user to read"
        else:
            why = "not in its form, or no such profile"
        raise TemporalUnavailable(f"Temporal's own configuration cannot be read ({why}); see TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE") from error
