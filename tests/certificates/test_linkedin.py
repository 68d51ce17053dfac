"""H8: one click puts the certificate on a profile, where a stranger finds the way to verify it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from certificates.issue import issue
from certificates.linkedin import add_to_profile


def test_the_form_is_filled_with_what_is_public_and_not_with_the_name(facts, issuer):
    text = issue(facts(), issuer, base_url="https://mentors.example.org").credential_json
    address = add_to_profile(text)
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
