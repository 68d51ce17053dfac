"""Answers orchestrators and Prometheus: whether the hook is alive and ready, what it has done, and what waits. Nothing here is about a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from functools import partial
from typing import Literal, TypeVar

import structlog
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel
from temporalio.client import Client
from temporalio.service import RPCError

from gateway.connect import UNTOLD, has_namespace
from gateway.settings import Settings
from records.errors import RecordsError
from records.store import Records
from webhook import openapi
from webhook.gauges import Gauges
from webhook.problems import key_missing, unavailable

T = TypeVar("T")

_TIMEOUT = 3.0
_log = structlog.stdlib.get_logger("webhook.health")


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"


def mount(app: FastAPI, settings: Settings, client: Client, records: Records, registry: CollectorRegistry) -> None:
    looks = {"temporal": partial(_temporal, client), "records": partial(_writing, records), "keys": partial(_keys, records), "clock": partial(_clock, records)}
    gauges = Gauges(registry, looks, records)

    async def healthz() -> Alive:
        return Alive()

    async def readyz() -> Ready:
        temporal, database = await asyncio.gather(_temporal(client), _database(records))
        lacking = [name for name, there in (("Temporal", temporal), ("records", database)) if not there]
        if lacking:
            raise unavailable("not-ready", f"cannot reach {' and '.join(lacking)}", settings.webhook_retry_after)
        if not await _writing(records):
            raise unavailable("not-ready", "records take no writing", settings.webhook_retry_after)
        if not await _keys(records):
            raise key_missing(settings.webhook_retry_after)
        if not await _clock(records):
            raise unavailable("not-ready", "this host's clock and the database's differ", settings.webhook_retry_after)
        return Ready()

    async def metrics() -> Response:
        await gauges.refresh()
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    for method in ("GET", "HEAD"):
        shown = method == "GET"
        app.add_api_route(
            "/healthz", healthz, tags=["health"], methods=[method], include_in_schema=shown, summary="The process answers", responses=openapi.problems(500)
        )
        app.add_api_route(
            "/readyz",
            readyz,
            tags=["health"],
            methods=[method],
            include_in_schema=shown,
            summary="Temporal has the namespace, records take what is written, and this process has the keys and the right time",
            responses=openapi.problems(500, 503),
        )
        app.add_api_route(
            "/metrics",
            metrics,
            tags=["health"],
            methods=[method],
            include_in_schema=shown,
            summary="Prometheus metrics of this process",
            response_class=Response,
            responses={200: {"description": "the metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}, **openapi.problems(500)},
        )


async def _temporal(client: Client) -> bool:
    """Whether Temporal answers and has our namespace: without it a server is of no use."""
    limit = timedelta(seconds=_TIMEOUT)
    try:
        async with asyncio.timeout(_TIMEOUT):
            if not await client.service_client.check_health(timeout=limit):
                return False
            there = await has_namespace(client, limit)
    except RPCError as error:
        if error.status in UNTOLD:
            return True
        _log.warning("temporal unavailable", error=error.status.name, namespace=client.namespace)
        return False
    except (TimeoutError, RuntimeError, OSError) as error:
        _log.warning("temporal unavailable", error=type(error).__name__)
        return False
    if not there:
        _log.warning("temporal unavailable", error="NOT_FOUND", namespace=client.namespace)
    return there


async def _database(records: Records) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT):
            await records.ping()
    except (RecordsError, TimeoutError) as error:
        _log.warning("records unavailable", why=str(error) or f"no answer within {_TIMEOUT:g} s")
        return False
    return True


async def _writing(records: Records) -> bool:
    """Whether records can be written, not only read: nothing is acknowledged that is not written (P5)."""
    refused = await _found(records.writing.refused())
    if refused:
        _log.error(
            "records take no writing", do="look for a full disk, for a database that is read-only or whose file is gone, and for a program that keeps it locked"
        )
    return not refused


async def _keys(records: Records) -> bool:
    """Whether this process can read what is written now. If others rotated keys since it read its own, it can be reached but is of no use."""
    lacking = await _found(records.lacking_key())
    if lacking is not None:
        _log.error("key missing", key=lacking, do="restart this process with the keys that others have")
    return lacking is None


async def _clock(records: Records) -> bool:
    """Whether this host's clock, by which commands are judged, agrees with the database's."""
    ahead = await _found(records.clock.ahead())
    if ahead is not None:
        _log.error("wrong clock", ahead_seconds=round(ahead.total_seconds()), do="set the time of this host, or of the database's (NTP)")
    return ahead is None


async def _found(asked: Awaitable[T]) -> T | None:
    """What is wrong with records, or None. Also None if they cannot be reached, which is reported elsewhere."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await asked
    except (RecordsError, TimeoutError):
        return None
