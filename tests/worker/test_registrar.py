"""The mail of a later edition finds its programme's words, also where an earlier release put them away (H8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ruamel.yaml import YAML

from activities.certificates import CertificateRequest, ReissueRequest
from mentorship.effects import IssueCertificates, MilestoneFacts
from mentorship.people import Pair
from mentorship.programme import Programme
from records.cohorts import Cohort
from records.people import Profile
from worker.registrar import RecordsRegistrar

EXAMPLE = Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"
STARTS = datetime(2027, 3, 1, tzinfo=UTC)


async def test_a_word_that_a_newer_release_added_keeps_no_mail_back(records, issuer, monkeypatch):
    programme = Programme.model_validate(YAML(typ="safe").load(EXAMPLE))
    await records.programmes.put(programme)
    then = programme.texts()
    cohort = Cohort(id="spring", programme=programme.programme.id, version=1, texts_digest=then.digest, starts_at=STARTS, created_at=STARTS)
    await records.cohorts.put(cohort)
    refs = await records.people.enrol([Profile(person_id=one, name=one.title(), email=f"{one}@example.org") for one in ("ana", "ben")])
    (enrolment,) = (await records.cohorts.enrol_pairs("spring", [("one", refs["ana"], refs["ben"])])).added
    registrar = RecordsRegistrar(records, issuer, records.lines, base_url="https://mentors.example.org", font_folder=None)
    facts = tuple(MilestoneFacts(id=rule.id, done_at=STARTS + timedelta(days=1)) for rule in programme.milestones)
    ends = STARTS + timedelta(weeks=26)
    wanted = IssueCertificates(to=("mentee",), started_at=STARTS, completed_at=ends, decided_at=ends, milestones=facts, share=80)
    pair = Pair(mentor=refs["ana"], mentee=refs["ben"])
    await registrar.issue("mentee", CertificateRequest(mentorship=enrolment.mentorship, pair=pair, texts=then.digest, wanted=wanted), ends)

    monkeypatch.setattr(Programme, "texts", lambda _: then.model_copy(update={"title": "as a release says it that knows one key more"}))
    reissued = await registrar.reissue(ReissueRequest(mentorship=enrolment.mentorship, person=refs["ben"], results=True), ends)

    assert reissued.notice is not None
    assert await records.programmes.texts(reissued.notice.texts) == then
