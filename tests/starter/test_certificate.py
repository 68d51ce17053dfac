"""`mentorship certificate verify|revoke|reissue|issuer|rotate-key`, as they are called (H8, P4)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from activities.certificates import ReissueRequest
from certificates.facts import CertificateFacts
from certificates.issue import issue
from certificates.issuer import Issuer, generate
from certificates.status import status_list, status_list_url
from certificates.typesetting import FONTS, Unprintable
from gateway.keyring import Keyring
from gateway.logs import configure
from gateway.settings import Settings
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from starter import certificate, certificate_verify
from starter.answer import harmless
from starter.certificate_trust import NotFetched, fetch
from worker import main as worker_main
from worker.registrar import RecordsRegistrar

BASE = "https://mentors.example.org"
NOW = datetime(2027, 7, 14, 9, tzinfo=UTC)
FIELDS = {
    "holder_name": "Noor Mentee",
    "holder_email": "noor@example.org",
    "programme_title": "Engineering mentorship 2027",
    "started_on": "2027-01-06",
    "completed_at": "2027-07-07T09:30:00+00:00",
    "share": 80,
    "milestones_done": 9,
    "milestones_total": 11,
    "language": "en",
    "time_zone": "Europe/Berlin",
    "show_results": False,
}


class Place:
    """An installation with one certificate in it, and the web as the command line finds it."""

    def __init__(self, folder, template, monkeypatch, did=None):
        self.folder = folder
        self.url = f"sqlite:///{folder}/records.db"
        self.keyring = Keyring.generate(folder / "keys.json")
        generate(folder / "issuer.json")
        settings = {"DATABASE_URL": self.url, "KEY_FILE": folder / "keys.json", "ISSUER_KEY_FILE": folder / "issuer.json", "ISSUER_NAME": "Example Works"}
        for name, value in (settings | {"BASE_URL": BASE} | ({"ISSUER_DID": did} if did else {})).items():
            monkeypatch.setenv(f"MENTORSHIP_{name}", str(value))
        self.issuer = Issuer.load(folder / "issuer.json", name="Example Works", did=did)
        self.web: dict[str, bytes] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(certificate_verify, "fetch", self._fetch)
        shutil.copy(template, folder / "records.db")
        self.certificate = self.run(self._issue)
        self.credential, self.pdf = self.run(lambda records: records.certificates.document(self.certificate))
        (folder / "certificate.pdf").write_bytes(self.pdf)
        (folder / "certificate.json").write_text(self.credential)
        self.listing()

    def _fetch(self, url):
        self.asked.append(url)
        if url not in self.web:
            raise NotFetched(f"{url}: cannot be reached")
        return self.web[url]

    def listing(self, *revoked: int) -> None:
        """The issuer's web site as of now."""
        self.web[status_list_url(BASE)] = status_list(self.issuer, revoked, url=status_list_url(BASE), at=datetime.now(UTC)).encode()
        self.web[f"{BASE}/.well-known/did.json"] = json.dumps(self.issuer.did_document()).encode()
        self.web[f"{BASE}/c/{self.certificate}/certificate.json"] = self.credential.encode()

    def run(self, work):
        async def within():
            records = await Records.open(self.url, self.keyring)
            try:
                return await work(records)
            finally:
                await records.close()

        return asyncio.run(within())

    async def _issue(self, records):
        self.ref = (await self.rename(records, "Noor Mentee"))["noor"]
        other = (await records.people.enrol([Profile(person_id="mia", name="Mia", email="mia@example.org")]))["mia"]
        await records.cohorts.put(Cohort(id="spring", programme="p", version=1, texts_digest="0" * 64, starts_at=NOW, created_at=NOW))
        pair = (await records.cohorts.enrol_pairs("spring", [("pair-1", other, self.ref)])).added[0]
        row = await records.certificates.reserve(pair.mentorship, self.ref, {**FIELDS, "holder_ref": self.ref})
        given = {"id": row.id, "issued_at": row.issued_at, "status_list_url": status_list_url(BASE), "status_index": row.status_index}
        issued = issue(CertificateFacts.model_validate({**row.fields, **given}), self.issuer, base_url=BASE)
        await records.certificates.store(row.id, issued.credential_json, issued.pdf)
        return row.id

    async def rename(self, records, name):
        return await records.people.enrol([Profile(person_id="noor", name=name, email="noor@example.org")])


@pytest.fixture
def place(tmp_path, template, monkeypatch):
    return Place(tmp_path, template, monkeypatch)


@pytest.fixture
def worker(place, monkeypatch):
    """What is asked of Temporal is done at once, as a worker does it; tests/issuance has real ones."""
    asked = []

    async def do(_, mentorship, person, *, results=None, patience=0.0):
        asked.append((mentorship, person, results))
        records = await Records.open(place.url, place.keyring)
        try:
            registrar = RecordsRegistrar(records, place.issuer, records.lines, base_url=BASE, font_folder=None)
            with contextlib.suppress(Unprintable):  # it would be tried again
                await registrar.reissue(ReissueRequest(mentorship=mentorship, person=person, results=results), datetime.now(UTC))
        finally:
            await records.close()

    configure(level="WARNING")
    monkeypatch.setattr(certificate, "ask_reissue", do)
    monkeypatch.setattr(certificate, "reach_temporal", _nothing)
    monkeypatch.setenv("MENTORSHIP_UPDATE_TIMEOUT", "0.5")
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    return asked


async def _nothing(*_, **__):
    """Temporal that takes what it is asked, and nobody who does it."""


@pytest.fixture
def web_place(tmp_path, template, monkeypatch):
    return Place(tmp_path, template, monkeypatch, did="did:web:mentors.example.org")


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
    monkeypatch.setattr(certificate, "ask_reissue", _nothing)
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


def test_the_doctor_names_the_character_that_no_font_prints(place, run):
    async def waiting(records):
        ref = (await records.people.enrol([Profile(person_id="yu", name="Yu 山", email="yu@example.org")]))["yu"]
        await records.certificates.reserve("mentorship.spring.m-000000000001", ref, FIELDS | {"holder_ref": ref, "holder_name": "Yu 山"})

    place.run(waiting)
    ran = run("doctor")
    assert ran.code == 1
    assert "U+5C71 CJK UNIFIED IDEOGRAPH-5C71" in ran.err
    assert "MENTORSHIP_FONT_FOLDER" in ran.err
    assert "Yu" not in ran.err


def test_the_doctor_names_an_issuers_file_that_no_worker_starts_with(place, run, monkeypatch, tmp_path):
    path = tmp_path / "open-to-all.json"
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", str(path))
    assert " issuer: " not in run("doctor").err, "who asks need not sign"
    generate(path)
    path.chmod(0o644)
    assert f"wrong  issuer: {path}: expected mode 0600" in run("doctor").err


def test_a_font_that_cannot_be_read_is_named_by_the_doctor_and_in_the_workers_log(place, run, monkeypatch, tmp_path):
    """A certificate would wait for a font although somebody had put it there."""
    shutil.copy(FONTS / "Amiri-Regular.ttf", tmp_path / "whole.ttf")
    (tmp_path / "OFL.txt").write_text("a licence")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "Half.OTF").write_bytes((FONTS / "Amiri-Regular.ttf").read_bytes()[:1000])
    (tmp_path / "gone.ttf").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("MENTORSHIP_FONT_FOLDER", str(tmp_path))
    left_out = {
        str(tmp_path / "gone.ttf"): "not there, or not for this process's user",
        str(tmp_path / "more" / "Half.OTF"): "no font that is read here, or a damaged one",
    }
    looked = run("doctor")
    assert (looked.code, [line for line in looked.err.splitlines() if " font: " in line]) == (
        1,
        [f"wrong  font: {path}: {why}; see MENTORSHIP_FONT_FOLDER" for path, why in left_out.items()],
    )
    with capture_logs() as told:
        worker_main._tell_of_fonts(Settings.load())
    assert {line["path"]: line["why"] for line in told if line["event"] == "font_left_out"} == left_out


def test_after_a_rotation_old_certificates_stay_valid_and_the_new_key_signs(web_place, run):
    """P4: what strangers need to find stands where the DID says, with every key."""
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
    """Whoever stands between may have put it there to hide a revocation."""
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


@pytest.mark.parametrize(
    ("did", "told"), [("did:web:a%ZZ", "MENTORSHIP_ISSUER_DID: expected did:web:host"), ("did:web:a%00b", "issuer did: expected did:web:host")]
)
def test_an_issuers_did_that_names_no_host_is_refused_in_words(place, run, monkeypatch, did, told):
    monkeypatch.setenv("MENTORSHIP_ISSUER_DID", did)
    for command_line in (["issuer"], ["rotate-key"]):
        ran = run("certificate", *command_line)
        assert (ran.code, ran.err.partition(" or ")[0]) == (1, told)


def test_where_nothing_can_be_written_is_told_before_anybody_is_asked(place, run, worker):
    """A new certificate supersedes the old one and is mailed: there is no way back from it."""
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


def test_an_issuers_document_is_no_folder(place, run):
    ran = run("certificate", "issuer", "--out", str(place.folder))
    assert (ran.code, ran.err) == (2, f"--out: {place.folder}: is a folder\n")
