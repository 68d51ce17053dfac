from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openbadgeslib.ob3 import add_data_integrity_proof

from certificates.facts import CertificateFacts
from certificates.issuer import Issuer, generate

BASE = "https://mentors.example.org"
REFERENCE = Path(__file__).parents[2].parent / "shared" / "data" / "credentials"


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "issuer.json"
    generate(path)
    return path


@pytest.fixture(scope="session")
def issuer(key_file: Path) -> Issuer:
    return Issuer.load(key_file, name="Example Works", url="https://example.org")


@pytest.fixture(scope="session")
def facts() -> Callable[..., CertificateFacts]:
    """The facts of somebody who earned a certificate; a test overrides the ones it is about."""

    def made(**changed: Any) -> CertificateFacts:
        usual: dict[str, Any] = {
            "id": "k7x2m4qpa5z3vbn6rtw8cdye2f",
            "holder_name": "Zoë Łukasiewicz",
            "holder_ref": "p-0123456789abcdef",
            "holder_email": "zoe@example.org",
            "programme_title": "Engineering mentorship 2025",
            "started_on": date(2025, 1, 6),
            "completed_at": datetime(2025, 7, 7, 9, 30, tzinfo=UTC),
            "issued_at": datetime(2025, 7, 14, 9, 30, tzinfo=UTC),
            "share": 80,
            "milestones_done": 9,
            "milestones_total": 11,
        }
        return CertificateFacts(**(usual | changed))

    return made


@pytest.fixture(scope="session")
def signed() -> Callable[..., str]:
    """Signs a credential or a list as another issuer might have; ours would never sign it."""

    def made(text: str, by: Issuer, **changed: Any) -> str:
        unsigned = {name: value for name, value in json.loads(text).items() if name != "proof"} | changed
        now = datetime.now(UTC).replace(microsecond=0)
        return json.dumps(add_data_integrity_proof(unsigned, by.signing.private_pem(), by.verification_method(by.signing), created=now))

    return made


@pytest.fixture(scope="session")
def reference() -> Path:
    """Reference material that some machines keep beside this repository; it may not be copied into it."""
    if not REFERENCE.is_dir():
        pytest.skip("reference vectors and schema are not on this machine (../shared/data/credentials)")
    return REFERENCE
