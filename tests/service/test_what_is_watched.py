"""Running processes show every metric that an alert or the dashboard queries, with the labels that it queries."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from ruamel.yaml import YAML
from standardwebhooks import Webhook

from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import WebhookSecret
from tests.processes import free_port
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from webhook.codec.app import create_app as create_codec
from wire.search_attributes import MILESTONES

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK = DEPLOY.parent / "docs" / "alerts.md"
PROMETHEUS_OWN = {"up", "ALERTS"}


def rules() -> list[dict[str, Any]]:
    return [rule for group in YAML(typ="safe").load(DEPLOY / "prometheus" / "alerts.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboards" / "mentorship.json").read_text(encoding="utf-8"))
    return found


def expressions() -> list[tuple[str, str]]:
    panels = [(panel["title"], target["expr"]) for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return [(rule["alert"], rule["expr"]) for rule in rules()] + panels


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    found: list[promql.VectorSelector] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            found.append(node)

    promql.walk(expression, visit)
    return found


def asked_by(expression: promql.Expr) -> set[str]:
    """The labels that aggregations keep."""
    found: set[str] = set()

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            found.update(node.modifier.labels)

    promql.walk(expression, visit)
    return found


# -- without running anything ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=lambda value: value if " " not in value and "(" not in value else None)
def test_an_expression_is_promql(where, expression):
    assert selectors(promql.parse(expression)), where


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_is_whole_and_stands_in_the_runbook(rule):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "description"}
    if "for" in rule:
        assert promql.parse_duration(rule["for"])
    kept = asked_by(promql.parse(rule["expr"]))
    told = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    assert told <= kept, "an aggregation drops what the annotation tells"
    assert f"\n### {rule['alert']}\n" in RUNBOOK.read_text(encoding="utf-8")


def test_alerts_and_panels_have_names_of_their_own():
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    runbook = re.findall(r"^### (Mentorship\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(runbook) == sorted(names)
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


def test_no_panel_lies_over_another():
    places: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & places, panel["title"]
        places |= cells


# -- against what runs -----------------------------------------------------------------------------------------------------------


Shown = dict[str, list[dict[str, str]]]
"""The labels of every sample, by its name."""


def read(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels


@pytest.fixture
async def shown(house, calm, processes, mailbox, tmp_path) -> Shown:
    """A worker process with mail that is refused, a signal that it cannot read and a decision that Temporal refuses; the web hook; the codec door."""
    mailbox.refuse["mentee-1@example.org"] = "451 later"
    process, port = house.worker_process(), free_port()
    process.env["MENTORSHIP_METRICS_ADDRESS"] = f"127.0.0.1:{port}"
    await house.start(calm(), 2)
    processes(process)
    await house.post(0, "mentor", "confirm_expectations", "msg_1", expectations=["confidentiality"])
    await house.journalled("msg_1")
    await remove(house, MILESTONES.name)
    await house.post(1, "mentor", "record_milestone", "msg_2", milestone="visit")
    foreign = data_converter(Keyring.generate(tmp_path / "foreign.json"))
    await (
        (await type(house.client).connect(house.server.address, namespace=house.client.namespace, data_converter=foreign))
        .get_workflow_handle(house.pairs[0].mentorship)
        .signal("excuse", 1)
    )
    await house.records.watch.note_audit(datetime.now(UTC), 0)

    worker = ""

    async def failed() -> bool:
        nonlocal worker
        worker = await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/metrics")
        wanted = ("temporal_workflow_task_execution_failed_total", "temporal_activity_execution_failed_total")
        return all(f"\n{name}{{" in worker for name in wanted) and 'status_code="INVALID_ARGUMENT"' in worker

    await house.until(failed, within=90)
    samples = list(read(worker))
    codec = create_codec(
        house.settings.model_copy(update={"codec_tokens": (SecretStr("a token that is long enough for one"),), "codec_origins": ("http://ui",)}),
        house.keyring,
        "default",
    )
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    hasty = house.settings.model_copy(update={"webhook_secrets": {"hr": WebhookSecret(secret=SecretStr(secret))}, "webhook_burst": 1})
    hook = create_app(hasty, house.client, house.records, post=Outbox())
    for app, method, path, last in ((hook, "GET", "/v1/receipts/spring/pair-1/msg_1", "mentorship_journal_findings"), (codec, "POST", "/codec/decode", "")):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
            at = datetime.now(UTC)
            signed = {"webhook-id": "ask", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": Webhook(secret).sign("ask", at, "")}
            for _ in range(2):
                await http.request(method, path, headers=signed)

            async def counted(http: httpx.AsyncClient = http, last: str = last) -> str | None:
                """Records that do not answer in time are left out of the figures."""
                text = (await http.get("/metrics")).text
                return text if last in text else None

            samples += read(await house.until(counted, within=90))
    found: Shown = {}
    for name, labels in samples:
        found.setdefault(name, []).append(labels)
    return found


async def test_what_is_asked_for_is_shown(shown):
    missing: list[str] = []
    for where, text in expressions():
        expression = promql.parse(text)
        wanted = [selector for selector in selectors(expression) if selector.name not in PROMETHEUS_OWN]
        for selector in wanted:
            samples = shown.get(selector.name or "", [])
            exact = {m.name: m.value for m in selector.matchers.matchers if m.op == promql.MatchOp.Equal}
            if not any(exact.items() <= labels.items() for labels in samples):
                missing.append(f"{where}: {selector.prettify()}")
        known = {label for selector in wanted for labels in shown.get(selector.name or "", []) for label in labels}
        missing += [f"{where}: by {label}" for label in asked_by(expression) - known if wanted]
    assert missing == []


async def remove(house: Any, attribute: str) -> None:
    """Removes it, as an operator might by mistake."""
    await house.temporal("operator", "search-attribute", "remove", "--name", attribute, "--yes")
    await house.until(lambda: missing(house))


async def missing(house: Any) -> bool:
    return bool(await search_attributes.missing(house.client))


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())
