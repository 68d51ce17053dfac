"""`mentorship certificate revoke|reissue|issuer|rotate-key`: what the issuer does (H8, P4)."""

from __future__ import annotations

import pytest

from starter import certificate
from tests.starter.certificate.place import BASE, nothing


def test_revoking_tells_since_when_and_again_changes_nothing(place, run):
    first = run("certificate", "revoke", place.certificate, "--reason", "Issued by mistake", "--json")
    again = run("certificate", "revoke", f"{BASE}/c/{place.certificate}?lang=de", "--reason", "Another", "--json")
    assert (first.code, again.code) == (0, 0)
    assert (first.json["changed"], again.json["changed"]) == (True, False)
    assert first.json["since"] == again.json["since"]
    row = place.run(lambda records: records.certificates.get(place.certificate))
    assert (row.status, row.reason) == ("revoked", "Issued by mistake")
    assert run("certificate", "revoke", "unknown", "--reason", "x").code == 1
    assert run("certificate", "reissue", place.certificate).code == 1


def test_after_a_change_of_name_a_new_certificate_supersedes_the_old_one_once(place, run, worker, monkeypatch):
    """The command needs no issuer's key."""
    unchanged = run("certificate", "reissue", place.certificate)
    assert (unchanged.code, "says already" in unchanged.err) == (1, True)
    place.run(lambda records: place.rename(records, "Noor Newname"))
    first = run("certificate", "reissue", place.certificate, "--out", str(place.folder / "out"), "--json")
    again = run("certificate", "reissue", place.certificate, "--json")
    assert (first.code, again.code) == (0, 0), first.err
    assert first.json == again.json
    assert (first.err, again.err) == (f"written to {place.folder / 'out' / first.json['certificate']}.pdf and .json\n", "")
    assert len(worker) == 1, "asked for again, it is there already"
    old, new = (place.run(lambda records, name=name: records.certificates.get(name)) for name in (place.certificate, first.json["certificate"]))
    assert (old.status, old.superseded_by, new.status) == ("superseded", new.id, "valid")
    place.listing(old.status_index)
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", str(place.folder / "issuer.json"))
    pdf = place.folder / "out" / f"{new.id}.pdf"
    assert pdf.stat().st_mode & 0o077 == 0
    assert run("certificate", "verify", str(pdf), "--name", "Noor Newname").code == 0
    assert run("certificate", "verify", str(place.folder / "certificate.pdf")).code == 1
    assert run("certificate", "revoke", place.certificate, "--reason", "x").code == 1


def test_without_a_worker_it_says_that_it_will_be_done(place, run, worker, monkeypatch):
    monkeypatch.setattr(certificate, "ask_reissue", nothing)
    place.run(lambda records: place.rename(records, "Noor Newname"))
    ran = run("certificate", "reissue", place.certificate)
    assert (ran.code, "not reissued yet: no worker did it within 0.5 seconds" in ran.err) == (1, True)
    assert place.run(lambda records: records.certificates.get(place.certificate)).status == "valid"


def test_a_new_name_that_no_font_prints_is_told_and_the_old_certificate_stands(place, run, worker):
    place.run(lambda records: place.rename(records, "Noor 山"))
    ran = run("certificate", "reissue", place.certificate)
    assert ran.code == 1
    assert "U+5C71 CJK UNIFIED IDEOGRAPH-5C71" in ran.err
    assert "Noor" not in ran.err
    assert place.run(lambda records: records.certificates.get(place.certificate)).status == "valid"
    place.run(lambda records: place.rename(records, "Noor Shan"))
    assert run("certificate", "reissue", place.certificate).code == 0, "the people file may write it differently"


def test_somebody_erased_has_nothing_made_anew(place, run, worker):
    place.run(lambda records: records.people.erase(place.ref))
    ran = run("certificate", "reissue", place.certificate)
    assert (ran.code, "was erased" in ran.err, worker) == (1, True, [])


def test_share_and_milestones_are_said_only_when_the_holder_asks(place, run, worker):
    """H8."""
    assert '"result":' not in place.credential
    ran = run("certificate", "reissue", place.certificate, "--results", "--json")
    assert ran.code == 0, ran.err
    credential = place.run(lambda records: records.certificates.credential(ran.json["certificate"]))
    assert '"value": "81"' in credential
    assert '"value": "9/11"' in credential


def test_after_a_rotation_old_certificates_stay_valid_and_the_new_key_signs(web_place, run):
    """P4: what strangers need is where the DID says, with every key."""
    before = run("certificate", "issuer", "--json").json
    assert (before["did"], before["document_url"]) == ("did:web:mentors.example.org", f"{BASE}/.well-known/did.json")
    rotated = run("certificate", "rotate-key", "--json")
    assert (rotated.code, rotated.json["added"]) == (0, "k2")
    document = web_place.folder / "did.json"
    written = run("certificate", "issuer", "--out", str(document))
    assert written.out.endswith(f"\n\nwritten to {document}\n")
    after = run("certificate", "issuer", "--out", str(document), "--json").json
    assert (after["keys"], after["signs_with"], after["did"]) == (["k1", "k2"], "k2", before["did"])
    old = run("certificate", "verify", str(web_place.folder / "certificate.pdf"), "--trust", str(document), "--offline")
    assert (old.code, old.out.startswith("valid:")) == (0, True), old.err
    assert "did:web:mentors.example.org#k1" in old.out


def test_without_an_issuers_key_it_says_so(place, run, monkeypatch):
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    for command_ in ("issuer", "rotate-key"):
        ran = run("certificate", command_)
        assert (ran.code, "/nowhere: there is no such key file" in ran.err) == (1, True)
    ran = run("certificate", "issuer", "--json")
    assert ran.code == 1


@pytest.mark.parametrize(
    ("did", "told"),
    [
        ("did:web:a/b", "MENTORSHIP_ISSUER_DID: expected did:web:host"),
        ("did:web:", "MENTORSHIP_ISSUER_DID: expected did:web:host"),
        ("did:web:a%ZZ", "MENTORSHIP_ISSUER_DID: expected did:web:host"),
        ("did:web:a%00b", "issuer did: expected did:web:host"),
    ],
)
def test_an_issuers_did_that_names_no_host_is_refused_in_words(place, run, monkeypatch, did, told):
    monkeypatch.setenv("MENTORSHIP_ISSUER_DID", did)
    for command_line in (["issuer"], ["rotate-key"]):
        ran = run("certificate", *command_line)
        assert (ran.code, ran.err.partition(" or ")[0]) == (1, told)


def test_where_nothing_can_be_written_is_told_before_anybody_is_asked(place, run, worker):
    """A new certificate supersedes the old one and is mailed, which cannot be undone."""
    place.run(lambda records: place.rename(records, "Noor Newname"))
    (place.folder / "file").write_text("")
    ran = run("certificate", "reissue", place.certificate, "--out", str(place.folder / "file"))
    assert (ran.code, ran.err) == (2, f"--out: {place.folder / 'file'}: is a file, expected a folder\n")
    ran = run("certificate", "reissue", place.certificate, "--out", str(place.folder / "file" / "below"))
    assert (ran.code, ran.err) == (1, f"--out: {place.folder / 'file' / 'below'}: Not a directory\n")
    assert worker == []
    assert place.run(lambda records: records.certificates.get(place.certificate)).status == "valid"


def test_a_refused_reissue_leaves_no_folder(place, run, worker):
    assert run("certificate", "reissue", place.certificate, "--out", str(place.folder / "out")).code == 1
    assert not (place.folder / "out").exists()


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_where_writing_fails_after_all_the_answer_is_given_all_the_same(place, run, worker, monkeypatch, as_json):
    place.run(lambda records: place.rename(records, "Noor Newname"))
    out = place.folder / "out"

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("pathlib.Path.write_bytes", full)
        ran = run("certificate", "reissue", place.certificate, "--out", str(out), *as_json)
    old = place.run(lambda records: records.certificates.get(place.certificate))
    assert (ran.code, old.superseded_by in ran.out) == (1, True)
    first, second = ran.err.splitlines()
    assert first == f"--out: {out}: No space left on device"
    assert "the same command again writes its files" in second
    assert run("certificate", "reissue", place.certificate, "--out", str(out)).code == 0
    assert (out / f"{old.superseded_by}.pdf").stat().st_size > 1000


@pytest.mark.parametrize("reason", ["", "  \t"])
def test_a_certificate_is_not_revoked_for_no_reason(place, run, reason):
    ran = run("certificate", "revoke", place.certificate, "--reason", reason)
    assert (ran.code, ran.err) == (2, "--reason: nothing, expected why\n")
    assert place.run(lambda records: records.certificates.get(place.certificate)).status == "valid"
