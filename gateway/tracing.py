"""One trace from a door to everything that follows: hook → signal → workflow → activity → what the next workflow task starts.

The SDK's own interceptor writes the spans of clients and activities. We write those inside a workflow: the SDK would put each under the
trace that *started* the workflow, and a mentorship lives for half a year, so we put it under what caused it. Spans of workflow tasks are
instants and written once, never during a replay. Headers carry a trace's ids and nothing else (H12).

Cases never take part in a trace. Headers are not sealed, and one id in the histories of both a case and a mentorship would tell whose
concern it is. If lines of the coordinators' list alone had such an id, a case without one would be known as a concern (H16).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from opentelemetry.trace import SpanKind, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    OutboundInterceptor,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.converter import PayloadConverter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from gateway.telemetry import is_untraced, untraced
from wire.names import CASE, is_case

Carrier = dict[str, str]
"""A span's position in its trace, as a header carries it: `{"traceparent": …}`."""

Write = Callable[[str, Carrier, dict[str, str], int, SpanKind], Carrier]

_HEADER = "_tracer-data"
"""The SDK's own name for the header, which its clients and activities use."""
_WRITE = "mentorship_write_span"


class Tracing(TracingInterceptor):
    """Traces a client and its workers. It does not carry baggage: callers could put anybody's name into it."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        super().__init__(tracer)
        self.header_key = _HEADER
        self.text_map_propagator = TraceContextTextMapPropagator()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _PastCases(super().intercept_client(next), next)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _PastCasesActivities(super().intercept_activity(next), next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[Any]:  # noqa: A002 - the SDK's name
        """Returns our class, not the SDK's, which its signature names. Ours needs only what every inbound interceptor has."""
        input.unsafe_extern_functions[_WRITE] = self._write_span
        return _TracedWorkflow

    def _write_span(self, name: str, parent: Carrier, attributes: dict[str, str], at: int, kind: SpanKind) -> Carrier:
        """Runs outside the workflow's sandbox. `at` is in nanoseconds since the epoch."""
        context = self.text_map_propagator.extract(parent)
        span = self.tracer.start_span(name, context, kind=kind, attributes=attributes, start_time=at)
        span.end(end_time=at)
        carrier: Carrier = {}
        self.text_map_propagator.inject(carrier, set_span_in_context(span, context))
        return carrier


class _PastCases(OutboundInterceptor):
    """Sends requests to a case, or by one, past the SDK's interceptor."""

    def __init__(self, traced: OutboundInterceptor, plain: OutboundInterceptor) -> None:
        super().__init__(traced)
        self._plain = plain

    def _way(self, workflow_id: str) -> OutboundInterceptor:
        return self._plain if is_untraced() or is_case(workflow_id) else self.next

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's name
        return await self._way(input.id).start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - the SDK's name
        await self._way(input.id).signal_workflow(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        return await self._way(input.id).query_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002 - the SDK's name
        return await self._way(input.id).start_workflow_update(input)


class _PastCasesActivities(ActivityInboundInterceptor):
    """A case's activity begins no trace, continues none, and passes none on to the mentorship that it asks."""

    def __init__(self, traced: ActivityInboundInterceptor, plain: ActivityInboundInterceptor) -> None:
        super().__init__(traced)
        self._plain = plain

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        if activity.info().workflow_type != CASE:
            return await super().execute_activity(input)
        with untraced():
            return await self._plain.execute_activity(input)


class _TracedWorkflow(WorkflowInboundInterceptor):
    """Remembers what came last in this workflow task, and takes it for the cause of whatever the task starts."""

    def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._write = cast("Write", workflow.extern_functions()[_WRITE])
        self._cause: Carrier | None = None
        self._task = -1

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_TracedOutbound(outbound, self))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        self._came(f"RunWorkflow:{workflow.info().workflow_type}", input.headers)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's name
        self._came(f"HandleSignal:{input.signal}", input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - the SDK's name
        self._came(f"HandleUpdate:{input.update}", input.headers)
        return await super().handle_update_handler(input)

    @property
    def cause(self) -> Carrier | None:
        """None if a timer, or something untraced, woke the workflow: whatever it then starts begins a trace of its own."""
        return self._cause if self._task == workflow.info().get_current_history_length() else None

    def caused_by(self, carrier: Carrier) -> None:
        """Sets the cause for the rest of this workflow task."""
        self._cause, self._task = carrier, workflow.info().get_current_history_length()

    def span(self, name: str, parent: Carrier, kind: SpanKind) -> Carrier:
        """Writes a span and returns its carrier. A replay writes nothing and returns the parent's, which history itself holds."""
        if workflow.unsafe.is_replaying():
            return parent
        info = workflow.info()
        return self._write(name, parent, {"temporalWorkflowID": info.workflow_id, "temporalRunID": info.run_id}, workflow.time_ns(), kind)

    def _came(self, name: str, headers: Mapping[str, Payload]) -> None:
        carrier = _read(headers)
        if carrier:
            self.caused_by(self.span(name, carrier, SpanKind.SERVER))


class _TracedOutbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, workflow_side: _TracedWorkflow) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._inside = workflow_side

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - the SDK's name
        """Also makes the activity the cause of what its completion wakes, such as a mail that goes out once the journal is written."""
        cause = self._inside.cause
        if cause is None:
            return super().start_activity(input)
        carrier = self._inside.span(f"StartActivity:{input.activity}", cause, SpanKind.CLIENT)
        input.headers = {**input.headers, _HEADER: PayloadConverter.default.to_payload(carrier)}
        handle = super().start_activity(input)
        handle.add_done_callback(lambda _: self._inside.caused_by(carrier))
        return handle


def _read(headers: Mapping[str, Payload]) -> Carrier:
    """The header's carrier. Empty if there is none, or if it is not ours: a header must not stop a workflow."""
    payload = headers.get(_HEADER)
    if payload is None:
        return {}
    try:
        found = PayloadConverter.default.from_payload(payload)
    except Exception:  # noqa: BLE001 - whatever a stranger's payload makes of a decoder
        return {}
    traceparent = found.get("traceparent") if isinstance(found, dict) else None
    return {"traceparent": traceparent} if isinstance(traceparent, str) else {}
