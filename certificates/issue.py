"""A certificate from its facts (H7, H8): the credential and the document that carries it.

Pure: no clock, no network, no randomness. The same facts, issuer and fonts give the same bytes, so an attempt may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from certificates.credential import as_text, credential
from certificates.document import document
from certificates.facts import CertificateFacts
from certificates.issuer import Issuer


@dataclass(frozen=True)
class Issued:
    """`credential_json` names nobody; `pdf` carries the holder's name and the same JSON, byte for byte."""

    credential_json: str
    pdf: bytes


def issue(facts: CertificateFacts, issuer: Issuer, *, base_url: str, font_folder: Path | None = None) -> Issued:
    """Raises `certificates.typesetting.Unprintable` for a character that no font prints; then nothing is issued.

    Takes some 50 ms of CPU: call it with `asyncio.to_thread` from async code.
    """
    text = as_text(credential(facts, issuer, base_url=base_url))
    return Issued(text, document(facts, text, issuer.name, base_url=base_url, font_folder=font_folder))
