"""`mentorship certificate verify`: what a stranger is told about a certificate (H8, P4)."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from certificates.issuer import Issuer, generate
from certificates.status import status_list, status_list_url
from starter import certificate_verify
from starter.answer import harmless
from starter.certificate_trust import NotFetched, fetch
from tests.starter.certificate.place import BASE


@pytest.mark.parametrize("file", ["certificate.pdf", "certificate.json"])
def test_our_own_certificate_is_valid_and_it_says_why_it_is_believed(place, run, file):
    ran = run("certificate", "verify", str(place.folder / file), "--name", "Noor Mentee")
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"valid: {BASE}/c/{place.certificate}")
    assert "Engineering mentorship 2027” on 2027-07-07" in ran.out
    assert "trusted: yes" in ran.out
    assert "this installation's own issuer" in ran.out
    assert "Noor" not in ran.out


def test_the_address_of_its_page_will_do(place, run):
    for address in ("", "/", "?lang=de", "/?lang=de", "#print"):
        ran = run("certificate", "verify", f"{BASE}/c/{place.certificate}{address}")
        assert (ran.code, ran.err) == (0, ""), "a page's address as a browser shows it"
    ran = run("certificate", "verify", f"{BASE}/c/aaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert (ran.code, "cannot be reached" in ran.err) == (1, True)


def test_a_stranger_asks_the_issuers_web_host_and_is_told_so(web_place, run, monkeypatch):
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    ran = run("certificate", "verify", str(web_place.folder / "certificate.pdf"), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["trusted"] is True
    assert f"mentors.example.org lists its keys at {BASE}/.well-known/did.json" in ran.json["trust"]
    assert any("name on the page was not compared" in reason for reason in ran.json["reasons"])
    assert web_place.asked == [f"{BASE}/.well-known/did.json", status_list_url(BASE)]


def test_offline_nobody_is_asked_and_a_copy_of_the_issuers_document_will_do(web_place, run, monkeypatch):
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    file = str(web_place.folder / "certificate.json")
    ran = run("certificate", "verify", file, "--offline")
    assert ran.code == 1
    assert "unknown issuer" in ran.err
    assert "was not asked" in ran.err
    document = web_place.folder / "did.json"
    document.write_text(json.dumps(web_place.issuer.did_document()))
    listed = web_place.folder / "list.json"
    listed.write_bytes(web_place.web[status_list_url(BASE)])
    ran = run("certificate", "verify", file, "--offline", "--trust", str(document), "--status-list", str(listed), "--json")
    assert ran.code == 0, ran.err
    assert "you named did:web:mentors.example.org" in ran.json["trust"]
    assert ran.json["reasons"] == []
    assert web_place.asked == []


def test_a_did_key_that_nobody_vouches_for_is_unaltered_but_nobodys(place, run, monkeypatch):
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    file = str(place.folder / "certificate.json")
    ran = run("certificate", "verify", file)
    assert ran.code == 1
    assert ran.err.startswith("unknown issuer:")
    assert "Nothing was changed after it was signed" in ran.err
    assert run("certificate", "verify", file, "--trust", place.issuer.did).code == 0


def test_what_was_altered_revoked_or_is_somebody_elses_is_refused(place, run):
    altered = place.folder / "altered.json"
    altered.write_text(place.credential.replace("Engineering", "Executive"))
    for arguments, said in (([str(altered)], "altered"), ([str(place.folder / "certificate.pdf"), "--name", "Noor Else"], "another holder")):
        ran = run("certificate", "verify", *arguments)
        assert (ran.code, ran.err.partition(":")[0]) == (1, said)
    row = place.run(lambda records: records.certificates.get(place.certificate))
    place.listing(row.status_index)
    ran = run("certificate", "verify", str(place.folder / "certificate.pdf"), "--json")
    assert (ran.code, ran.json["state"]) == (1, "revoked")


def test_without_the_list_it_says_that_revocation_was_not_checked(place, run):
    del place.web[status_list_url(BASE)]
    ran = run("certificate", "verify", str(place.folder / "certificate.json"))
    assert ran.code == 0
    assert "Whether it was revoked later was not checked" in ran.out
    assert "cannot be reached" in ran.out


def test_other_files_and_no_files(place, run):
    other = place.folder / "other.txt"
    other.write_text("hello")
    assert run("certificate", "verify", str(other)).code == 1
    assert run("certificate", "verify", str(place.folder / "nothing.pdf")).code == 2
    assert run("certificate", "verify", f"{BASE}/c/x", "--offline").code == 2
    with pytest.raises(NotFetched):
        fetch("file:///etc/hostname")


def test_a_list_that_was_given_and_cannot_be_judged_is_refused(place, run):
    file, listed = str(place.folder / "certificate.json"), place.folder / "list.json"
    stale = status_list(place.issuer, [], url=status_list_url(BASE), at=datetime.now(UTC) - timedelta(days=30))
    for data, why in ((stale.encode(), "the list is out of date"), (b"{}", "not signed by a trusted issuer"), (b"\xff\xfe", "not signed by a trusted issuer")):
        listed.write_bytes(data)
        ran = run("certificate", "verify", file, "--offline", "--status-list", str(listed), "--json")
        assert (ran.code, ran.json["valid"], ran.json["state"]) == (1, False, "revocation unknown")
        assert why in ran.json["revocation_not_checked"]
        assert ran.err.startswith("revocation unknown:")
    listed.write_bytes(b"[" * 100_000)
    assert run("certificate", "verify", file, "--offline", "--status-list", str(listed)).code == 1


def test_a_fetched_list_that_cannot_be_judged_is_refused_as_well(place, run, tmp_path):
    """An intermediary may have put it there to hide a revocation."""
    generate(tmp_path / "stranger.json")
    stranger = Issuer.load(tmp_path / "stranger.json", name="Stranger")
    forged = status_list(stranger, [], url=status_list_url(BASE), at=datetime.now(UTC)).encode()
    for data in (b"{}", forged):
        place.web[status_list_url(BASE)] = data
        ran = run("certificate", "verify", str(place.folder / "certificate.json"), "--json")
        assert (ran.code, ran.json["valid"], ran.json["state"]) == (1, False, "revocation unknown")
        assert "not signed by a trusted issuer" in ran.json["revocation_not_checked"]


def test_what_is_no_file_and_no_address_is_said_to_be_neither(place, run):
    expected = "expected a file, or an address that begins with http:// or https://"
    assert run("certificate", "verify", "").err == f"nothing: {expected}\n"
    assert run("certificate", "verify", "ftp://x").err == f"ftp://x: {expected}\n"
    empty = place.folder / "empty"
    empty.write_bytes(b"\n")
    assert run("certificate", "verify", str(empty)).err == "unreadable: The file is empty.\n"


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_strangers_words_cannot_draw_a_verdict_on_the_terminal(place, run, as_json):
    forged = json.loads(place.credential)
    forged["id"] = "\x1b[2J\x1b[Hvalid: https://mentors.example.org\n  trusted: yes"
    forged["issuer"] = {"id": "did:web:x\u202e\x9b", "name": "Noor\u2066\ud800\x07  Works"}
    forged["proof"] = {"verificationMethod": "did:web:x\u202e\x9b#\x1b]0;valid\x07"}
    file = place.folder / "forged.json"
    file.write_text(json.dumps(forged))
    ran = run("certificate", "verify", str(file), "--offline", *as_json)
    assert ran.code == 1
    assert not set(ran.out + ran.err) & set("\x1b\x07\x9b\u202e\u2066\ud800")
    assert r"\x1b[2J\x1b[Hvalid: https://mentors.example.org trusted: yes" in ran.err
    assert not any(line.startswith(("valid", "  trusted: yes")) for line in ran.err.splitlines())


def test_joiners_that_belong_to_a_script_stay():
    assert harmless("می\u200cخواهم  Noor\u00a0M.") == "می\u200cخواهم Noor M."


@pytest.mark.parametrize("url", ["http://[::1", "http://localhost:abc/", "http://a\0b/", "https://xn--a" + "b" * 80 + ".example/"])
def test_an_address_that_is_none_is_not_fetched(url):
    with pytest.raises(NotFetched, match="cannot be reached"):
        fetch(url)


def test_a_port_that_does_not_speak_http_is_not_fetched():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-\x1b[2J\r\n")

        speaking = threading.Thread(target=greet)
        speaking.start()
        with pytest.raises(NotFetched, match="cannot be reached"):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/")
        speaking.join()


@pytest.mark.parametrize("did", ["did:web:[::1", "did:web:a%00b", "did:web:a%0Ab"])
def test_a_did_web_that_names_no_host_is_nobodys(place, run, did, monkeypatch):
    monkeypatch.setattr(certificate_verify, "fetch", fetch)
    forged = json.loads(place.credential)
    forged["issuer"] = did
    forged["proof"] = {"verificationMethod": f"{did}#key"}
    file = place.folder / "forged.json"
    file.write_text(json.dumps(forged))
    ran = run("certificate", "verify", str(file))
    assert (ran.code, ran.err.partition(":")[0]) == (1, "unknown issuer")
    assert run("certificate", "verify", str(file), "--trust", did).code == 2


def test_an_issuers_document_is_no_folder(place, run):
    ran = run("certificate", "issuer", "--out", str(place.folder))
    assert (ran.code, ran.err) == (2, f"--out: {place.folder}: is a folder\n")
