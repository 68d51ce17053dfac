"""P4: what a stranger's verifier fetches from the issuer, served without names and to pages of other origins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from certificates.issuer import Issuer, generate, rotate
from certificates.status import is_revoked, status_list_url
from certificates.trust import Trust
from records.errors import RecordsUnavailable
from webhook.issuer_documents import mount
from webhook.problems import Problem

DID = "did:web:mentors.example.org"


@pytest.fixture
def web_settings(settings, tmp_path):
    path = tmp_path / "issuer.json"
    generate(path)
    return settings.model_copy(update={"issuer_key_file": path, "issuer_did": DID, "issuer_name": "Example Works"})


def asking(settings, records) -> httpx.AsyncClient:
    app = FastAPI()
    mount(app, settings, records)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook")


@pytest.mark.parametrize("path", ["/.well-known/did.json", "/did.json"])
async def test_the_did_document_lists_every_key_to_whoever_asks(path, web_settings, records):
    rotate(web_settings.issuer_key_file)
    async with asking(web_settings, records) as http:
        answer = await http.get(path)
        again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(Trust.of_did_document(answer.json()).keys) == {f"{DID}#k1", f"{DID}#k2"}
    assert "private" not in answer.text
    assert (again.status_code, again.content) == (304, b"")


async def test_the_list_of_revocations_is_signed_and_follows_the_registry(web_settings, records, pair):
    issuer = Issuer.load(web_settings.issuer_key_file, name="Example Works", did=DID)
    row = await records.certificates.reserve(pair.mentorship, pair.enrolment.mentor, {})
    url = status_list_url(web_settings.base_url)
    entry = {"statusListCredential": url, "statusPurpose": "revocation", "statusListIndex": str(row.status_index)}
    credential = {"issuer": DID, "credentialStatus": [entry]}
    async with asking(web_settings, records) as http:
        before = await http.get("/status-lists/1")
        await records.certificates.revoke(row.id, "Issued by mistake")
        after = await http.get("/status-lists/1")
        head = await http.head("/status-lists/1")
    assert url.endswith("/status-lists/1")
    assert not is_revoked(credential, before.text, issuer.trust())
    assert is_revoked(credential, after.text, issuer.trust())
    assert "mistake" not in after.text
    assert head.status_code == 200


async def test_the_list_is_signed_once_a_day_while_nothing_changes_so_that_none_that_is_served_is_over(web_settings, records, monkeypatch):
    """Verifiers refuse a list that is over, and with it every certificate."""
    begins, signed = datetime(2027, 3, 1, 9, tzinfo=UTC), {}
    async with asking(web_settings, records) as http:
        for hours in (0, 23, 24, 30, 240):
            monkeypatch.setattr("webhook.issuer_documents.datetime", SimpleNamespace(now=lambda _, hours=hours: begins + timedelta(hours=hours)))
            signed[hours] = datetime.fromisoformat((await http.get("/status-lists/1")).json()["validFrom"]) - begins
    assert {hours: since.total_seconds() / 3600 for hours, since in signed.items()} == {0: 0, 23: 0, 24: 24, 30: 24, 240: 240}


async def test_without_records_nobody_is_told_that_nothing_is_revoked(web_settings, records, monkeypatch):
    async def gone():
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(records.certificates, "invalid", gone)
    async with asking(web_settings, records) as http:
        with pytest.raises(Problem) as refused:
            await http.get("/status-lists/1")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, str(web_settings.webhook_retry_after))


async def test_without_a_key_file_or_a_did_web_there_is_nothing_to_serve(http, web_settings, records, problem):
    for path in ("/.well-known/did.json", "/status-lists/1"):
        assert problem(await http.get(path))["status"] == 404
    by_key = web_settings.model_copy(update={"issuer_did": None})
    async with asking(by_key, records) as key_http:
        assert (await key_http.get("/status-lists/1")).status_code == 200


async def test_a_key_file_that_cannot_be_used_is_told_to_the_operator(web_settings, records):
    """Strangers see nothing, as where there is no key; an operator who is not told would look for the reason in vain."""
    web_settings.issuer_key_file.chmod(0o644)
    with capture_logs() as told:
        mount(FastAPI(), web_settings, records)
    (line,) = told
    assert line["log_level"] == "error"
    assert "expected mode 0600" in line["reason"]
