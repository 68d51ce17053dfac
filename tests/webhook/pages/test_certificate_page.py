"""`/c/{certificate}` tells a stranger the certificate's status, and whether a file was altered (H8, P4)."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from babel.dates import format_date
from pypdf import PdfReader, PdfWriter

from certificates.facts import CertificateFacts
from certificates.issue import issue
from certificates.trust import Trust
from certificates.verify import State, Verdict, verify_file
from webhook.pages.certificate import CertificatePages

ELSEWHERE = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest_asyncio.fixture
async def issued(certify):
    return await certify()


@pytest.fixture
def renew(two, issuer, settings):
    """Makes the edition that supersedes an earlier one, as the worker does."""

    async def renew(before, *, name="Ben Mentee", results=None):
        old = await two.records.certificates.get(before.id)
        fields = old.renewed(name=name, email="ben@example.org", results=results)
        new = await two.records.certificates.reissue(old.id, fields)
        made = issue(CertificateFacts.model_validate({**fields, "id": new.id, "issued_at": new.issued_at}), issuer, base_url=settings.base_url)
        await two.records.certificates.supersede(old.id, new.id, made.credential_json, made.pdf)
        return new

    return renew


def today() -> str:
    return format_date(datetime.now(UTC).date(), "long", locale="en_GB")


def with_another_name(pdf: bytes) -> bytes:
    """The same attachment in a document that prints another name."""
    original = PdfReader(io.BytesIO(pdf))
    forged = PdfWriter()
    forged.add_blank_page(842, 595)
    ((name, (content,)),) = original.attachments.items()
    forged.add_attachment(name, content)
    written = io.BytesIO()
    forged.write(written)
    return written.getvalue()


async def test_a_certificate_says_completed_and_nothing_of_partner_share_or_milestones(http, issued, says):
    said = says(await http.get(f"/c/{issued.id}"))
    for wanted in ("Valid", "Ben Mentee", "Engineering mentorship 2027", "Completed", "30 August 2026"):
        assert wanted in said
    for unwanted in ("Ana", "80", "90", "9 of 10", "mentorship.summer"):
        assert unwanted not in said


async def test_what_its_holder_asked_for_stands_there_with_each_milestones_instant(http, certify, says):
    """H7: the explanation, to the second and in the holder's zone."""
    reached = [{"title": f"Step {number}", "done_at": f"2026-08-{number + 10}T22:30:0{number}+00:00", "waived": number == 9} for number in range(1, 10)]
    shown = await certify(show_results=True, milestones=reached)
    said = says(await http.get(f"/c/{shown.id}"))
    assert "9 of 10 (90%)" in said
    assert "Step 1 Tuesday 11 August 2026, 23:30:01" in said
    assert "Step 9 Wednesday 19 August 2026, 23:30:09 · waived, counts as done" in said
    assert "Times are London time." in said
    assert "الثلاثاء، 11 أغسطس 2026، الساعة 23:30:01" in says(await http.get(f"/c/{shown.id}?lang=ar")), "by the clock that every other page has"


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


async def test_what_never_got_its_document_is_unknown_to_everybody(http, two, says):
    reserved = await two.records.certificates.reserve(two.mentorship, two.ref("ana"), {"holder_name": "Ana Mentor", "programme_title": "x"})
    answer = await http.get(f"/c/{reserved.id}")
    assert (answer.status_code, "Ana" in says(answer)) == (404, False)
    assert {(await http.get(f"/c/{reserved.id}/certificate.{kind}")).status_code for kind in ("pdf", "json")} == {404}


async def test_a_revoked_one_says_since_when_and_why_is_nobodys_business(http, two, issued, says):
    await two.records.certificates.revoke(issued.id, "issued by mistake")
    said = says(await http.get(f"/c/{issued.id}"))
    assert f"Revoked since {today()}" in said
    assert "mistake" not in said
    checked = says(await http.post(f"/c/{issued.id}", files={"file": ("c.pdf", issued.pdf)}))
    assert "Genuine" not in checked
    assert checked.count(f"Revoked since {today()}") == 2
    assert "The file itself was not altered." in checked


async def test_a_superseded_one_says_since_when_and_leads_to_the_newer_one(http, issued, renew, says):
    new = await renew(issued, name="Ben Byron")
    page = await http.get(f"/c/{issued.id}")
    assert f"Superseded since {today()}" in says(page)
    assert f'href="/c/{new.id}"' in page.text
    assert "Valid" in says(await http.get(f"/c/{new.id}"))
    assert f"Superseded since {today()}" in says(await http.post(f"/c/{new.id}", files={"file": ("c.pdf", issued.pdf)}))
    assert (await http.get(f"/c/{issued.id}/certificate.pdf")).content == issued.pdf, "nothing was taken back"


async def test_what_its_holder_took_back_stands_at_the_old_address_no_more(http, certify, renew, says):
    """H8: it is shown only while the holder asks for it; somebody with the file can still have that checked."""
    shown = await certify(show_results=True)
    new = await renew(shown, results=False)
    page = await http.get(f"/c/{shown.id}")
    said = says(page)
    assert f"Superseded since {today()}" in said
    assert f'href="/c/{new.id}"' in page.text
    assert "its holder has taken these back" in said
    for unwanted in ("9 of 10", "90 %", "Ben Mentee", "certificate.pdf", "certificate.json"):
        assert unwanted not in page.text
    for kind in ("pdf", "json"):
        refused = await http.get(f"/c/{shown.id}/certificate.{kind}")
        assert refused.status_code == 410
        assert "its holder has taken these back" in says(refused)
        assert f'href="/c/{shown.id}"' in refused.text
        assert (await http.get(f"/c/{new.id}/certificate.{kind}")).status_code == 200
    checked = says(await http.post(f"/c/{shown.id}", files={"file": ("c.pdf", shown.pdf)}))
    assert "The file itself was not altered." in checked
    assert "9 of 10" not in checked
    reprinted = await http.post(f"/c/{new.id}", files={"file": ("c.pdf", shown.pdf + b"\n%")})
    assert "Altered" in says(reprinted)
    assert f"/c/{shown.id}/certificate.pdf" not in reprinted.text, "nothing leads to a file that is not given out"


async def test_what_is_asked_for_again_stands_at_every_address_again_and_each_leads_to_the_newest(http, certify, renew, says):
    shown = await certify(show_results=True)
    newest = await renew(await renew(shown, results=False), results=True)
    page = await http.get(f"/c/{shown.id}")
    assert "9 of 10" in says(page)
    assert f'href="/c/{newest.id}"' in page.text
    assert (await http.get(f"/c/{shown.id}/certificate.pdf")).content == shown.pdf


async def test_what_was_taken_back_stays_so_after_its_holder_was_erased_or_it_was_revoked(http, two, certify, renew, says):
    shown = await certify(show_results=True)
    new = await renew(shown, results=False)
    await two.records.certificates.revoke(new.id, "issued by mistake")
    said = {made.id: says(await http.get(f"/c/{made.id}")) for made in (shown, new)}
    assert f"Revoked since {today()}" in said[new.id]
    assert "9 of 10" not in said[shown.id] + said[new.id]
    await two.records.people.erase(two.ref("ben"))
    assert {(await http.get(f"/c/{shown.id}/certificate.{kind}")).status_code for kind in ("pdf", "json")} == {410}
    assert (await http.get(f"/c/{new.id}/certificate.json")).status_code == 200


@pytest.mark.parametrize(("zone", "ends"), [("Europe/Berlin", "2026-08-29T22:00:00+00:00"), ("America/New_York", "2026-08-30T04:00:00+00:00")])
async def test_a_programme_that_ends_at_midnight_was_completed_on_its_last_day(zone, ends, http, certify, says):
    assert "29 August 2026" in says(await http.get(f"/c/{(await certify(completed_at=ends, programme_time_zone=zone)).id}"))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda issued: issued.pdf, "Genuine, and not altered"),
        (lambda issued: issued.credential.encode(), "Genuine, and not altered"),
        (lambda issued: with_another_name(issued.pdf), "Altered The signed part in it is ours and unchanged, but the document around it is not"),
        (lambda issued: issued.pdf + b"\n%", "Altered The signed part"),
        (lambda issued: issued.credential.replace("Engineering", "Advanced").encode(), "Altered"),
        (lambda issued: json.dumps({**json.loads(issued.credential), "issuer": {"id": ELSEWHERE}}).encode(), "Not ours"),
        (lambda _: b"hello", "Not a certificate"),
        (lambda _: b"", "Not a certificate"),
    ],
)
async def test_a_file_is_checked(change, verdict, http, issued, says):
    answer = await http.post(f"/c/{issued.id}", files={"file": ("c", change(issued))})
    assert answer.status_code == 200
    assert verdict in says(answer)


async def test_a_genuine_file_of_another_certificate_is_told_apart(http, certify, issued, says):
    other = await certify("ana")
    said = says(await http.post(f"/c/{other.id}", files={"file": ("c.pdf", issued.pdf)}))
    assert "another certificate than the one of this page" in said
    assert "Genuine" in says(await http.post("/c/abcdefghijklmnopqrstuvwxyz", files={"file": ("c.pdf", issued.pdf)})), "an address with a slip in it will do"


async def test_what_is_signed_with_our_key_and_stands_in_no_registry_is_not_called_genuine(http, two, issued, issuer, settings, says):
    """P4: records restored from a copy do not have what was issued since, and whoever copied a key can sign anything."""
    registered = await two.records.certificates.get(issued.id)
    named = CertificateFacts.model_validate({**registered.fields, "id": "k7x2m4qpa5z3vbn6rtw8cdye2f", "issued_at": registered.issued_at})
    unknown = issue(named, issuer, base_url=settings.base_url).credential_json
    said = says(await http.post(f"/c/{issued.id}", files={"file": ("c.json", unknown.encode())}))
    assert "Its signature is ours, but we know of no such certificate." in said
    assert "Genuine" not in said


async def test_after_erasure_the_status_stays_and_the_name_is_gone(http, two, issued, says):
    await two.records.people.erase(two.ref("ben"))
    said = says(await http.get(f"/c/{issued.id}"))
    assert "Valid" in said
    assert "Ben" not in said
    assert (await http.get(f"/c/{issued.id}/certificate.pdf")).status_code == 410
    assert (await http.get(f"/c/{issued.id}/certificate.json")).status_code == 200
    assert "Genuine" in says(await http.post(f"/c/{issued.id}", files={"file": ("c.pdf", issued.pdf)})), "who kept the document can show it"


async def test_a_file_that_is_too_large_is_refused(http, issued):
    answer = await http.post(f"/c/{issued.id}", files={"file": ("c", b"x" * (9 * 1024 * 1024))})
    assert answer.status_code == 413


async def test_what_sends_no_file_breaks_nothing(http, issued, says):
    """Anybody may send anything here; a fault of ours would be in the log and on the alert."""
    unreadable = await http.post(f"/c/{issued.id}", content=b"a file", headers={"Content-Type": "multipart/form-data"})
    assert (unreadable.status_code, "This form could not be read" in says(unreadable)) == (422, True)
    typed = await http.post(f"/c/{issued.id}", files={"file": (None, "certificate.pdf")})
    assert typed.status_code == 200
    assert "Genuine" not in says(typed)


async def test_without_a_key_here_a_file_is_not_called_forged(issued):
    verdict = verify_file(issued.pdf, trust=Trust.nobody())
    pages = CertificatePages(None, None, None, Trust.nobody())  # type: ignore[arg-type]
    assert await pages._state(issued.pdf, verdict, None) == "unchecked"


async def test_a_certificate_that_a_slow_clock_finds_not_yet_valid_is_not_called_forged(two, issued):
    """It is valid from the moment at which a worker issued it, whose clock may be some seconds ahead."""
    credential, named = issued.credential.encode(), await two.records.certificates.get(issued.id)
    early = Verdict(State.NOT_YET_VALID, (), json.loads(credential))
    pages = CertificatePages(None, None, None, Trust.nobody())  # type: ignore[arg-type]
    assert await pages._state(credential, early, named) == "genuine"
    assert await pages._state(credential, early, None) == "not_registered"
