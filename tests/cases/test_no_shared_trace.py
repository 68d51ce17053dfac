"""With tracing on, neither a collector nor an unsealed header in Temporal links a concern to its pair, or tells a line's case from a concern's (H16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from gateway.links import Bearer, LinkSigner
from gateway.telemetry import Scrubbed
from gateway.tracing import Tracing
from mentorship.commands import ConfirmMeeting
from tests.webhook.outbox import Outbox
from webhook import watching
from webhook.app import create_app
from webhook.pages.form_tokens import FormTokens
from worker.coordinators_list import CoordinatorsList

HEADER = "_tracer-data"


@dataclass
class Collector:
    tracer: Tracer
    exporter: InMemorySpanExporter

    def names(self) -> list[str]:
        return [span.name for span in self.exporter.get_finished_spans()]

    def text(self) -> str:
        return "\n".join(span.to_json() for span in self.exporter.get_finished_spans())


@pytest.fixture
def collector(monkeypatch) -> Collector:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Scrubbed(exporter)))
    tracer = provider.get_tracer("test")
    monkeypatch.setattr(watching, "_tracer", tracer)
    return Collector(tracer, exporter)


@pytest.fixture
async def house(build, collector, tmp_path, keyring):
    folder = tmp_path / "traced"
    folder.mkdir()
    async with build(folder, interceptors=[Tracing(collector.tracer)]) as built:
        await built.wait(hours=9)
        yield built


@pytest.fixture
async def page(house):
    app = create_app(house.settings, house.environment.client, house.records, post=Outbox(), clock=house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as http:
        yield http


async def raised(house, page):
    """Noor reads her pages, raises a concern with a hold, and lets the meetings go on the next day. Returns its case."""
    bearer = Bearer(house.enrolment.mentorship, house.refs["noor"])
    token = LinkSigner(house.settings.link_secrets).token("private", bearer)
    form = FormTokens(house.settings.link_secrets).token(bearer, "concern", "new", "abc")
    for address in (f"/private/{token}", f"/concern/{token}", f"/concern/{token}/new?about=partner"):
        assert (await page.get(address)).status_code == 200
    filled = {"form": form, "about": "partner", "contact": house.refs["sam"], "text": "words", "hold": "yes"}
    assert (await page.post(f"/concern/{token}/send", data=filled)).status_code == 303
    (case,) = await house.records.cases.of_raiser(house.refs["noor"], house.enrolment.mentorship)
    await house.wait(1)
    assert (await house.status()).phase == "paused"
    asked = LinkSigner(house.settings.link_secrets).token("case", Bearer(case.id, house.refs["sam"]))
    assert (await page.get(f"/case/{asked}")).status_code == 200
    await house.door.release(await house.now(case))
    await house.wait(hours=1)
    assert (await house.status()).phase != "paused"
    return case


async def line_of(house, collector):
    """The mentorship's own activity opens a line in its trace, and a coordinator closes it. Returns its case."""
    mentorship = house.enrolment.mentorship
    with collector.tracer.start_as_current_span("RunActivity:tell_coordinators"):
        await CoordinatorsList(house.records, house.environment.client).open(mentorship, "silence", None, house.clock.now, "a-line")
    case = await house.records.cases.of_line("a-line")
    assert case is not None
    await house.wait(1)
    await house.records.lines.settle(mentorship, "silence", house.refs["ana"], "talked", house.clock.now)
    with collector.tracer.start_as_current_span("POST /coordinator/{token}"):
        await house.case(case).signal("look")
    await house.case(case).result()
    return case


async def test_nothing_of_a_case_is_traced_and_what_it_asks_of_a_mentorship_begins_no_trace(house, page, collector):
    collector.exporter.clear()
    concern, line = await raised(house, page), await line_of(house, collector)
    for case in (concern, line):
        assert HEADER not in str((await house.case(case).fetch_history()).to_json())
        assert case.id not in collector.text()
    told = " ".join(collector.names())
    assert not [
        word
        for word in ("Case", "tend_case", "/concern", "/case", "/private", ":pause", ":resume", ":resolve", ":order", "QueryWorkflow:receipt")
        if word in told
    ], told
    events = (await house.mentorship.fetch_history()).events
    orders = [event.workflow_execution_update_accepted_event_attributes.accepted_request.input for event in events]
    assert [(order.name, list(order.header.fields)) for order in orders if order.name] == [("pause", []), ("resume", []), ("resolve", [])]


async def test_everything_else_is_traced_as_before(house, collector):
    collector.exporter.clear()
    noor = house.refs["noor"]
    at = house.clock.now + timedelta(seconds=1)
    await house.mentorship.signal("confirm_meeting", ConfirmMeeting(message_id="slots", by=noor, at=at, meeting="all"))
    await house.wait(hours=1)
    assert {"SignalWorkflow:confirm_meeting", "HandleSignal:confirm_meeting", "RunActivity:append_journal"} <= set(collector.names())
    assert HEADER in str((await house.mentorship.fetch_history()).to_json())
