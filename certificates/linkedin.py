"""“Add to LinkedIn profile” (H8): an address that fills in the form for a certification. Nothing is sent until its reader opens it."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

FORM = "https://www.linkedin.com/profile/add"


def add_to_profile(credential: str) -> str:
    """From a credential of ours, as stored: title, issuer, month, and where to verify; all of it stands on its public page anyhow.

    Not the name: whoever opens it is logged in with theirs.
    """
    signed = json.loads(credential)
    issued = datetime.fromisoformat(signed["validFrom"])
    fields = {
        "startTask": "CERTIFICATION_NAME",
        "name": signed["name"],
        "organizationName": signed["issuer"]["name"],
        "issueYear": issued.year,
        "issueMonth": issued.month,
        "certUrl": signed["id"],
        "certId": signed["id"].rpartition("/")[2],
    }
    return f"{FORM}?{urlencode(fields)}"
