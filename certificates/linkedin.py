"""“Add to LinkedIn profile” (H8): an address that fills in the form for a certification. Nothing is sent until its reader opens it."""

from __future__ import annotations

from urllib.parse import urlencode

from certificates.credential import certificate_url
from certificates.facts import CertificateFacts

FORM = "https://www.linkedin.com/profile/add"


def add_to_profile(facts: CertificateFacts, issuer_name: str, *, base_url: str) -> str:
    """What the page shows anyhow: title, issuer, month, and where to verify. Not the name: the reader is logged in with it."""
    fields = {
        "startTask": "CERTIFICATION_NAME",
        "name": facts.programme_title,
        "organizationName": issuer_name,
        "issueYear": facts.issued_on.year,
        "issueMonth": facts.issued_on.month,
        "certUrl": certificate_url(base_url, facts.id),
        "certId": facts.id,
    }
    return f"{FORM}?{urlencode(fields)}"
