"""Later editions of a certificate (H8): their mail uses its programme's words, and an edition states what records say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from activities.certificates import CertificateRequest, Reissued, ReissueRequest
from mentorship.effects import IssueCertificates, MilestoneFacts
from mentorship.people import Pair
from mentorship.programme import Programme, Texts
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from worker.registrar import RecordsRegistrar

EXAMPLE = Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"
STARTS = datetime(2027, 3, 1, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)


@dataclass
class Issued:
    """Ben's certificate, and what requests for it are about."""

    records: Records
    registrar: RecordsRegistrar
    person: str
    mentorship: str
    texts: Texts

    async def reissue(self, *, results: bool | None = None) -> Reissued:
        return await self.registrar.reissue(ReissueRequest(mentorship=self.mentorship, person=self.person, results=results), ENDS)

    async def call(self, name: str) -> None:
        await self.records.people.enrol([Profile(person_id="ben", name=name, email="ben@example.org")])


@pytest.fixture
async def issued(records, issuer):
    programme = Programme.model_validate(YAML(typ="safe").load(EXAMPLE))
    await records.programmes.put(programme)
    then = programme.texts()
    cohort = Cohort(id="spring", programme=programme.programme.id, version=1, texts_digest=then.digest, starts_at=STARTS, created_at=STARTS)
    await records.cohorts.put(cohort)
    refs = await records.people.enrol([Profile(person_id=one, name=one.title(), email=f"{one}@example.org") for one in ("ana", "ben")])
    (enrolment,) = (await records.cohorts.enrol_pairs("spring", [("one", refs["ana"], refs["ben"])])).added
    registrar = RecordsRegistrar(records, issuer, records.lines, base_url="https://mentors.example.org", font_folder=None)
    facts = tuple(MilestoneFacts(id=rule.id, done_at=STARTS + timedelta(days=1)) for rule in programme.milestones)
    wanted = IssueCertificates(to=("mentee",), started_at=STARTS, completed_at=ENDS, decided_at=ENDS, milestones=facts, share=80)
    pair = Pair(mentor=refs["ana"], mentee=refs["ben"])
    await registrar.issue("mentee", CertificateRequest(mentorship=enrolment.mentorship, pair=pair, texts=then.digest, wanted=wanted), ENDS)
    return Issued(records, registrar, refs["ben"], enrolment.mentorship, then)


async def test_a_word_that_a_newer_release_added_keeps_no_mail_back(issued, monkeypatch):
    then = issued.texts
    monkeypatch.setattr(Programme, "texts", lambda _: then.model_copy(update={"title": "as a release says it that knows one key more"}))
    reissued = await issued.reissue(results=True)

    assert reissued.notice is not None
    assert await issued.records.programmes.texts(reissued.notice.texts) == then


async def test_a_certificate_is_known_by_what_its_document_says_whoever_wrote_meanwhile(issued, monkeypatch):
    """An attempt whose worker was taken for dead continues beside the next one, which reads a newer name. Otherwise the document would keep the older
    name for
    good: asked again, the registrar would say that it is already as requested.
    """
    certificates, made = issued.records.certificates, RecordsRegistrar._issued
    [first] = await certificates.editions(issued.mentorship, issued.person)
    await issued.call("Ben Adams")

    async def overtaken(self, reserved):
        document = await made(self, reserved)
        monkeypatch.undo()
        await issued.call("Ben Brown")
        await certificates.reissue(first.id, first.renewed(name="Ben Brown", email="ben@example.org", results=None))
        return document

    monkeypatch.setattr(RecordsRegistrar, "_issued", overtaken)
    await issued.reissue()
    assert [one.fields["holder_name"] for one in await certificates.editions(issued.mentorship, issued.person)] == ["Ben", "Ben Adams"]
    assert (await issued.reissue()).outcome == "reissued"
    assert (await certificates.editions(issued.mentorship, issued.person))[-1].fields["holder_name"] == "Ben Brown"
