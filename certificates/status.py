"""Revocation that a stranger can check (P4): a signed Bitstring Status List, with one bit for each certificate and no names.

The list has room for at least 131,072 certificates, so that a single bit hides among many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import add_data_integrity_proof, build_status_list_credential, decode_encoded_list, set_indices, verify_data_integrity_proof
from openbadgeslib.ob3.status_list import DEFAULT_SIZE_BITS

from certificates.issuer import Issuer
from certificates.terms import lint, undefined_terms
from certificates.trust import Trust


def status_list_url(base_url: str) -> str:
    """The address of the issuer's list. Every credential contains it, so the list must be served there as long as certificates are shown."""
    return f"{base_url.rstrip('/')}/status-lists/1"


class StatusUnknown(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """The given list does not tell: it is another list, not signed by the issuer, or too old. The text is a sentence for a person."""


def status_list(issuer: Issuer, revoked: Iterable[int], *, url: str, at: datetime) -> str:
    """The signed list, to be served at `url`, the `status_list_url` of the facts.

    Serve a new one before its seven days are over: an old copy would hide a revocation.
    """
    indices = sorted(set(revoked))
    highest = indices[-1] if indices else 0
    size = max(DEFAULT_SIZE_BITS, (highest // DEFAULT_SIZE_BITS + 1) * DEFAULT_SIZE_BITS)
    at = at.astimezone(UTC).replace(microsecond=0)
    unsigned = build_status_list_credential(issuer.did, url, "revocation", indices, size, at, at + timedelta(days=7))
    lint(unsigned)
    signed = add_data_integrity_proof(unsigned, issuer.signing.private_pem(), issuer.verification_method(issuer.signing), created=at)
    return json.dumps(signed, ensure_ascii=False, indent=2) + "\n"


def is_revoked(credential: dict[str, Any], text: str, trust: Trust) -> bool:
    """Whether this list sets the bit of a credential that `trust` has verified. Raises `StatusUnknown`.

    Any of the keys that the caller trusts may have signed the list: with did:key, the issuer is another one after a rotation.
    """
    document = _genuine(text, trust)
    bits = _bits(document)
    return _index(credential, document["id"]) in bits


def _genuine(text: str, trust: Trust) -> dict[str, Any]:
    try:
        document = json.loads(text)
        method, issuer, url = document["proof"]["verificationMethod"], document["issuer"], document["id"]
        key = trust.keys[method]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StatusUnknown("the list is not signed by a trusted issuer") from None
    if method.partition("#")[0] != issuer or not isinstance(url, str):
        raise StatusUnknown("the list is not signed by the issuer")
    if undefined_terms({name: value for name, value in document.items() if name != "proof"}):
        raise StatusUnknown("the list carries members that nobody signed")
    try:
        verify_data_integrity_proof(document, key)
    except LibOpenBadgesException:
        raise StatusUnknown("the list was changed after signing") from None
    _in_its_time(document)
    return dict(document)


def _in_its_time(document: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    try:
        begins, ends = datetime.fromisoformat(document["validFrom"]), datetime.fromisoformat(document["validUntil"])
        current = begins - timedelta(minutes=5) <= now <= ends
    except (KeyError, ValueError, TypeError):
        current = False
    if not current:
        raise StatusUnknown("the list is out of date")


def _bits(document: dict[str, Any]) -> frozenset[int]:
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict) or subject.get("statusPurpose") != "revocation":
        raise StatusUnknown("the list is not one of revocations")
    try:
        return frozenset(set_indices(decode_encoded_list(subject["encodedList"])))
    except (LibOpenBadgesException, KeyError, ValueError, TypeError):
        raise StatusUnknown("the list cannot be read") from None


def _index(credential: dict[str, Any], url: str) -> int:
    status = credential.get("credentialStatus")
    for entry in status if isinstance(status, list) else [status]:
        if isinstance(entry, dict) and entry.get("statusListCredential") == url and entry.get("statusPurpose") == "revocation":
            try:
                return int(entry["statusListIndex"])
            except (KeyError, ValueError, TypeError):
                raise StatusUnknown("the credential does not say which entry of the list is its own") from None
    raise StatusUnknown("the list is not the one that the credential names")
