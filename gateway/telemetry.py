"""Metrics of Temporal's SDK, and traces, for processes whose settings say where they go. Counts, codes and opaque ids only (H12)."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter

if TYPE_CHECKING:
    from temporalio.client import Interceptor

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own variables: either says where a collector takes OTLP over HTTP. If neither is set, nothing is traced."""

KEPT = frozenset(
    {
        "temporalWorkflowID",
        "temporalRunID",
        "temporalActivityID",
        "temporalActivityType",
        "http.request.method",
        "http.route",
        "http.response.status_code",
    }
)
"""The attributes that may leave the process: ids, codes, and the templates of routes."""

_KIND = re.compile(r"[A-Za-z_][\w.]*(?=: |$)")
_log = structlog.stdlib.get_logger("gateway.telemetry")
_untraced: ContextVar[bool] = ContextVar("untraced", default=False)


@contextmanager
def untraced() -> Iterator[None]:
    """Within the block, requests to Temporal carry no trace and are not told to a collector, so that nothing ties a concern to its pair (H16)."""
    before = _untraced.set(True)
    try:
        yield
    finally:
        _untraced.reset(before)


def is_untraced() -> bool:
    return _untraced.get()


def make_runtime(address: str | None) -> Runtime:
    """A runtime that serves `/metrics` at `address` (such as `127.0.0.1:9464`), or one without metrics. Once per process, since it starts threads.

    Raises ValueError when nobody can listen there.
    """
    forwarded = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    metrics = PrometheusConfig(bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True) if address else None
    try:
        return Runtime(telemetry=TelemetryConfig(logging=forwarded, metrics=metrics))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"MENTORSHIP_METRICS_ADDRESS: nobody can listen on {address}: it is taken, or no address of this machine") from error


def start_tracing(role: str) -> Sequence[Interceptor]:
    """Starts tracing and returns the interceptors that the client needs; none if no collector is named. Once per process, before it connects.

    If a collector is named but its exporter is not installed, the log says so and nothing is traced.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    except ImportError:
        _log.warning("tracing is off", why="a collector is named, and its exporter is not installed: it is among the packages of requirements.lock")
        return ()
    trace.set_tracer_provider(provider(role, OTLPSpanExporter()))
    _log.info("tracing is on")
    from gateway.tracing import Tracing  # noqa: PLC0415 - a process without tracing need not load it

    return (Tracing(),)


def provider(role: str, exporter: SpanExporter) -> TracerProvider:
    """Sends `Scrubbed` spans to `exporter` in batches; the last batch goes when the process ends."""
    made = TracerProvider(resource=Resource.create({"service.name": f"mentorship-{role}"}))
    made.add_span_processor(BatchSpanProcessor(Scrubbed(exporter)))
    return made


class Scrubbed(SpanExporter):
    """Removes from every span what could name anybody: libraries add errors' messages and stack traces, and those quote data."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._to.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._to.force_flush(timeout_millis)


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    """Keeps the name, the ids, the times, the KEPT attributes, and an error's kind."""
    error = _KIND.match(span.status.description or "")
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in KEPT},
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code, error[0] if error else None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
