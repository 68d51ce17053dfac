"""Measures how long a certificate takes: `python tests/certificates/measure.py [repetitions]`. Not a test."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from certificates.credential import as_text, credential
from certificates.document import document
from certificates.facts import CertificateFacts
from certificates.issue import issue
from certificates.issuer import Issuer, generate
from certificates.verify import verify_credential, verify_file

BASE = "https://mentors.example.org"


def facts(number: int) -> CertificateFacts:
    """Gives each certificate a new name, because the compiler caches what it has already laid out."""
    return CertificateFacts(
        id=f"measured{number:018}",
        holder_name=f"Zoë Łukasiewicz {number}",
        holder_ref="p-0123456789abcdef",
        holder_email="zoe@example.org",
        programme_title="Engineering mentorship 2025",
        started_on=date(2025, 1, 6),
        completed_at=datetime(2025, 7, 7, tzinfo=UTC),
        issued_at=datetime(2025, 7, 14, tzinfo=UTC),
        share=80,
        milestones_done=9,
        milestones_total=11,
    )


def measured(name: str, repetitions: int, work: Callable[[int], object]) -> None:
    work(0)
    took = []
    for number in range(1, repetitions + 1):
        begun = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    sys.stdout.write(f"{name:10} median {took[len(took) // 2]:6.1f} ms   p95 {took[int(len(took) * 0.95)]:6.1f} ms\n")


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "issuer.json")
        issuer = Issuer.load(Path(folder) / "issuer.json", name="Example Works")
    text = as_text(credential(facts(0), issuer, base_url=BASE))
    pdf = issue(facts(0), issuer, base_url=BASE).pdf
    measured("sign", repetitions, lambda number: credential(facts(number), issuer, base_url=BASE))
    measured("render", repetitions, lambda number: document(facts(number), text, issuer.name, base_url=BASE))
    measured("issue", repetitions, lambda number: issue(facts(number), issuer, base_url=BASE))
    measured("verify", repetitions, lambda _: verify_credential(text, trust=issuer.trust()))
    measured("verify pdf", repetitions, lambda _: verify_file(pdf, trust=issuer.trust()))


if __name__ == "__main__":
    main()
