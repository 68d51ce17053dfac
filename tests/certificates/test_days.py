"""H8: the days on a certificate are the programme's: a cohort that starts on 1 March started on 1 March for everybody in it."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from ruamel.yaml import YAML

from activities.certificates import CertificateRequest
from certificates.facts import last_day
from mentorship.effects import IssueCertificates, MilestoneFacts
from mentorship.people import Pair
from mentorship.programme import Programme
from records.people import Profile
from worker.registrar import RecordsRegistrar

BERLIN = ZoneInfo("Europe/Berlin")
EXAMPLE = Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"
MENTORSHIP = "mentorship.spring.p-1"


@pytest.fixture
def issued(records, issuer):
    """The mentee's certificate, its credential and its text, for somebody who lives in that zone."""

    async def issue(starts: datetime, ends: datetime, zone: str | None):
        programme = Programme.model_validate(YAML(typ="safe").load(EXAMPLE))
        assert programme.programme.time_zone == BERLIN.key
        await records.programmes.put(programme)
        people = await records.people.enrol([Profile(person_id="ben", name="Ben Mentee", email="ben@example.org", time_zone=zone, language="en")])
        facts = tuple(MilestoneFacts(id=rule.id, done_at=starts + timedelta(days=1)) for rule in programme.milestones)
        wanted = IssueCertificates(to=("mentee",), started_at=starts, completed_at=ends, decided_at=ends, milestones=facts, share=80)
        request = CertificateRequest(mentorship=MENTORSHIP, pair=Pair(mentor="p-ana", mentee=people["ben"]), texts=programme.texts().digest, wanted=wanted)
        registrar = RecordsRegistrar(records, issuer, records.lines, base_url="https://mentors.example.org", font_folder=None)
        credential, pdf = await records.certificates.document(await registrar.issue("mentee", request, ends))
        return json.loads(credential)["credentialSubject"], " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())

    return issue


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"])
async def test_a_programme_from_midnight_to_midnight_prints_its_first_and_its_last_day_wherever_its_holder_lives(zone, issued):
    starts, ends = datetime(2027, 3, 1, tzinfo=BERLIN), datetime(2027, 8, 30, tzinfo=BERLIN)
    assert starts.astimezone(UTC).date() == date(2027, 2, 28)
    subject, printed = await issued(starts.astimezone(UTC), ends.astimezone(UTC), zone)
    assert "1 March 2027 – 29 August 2027" in printed
    assert subject["activityStartDate"] == "2027-03-01T00:00:00Z"
    assert subject["activityEndDate"] == "2027-08-29T22:00:00Z"


async def test_a_programme_that_ends_within_a_day_prints_that_day(issued):
    _, printed = await issued(datetime(2027, 3, 1, 8, tzinfo=UTC), datetime(2027, 8, 30, 7, tzinfo=UTC), "America/New_York")
    assert "1 March 2027 – 30 August 2027" in printed


def test_an_end_at_midnight_closes_the_day_before_and_one_a_second_later_does_not():
    midnight = datetime(2027, 8, 30, tzinfo=BERLIN)
    assert last_day(midnight, BERLIN) == date(2027, 8, 29)
    assert last_day(midnight + timedelta(seconds=1), BERLIN) == date(2027, 8, 30)


def test_a_day_that_begins_at_one_closes_the_day_before_too():
    """Friday 28 April 2028 has no midnight in Cairo: a programme of 26 weeks from Friday 29 October ends on Thursday, in mails, on pages and in print."""
    cairo, ends = ZoneInfo("Africa/Cairo"), datetime(2028, 4, 27, 22, tzinfo=UTC)
    assert (last_day(ends, cairo), last_day(ends.astimezone(cairo), cairo)) == (date(2028, 4, 27), date(2028, 4, 27))
    assert last_day(ends + timedelta(seconds=1), cairo) == date(2028, 4, 28)


def test_it_is_issued_on_the_holders_day_and_completed_on_the_programmes(facts):
    at = datetime(2027, 8, 30, 11, 30, tzinfo=UTC)
    found = facts(issued_at=at, completed_at=at, time_zone="Pacific/Auckland", programme_time_zone="America/Los_Angeles")
    assert (found.issued_on, found.completed_on) == (date(2027, 8, 30), date(2027, 8, 30))
    late = at + timedelta(hours=1)
    found = facts(issued_at=late, completed_at=late, time_zone="Pacific/Auckland", programme_time_zone="America/Los_Angeles")
    assert (found.issued_on, found.completed_on) == (date(2027, 8, 31), date(2027, 8, 30))


def test_each_milestone_that_was_done_is_named_or_none(facts):
    """H8: a count beside fewer names would be neither."""
    with pytest.raises(ValueError, match="each milestone that was done"):
        facts(milestones=[{"title": "Shadowing", "done_at": datetime(2027, 8, 1, tzinfo=UTC)}])
