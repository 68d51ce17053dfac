"""What a traced process sends out, with the provider that programs really have and not one that a test puts together (H12)."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind

from gateway import telemetry

CANARY = "Zebediah"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


def test_of_an_error_its_kind_leaves_the_process_and_nothing_that_it_quotes(exporter):
    provider = telemetry.provider("worker", exporter)
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("before") as before:
        pass
    ids = dict.fromkeys(("temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalActivityType"), "m-1")
    kept: dict[str, str | int] = {**ids, "http.request.method": "POST", "http.route": "/v1/{command}", "http.response.status_code": 202}
    more = {"user.name": CANARY, "url.full": f"http://hook/p/{CANARY}"}
    link = Link(before.get_span_context(), {"of": CANARY})

    spans = []

    def fails():
        with tracer.start_as_current_span("request", kind=SpanKind.SERVER, attributes={**kept, **more}, links=[link]) as span:
            spans.append(span.get_span_context())
            span.add_event(CANARY)
            raise OSError(f"no route to {CANARY}@example.org")

    with pytest.raises(OSError, match=CANARY):
        fails()
    assert provider.force_flush()
    _, told = exporter.get_finished_spans()
    assert told.attributes == kept
    assert (told.name, told.kind, told.status.description) == ("request", SpanKind.SERVER, "OSError")
    assert [one.context for one in told.links] == [before.get_span_context()]
    assert told.context == spans[0]
    assert told.resource.attributes["service.name"] == "mentorship-worker"
    assert CANARY not in told.to_json()
    provider.shutdown()


def test_whatever_is_asked_within_an_untraced_block_and_only_there_is_untraced():
    with contextlib.suppress(OSError), telemetry.untraced():
        assert telemetry.is_untraced()
        with telemetry.untraced():
            pass
        assert telemetry.is_untraced(), "one within another ends only itself"
        raise OSError("gone")
    assert not telemetry.is_untraced()


@pytest.mark.parametrize(("endpoint", "off"), [(None, None), ("", None), ("http://127.0.0.1:9", "true"), ("http://127.0.0.1:9", "TRUE")])
def test_nothing_is_traced_where_no_collector_is_named_or_where_it_is_switched_off(endpoint, off, monkeypatch):
    for name, value in (*((name, endpoint) for name in telemetry.ENDPOINTS), ("OTEL_SDK_DISABLED", off)):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    assert telemetry.start_tracing("worker") == ()


def test_what_was_traced_until_the_end_is_sent_before_a_program_leaves():
    """The last spans are those of its end, or of what ended it."""
    program = """
from opentelemetry import trace
from gateway.leaving import leave

class Provider(trace.NoOpTracerProvider):
    def shutdown(self):
        print("sent")

trace.set_tracer_provider(Provider())
leave(3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "sent\n", "")
