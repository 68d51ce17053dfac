"""“Add to LinkedIn profile” (H8): an address that fills in the form for a certification. Nothing is sent until its reader opens it."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from certificates.facts import issue_day

FORM = "https://www.linkedin.com/profile/add"


def add_to_profile(credential: str, time_zone: str | None) -> str:
    """From a credential of ours, as stored: title, issuer, month, and where to verify; its public page shows all of that anyway.

    It leaves out the name: whoever opens it is logged in with theirs. `time_zone` is that of the certificate's facts: the credential has an instant,
    and the month has to be the one printed on the document. None if the holder, and with them the document, was erased.
    """
    signed = json.loads(credential)
    issued = issue_day(datetime.fromisoformat(signed["validFrom"]), ZoneInfo(time_zone or "UTC"))
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
