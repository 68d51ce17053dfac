"""Answers what a stranger asks about a certificate, without us and without a network (P4).

The credential library judges the signature and the form of the document; the caller's `Trust` decides whose key it is.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OB3GuardUnavailable, OB3LdpVerifier, verify_data_integrity_proof
from pypdf import PdfReader, apply_configuration
from pypdf.errors import PdfReadError
from pypdf.generic import IndirectObject, PdfObject

from certificates.facts import one_line
from certificates.status import StatusUnknown, is_revoked
from certificates.trust import Trust

LARGEST = 1024 * 1024
"""Bytes of a file that are read, and of its attachment; a certificate of ours has some 40,000."""

_MOST_OBJECTS = 100_000
_NARROW: dict[str, Any] = {
    "zlib_maximum_output_length": 2 * LARGEST,
    "zlib_maximum_recovery_input_length": 0,
    "lzw_maximum_output_length": 0,
    "run_length_maximum_output_length": 0,
    "brotli_maximum_output_length": 0,
    "jbig2dec_binary": None,
}
"""What the library may unpack in a stranger's file: only deflated bytes, and not many."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # the verdict says what it repairs or gives up in a stranger's file


class State(StrEnum):
    VALID = "valid"
    ALTERED = "altered"
    UNKNOWN_ISSUER = "unknown issuer"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ANOTHER_HOLDER = "another holder"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Verdict:
    """`credential` is what was signed; it is set only if the signature of a trusted issuer is valid.

    `reasons` are sentences for a person: why it is not valid or, for a valid one, what was not checked. `revocation_unknown` says why the given list
    of revocations could not be judged.
    """

    state: State
    reasons: tuple[str, ...] = ()
    credential: dict[str, Any] | None = None
    revocation_unknown: str | None = None

    @property
    def valid(self) -> bool:
        return self.state is State.VALID


@dataclass(frozen=True)
class Claim:
    """What a file says of itself, before any of it is trusted. `status_list` is where its issuer lists revocations."""

    id: str
    issuer: str
    issuer_name: str
    method: str
    status_list: str | None
    printed: bool


def read_claim(data: bytes) -> Claim | None:
    """Tells a verifier whose keys to find. None if it is no credential; never raises because of the file's content."""
    try:
        text = _text(data)
    except _NoCredentialError:
        return None
    document = _parsed(text)
    if document is None:
        return None
    issuer, entries = document["issuer"], document.get("credentialStatus")
    entries = entries if isinstance(entries, list) else [entries]
    lists = [entry["statusListCredential"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("statusListCredential"), str)]
    name = issuer.get("name") if isinstance(issuer, dict) else None
    return Claim(
        id=str(document.get("id", "")),
        issuer=_issuer(document),
        issuer_name=name if isinstance(name, str) else "",
        method=_method(document),
        status_list=lists[0] if lists else None,
        printed=_is_pdf(data),
    )


def verify_file(data: bytes, *, trust: Trust, name: str | None = None, email: str | None = None, status_list: str | None = None) -> Verdict:
    """Verifies a PDF with its attachment, or the JSON itself. Never raises because of the file's content.

    Only the attachment is signed, not what the PDF prints: give the printed `name` to have it compared with the signed hash.
    """
    try:
        text = _text(data)
    except _NoCredentialError as problem:
        return Verdict(State.UNREADABLE, (str(problem),))
    printed = _is_pdf(data)
    verdict = verify_credential(text, trust=trust, name=name, email=email, status_list=status_list)
    if printed and verdict.valid and name is None:
        said = "The attached credential is what was signed; the name on the page was not compared with it."
        return replace(verdict, reasons=(*verdict.reasons, said))
    return verdict


def verify_credential(text: str, *, trust: Trust, name: str | None = None, email: str | None = None, status_list: str | None = None) -> Verdict:
    """`name` and `email`, if given, must be the holder's. `status_list` is the signed list, as fetched by the caller.

    Without it, a credential that has a status is valid, with the remark that revocation was not checked.
    """
    document = _parsed(text)
    if document is None:
        return Verdict(State.UNREADABLE, ("This is not a credential: expected a JSON object with an issuer and a proof.",))
    method, issuer = _method(document), _issuer(document)
    key = trust.keys.get(method)
    if key is None or method.partition("#")[0] != issuer:
        return Verdict(State.UNKNOWN_ISSUER, ("It is signed with a key that is not among the trusted issuers' keys.",))
    try:
        OB3LdpVerifier(pubkey_pem=key, issuer_did=issuer).verify(document)
    except OB3GuardUnavailable:
        raise
    except LibOpenBadgesException:
        return _outside_its_time(document, key) or Verdict(State.ALTERED, ("The signature does not fit: something was changed after signing.",))
    if wrong := _holder(document, name, email):
        return Verdict(State.ANOTHER_HOLDER, wrong, document)
    return _status(document, status_list, trust)


def _status(document: dict[str, Any], status_list: str | None, trust: Trust) -> Verdict:
    if "credentialStatus" not in document:
        return Verdict(State.VALID, (), document)
    if status_list is None:
        return Verdict(State.VALID, ("Whether it was revoked later was not checked: that needs the issuer's list.",), document)
    try:
        revoked = is_revoked(document, status_list, trust)
    except StatusUnknown as problem:
        return Verdict(State.VALID, (f"Whether it was revoked later is unknown: {problem}",), document, str(problem))
    if revoked:
        return Verdict(State.REVOKED, ("The issuer revoked it.",), document)
    return Verdict(State.VALID, (), document)


def _outside_its_time(document: dict[str, Any], key: bytes) -> Verdict | None:
    """Tells a genuine credential outside its time from one that was changed."""
    now = datetime.now(UTC)
    begins, ends = _at(document.get("validFrom")), _at(document.get("validUntil"))
    if begins is not None and begins > now:
        verdict = Verdict(State.NOT_YET_VALID, (f"It is valid from {begins:%Y-%m-%d %H:%M} UTC on.",), document)
    elif ends is not None and ends < now:
        verdict = Verdict(State.EXPIRED, (f"It was valid until {ends:%Y-%m-%d %H:%M} UTC.",), document)
    else:
        return None
    try:
        verify_data_integrity_proof(document, key)
    except LibOpenBadgesException:
        return None
    return verdict


def _holder(document: dict[str, Any], name: str | None, email: str | None) -> tuple[str, ...]:
    wrong = []
    if name is not None and not _is_holder(document, "name", one_line(name)):
        wrong.append("The name is not the one that was signed.")
    if email is not None and not _is_holder(document, "emailAddress", email):
        wrong.append("The address is not the one that was signed.")
    return tuple(wrong)


def _is_holder(document: dict[str, Any], kind: str, claimed: str) -> bool:
    for identity in document["credentialSubject"].get("identifier", ()):
        if identity.get("identityType") == kind and identity.get("hashed"):
            salt, signed = identity.get("salt", ""), identity["identityHash"]
            expected = f"sha256${hashlib.sha256(f'{claimed}{salt}'.encode()).hexdigest()}"
            return hmac.compare_digest(expected.encode(), str(signed).encode())
    return False


class _NoCredentialError(Exception):
    pass


def _is_pdf(data: bytes) -> bool:
    return data[:1024].lstrip().startswith(b"%PDF-")


def _text(data: bytes) -> str:
    if not data.strip():
        raise _NoCredentialError("The file is empty.")
    if len(data) > LARGEST:
        raise _NoCredentialError("The file is too large to be a certificate.")
    if _is_pdf(data):
        return _attached(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _NoCredentialError("The file is neither a PDF nor JSON text.") from None


def _attached(data: bytes) -> str:
    """The one attachment that is a credential. With none, or with several, nobody could say which one the page stands for."""
    try:
        with apply_configuration(**_NARROW):
            attachment = _only_attachment(_Reader(io.BytesIO(data), strict=True, xref_stream_maximum_entries=_MOST_OBJECTS))
    except _NoCredentialError:
        raise
    except Exception:  # noqa: BLE001 - the library names no limit to what a crafted file makes it raise
        raise _NoCredentialError("The PDF is damaged.") from None
    if len(attachment) > LARGEST:
        raise _NoCredentialError("The attachment is too large to be a credential.")
    try:
        return attachment.decode("utf-8")
    except UnicodeDecodeError:
        raise _NoCredentialError("The attachment is not a credential.") from None


class _Reader(PdfReader):
    """Trusts a file's own table of objects, never searches for objects elsewhere, and unpacks no more of them than a file may have bytes.

    If a file's table is damaged, the library searches the file from end to end, even in strict mode: a crafted file of a few megabytes occupies a
    processor for many seconds. A certificate has its table, and so has every file that a program saves again. Objects may be packed in it, and a
    few thousand bytes can unpack to millions of objects, which occupy a processor and all memory.
    """

    _room = LARGEST

    def _get_object_from_stream(self, indirect_reference: IndirectObject) -> PdfObject:
        packed: Any = IndirectObject(self.xref_objStm[indirect_reference.idnum][0], 0, self).get_object()
        self._room -= len(packed.get_data())
        if self._room < 0:
            raise PdfReadError("more objects than a certificate ever has")
        return super()._get_object_from_stream(indirect_reference)

    @classmethod
    def _find_pdf_objects(cls, data: bytes) -> Iterable[tuple[int, int, int]]:  # noqa: ARG003 - the library's signature
        raise PdfReadError("the table of objects is damaged")


def _only_attachment(reader: PdfReader) -> bytes:
    """Checks number and packing before it unpacks anything."""
    entries = list(reader.attachment_list)
    if len(entries) != 1:
        raise _NoCredentialError(f"The PDF carries {len(entries)} attachments; a certificate carries exactly one.")
    files: Any = entries[0].pdf_object["/EF"]
    if not all(map(_plainly_packed, files.values())):
        raise _NoCredentialError("The attachment is packed in a way that a certificate's never is.")
    return entries[0].content


def _plainly_packed(stream: Any) -> bool:
    """Not packed, or deflated once: no other decoder runs on a stranger's file."""
    filters = stream.get_object().get("/Filter", ())
    filters = filters.get_object() if isinstance(filters, PdfObject) else filters
    return filters in ("/FlateDecode", ["/FlateDecode"], [], ())


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and _issuer(document) and _method(document) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a member that is there twice, since different programs read that differently."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _issuer(document: dict[str, Any]) -> str:
    issuer = document.get("issuer")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    return named if isinstance(named, str) else ""


def _method(document: dict[str, Any]) -> str:
    proof = document.get("proof")
    if isinstance(proof, list):
        proof = proof[0] if len(proof) == 1 else None
    method = proof.get("verificationMethod") if isinstance(proof, dict) else None
    return method if isinstance(method, str) else ""


def _at(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else None
