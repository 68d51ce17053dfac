"""P4: from the issuer's list a stranger learns what was revoked, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from certificates.issue import issue
from certificates.issuer import Issuer, generate
from certificates.status import StatusUnknown, is_revoked, status_list
from certificates.verify import State, verify_credential

BASE = "https://mentors.example.org"
LIST = "https://mentors.example.org/c/status"


@pytest.fixture(scope="module")
def credential(facts, issuer) -> str:
    return issue(facts(status_list_url=LIST, status_index=131_071), issuer, base_url=BASE).credential_json


def test_a_revoked_certificate_is_found_in_the_list(credential, issuer):
    now = datetime.now(UTC)
    revoked = status_list(issuer, [3, 131_071], url=LIST, at=now)
    assert verify_credential(credential, trust=issuer.trust(), status_list=revoked).state is State.REVOKED

    others = verify_credential(credential, trust=issuer.trust(), status_list=status_list(issuer, [3, 131_070], url=LIST, at=now))
    assert (others.state, others.reasons) == (State.VALID, ())


def test_the_list_grows_beyond_its_first_size(facts, issuer):
    text = issue(facts(status_list_url=LIST, status_index=200_000), issuer, base_url=BASE).credential_json
    revoked = status_list(issuer, [200_000], url=LIST, at=datetime.now(UTC))
    assert verify_credential(text, trust=issuer.trust(), status_list=revoked).state is State.REVOKED
    fewer = status_list(issuer, [], url=LIST, at=datetime.now(UTC))
    assert verify_credential(text, trust=issuer.trust(), status_list=fewer).valid


def test_a_list_that_does_not_count_is_said_to_tell_nothing(tmp_path, credential, issuer, signed):
    now = datetime.now(UTC)
    generate(tmp_path / "other.json")
    stranger = Issuer.load(tmp_path / "other.json", name="x")
    genuine = status_list(issuer, [131_071], url=LIST, at=now)
    subject = json.loads(genuine)["credentialSubject"]
    for text in (
        "",
        "{}",
        status_list(stranger, [131_071], url=LIST, at=now),
        status_list(issuer, [131_071], url=f"{LIST}/other", at=now),
        status_list(issuer, [131_071], url=LIST, at=now - timedelta(days=8)),
        genuine.replace('"encodedList": "u', '"encodedList": "uA'),
        json.dumps(json.loads(genuine) | {"extra": 1}),
        json.dumps(json.loads(genuine) | {"validUntil": "2999-01-01T00:00:00Z"}),
        signed(genuine, issuer, credentialSubject=subject | {"statusPurpose": "suspension"}),
        signed(genuine, issuer, credentialSubject=subject | {"encodedList": "uAAAA"}),
    ):
        verdict = verify_credential(credential, trust=issuer.trust(), status_list=text)
        assert verdict.valid, text[:80]
        assert "unknown" in verdict.reasons[0]


WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("signed", "tells"), [(-WEEK + MINUTE, True), (-WEEK - MINUTE, False), (4 * MINUTE, True), (6 * MINUTE, False)])
def test_a_list_tells_for_a_week_and_where_a_strangers_clock_is_a_little_behind(signed, tells, credential, issuer):
    """P4: an old copy would hide a revocation."""
    text = status_list(issuer, [131_071], url=LIST, at=datetime.now(UTC) + signed)
    if tells:
        assert is_revoked(json.loads(credential), text, issuer.trust())
    else:
        with pytest.raises(StatusUnknown, match="out of date"):
            is_revoked(json.loads(credential), text, issuer.trust())


def test_only_an_entry_of_revocations_in_this_list_is_looked_up(credential, issuer):
    document = json.loads(credential)
    text = status_list(issuer, [131_071], url=LIST, at=datetime.now(UTC))
    entry = document["credentialStatus"]
    others = [entry | {"statusPurpose": "suspension"}, entry | {"statusListCredential": f"{LIST}/other"}, "x"]
    for entries, found in ((entry, True), ([*others, entry], True), (others, False), (None, False)):
        document["credentialStatus"] = entries
        if found:
            assert is_revoked(document, text, issuer.trust())
        else:
            with pytest.raises(StatusUnknown, match="not the one"):
                is_revoked(document, text, issuer.trust())


@pytest.mark.parametrize("index", ["x", "", None, [], {}])
def test_an_entry_without_its_number_is_said_to_tell_nothing(index, credential, issuer):
    document = json.loads(credential)
    document["credentialStatus"] |= {"statusListIndex": index}
    text = status_list(issuer, [131_071], url=LIST, at=datetime.now(UTC))
    with pytest.raises(StatusUnknown, match="which entry"):
        is_revoked(document, text, issuer.trust())


def test_the_list_of_the_newest_key_speaks_for_certificates_of_older_ones(tmp_path, facts):
    from certificates.issuer import rotate  # noqa: PLC0415 - only this test rotates

    path = tmp_path / "issuer.json"
    generate(path)
    text = issue(facts(status_list_url=LIST, status_index=5), Issuer.load(path, name="x"), base_url=BASE).credential_json
    rotate(path)
    newer = Issuer.load(path, name="x")
    revoked = status_list(newer, [5], url=LIST, at=datetime.now(UTC))
    assert verify_credential(text, trust=newer.trust(), status_list=revoked).state is State.REVOKED
