"""Pages for everybody: a certificate's verification (H8, P4) and who sees what (H12, P8)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from certificates.issue import CertificateFacts, issue
from mentorship.visibility import THINGS, VIEWERS, may_read, sight


@dataclass
class Issued:
    id: str
    credential: str
    pdf: bytes


@pytest_asyncio.fixture
async def issued(two, issuer, settings) -> Issued:
    """Ben's certificate, as the worker issues it."""
    facts = {
        "holder_name": "Ben Mentee",
        "holder_ref": two.ref("ben"),
        "holder_email": "ben@example.org",
        "programme_title": "Engineering mentorship 2027",
        "started_on": "2027-03-01",
        "completed_at": "2026-08-30T08:00:00+00:00",
        "share": 80,
        "milestones_done": 9,
        "milestones_total": 10,
        "language": "en",
        "time_zone": "Europe/London",
    }
    facts["started_on"] = "2026-03-01"
    reserved = await two.records.certificates.reserve(two.mentorship, two.ref("ben"), facts)
    made = await asyncio.to_thread(
        issue, CertificateFacts.model_validate({**facts, "id": reserved.id, "issued_at": datetime.now(UTC)}), issuer, base_url=settings.base_url
    )
    await two.records.certificates.store(reserved.id, made.credential_json, made.pdf)
    return Issued(reserved.id, made.credential_json, made.pdf)


async def test_a_certificate_says_completed_and_nothing_of_partner_share_or_milestones(http, issued, says):
    said = says(await http.get(f"/c/{issued.id}"))
    for wanted in ("Valid", "Ben Mentee", "Engineering mentorship 2027", "Completed", "30 August 2026"):
        assert wanted in said
    for unwanted in ("Ana", "80", "90", "9 of 10", "mentorship.summer"):
        assert unwanted not in said


async def test_its_document_and_its_credential_can_be_fetched(http, issued):
    pdf = await http.get(f"/c/{issued.id}/certificate.pdf")
    assert (pdf.headers["content-type"], pdf.content) == ("application/pdf", issued.pdf)
    credential = await http.get(f"/c/{issued.id}/certificate.json")
    assert credential.text == issued.credential


async def test_an_unknown_certificate_is_said_to_be_unknown(http, two, says):
    for name in ("abcdefghijklmnopqrstuvwxyz", "x" * 500, "%2e%2e"):
        answer = await http.get(f"/c/{name}")
        assert answer.status_code == 404
    assert "Unknown" in says(await http.get("/c/abcdefghijklmnopqrstuvwxyz"))


async def test_a_revoked_one_is_revoked_and_why_is_nobodys_business(http, two, issued, says):
    await two.records.certificates.revoke(issued.id, "issued by mistake")
    said = says(await http.get(f"/c/{issued.id}"))
    assert "Revoked" in said
    assert "mistake" not in said
    checked = says(await http.post(f"/c/{issued.id}", files={"file": ("c.pdf", issued.pdf)}))
    assert "Genuine" not in checked
    assert checked.count("Revoked") == 2


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda issued: issued.pdf, "Genuine"),
        (lambda issued: issued.credential.encode(), "Genuine"),
        (lambda issued: issued.credential.replace("Engineering", "Advanced").encode(), "Altered"),
        (
            lambda issued: json.dumps({**json.loads(issued.credential), "issuer": {"id": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}}).encode(),
            "Not ours",
        ),
        (lambda _: b"hello", "Not a certificate"),
        (lambda _: b"", "Not a certificate"),
    ],
)
async def test_a_file_is_checked(change, verdict, http, issued, says):
    answer = await http.post(f"/c/{issued.id}", files={"file": ("c", change(issued))})
    assert answer.status_code == 200
    assert verdict in says(answer)


async def test_a_genuine_file_of_another_certificate_is_told_apart(http, two, issued, says):
    other = await two.records.certificates.reserve(two.mentorship, two.ref("ana"), {"holder_name": "Ana Mentor", "programme_title": "x"})
    said = says(await http.post(f"/c/{other.id}", files={"file": ("c.pdf", issued.pdf)}))
    assert "another certificate than the one of this page" in said


async def test_after_erasure_the_status_stays_and_the_name_is_gone(http, two, issued, says):
    await two.records.people.erase(two.ref("ben"))
    said = says(await http.get(f"/c/{issued.id}"))
    assert "Valid" in said
    assert "Ben" not in said
    assert (await http.get(f"/c/{issued.id}/certificate.pdf")).status_code == 410
    assert (await http.get(f"/c/{issued.id}/certificate.json")).status_code == 200


async def test_a_file_that_is_too_large_is_refused(http, issued):
    answer = await http.post(f"/c/{issued.id}", files={"file": ("c", b"x" * (9 * 1024 * 1024))})
    assert answer.status_code == 413


@pytest.mark.parametrize("spoken", ["en", "de", "ar"])
async def test_the_page_has_a_cell_for_everything_and_everybody(spoken, http, two):
    page = await http.get(f"/who-sees-what?lang={spoken}")
    assert page.text.count("<td ") == len(THINGS) * len(VIEWERS)
    assert page.text.count('class="yes"') == sum(sight(viewer, thing) == "yes" for viewer in VIEWERS for thing in THINGS)


def test_what_a_participant_writes_is_read_by_nobody_else():
    for thing in ("feedback", "pins", "end_wish", "surveys", "cancel_reasons", "late_count", "goals"):
        for viewer in VIEWERS:
            if viewer != "own" and (thing, viewer) != ("goals", "partner"):
                assert not may_read(viewer, thing), (thing, viewer)
    assert may_read("partner", "feedback", shared=True)
    assert all(sight("everyone_else", thing) == "no" for thing in THINGS)


async def test_the_browsers_language_is_spoken_to_strangers(http, two):
    for accepted, code, direction in (("de-AT,de;q=0.9", "de", "ltr"), ("ar", "ar", "rtl"), ("fr;q=1, en;q=0.5", "en", "ltr"), ("*;q=x,,", "en", "ltr")):
        page = await http.get("/who-sees-what", headers={"Accept-Language": accepted})
        assert f'<html lang="{code}" dir="{direction}">' in page.text
