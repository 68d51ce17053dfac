"""The admins' door: Temporal's remote codec protocol, for one UI and one namespace, only with a token; clear payloads appear nowhere else (H12)."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload

from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings, SettingsInvalid
from webhook.codec.app import create_app
from wire.label import Label

UI = "https://temporal.example.org"
OLD, NEW = "an older token, still believed for now", "the token of today, which is long enough"
CANARY = "Zebediah"


@pytest.fixture
def settings() -> Settings:
    return Settings.load(codec_tokens=[OLD, NEW], codec_origins=[UI])


@pytest.fixture
async def http(settings: Settings, keyring: Keyring) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings, keyring, "mentorship")), base_url="https://codec.example.org") as opened:
        yield opened


def as_json(*payloads: Payload) -> dict[str, Any]:
    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "payloads": [{"metadata": {name: encoded(value) for name, value in payload.metadata.items()}, "data": encoded(payload.data)} for payload in payloads]
    }


def told(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(payload["data"]).decode() for payload in answer.json()["payloads"]]


async def sealed(keyring: Keyring, *values: Any) -> list[Payload]:
    return await data_converter(keyring).encode(values)


def headers(token: str | None = NEW, **changed: str) -> dict[str, str]:
    shown = {"authorization": f"Bearer {token}"} if token else {}
    return {"origin": UI, "x-namespace": "mentorship", **shown, **changed}


async def decode(http: httpx.AsyncClient, body: Any, **changed: Any) -> httpx.Response:
    return await http.post("/codec/decode?preserveStorageRefs=true", json=body, headers=headers(**changed))


# -- what it shows --------------------------------------------------------------------------------------------------------------


async def test_what_is_sealed_is_opened_and_what_is_readable_stays(http, keyring):
    payloads = await sealed(keyring, {"meeting": 3}, Label("Write the journal"))
    assert CANARY not in str(payloads)
    assert told(await decode(http, as_json(*payloads))) == ['{"meeting":3}', '"Write the journal"']


async def test_what_it_seals_only_our_keys_open(http, keyring):
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"pause"')
    answer = await http.post("/codec/encode", json=as_json(plain), headers=headers())
    assert told_sealed(answer) != b'"pause"'
    assert told(await decode(http, answer.json())) == ['"pause"']


def told_sealed(answer: httpx.Response) -> bytes:
    (payload,) = answer.json()["payloads"]
    assert base64.b64decode(payload["metadata"]["encoding"]) == b"binary/encrypted"
    return base64.b64decode(payload["data"])


async def test_one_lost_key_does_not_hide_the_rest(http, keyring, tmp_path):
    lost = await sealed(Keyring.generate(tmp_path / "other.json"), "gone")
    answer = await decode(http, as_json(*lost, *await sealed(keyring, "there")))
    first, second = answer.json()["payloads"]
    assert base64.b64decode(first["metadata"]["encoding"]) == b"binary/encrypted"
    assert base64.b64decode(second["data"]) == b'"there"'


async def test_a_payload_without_data_comes_back_as_one(http):
    nothing = Payload(metadata={"encoding": b"binary/null"})
    assert (await decode(http, as_json(nothing))).json() == as_json(nothing)
    assert (await decode(http, {"payloads": []})).json() == {"payloads": []}


# -- to whom --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "a token that nobody ever configured", OLD[:-1], NEW + "x", "tökén"])
async def test_without_a_token_that_is_configured_nothing_is_shown(http, keyring, token):
    shown = {"authorization": f"Bearer {token}".encode()} if token is not None else {}
    answer = await http.post("/codec/decode", json=as_json(*await sealed(keyring, CANARY)), headers={"origin": UI, "x-namespace": "mentorship", **shown})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert CANARY not in answer.text


@pytest.mark.parametrize("token", [OLD, NEW])
async def test_while_tokens_rotate_both_are_believed(http, keyring, token):
    assert told(await decode(http, as_json(*await sealed(keyring, 1)), token=token)) == ["1"]


async def test_another_scheme_is_no_bearer(http):
    assert (await decode(http, {"payloads": []}, authorization=f"Basic {NEW}")).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", f"{UI}.evil.example", "http://temporal.example.org", f"{UI}:8443", "null", UI.upper()])
async def test_the_page_of_another_origin_gets_nothing_even_with_a_token(http, keyring, origin):
    answer = await decode(http, as_json(*await sealed(keyring, CANARY)), origin=origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_a_program_without_a_browser_needs_no_origin(http, keyring):
    """`temporal workflow show --codec-endpoint … --codec-auth "Bearer …"`."""
    asked = {"authorization": f"Bearer {NEW}", "x-namespace": "mentorship"}
    assert told(await http.post("/codec/decode", json=as_json(*await sealed(keyring, 1)), headers=asked)) == ["1"]


@pytest.mark.parametrize("namespace", ["other", "", "mentorship2"])
async def test_another_namespace_is_none_of_ours(http, namespace):
    assert (await decode(http, {"payloads": []}, **{"x-namespace": namespace})).status_code == 403


async def test_the_ui_may_ask_across_origins_with_what_it_sends_along(http):
    asked = {
        "origin": UI,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-namespace",
    }
    answer = await http.options("/codec/decode", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"authorization", "content-type", "x-namespace"} <= set(answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(","))
    assert answer.headers["access-control-allow-methods"] == "POST"
    inside = await http.options("/codec/decode", headers={**asked, "access-control-request-private-network": "true"})
    assert inside.headers["access-control-allow-private-network"] == "true", "a UI in the open may ask this program inside"
    for wrong in ({"origin": "https://evil.example"}, {"access-control-request-method": "PUT"}, {"access-control-request-headers": "x-mine"}):
        refused = await http.options("/codec/decode", headers={**asked, **wrong})
        assert refused.status_code == 400, wrong


async def test_the_ui_can_read_why_it_was_refused(http):
    answer = await decode(http, {"payloads": []}, token=None)
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.json()["type"] == "urn:mentorship:problem:no-token"
    assert (await http.post("/codec/unknown")).json()["status"] == 404


# -- by signing in --------------------------------------------------------------------------------------------------------------


async def sign_in(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/codec/sign-in", data={"token": token}, headers={"sec-fetch-site": "same-origin"})


async def test_who_signed_in_in_the_browser_needs_no_bearer(http, keyring):
    with capture_logs() as logged:
        answer = await sign_in(http, NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "../codec")
    assert {"event": "signed in", "log_level": "info"} in logged
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "secure", "samesite=none", "path=/codec", "max-age=36000"} <= set(cookie.split("; "))
    assert NEW not in cookie
    page = await http.get("/codec")
    [until] = re.findall(r'signed in in this browser until <time datetime="(.+?)">', page.text)
    assert timedelta(hours=9, minutes=50) < datetime.fromisoformat(until) - datetime.now(UTC) <= timedelta(hours=10)
    assert (await http.get("/codec/pages.css")).headers["content-type"].startswith("text/css")
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = set(page.headers["content-security-policy"].split("; "))
    assert policy == {"default-src 'none'", "style-src 'self'", "img-src data:", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"}
    assert told(await decode(http, as_json(*await sealed(keyring, 1)), token=None)) == ["1"]
    await http.post("/codec/sign-out", headers={"sec-fetch-site": "same-origin"})
    assert (await decode(http, {"payloads": []}, token=None)).status_code == 401


async def test_a_wrong_token_signs_nobody_in(http):
    with capture_logs() as logged:
        answer = await sign_in(http, "another token, as long as the others are")
    assert {"event": "sign-in refused", "log_level": "warning"} in logged
    assert (answer.status_code, answer.headers["location"]) == (303, "../codec?refused")
    assert "set-cookie" not in answer.headers
    assert "none of the tokens" in (await http.get("/codec?refused")).text


@pytest.mark.parametrize("act", ["sign-in", "sign-out"])
async def test_another_site_signs_nobody_in_or_out(http, act):
    answer = await http.post(f"/codec/{act}", data={"token": NEW}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_sign_in_is_no_longer_than_a_token(http):
    assert (await sign_in(http, NEW + " " * 5000)).status_code == 413


async def test_where_admins_come_without_https_the_cookie_stays_on_this_site(keyring, settings):
    """Browsers reject a cookie that is for every site and not secure."""
    plain = settings.model_copy(update={"codec_origins": ("http://localhost:8233",)})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(plain, keyring, "mentorship")), base_url="http://localhost") as http:
        cookie = (await sign_in(http, NEW)).headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "secure" not in cookie


async def test_retiring_a_token_ends_what_was_signed_in_with_it(http, keyring, settings):
    await sign_in(http, OLD)
    cookie = http.cookies["mentorship-codec"]
    retired = settings.model_copy(update={"codec_tokens": (SecretStr(NEW),)})
    transport = httpx.ASGITransport(create_app(retired, keyring, "mentorship"))
    async with httpx.AsyncClient(transport=transport, base_url="https://codec.example.org", cookies={"mentorship-codec": cookie}) as later:
        assert (await decode(later, {"payloads": []}, token=None)).status_code == 401


async def test_a_sign_in_lasts_a_working_day(http, monkeypatch):
    """The server enforces it, whatever the browser does with its cookie; a stolen one expires as well."""
    await sign_in(http, NEW)
    cookie = f"mentorship-codec={http.cookies['mentorship-codec']}"
    http.cookies.clear()
    for hours, status in ((9, 200), (11, 401)):
        at = (datetime.now(UTC) + timedelta(hours=hours)).timestamp()
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda at=at: at)
        assert (await decode(http, {"payloads": []}, token=None, cookie=cookie)).status_code == status


# -- what it bears --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b'{"payloads": 1}',
        b'{"payloads": [{"data": "a"}]}',
        b'{"other": []}',
        b"\xff",
        b'{"payloads": [{"metadata": {"encoding": 7}}]}',
        b"[" * 100_000,
    ],
)
async def test_what_are_no_payloads_is_refused_without_repeating_it(http, raw):
    answer = await http.post("/codec/decode", content=raw, headers={**headers(), "content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "expected JSON with `payloads`, their metadata and data in base64"


async def test_only_json_is_read(http):
    answer = await http.post("/codec/decode", content=b'{"payloads": []}', headers={**headers(), "content-type": "text/plain"})
    assert answer.status_code == 415


async def test_a_body_has_a_limit_that_a_payload_of_temporals_own_limit_fits_into(http, keyring, settings):
    largest = await sealed(keyring, "x" * (2 * 1024 * 1024 - 400))
    assert (await decode(http, as_json(*largest))).status_code == 200
    assert (await decode(http, {"payloads": [{"data": "A" * settings.codec_max_body}]})).status_code == 413


async def test_nothing_that_passes_through_is_logged(http, keyring, caplog):
    caplog.set_level(logging.DEBUG)
    payloads = await sealed(keyring, CANARY)
    await decode(http, as_json(*payloads))
    await decode(http, as_json(*payloads), token=f"{CANARY} is no token of ours at all")
    await sign_in(http, f"{CANARY} is no token of ours at all")
    shown = caplog.text + (await http.get("/metrics")).text
    assert 'mentorship_codec_requests_total{method="POST",route="/codec/decode",status="401"} 1.0' in shown
    for secret in (CANARY, base64.b64encode(f'"{CANARY}"'.encode()).decode(), payloads[0].data.hex()[:20], NEW):
        assert secret not in shown


# -- when it is there -----------------------------------------------------------------------------------------------------------


def test_without_a_token_or_without_the_ui_there_is_nothing_to_serve(keyring, settings):
    with pytest.raises(ValueError, match="MENTORSHIP_CODEC_TOKENS"):
        create_app(settings.model_copy(update={"codec_tokens": ()}), keyring, "mentorship")
    with pytest.raises(ValueError, match="MENTORSHIP_CODEC_ORIGINS"):
        create_app(settings.model_copy(update={"codec_origins": ()}), keyring, "mentorship")


@pytest.mark.parametrize("given", [{"codec_tokens": "short"}, {"codec_origins": "https://temporal.example.org/"}, {"codec_origins": "*"}])
def test_settings_that_would_open_it_too_far_are_refused(given):
    with pytest.raises(SettingsInvalid, match="MENTORSHIP_CODEC_"):
        Settings.load(**given)


def test_the_participants_door_does_not_even_load_it():
    """The power to open payloads for admins belongs to another program."""
    loaded = "import sys, webhook.app; print([name for name in sys.modules if name.startswith('webhook.codec')])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_program_says_in_a_line_why_it_cannot_start(tmp_path):
    Keyring.generate(tmp_path / "keys.json")
    environment = {**os.environ, "MENTORSHIP_KEY_FILE": str(tmp_path / "keys.json"), "MENTORSHIP_CODEC_TOKENS": ""}
    done = subprocess.run([sys.executable, "-m", "webhook.codec"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("mentorship-codec: MENTORSHIP_CODEC_TOKENS: without a token")


def test_the_program_leaves_with_0_also_when_it_is_told_to_stop_once_more(tmp_path):
    """The last of these signals come while the program ends, and its exit code stays its own."""
    Keyring.generate(tmp_path / "keys.json")
    settings = {
        "KEY_FILE": str(tmp_path / "keys.json"),
        "CODEC_TOKENS": json.dumps([NEW]),
        "CODEC_ORIGINS": json.dumps([UI]),
        "CODEC_PORT": "0",
        "LOG_FORMAT": "json",
    }
    environment = {**os.environ, **{f"MENTORSHIP_{name}": value for name, value in settings.items()}}
    with subprocess.Popen([sys.executable, "-m", "webhook.codec"], env=environment, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            while "listening" not in (line := program.stderr.readline()):
                assert line, "it ended before it listened"
            assert httpx.get(f"http://127.0.0.1:{json.loads(line)['port']}/healthz").status_code == 200
            while program.poll() is None:
                program.send_signal(signal.SIGTERM)
                time.sleep(0.002)
            assert program.returncode == 0
        finally:
            program.kill()
