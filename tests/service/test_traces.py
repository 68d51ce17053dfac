"""One request at the programs' door is one trace, through the signal and the workflow to the activities; a trace names nobody (H12)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.baggage import set_baggage
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from standardwebhooks import Webhook
from temporalio.api.common.v1 import Header, Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client

from gateway.connect import connect
from gateway.settings import WebhookSecret
from gateway.telemetry import Scrubbed, start_tracing
from gateway.tracing import Tracing
from tests.webhook.outbox import Outbox
from webhook import watching
from webhook.app import create_app
from worker.build import workers
from worker.ports import activities

CANARY = "Zebediah"
_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class Collector:
    """Keeps every span as a real collector would get it, including those of libraries that use the process's own provider."""

    provider: TracerProvider
    exporter: InMemorySpanExporter

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def of(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def way(self, span: ReadableSpan) -> list[str]:
        """The names from the root down to this span."""
        by_id = {context.span_id: found for found in self.spans if (context := found.get_span_context()) is not None}
        names = [span.name]
        while span.parent is not None:
            span = by_id[span.parent.span_id]
            names.insert(0, span.name)
        return names

    def text(self) -> str:
        return "\n".join(span.to_json() for span in self.spans)


@pytest.fixture
def collector(monkeypatch) -> Collector:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Scrubbed(exporter)))
    monkeypatch.setattr(watching, "_tracer", provider.get_tracer("mentorship.webhook"))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)  # as `start_tracing` sets it
    return Collector(provider, exporter)


@pytest.fixture
async def traced_client(house, collector) -> Client:
    return await connect(house.settings, house.keyring, role="test", interceptors=[Tracing(collector.provider.get_tracer("test"))])


@pytest.fixture
async def http(house, traced_client) -> AsyncIterator[httpx.AsyncClient]:
    settings = house.settings.model_copy(update={"webhook_secrets": {"hr": WebhookSecret(secret=SecretStr(_SECRET))}})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(settings, traced_client, house.records, post=Outbox())), base_url="http://hook"
    ) as opened:
        yield opened


async def post(http: httpx.AsyncClient, command: str, message_id: str, **body: Any) -> None:
    raw, at = json.dumps(body), datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(_SECRET).sign(message_id, at, raw),
        "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
        "tracestate": f"user={CANARY}",
        "baggage": f"user={CANARY}",
    }
    answer = await http.post(f"/v1/mentorships/spring/pair-1/{command}", content=raw, headers=headers)
    assert answer.status_code == 202, answer.text


def living(house, client, **options):
    return workers(client, activities(house.settings, house.records, client, house.issuer), **options)


ROOT = "POST /v1/mentorships/{cohort}/{pair}/record_milestone"


async def test_one_post_is_one_trace_from_the_hook_to_the_activity(house, calm, http, traced_client, collector):
    house.client = traced_client
    await house.start(calm())
    first, *others = living(house, traced_client)
    async with first, others[0], others[1]:
        await house.idle()
        (begun,) = collector.of("RunWorkflow:Mentorship")
        assert collector.way(begun) == ["StartWorkflow:Mentorship", "RunWorkflow:Mentorship"]
        assert "StartActivity:append_journal" in [span.name for span in collector.spans if collector.way(span)[:2] == collector.way(begun)]
        collector.exporter.clear()
        await post(http, "record_milestone", "msg_1", by="mentee-1", milestone="visit")
        await house.journalled("msg_1")
        await house.idle()
    (root,) = collector.of(ROOT)
    (run,) = collector.of("RunActivity:append_journal")
    assert collector.way(run) == [
        ROOT,
        "SignalWorkflow:record_milestone",
        "HandleSignal:record_milestone",
        "StartActivity:append_journal",
        "RunActivity:append_journal",
    ]
    assert {span.get_span_context().trace_id for span in collector.spans if span.name != "QueryWorkflow:status"} == {root.get_span_context().trace_id}
    assert root.attributes["http.response.status_code"] == 202
    (handled,) = collector.of("HandleSignal:record_milestone")
    assert handled.attributes["temporalWorkflowID"] == house.pairs[0].mentorship
    assert handled.start_time == handled.end_time, "an instant of the workflow's own time"


async def test_what_follows_once_the_journal_is_written_is_in_the_same_trace(house, calm, http, traced_client, collector):
    """Both hear of a cancelled meeting; their mails wait for the journal, one workflow task later. What follows them, untraced, is in neither's trace."""
    await house.start(calm())
    first, *others = living(house, traced_client)
    async with first, others[0], others[1]:
        await house.idle()
        collector.exporter.clear()
        await post(http, "cancel_meeting", "msg_1", by="mentee-1", meeting=2, reason="work")
        await house.journalled("msg_1")
        await house.idle()
        before = len(collector.of("RunActivity:append_journal"))
        await house.post(0, "mentor", "confirm_meeting", "msg_2", meeting=1)
        await house.journalled("msg_2")
        await house.idle()
    assert [collector.way(mail)[2:] for mail in collector.of("RunActivity:send_notice")] == [
        ["HandleSignal:cancel_meeting", "StartActivity:append_journal", "StartActivity:send_notice", "RunActivity:send_notice"]
    ] * 2
    later = collector.of("RunActivity:append_journal")[before:]
    assert later
    assert {tuple(collector.way(run)) for run in later} == {("RunActivity:append_journal",)}


async def test_replaying_writes_no_span_again(house, calm, http, traced_client, collector):
    """No workflow is cached here, so every workflow task replays everything before it."""
    await house.start(calm())
    first, *others = living(house, traced_client, max_cached_workflows=0)
    async with first, others[0], others[1]:
        await house.idle()
        for n in range(3):
            await post(http, "confirm_expectations", f"msg_{n}", by="mentee-1", expectations=["confidentiality"])
            await house.journalled(f"msg_{n}")
        await house.idle()
    handled = collector.of("HandleSignal:confirm_expectations")
    assert len(handled) == 3
    ids = [span.get_span_context().span_id for span in collector.spans]
    assert len(ids) == len(set(ids))
    assert sum(collector.way(run)[0].startswith("POST ") for run in collector.of("RunActivity:append_journal")) == 3


async def test_a_trace_names_nobody_and_says_nothing_that_anybody_wrote(house, calm, http, traced_client, collector, monkeypatch):
    async def breaks(*_: Any, **__: Any) -> None:
        raise OSError(f"no route to {CANARY}@example.org")

    await house.start(calm())
    monkeypatch.setattr(house.records.journal, "append", breaks)
    first, *others = living(house, traced_client)
    async with first, others[0], others[1]:
        context = attach(set_baggage("user", CANARY))
        await post(http, "submit_privately", "msg_1", by="mentee-1", body={"kind": "feedback", "meeting": 1, "text": f"{CANARY} listens well"})
        detach(context)
        await house.until(lambda: _held(collector.of("RunActivity:append_journal")))
    text = collector.text()
    (failed, *_) = collector.of("RunActivity:append_journal")
    assert failed.status.description == "OSError"
    for secret in (CANARY, "example.org", "mentee-1", "pair-1", "msg_1", "11111111111111111111111111111111"):
        assert secret not in text
    told = [
        json.loads(attributes.header.fields["_tracer-data"].data)
        for event in (await house.handle(0).fetch_history()).events
        for attributes in (event.workflow_execution_signaled_event_attributes, event.activity_task_scheduled_event_attributes)
        if "_tracer-data" in attributes.header.fields
    ]
    assert told
    assert {tuple(header) for header in told} == {("traceparent",)}


async def test_one_request_is_one_span_of_ours_and_the_pages_of_a_concern_are_none(http, collector):
    """The framework's own tracing would trust a caller's trace, and does not know which pages are private (H12, H16)."""
    caller = {"traceparent": "00-11111111111111111111111111111111-2222222222222222-01", "tracestate": f"user={CANARY}"}
    for path in ("/concern/token", "/concern/token/new", "/case/token", "/private/token", "/private/token/feedback/1"):
        await http.get(path, headers=caller)
    assert [span.name for span in collector.spans] == []
    await http.get(f"/p/{CANARY}", headers=caller)
    (span,) = collector.spans
    assert span.parent is None
    assert CANARY not in span.to_json()


async def _held(found: list[ReadableSpan]) -> bool:
    return bool(found)


async def test_a_stranger_s_header_does_not_stop_a_mentorship(house, calm, traced_client, collector):
    await house.start(calm())
    first, *others = living(house, traced_client)
    async with first, others[0], others[1]:
        await house.idle()
        for value in (b"no json", b"[]", b'{"traceparent": 7}', b'{"traceparent": "rubbish"}'):
            await _signal_with_header(house, value)
        await house.post(0, "mentee", "record_milestone", "msg_1", milestone="visit")
        await house.journalled("msg_1")


async def _signal_with_header(house, value: bytes) -> None:
    header = Header(fields={"_tracer-data": Payload(metadata={"encoding": b"json/plain"}, data=value)})
    await house.client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=house.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=house.pairs[0].mentorship),
            signal_name="confirm_meeting",
            header=header,
        )
    )


def test_nothing_is_traced_until_a_collector_is_named(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    before = trace.get_tracer_provider()
    assert start_tracing("worker") == ()
    assert trace.get_tracer_provider() is before


async def test_a_process_sends_its_spans_to_the_collector_that_is_named(house, calm, tmp_path):
    """A worker as operators run it; the collector is a socket that accepts OTLP over HTTP."""
    taken: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        taken.append(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await house.start(calm())
    process = house.worker_process()
    process.env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    process.start()

    async def told_of_the_journal() -> bool:
        return any(b"RunActivity:append_journal" in body for body in taken)

    try:
        await house.until(told_of_the_journal)
    finally:
        await asyncio.to_thread(process.stop)
        server.close()
    assert taken[0].startswith(b"POST /v1/traces ")
    assert "tracing is on" in process.said()
