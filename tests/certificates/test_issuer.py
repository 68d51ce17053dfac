"""Who signs: keys, their file, and what is published of them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from openbadgeslib.ob3 import resolve_verification_method

from certificates.issue import issue
from certificates.issuer import Issuer, IssuerKeysUnusable, did_web, generate, rotate
from certificates.trust import Trust
from certificates.verify import State, verify_credential

BASE = "https://mentors.example.org"


def test_the_key_file_is_for_its_owner_only(tmp_path):
    generate(tmp_path / "deep" / "issuer.json")
    assert stat.S_IMODE((tmp_path / "deep" / "issuer.json").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["issuer.json"]


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "issuer.json"
    generate(path)
    path.chmod(0o640)
    with pytest.raises(IssuerKeysUnusable, match="0600"):
        Issuer.load(path, name="x")


def test_keys_are_never_overwritten(key_file):
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        generate(key_file)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"keys": [], "salt": "AAAA"}', '{"keys": [{"id": "k1", "private": "c2VjcmV0LXNlY3JldA=="}], "salt": "c2VjcmV0LXNlY3JldA=="}'],
)
def test_a_malformed_key_file_is_refused_without_showing_what_is_in_it(text, tmp_path):
    path = tmp_path / "issuer.json"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(IssuerKeysUnusable) as refused:
        Issuer.load(path, name="x")
    assert "c2VjcmV0" not in str(refused.value)


def test_a_missing_key_file_is_refused(tmp_path):
    with pytest.raises(IssuerKeysUnusable, match=r"none\.json: there is no such key file; see MENTORSHIP_ISSUER_KEY_FILE"):
        Issuer.load(tmp_path / "none.json", name="x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "file: expected JSON"),
        ("{}", "keys: missing, or nothing that belongs there; salt: missing, or nothing that belongs there"),
        ('{"keys": [{"id": "k1", "private": "x"}], "salt": "y"}', "keys.0.private: expected base64 of 32 bytes"),
    ],
)
def test_a_malformed_key_file_is_told_by_its_path_and_in_plain_words(tmp_path, text, told):
    path = tmp_path / "issuer.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(IssuerKeysUnusable) as refused:
        Issuer.load(path, name="x")
    assert str(refused.value).startswith(f"{path}: {told}")
    assert "Value error" not in str(refused.value)


def test_secrets_are_not_in_the_issuers_words(issuer, key_file):
    stored = json.loads(key_file.read_text())
    assert stored["salt"] not in repr(issuer)
    assert repr(issuer.salt_secret) not in repr(issuer)


@pytest.mark.parametrize("did", [None, "did:web:mentors.example.org"])
def test_after_a_rotation_the_newest_key_signs_and_the_older_still_verifies(tmp_path, facts, did):
    path = tmp_path / "issuer.json"
    generate(path)
    first = Issuer.load(path, name="Example Works", did=did)
    old = issue(facts(), first, base_url=BASE).credential_json

    assert rotate(path) == "k2"
    second = Issuer.load(path, name="Example Works", did=did)
    new = issue(facts(), second, base_url=BASE).credential_json

    assert json.loads(old)["proof"][0]["verificationMethod"] != json.loads(new)["proof"][0]["verificationMethod"]
    assert verify_credential(old, trust=second.trust()).valid
    assert verify_credential(new, trust=second.trust()).valid
    assert verify_credential(new, trust=first.trust()).state is State.UNKNOWN_ISSUER
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_identity_salt_outlives_a_rotation(tmp_path):
    path = tmp_path / "issuer.json"
    generate(path)
    salt = Issuer.load(path, name="x").salt("certificate")
    rotate(path)
    assert Issuer.load(path, name="x").salt("certificate") == salt


def test_every_certificate_has_its_own_salt(issuer):
    assert issuer.salt("one") != issuer.salt("two")


def test_a_did_web_is_the_base_url():
    assert did_web("https://mentors.example.org") == "did:web:mentors.example.org"
    assert did_web("https://example.org:8443/people") == "did:web:example.org%3A8443:people"
    with pytest.raises(ValueError):
        did_web("http://mentors.example.org")


def test_the_did_document_lets_a_stranger_find_every_key(tmp_path):
    path = tmp_path / "issuer.json"
    generate(path)
    rotate(path)
    issuer = Issuer.load(path, name="Example Works", did="did:web:mentors.example.org")
    document = issuer.did_document()

    assert [method["id"] for method in document["verificationMethod"]] == ["did:web:mentors.example.org#k2", "did:web:mentors.example.org#k1"]
    assert Trust.of_did_document(document).keys == issuer.trust().keys
    served = json.dumps(document).encode()
    for key in issuer.keys:
        assert resolve_verification_method(issuer.verification_method(key), download=lambda _: served) == key.public_pem()
    assert "private" not in served.decode()


def test_trust_in_a_did_key_is_trust_in_that_key(issuer):
    assert Trust.of_did_key(issuer.did).keys == issuer.trust().keys
    with pytest.raises(ValueError):
        Trust.of_did_key("did:key:znonsense")


def test_a_did_of_another_kind_is_not_even_looked_up(issuer, monkeypatch):
    """P4: nothing is fetched, neither for an issuer that somebody trusts nor for a key that a document names."""
    monkeypatch.setattr("certificates.trust.resolve_did", lambda did: pytest.fail(f"looked up {did}"))
    for did in ("did:web:example.org", "did:jwk:eyJrdHkiOiJPS1AifQ", issuer.did.removeprefix("did:key:z")):
        with pytest.raises(ValueError, match="did:key"):
            Trust.of_did_key(did)
    method = {"id": "did:web:mine#k1", "publicKeyMultibase": "uNotBase58"}
    with pytest.raises(ValueError, match="did:key"):
        Trust.of_did_document({"id": "did:web:mine", "verificationMethod": [method], "assertionMethod": [method["id"]]})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": "did:web:a", "verificationMethod": [], "assertionMethod": []},
        {"id": "did:web:a", "verificationMethod": "x", "assertionMethod": []},
        {"id": "did:web:a", "verificationMethod": [{"id": "did:web:a#k1"}], "assertionMethod": "did:web:a#k1"},
        {"id": "did:web:a", "verificationMethod": [{"id": "did:web:a#k1"}]},
        {"id": None, "verificationMethod": [], "assertionMethod": []},
    ],
)
def test_a_did_document_without_a_usable_key_is_refused(document):
    with pytest.raises(ValueError):
        Trust.of_did_document(document)


def test_a_did_document_speaks_for_its_own_did_only(issuer):
    stolen = {"id": "did:web:other#k1", "type": "Multikey", "controller": "did:web:other", "publicKeyMultibase": issuer.signing.multikey()}
    with pytest.raises(ValueError, match="no assertion method"):
        Trust.of_did_document({"id": "did:web:mine", "verificationMethod": [stolen], "assertionMethod": [stolen["id"]]})


def test_a_key_that_is_not_for_assertions_is_not_believed(issuer):
    """P4: a document may still name a key that was taken out of use, or name one for another purpose."""
    signs, logs_in = ({"id": f"did:web:mine#{name}", "publicKeyMultibase": issuer.signing.multikey()} for name in ("signs", "logs-in"))
    trust = Trust.of_did_document({"id": "did:web:mine", "verificationMethod": [signs, logs_in, "x"], "assertionMethod": [signs["id"]]})
    assert set(trust.keys) == {"did:web:mine#signs"}


def test_only_a_did_web_may_be_configured(key_file: Path):
    with pytest.raises(IssuerKeysUnusable, match="did:web"):
        Issuer.load(key_file, name="x", did="did:key:z6Mk")
