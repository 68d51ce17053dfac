"""An installation that has issued one certificate, and the web as the command line finds it."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime

from certificates.facts import CertificateFacts
from certificates.issue import issue
from certificates.issuer import Issuer, generate
from certificates.status import status_list, status_list_url
from gateway.keyring import Keyring
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from starter import certificate_verify
from starter.certificate_trust import NotFetched

BASE = "https://mentors.example.org"
NOW = datetime(2027, 7, 14, 9, tzinfo=UTC)
FIELDS = {
    "holder_name": "Noor Mentee",
    "holder_email": "noor@example.org",
    "programme_title": "Engineering mentorship 2027",
    "started_on": "2027-01-06",
    "completed_at": "2027-07-07T09:30:00+00:00",
    "share": 80,
    "milestones_done": 9,
    "milestones_total": 11,
    "language": "en",
    "time_zone": "Europe/Berlin",
    "show_results": False,
}


class Place:
    """An installation with one certificate in it, and the web as the command line finds it."""

    def __init__(self, folder, template, monkeypatch, did=None):
        self.folder = folder
        self.url = f"sqlite:///{folder}/records.db"
        self.keyring = Keyring.generate(folder / "keys.json")
        generate(folder / "issuer.json")
        settings = {"DATABASE_URL": self.url, "KEY_FILE": folder / "keys.json", "ISSUER_KEY_FILE": folder / "issuer.json", "ISSUER_NAME": "Example Works"}
        for name, value in (settings | {"BASE_URL": BASE} | ({"ISSUER_DID": did} if did else {})).items():
            monkeypatch.setenv(f"MENTORSHIP_{name}", str(value))
        self.issuer = Issuer.load(folder / "issuer.json", name="Example Works", did=did)
        self.web: dict[str, bytes] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(certificate_verify, "fetch", self._fetch)
        shutil.copy(template, folder / "records.db")
        self.certificate = self.run(self._issue)
        self.credential, self.pdf = self.run(lambda records: records.certificates.document(self.certificate))
        (folder / "certificate.pdf").write_bytes(self.pdf)
        (folder / "certificate.json").write_text(self.credential)
        self.listing()

    def _fetch(self, url):
        self.asked.append(url)
        if url not in self.web:
            raise NotFetched(f"{url}: cannot be reached")
        return self.web[url]

    def listing(self, *revoked: int) -> None:
        """The issuer's web site as it is now."""
        self.web[status_list_url(BASE)] = status_list(self.issuer, revoked, url=status_list_url(BASE), at=datetime.now(UTC)).encode()
        self.web[f"{BASE}/.well-known/did.json"] = json.dumps(self.issuer.did_document()).encode()
        self.web[f"{BASE}/c/{self.certificate}/certificate.json"] = self.credential.encode()

    def run(self, work):
        async def within():
            records = await Records.open(self.url, self.keyring)
            try:
                return await work(records)
            finally:
                await records.close()

        return asyncio.run(within())

    async def _issue(self, records):
        self.ref = (await self.rename(records, "Noor Mentee"))["noor"]
        other = (await records.people.enrol([Profile(person_id="mia", name="Mia", email="mia@example.org")]))["mia"]
        await records.cohorts.put(Cohort(id="spring", programme="p", version=1, texts_digest="0" * 64, starts_at=NOW, created_at=NOW))
        pair = (await records.cohorts.enrol_pairs("spring", [("pair-1", other, self.ref)])).added[0]
        row = await records.certificates.reserve(pair.mentorship, self.ref, {**FIELDS, "holder_ref": self.ref})
        given = {"id": row.id, "issued_at": row.issued_at, "status_list_url": status_list_url(BASE), "status_index": row.status_index}
        issued = issue(CertificateFacts.model_validate({**row.fields, **given}), self.issuer, base_url=BASE)
        await records.certificates.store(row.id, issued.credential_json, issued.pdf)
        return row.id

    async def rename(self, records, name):
        return await records.people.enrol([Profile(person_id="noor", name=name, email="noor@example.org")])


async def nothing(*_, **__):
    """A Temporal that accepts every request, with no worker to carry it out."""
