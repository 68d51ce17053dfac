"""H8, P4: what the credential says and what it never says; all of it is signed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft7Validator, FormatChecker
from openbadgeslib.ob3 import OB3LdpVerifier
from pydantic import ValidationError

from certificates.credential import CONTEXTS, as_text, credential
from certificates.facts import issue_day, last_day
from certificates.terms import UnsignedTerm, lint, undefined_terms

BASE = "https://mentors.example.org"
LIST = "https://mentors.example.org/c/status"
REACHED = [{"title": f"Step {number}", "done_at": datetime(2025, 5, number, 10, 0, 1, 999, tzinfo=UTC), "waived": number == 9} for number in range(1, 10)]


def test_it_says_completed_and_when(facts, issuer):
    document = credential(facts(), issuer, base_url=BASE)
    assert document["id"] == f"{BASE}/c/{facts().id}"
    assert document["description"] == "Completed the mentorship programme “Engineering mentorship 2025”."
    assert document["credentialSubject"]["achievement"]["achievementType"] == "CertificateOfCompletion"
    assert document["awardedDate"] == "2025-07-07T09:30:00Z"
    assert document["validFrom"] == "2025-07-14T09:30:00Z"
    assert "validUntil" not in document


def test_partners_are_not_told_by_the_second_in_which_both_were_issued(facts, issuer):
    """H8: instants are given to a quarter of an hour, which is on the same day in every zone, as is the day on the document."""
    late = datetime(2025, 7, 14, 18, 44, 59, tzinfo=UTC)  # 14 minutes and 59 seconds into the 15th in Kolkata
    of = facts(issued_at=late, time_zone="Asia/Kolkata")
    document = credential(of, issuer, base_url=BASE)
    assert document["validFrom"] == document["proof"][0]["created"] == "2025-07-14T18:30:00Z"
    assert issue_day(datetime.fromisoformat(document["validFrom"]), ZoneInfo("Asia/Kolkata")) == of.issued_on


@pytest.mark.parametrize(
    "ends", [datetime(2025, 7, 7, 10, 7, 31, 250, tzinfo=UTC), datetime(2025, 7, 6, 18, 30, 1, tzinfo=UTC), datetime(2025, 7, 7, 18, 30, tzinfo=UTC)]
)
def test_partners_are_not_told_by_the_second_in_which_their_mentorship_ended(facts, issuer, ends):
    """H8: a pair that paused or ended early has an end of its own. It is given to a quarter of an hour, on the day that the document prints."""
    of = facts(completed_at=ends, programme_time_zone="Asia/Kolkata")  # a day begins at 18:30 there
    document = credential(of, issuer, base_url=BASE)
    told = datetime.fromisoformat(document["awardedDate"])
    assert document["credentialSubject"]["activityEndDate"] == document["awardedDate"]
    assert (told.minute % 15, told.second, timedelta(0) <= told - ends < timedelta(minutes=15)) == (0, 0, True)
    assert last_day(told, ZoneInfo("Asia/Kolkata")) == of.completed_on


def test_the_criteria_tell_the_share_rule_in_words(facts, issuer):
    document = credential(facts(share=75), issuer, base_url=BASE)
    assert "at least 75% of the milestones" in document["credentialSubject"]["achievement"]["criteria"]["narrative"]


def test_the_contexts_are_the_two_of_the_standard_in_their_order(facts, issuer):
    assert tuple(credential(facts(), issuer, base_url=BASE)["@context"]) == CONTEXTS


def test_share_and_milestones_stand_in_it_only_when_asked_for(facts, issuer):
    silent = credential(facts(), issuer, base_url=BASE)
    assert "result" not in silent["credentialSubject"]
    assert "81" not in [value.get("value") for value in silent["credentialSubject"]["achievement"]["resultDescription"]]

    told = credential(facts(show_results=True), issuer, base_url=BASE)
    by_id = {description["id"]: description for description in told["credentialSubject"]["achievement"]["resultDescription"]}
    assert [(by_id[result["resultDescription"]]["resultType"], result["value"]) for result in told["credentialSubject"]["result"]] == [
        ("Percent", "81"),
        ("Result", "9/11"),
    ]


def test_shown_milestones_stand_there_one_by_one_with_the_instant_at_which_each_was_done(facts, issuer):
    """H7: they are the explanation. Milestones that were not done are not mentioned, and none of them unless asked."""
    subject = credential(facts(show_results=True, milestones=REACHED), issuer, base_url=BASE)["credentialSubject"]
    names = {description["id"]: description["name"] for description in subject["achievement"]["resultDescription"]}
    said = {names[result["resultDescription"]]: (result.get("status"), result["value"]) for result in subject["result"]}
    assert said["Step 1"] == ("Completed", "2025-05-01T10:00:01Z")
    assert said["Step 9"] == ("Completed", "2025-05-09T10:00:01Z (waived)")
    assert len(said) == len(subject["result"]) == 11
    assert credential(facts(milestones=REACHED), issuer, base_url=BASE) == credential(facts(), issuer, base_url=BASE)


def test_what_was_not_asked_for_cannot_be_guessed_from_the_rest(facts, issuer):
    one = credential(facts(milestones_done=9, milestones_total=11), issuer, base_url=BASE)
    other = credential(facts(milestones_done=12, milestones_total=12), issuer, base_url=BASE)
    assert one == other


def test_neither_name_nor_address_nor_reference_is_readable_in_it(facts, issuer):
    text = as_text(credential(facts(show_results=True), issuer, base_url=BASE))
    for secret in ("Zoë", "Łukasiewicz", "zoe@example.org", "p-0123456789abcdef"):
        assert secret not in text


def test_the_holder_can_prove_that_it_is_theirs(facts, issuer):
    document = credential(facts(), issuer, base_url=BASE)
    address, name = document["credentialSubject"]["identifier"]
    assert (address["identityType"], name["identityType"]) == ("emailAddress", "name")
    assert address["identityHash"] == "sha256$" + hashlib.sha256(("zoe@example.org" + address["salt"]).encode()).hexdigest()
    assert name["identityHash"] == "sha256$" + hashlib.sha256(("Zoë Łukasiewicz" + name["salt"]).encode()).hexdigest()


def test_two_certificates_of_one_person_cannot_be_joined(facts, issuer):
    one = credential(facts(), issuer, base_url=BASE)["credentialSubject"]["identifier"]
    other = credential(facts(id="another2another2another2an"), issuer, base_url=BASE)["credentialSubject"]["identifier"]
    assert not {entry["identityHash"] for entry in one} & {entry["identityHash"] for entry in other}


def test_without_an_address_the_opaque_reference_is_hashed(facts, issuer):
    identifiers = credential(facts(holder_email=None), issuer, base_url=BASE)["credentialSubject"]["identifier"]
    assert [entry["identityType"] for entry in identifiers] == ["systemId", "name"]


def test_everybody_of_a_programme_has_the_same_achievement(facts, issuer):
    one = credential(facts(), issuer, base_url=BASE)["credentialSubject"]["achievement"]
    other = credential(facts(id="another2another2another2an", holder_name="Ann", show_results=True), issuer, base_url=BASE)
    assert one == other["credentialSubject"]["achievement"]
    assert one["id"] != credential(facts(share=70), issuer, base_url=BASE)["credentialSubject"]["achievement"]["id"]


def test_it_has_a_status_only_where_there_is_a_list(facts, issuer):
    assert "credentialStatus" not in credential(facts(), issuer, base_url=BASE)
    status = credential(facts(status_list_url=LIST, status_index=42), issuer, base_url=BASE)["credentialStatus"]
    assert status == {
        "id": f"{LIST}#42",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "42",
        "statusListCredential": LIST,
    }


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("more", [{}, {"show_results": True, "status_list_url": LIST, "status_index": 0, "milestones": REACHED}])
def test_the_official_schema_accepts_it(facts, issuer, reference, language, more):
    schema = json.loads((reference / "ob_v3p0_achievementcredential_schema.json").read_text())
    document = json.loads(as_text(credential(facts(language=language, **more), issuer, base_url=BASE)))
    validator = Draft7Validator(schema, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors(document | {"proof": document["proof"][0]})), "the schema wants a list of proofs: it can refuse"


@pytest.mark.parametrize("more", [{}, {"show_results": True, "status_list_url": LIST, "status_index": 0, "milestones": REACHED}, {"language": "ar"}])
def test_the_librarys_own_verifier_accepts_it_with_nothing_but_the_document(facts, issuer, more):
    text = as_text(credential(facts(**more), issuer, base_url=BASE))
    read = OB3LdpVerifier.for_issuer_did(issuer.did).verify(text)
    assert read.achievement.name == "Engineering mentorship 2025"


def test_the_same_facts_and_key_make_the_same_bytes(facts, issuer, key_file):
    again = type(issuer).load(key_file, name="Example Works", url="https://example.org")
    assert as_text(credential(facts(), issuer, base_url=BASE)) == as_text(credential(facts(), again, base_url=BASE))


def test_parts_of_a_second_and_the_zone_of_an_instant_change_nothing(facts, issuer):
    east = facts(issued_at=datetime.fromisoformat("2025-07-14T11:30:00.999+02:00"))
    assert credential(east, issuer, base_url=BASE) == credential(facts(), issuer, base_url=BASE)


def test_a_term_that_no_context_defines_is_refused_before_signing(facts, issuer):
    document = credential(facts(), issuer, base_url=BASE)
    lint(document)
    with pytest.raises(UnsignedTerm) as refused:
        lint(document | {"mentorOfTheYear": True})
    assert refused.value.terms == ("mentorOfTheYear",)


@pytest.mark.parametrize(
    ("change", "term"),
    [
        ({"nickname": "x"}, "nickname"),
        ({"type": ["AchievementSubject", "Champion"]}, "Champion"),
        ({"id": "not-absolute"}, "not-absolute"),
    ],
)
def test_an_undefined_term_is_found_at_any_depth(facts, issuer, change, term):
    document = credential(facts(), issuer, base_url=BASE)
    assert undefined_terms(document | {"credentialSubject": document["credentialSubject"] | change}) == (term,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"milestones_done": 8},
        {"milestones_done": 12},
        {"share": 0},
        {"status_index": 3},
        {"completed_at": datetime(2025, 7, 7)},  # noqa: DTZ001 - the fault that the test is about
        {"time_zone": "Mars/Olympus"},
        {"id": "../../etc"},
        {"holder_name": "   "},
    ],
)
def test_facts_that_cannot_be_are_refused_without_repeating_them(facts, wrong):
    with pytest.raises(ValidationError) as refused:
        facts(**wrong)
    assert "Łukasiewicz" not in str(refused.value)


def test_ten_of_twelve_and_nine_of_eleven_are_enough_for_eighty_percent(facts):
    assert facts(milestones_done=10, milestones_total=12).reached == 83
    assert facts(milestones_done=9, milestones_total=11).reached == 81
    assert facts(milestones_done=4, milestones_total=5).reached == 80


def test_the_printed_day_is_the_programmes(facts):
    late = facts(completed_at=datetime(2025, 7, 7, 22, 30, tzinfo=UTC), time_zone="Europe/Berlin")
    assert late.completed_on == date(2025, 7, 8)
