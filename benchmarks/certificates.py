"""A whole cohort's certificates at once: `python benchmarks/certificates.py [how many]`, by default 1,000.

It shows what one costs, split into the registry's row, signing, rendering and storing (in a SQLite file that is synced at every commit), as
median and 99th percentile, and whether the process grows. It makes them one after the other, as one activity slot does; a worker has two.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from certificates.credential import as_text, credential
from certificates.document import document
from certificates.facts import CertificateFacts
from certificates.issuer import Issuer, generate
from certificates.status import status_list, status_list_url
from gateway.keyring import Keyring
from records import migrate
from records.people import Profile
from records.store import Records

BASE = "https://mentors.example.org"
NAMES = ("Zoë Łukasiewicz", "فاطمة الزهراء", "Αλέξανδρος Παπαδόπουλος", "Maximiliane Freifrau von Hohenstein-Untersberg", "Дмитрий Иванов")
WARM = 20
"""Certificates made before anything is measured, so that fonts are loaded and code paths warm."""


class Times:
    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.took[what].append((time.perf_counter() - began) * 1000)

    def table(self) -> list[str]:
        lines = []
        for what, took in self.took.items():
            ordered = sorted(took)
            median, last = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
            lines.append(f"{what:10} median {median:7.1f} ms   p99 {last:7.1f} ms   longest {ordered[-1]:7.1f} ms")
        return lines


def resident() -> float:
    """MiB of memory that this process uses now (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def fields(number: int, person: str) -> dict[str, Any]:
    return {
        "holder_name": f"{NAMES[number % len(NAMES)]} {number}",
        "holder_ref": person,
        "holder_email": f"person-{number}@example.org",
        "programme_title": "Engineering mentorship 2025",
        "started_on": date(2025, 1, 6).isoformat(),
        "completed_at": datetime(2025, 7, 7, tzinfo=UTC).isoformat(),
        "share": 80,
        "milestones_done": 9,
        "milestones_total": 11,
        "milestones": [
            {"title": f"Milestone {number}", "done_at": datetime(2025, 5, number, tzinfo=UTC).isoformat(), "waived": False} for number in range(1, 10)
        ],
        "language": ("en", "ar", "de")[number % 3],
        "time_zone": "Europe/Berlin",
    }


async def issue_one(records: Records, issuer: Issuer, times: Times, number: int, person: str) -> None:
    """The registrar's steps, each timed."""
    with times.of("whole"):
        with times.of("reserve"):
            row = await records.certificates.reserve(f"mentorship.bench.m-{number}", person, fields(number, person))
        given = {"id": row.id, "issued_at": row.issued_at, "status_list_url": status_list_url(BASE), "status_index": row.status_index}
        facts = CertificateFacts.model_validate({**row.fields, **given})
        with times.of("sign"):
            text = as_text(await asyncio.to_thread(credential, facts, issuer, base_url=BASE))
        with times.of("render"):
            pdf = await asyncio.to_thread(document, facts, text, issuer.name, base_url=BASE)
        with times.of("store"):
            await records.certificates.store(row.id, text, pdf)


async def main(most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        generate(place / "issuer.json")
        issuer = Issuer.load(place / "issuer.json", name="Example Works")
        keyring = Keyring.generate(place / "keys.json")
        url = f"sqlite:///{place}/records.db"
        await asyncio.to_thread(migrate.upgrade, url)
        records = await Records.open(url, keyring)
        try:
            people = await records.people.enrol(Profile(person_id=str(n), name=f"Person {n}", email=f"person-{n}@example.org") for n in range(most + WARM))
            for number in range(WARM):
                await issue_one(records, issuer, Times(), number, people[str(number)])
            times, held = Times(), [resident()]
            began, worked = time.perf_counter(), time.process_time()
            for number in range(WARM, WARM + most):
                await issue_one(records, issuer, times, number, people[str(number)])
                if (number - WARM + 1) % max(1, most // 10) == 0:
                    held.append(resident())
            took, worked = time.perf_counter() - began, time.process_time() - worked
            print(f"{most} certificates, one after the other: {took:.1f} s, {most / took:.1f} a second, {1000 * worked / most:.0f} ms of a processor each")
            print("\n".join(times.table()))
            print(f"memory, at the start and after each tenth: {', '.join(f'{mib:.0f}' for mib in held)} MiB")
            revoked = list(range(1, most, 10))
            began = time.perf_counter()
            text = await asyncio.to_thread(status_list, issuer, revoked, url=status_list_url(BASE), at=datetime.now(UTC))
            print(f"status list with {len(revoked)} revoked: {(time.perf_counter() - began) * 1000:.0f} ms, {len(text)} bytes")
        finally:
            await records.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
