"""H8: one click puts the certificate on a profile, where a stranger finds the way to verify it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from certificates.issue import issue
from certificates.linkedin import add_to_profile


def test_the_form_is_filled_with_what_is_public_and_not_with_the_name(facts, issuer):
    text = issue(facts(), issuer, base_url="https://mentors.example.org").credential_json
    address = add_to_profile(text, facts().time_zone)
    fields = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert fields == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Engineering mentorship 2025",
        "organizationName": "Example Works",
        "issueYear": "2025",
        "issueMonth": "7",
        "certUrl": "https://mentors.example.org/c/k7x2m4qpa5z3vbn6rtw8cdye2f",
        "certId": "k7x2m4qpa5z3vbn6rtw8cdye2f",
    }


@pytest.mark.parametrize(
    ("zone", "month"), [("UTC", ("2025", "12")), ("Pacific/Auckland", ("2026", "1")), ("America/New_York", ("2025", "12")), (None, ("2025", "12"))]
)
def test_the_month_is_the_one_that_the_document_prints(facts, issuer, zone, month):
    of = facts(issued_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC), **({"time_zone": zone} if zone else {}))
    text = issue(of, issuer, base_url="https://mentors.example.org").credential_json
    fields = parse_qs(urlsplit(add_to_profile(text, zone)).query)
    assert (fields["issueYear"][0], fields["issueMonth"][0]) == month
    if zone is not None:
        assert (str(of.issued_on.year), str(of.issued_on.month)) == month
