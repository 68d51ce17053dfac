"""How every process reaches Temporal: `TEMPORAL_*` and profiles as Temporal's own environment configuration reads them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from gateway.converter import data_converter
from gateway.keyring import Keyring

if TYPE_CHECKING:
    from temporalio.client import Plugin

    from gateway.settings import Settings

DEFAULT_ADDRESS = "localhost:7233"

_ALIKE = ("cli", "webhook", "worker")


class TemporalUnavailable(Exception):  # noqa: N818 - it says what is the case
    """Temporal cannot be reached as configured. The message names the address and the namespace, never a key or a token."""


@dataclass(frozen=True)
class Target:
    """Where `TEMPORAL_*` points."""

    address: str
    namespace: str


def target() -> Target:
    """Where a client of this process would connect. Raises TemporalUnavailable when the configuration cannot be read."""
    configured = _configured()
    return Target(configured.get("target_host", DEFAULT_ADDRESS), configured.get("namespace", "default"))


async def connect(
    settings: Settings,
    keyring: Keyring,
    *,
    role: str = "client",
    interceptors: Sequence[Interceptor] = (),
    plugins: Sequence[Plugin] = (),
    runtime: Runtime | None = None,
    lazy: bool = False,
) -> Client:
    """A client that seals everything it sends. Raises TemporalUnavailable unless `lazy`, which connects at the first call.

    `role` names the process in Temporal's UI, but for those that start cases or send operators' commands: they share one name, so that
    nobody tells a concern's from an operator's by who sent it (H16). The machine's name is kept out, since a laptop's often is a person's.
    """
    configured = _configured()
    configured.setdefault("target_host", DEFAULT_ADDRESS)
    where = f"{configured['target_host']}, namespace {configured.get('namespace', 'default')}"
    try:
        async with asyncio.timeout(settings.connect_timeout):
            return await Client.connect(
                **configured,
                data_converter=data_converter(keyring),
                interceptors=interceptors,
                plugins=plugins,
                identity="mentorship" if role in _ALIKE else process(role),
                runtime=runtime,
                lazy=lazy,
            )
    except (TimeoutError, RuntimeError, RPCError, OSError, ValueError) as error:
        raise TemporalUnavailable(f"Temporal cannot be reached at {where} ({type(error).__name__}); see TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE") from error


def process(role: str) -> str:
    """What a process is called in Temporal's UI."""
    return f"mentorship-{role}-{os.getpid()}"


def _configured() -> _ConnectConfig:
    try:
        return ClientConfig.load_client_connect_config()
    except (RuntimeError, OSError, ValueError) as error:
        raise TemporalUnavailable(
            f"Temporal's own configuration cannot be read ({type(error).__name__}); see TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE"
        ) from error


if TYPE_CHECKING:
    from temporalio.envconfig import ClientConnectConfig as _ConnectConfig
