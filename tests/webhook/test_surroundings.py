"""Health, metrics, the OpenAPI document, and the process itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from certificates.issuer import IssuerKeysUnusable
from gateway import logs
from gateway.connect import TemporalUnavailable
from gateway.keyring import KeyringUnusable
from gateway.settings import SettingsInvalid
from records import writing
from records.errors import DatabaseUnusable, RecordsUnavailable
from tests.webhook.browser import found_in
from webhook import gauges, health, main, serving
from webhook.bodies import BODIES
from webhook.codec import main as codec_main
from webhook.serving import CannotListen, serve_app
from worker import main as worker_main


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_get_and_head_both_answer(path, method, http):
    answer = await http.request(method, path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_not_ready_without_records_but_alive(http, records, monkeypatch, problem):
    async def gone():
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(records, "ping", gone)
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert problem(answer)["detail"] == "cannot reach records"
    assert (await http.get("/healthz")).status_code == 200


async def test_why_records_that_hang_are_no_use_is_told(http, records, monkeypatch):
    """A time-out comes without words of its own."""

    async def hang(*_):
        await asyncio.Event().wait()

    for module in (health, gauges):
        monkeypatch.setattr(module, "_TIMEOUT", 0.01)
    monkeypatch.setattr(records, "ping", hang)
    monkeypatch.setattr(records.watch, "figures", hang)
    with capture_logs() as told:
        assert (await http.get("/readyz")).status_code == 503
        await http.get("/metrics")
    assert {line["why"] for line in told if line["event"] == "records unavailable"} == {"no answer within 0.01 s"}


async def test_metrics_count_by_route_and_hold_no_id(http, sender, running, pair):
    await sender.post("ask_extension", {"by": "ana"}, "msg_1")
    await http.get("/p/some-token")
    text = (await http.get("/metrics")).text
    assert 'mentorship_webhook_requests_total{method="POST",route="/v1/mentorships/{cohort}/{pair}/ask_extension",status="202"} 1.0' in text
    assert 'route="(none)",status="404"} 1.0' in text
    for secret in ("pair-7", "spring-2027", "msg_1", "some-token", pair.enrolment.pair):
        assert secret not in text


async def test_metrics_tell_how_the_service_stands(http, records, mentorship, pair):
    await records.doors.accept(pair.mentorship, "msg_1", "digest", datetime.now(UTC) - timedelta(minutes=10))
    await records.doors.mark_sent(pair.mentorship, "msg_1")
    text = (await http.get("/metrics")).text
    assert "mentorship_commands_waiting 1.0" in text
    assert 600 <= float(found_in(text, r"^mentorship_commands_waiting_oldest_seconds ([^\n]+)$")) < 660
    assert 'mentorship_mentorships{state="started"} 1.0' in text
    assert "mentorship_journal_verified" not in text  # nobody has


async def test_no_old_figure_passes_for_todays_while_records_are_away(http, records, monkeypatch):
    async def gone(_):
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(gauges, "KEPT_FOR", 0.0)
    assert "mentorship_commands_waiting" in (await http.get("/metrics")).text
    monkeypatch.setattr(records.watch, "figures", gone)
    text = (await http.get("/metrics")).text
    assert 'mentorship_ready{of="records"} 0.0' in text
    assert 'mentorship_ready{of="temporal"} 1.0' in text
    assert "mentorship_commands_waiting" not in text


async def test_the_openapi_document_says_which_ids_of_a_sender_are_kept_readable(http):
    """H12: everything else that a sender writes is sealed."""
    document = (await http.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    headers = document["paths"]["/v1/mentorships/{cohort}/{pair}/set_goal"]["post"]["parameters"]
    said = [schemas[body]["properties"]["goal"]["description"] for body in ("SetGoal", "ReportGoal")]
    said.append(next(header["description"] for header in headers if header["name"] == "webhook-id"))
    assert all("kept readable" in one for one in said)


async def test_the_openapi_document_has_every_command_with_every_answer(http):
    document = (await http.get("/openapi.json")).json()
    for command, model in BODIES.items():
        post = document["paths"][f"/v1/mentorships/{{cohort}}/{{pair}}/{command}"]["post"]
        assert set(post["responses"]) == {"202", "401", "403", "404", "409", "413", "422", "429", "500", "503"}
        assert {parameter["name"] for parameter in post["parameters"]} >= {"cohort", "pair", "webhook-id", "webhook-timestamp", "webhook-signature"}
        assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{model.__name__}")
    receipt = document["paths"]["/v1/receipts/{cohort}/{pair}/{message_id}"]["get"]
    assert {"200", "401", "403", "404", "503"} <= set(receipt["responses"])


async def test_every_reference_of_the_openapi_document_leads_somewhere(http):
    document = (await http.get("/openapi.json")).json()
    references = {line.split('"')[3] for line in json.dumps(document, indent=1).splitlines() if '"$ref"' in line}
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


async def test_the_process_serves_and_leaves_with_0_when_it_is_told_to(settings, keyring, server, running, sender, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secrets = {name: {"secret": secret.secret.get_secret_value(), "scope": list(secret.scope)} for name, secret in settings.webhook_secrets.items()}
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": server,
        "MENTORSHIP_DATABASE_URL": settings.database_url,
        "MENTORSHIP_KEY_FILE": str(settings.key_file),
        "MENTORSHIP_WEBHOOK_SECRETS": json.dumps(secrets),
        "MENTORSHIP_WEBHOOK_PORT": str(port),
        "MENTORSHIP_LOG_FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "webhook", env=environment, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    told = [json.loads(await asyncio.wait_for(process.stderr.readline(), 60))]
    while told[-1]["event"] != "listening":
        told.append(json.loads(await asyncio.wait_for(process.stderr.readline(), 60)))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as sender.http:
            ready = await sender.http.get("/readyz")
            assert (ready.status_code, ready.headers.get("server")) == (200, None), "nobody is told which program answers"
            assert (await sender.post("ask_extension", {"by": "ana"}, "msg_1")).status_code == 202
            too_large = await sender.post("ask_extension", b" " * 70_000)
            assert too_large.status_code == 413
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in rest.decode().splitlines() if line.startswith("{")]
    assert {"sender": "everything", "route": "/v1/mentorships/{cohort}/{pair}/ask_extension", "status": 202}.items() <= next(
        line for line in lines if line.get("status") == 202
    ).items()
    assert "pair-7" not in rest.decode()


async def test_a_file_that_another_program_keeps_locked_is_not_waited_for_at_the_door(
    settings, keyring, server, running, sender, listening, monkeypatch, problem
):
    """P5: a sender who is told to come again has not given up meanwhile; `/readyz` says so too."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    monkeypatch.setattr(main, "_BUSY", 0.1)
    monkeypatch.setattr(writing, "LOCK_SECONDS", 0.1)
    port = listening.getsockname()[1]
    listening.close()
    stop = asyncio.Event()
    serving = asyncio.create_task(main.serve(settings.model_copy(update={"webhook_port": port}), stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=httpx.AsyncHTTPTransport(retries=20), timeout=20) as sender.http:
        with contextlib.closing(sqlite3.connect(settings.database_url.partition("///")[2], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = await asyncio.gather(sender.http.get("/readyz"), *(sender.post("ask_extension", {"by": "ana"}, f"msg_{number}") for number in range(5)))
            other.execute("ROLLBACK")
        assert [answer.status_code for answer in answers] == [503] * 6
        assert problem(answers[0])["detail"] == "records take no writing"
        assert (await sender.http.get("/readyz")).status_code == 200
        assert (await sender.post("ask_extension", {"by": "ana"}, "msg_1")).status_code == 202
    stop.set()
    await serving


async def test_the_process_starts_while_temporal_is_away_and_says_so_to_whoever_asks(settings, records, listening, monkeypatch):
    """P5: where everything is started at once, nobody has to start this again."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    port, stop = listening.getsockname()[1], asyncio.Event()
    listening.close()
    served = asyncio.create_task(main.serve(settings.model_copy(update={"webhook_port": port, "connect_timeout": 1.0}), stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=httpx.AsyncHTTPTransport(retries=20), timeout=60) as http:
        asked = asyncio.gather(*(http.get(path) for path in ("/healthz", "/readyz")))
        await asyncio.wait((asked, served), return_when=asyncio.FIRST_COMPLETED)
        assert not served.done(), served
        assert [answer.status_code for answer in await asked] == [200, 503]
    stop.set()
    await served


async def test_what_temporals_client_says_of_an_outage_goes_through_the_log(settings, keyring, monkeypatch):
    """The SDK's own runtime used to write several lines a request past the log, in colours, whatever the log's format."""

    async def connecting(*_, runtime=None, **__):
        raise TemporalUnavailable(runtime)

    monkeypatch.setattr(main, "connect", connecting)
    monkeypatch.setattr(main, "make_runtime", lambda address: f"forwards, shows metrics at {address}")
    with pytest.raises(TemporalUnavailable, match="forwards, shows metrics at None"):
        await main.serve(settings, asyncio.Event())


async def test_the_process_says_in_a_line_why_it_cannot_start(tmp_path):
    environment = {**os.environ, "MENTORSHIP_KEY_FILE": str(tmp_path / "none.json"), "MENTORSHIP_SMTP_PASSWORD": "canary"}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "webhook", env=environment, stderr=asyncio.subprocess.PIPE, cwd=Path.cwd())
    _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert told.decode().strip().splitlines() == [
        f"mentorship-webhook: {tmp_path / 'none.json'}: there is no such key file; see MENTORSHIP_KEY_FILE (after `make run`: . .mentorship/run/env)"
    ]


@pytest.mark.parametrize(
    ("name", "raised", "code"),
    [
        ("webhook", SettingsInvalid(("MENTORSHIP_SMTP_PORT: no",)), 2),
        ("webhook", TemporalUnavailable("no such profile"), 2),
        ("webhook", RecordsUnavailable("gone"), 1),
        ("webhook", DatabaseUnusable("no"), 2),
        ("webhook", CannotListen("taken"), 1),
        ("worker", IssuerKeysUnusable("no"), 2),
        ("worker", TemporalUnavailable("gone"), 1),
        ("worker", RecordsUnavailable("gone"), 1),
        ("worker", DatabaseUnusable("no"), 2),
        ("codec", KeyringUnusable("no"), 2),
        ("codec", CannotListen("taken"), 1),
    ],
)
def test_what_is_configured_wrong_exits_2_and_what_cannot_be_reached_1(name, raised, code, monkeypatch, capsys):
    """docs/alerts.md says so. Whoever cannot listen hears which settings said where."""

    async def cannot(*_):
        raise raised

    program, does = {"webhook": (main, "serve"), "worker": (worker_main, "run"), "codec": (codec_main, "serve")}[name]
    monkeypatch.setattr(sys, "argv", [f"mentorship-{name}"])
    monkeypatch.setattr(program, does, cannot)
    monkeypatch.setattr(program, "leave", sys.exit)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(worker_main, "configure", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        program.main()
    where = f"; see MENTORSHIP_{name.upper()}_HOST and MENTORSHIP_{name.upper()}_PORT" if isinstance(raised, CannotListen) else ""
    assert (left.value.code, capsys.readouterr().err) == (code, f"mentorship-{name}: {raised}{where}\n")


async def test_a_request_that_hangs_does_not_keep_the_process_from_leaving(monkeypatch, listening):
    monkeypatch.setattr(serving, "_GRACE", 0.1)
    hangs, stop = asyncio.Event(), asyncio.Event()

    app = FastAPI()

    @app.get("/")
    async def hang() -> None:
        hangs.set()
        await asyncio.Event().wait()

    port = listening.getsockname()[1]
    listening.close()
    served = asyncio.create_task(serve_app(app, "127.0.0.1", port, stop))
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=20), timeout=60) as http:
        asked = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        await asyncio.wait_for(hangs.wait(), 60)
        stop.set()
        await asyncio.wait_for(served, 60)
        await asyncio.gather(asked, return_exceptions=True)


async def test_a_port_that_is_taken_does_not_take_the_process_with_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}"):
            await serve_app(FastAPI(), "127.0.0.1", port, asyncio.Event())
