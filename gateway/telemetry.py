"""Metrics of Temporal's SDK, for processes that have an address to show them at. Counts and codes only, never a person's id (H12)."""

from __future__ import annotations

import logging

from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter


def make_runtime(address: str | None) -> Runtime:
    """A runtime that serves `/metrics` at `address` (such as `127.0.0.1:9464`), or one without metrics. Once a process; it starts threads.

    Raises ValueError or RuntimeError when the address cannot be bound.
    """
    forwarded = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    metrics = PrometheusConfig(bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True) if address else None
    return Runtime(telemetry=TelemetryConfig(logging=forwarded, metrics=metrics))
