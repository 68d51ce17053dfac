from __future__ import annotations

import asyncio
import socket
import struct
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from temporalio.service import RPCError, RPCStatusCode

from gateway import search_attributes
from gateway.connect import TemporalUnavailable, configured, connect, has_namespace, refuse_without_namespace
from gateway.settings import Settings
from gateway.telemetry import make_runtime
from wire.search_attributes import ALL


async def test_the_environment_says_where_temporal_is(server, keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    client = await connect(Settings.load(), keyring, role="prepare")
    assert client.identity.startswith("mentorship-prepare-")
    assert socket.gethostname() not in client.identity
    assert (configured()["target_host"], configured()["namespace"]) == (server, "default")


async def test_who_sends_an_operators_command_or_starts_a_case_cannot_be_told_from_its_name(keyring):
    """H16: a worker sends a concern's hold, and the command line an operator's pause."""
    clients = [await connect(Settings.load(), keyring, role=role, lazy=True) for role in ("cli", "webhook", "worker")]
    assert {client.identity for client in clients} == {"mentorship"}


async def test_a_server_that_is_not_there_is_told_by_its_address_and_no_secret(keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("TEMPORAL_API_KEY", "canary-58311")
    with pytest.raises(TemporalUnavailable, match=r"127\.0\.0\.1:1, namespace default") as caught:
        await connect(Settings.load(), keyring)
    assert "canary" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_configuration_that_cannot_be_read_is_told(keyring, monkeypatch, tmp_path):
    (tmp_path / "temporal.toml").write_text("not [toml")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "temporal.toml"))
    with pytest.raises(TemporalUnavailable, match="TEMPORAL_CONFIG_FILE"):
        await connect(Settings.load(), keyring)


@pytest.mark.parametrize("said", ["no", "off", "maybe", ""])
async def test_whether_to_use_tls_is_said_in_words_that_are_known(keyring, monkeypatch, said):
    """The SDK takes every other word for yes."""
    monkeypatch.setenv("TEMPORAL_TLS", said)
    with pytest.raises(TemporalUnavailable, match=r"TEMPORAL_TLS: expected true, false, 1 or 0"):
        await connect(Settings.load(), keyring, lazy=True)
    for known in ("true", "False", "1", "0"):
        monkeypatch.setenv("TEMPORAL_TLS", known)
        assert configured()["target_host"] == "localhost:7233"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"TEMPORAL_ADDRESS": "127.0.0.1:1"}, "nobody listens there"),
        ({"TEMPORAL_ADDRESS": "nowhere.invalid:7233"}, "there is no such host"),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:99999"}, "this is no address, expected host:port"),
        ({"TEMPORAL_TLS": "true"}, "TLS is asked for (TEMPORAL_TLS, TEMPORAL_API_KEY), and it speaks none"),
    ],
)
async def test_why_a_server_cannot_be_reached_is_told_in_words(server, keyring, monkeypatch, given, why):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TemporalUnavailable) as caught:
        await connect(Settings.load(), keyring)
    assert f": {why}; see TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE" in str(caught.value)


async def _banner(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.org ESMTP\r\n")
    await writer.drain()
    writer.close()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def test_a_server_that_says_nothing_is_waited_for_as_long_as_is_set(keyring, monkeypatch):
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(TemporalUnavailable, match=r"no answer in time \(MENTORSHIP_CONNECT_TIMEOUT\)"):
            await connect(Settings.load(connect_timeout=0.2), keyring)


@pytest.mark.parametrize(
    ("answers", "tls"),
    [(_banner, False), (_hangs_up, False), (_resets, False), (_hangs_up, True), (_resets, True)],
    ids=lambda it: it.__name__.strip("_") if callable(it) else "TLS" if it else "plain",
)
async def test_a_server_of_another_kind_is_told_to_be_one(answers, tls, keyring, monkeypatch):
    """What the client reports depends on which side was quicker."""
    async with await asyncio.start_server(answers, "127.0.0.1", 0) as server:
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("TEMPORAL_TLS", str(tls).lower())
        for _ in range(5):
            with pytest.raises(TemporalUnavailable, match="who answers there is no Temporal server"):
                await connect(Settings.load(), keyring)


async def test_a_namespace_that_is_not_there_is_told_before_anything_is_concluded_from_it(server, keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    await refuse_without_namespace(await connect(Settings.load(), keyring))
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")
    with pytest.raises(TemporalUnavailable, match="Temporal has no namespace nowhere; see TEMPORAL_NAMESPACE"):
        await refuse_without_namespace(await connect(Settings.load(), keyring))


@pytest.mark.parametrize(
    ("status", "there"),
    [(RPCStatusCode.NOT_FOUND, False), (RPCStatusCode.PERMISSION_DENIED, True), (RPCStatusCode.UNIMPLEMENTED, True), (RPCStatusCode.UNAVAILABLE, None)],
)
async def test_who_may_not_ask_for_the_namespace_is_believed(status, there):
    """A login may be allowed to start and signal, but not to describe."""

    async def answered(*_: object, **__: object) -> None:
        raise RPCError("no", status, b"")

    client: Any = SimpleNamespace(namespace="ours", workflow_service=SimpleNamespace(describe_namespace=answered))
    if there is None:
        with pytest.raises(TemporalUnavailable, match="does not say whether it has the namespace ours: unavailable"):
            await refuse_without_namespace(client)
        return
    assert await has_namespace(client) is there


async def test_a_lazy_client_needs_no_server_yet(keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    client = await connect(Settings.load(), keyring, lazy=True)
    assert client.service_client.config.lazy


async def test_search_attributes_are_registered_once(server, keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    client = await connect(Settings.load(), keyring)
    names = {key.name for key in ALL}
    assert set(await search_attributes.missing(client)) == names
    assert set(await search_attributes.register(client)) == names
    assert await search_attributes.missing(client) == ()
    assert await search_attributes.register(client) == ()


async def test_a_process_can_show_the_sdks_metrics(server, keyring, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    client = await connect(Settings.load(), keyring, runtime=make_runtime(address))
    await client.service_client.check_health()
    async with httpx.AsyncClient() as http:
        assert "temporal_request" in (await http.get(f"http://{address}/metrics")).text
