"""What mails never say: of others, of why, and of what a programme does not have (H7, H12, H14)."""

import dataclasses
import re
from datetime import timedelta

import pytest

from mentorship.effects import MilestoneFacts
from tests.notices.reading import ENDS, KINDS, html, one_line, text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_no_subject_tells_a_topic_a_name_or_why(mail, people, kind, code):
    who = people.coordinator if kind == "case" else people.mentee
    subject = mail(kind, with_={"reader": dataclasses.replace(who, language=code)})["Subject"]
    for word in (
        "Career",
        "stories",
        "Grace",
        "Hopper",
        "Ada",
        "shadowing",
        "short notice",
        "cancel",
        "coordinator",
        "absen",
        "kurzfristig",
        "Koordination",
        "missing",
    ):
        assert word.lower() not in subject.lower()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "case"])
def test_of_the_partner_a_mail_knows_the_name_and_no_more(mail, people, kind):
    message = mail(kind)
    words = text(message) + html(message) + "".join(f"{name}: {value}" for name, value in message.items())
    for secret in (people.mentor.email, people.mentor.ref, "Auckland", "mentorship.spring", "New eyes on old experience."):
        assert secret not in words


def test_the_nudge_brings_the_readers_own_benefits_and_says_that_nobody_else_knows(mail):
    body = one_line(mail("nudge", pins=("mentee.1", "mentor.0", "nonsense", "mentee.99")))
    assert "Questions that I would not ask." in body
    assert "New eyes on old experience." not in body
    assert "Nobody else has been told" in body
    assert "rhythm" in body


@pytest.mark.parametrize(
    ("language", "said"), [("en", "moved 2 days ahead costs nobody anything"), ("de", "mit 2 Tagen Vorlauf verschoben"), ("ar", "قبل موعده بمدة يومين")]
)
def test_the_nudge_says_how_long_before_a_move_costs_nothing_as_the_programme_has_it(mail, people, language, said):
    reader = dataclasses.replace(people.mentee, language=language)
    assert said in one_line(mail("nudge", with_={"reader": reader, "free_before": timedelta(days=2)}))


@pytest.mark.parametrize(("grace", "asks"), [(timedelta(hours=9), True), (timedelta(hours=8), False), (timedelta(), False)])
def test_the_closing_survey_asks_for_reports_only_while_they_are_taken(mail, grace, asks):
    """It goes in its reader's morning, when a grace of hours, or of nothing, is already over (H7)."""
    said = one_line(mail("closing_survey", due=ENDS, reporting_ends=ENDS + grace, helps_until=None, with_={"at": ENDS + timedelta(hours=8)}))
    assert ("Something not reported yet?" in said, "can be reported until" in said) == (asks, asks)
    assert "Six questions" in said


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_the_nudge_speaks_of_no_notice_where_there_is_none(mail, people, language):
    """In this programme nothing is late before a meeting begins, and an absence counts."""
    reader = dataclasses.replace(people.mentee, language=language)
    said = one_line(mail("nudge", with_={"reader": reader, "free_before": timedelta()}))
    assert not re.search(r"\b0\b|ahead costs|Vorlauf|يكلف", said)
    assert {"en": "their addresses are there too.", "de": "die Adressen stehen auch dort.", "ar": "وعناوينهم هناك أيضًا."}[language] in said


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("welcome", "en", "With 1 of the 1 milestones done by"),
        ("welcome", "de", "Mit 1 von 1 Meilensteinen bis"),
        ("result", "en", "Certificates needed 1 of 1 milestones by"),
        ("result", "de", "Für die Zertifikate brauchte es 1 von 1 Meilensteinen, und zwar bis"),
    ],
)
def test_where_one_milestone_earns_the_certificate_no_sentence_speaks_of_several(mail, people, kind, language, said):
    """A share of 1, or only one milestone."""
    reader = dataclasses.replace(people.mentee, language=language)
    alone = (MilestoneFacts(id="aligned"),)
    assert said in one_line(mail(kind, with_={"reader": reader}, milestones=alone, needed=1, met_with_share=False, certificate=None))


def test_the_partner_of_somebody_whose_coordinator_was_told_is_not_mentioned_by_name(mail):
    message = mail("coordinator_told")
    assert "Your partner has not been told" in one_line(message)
    assert "Grace" not in text(message) + html(message)


def test_an_early_end_says_neither_who_nor_why(mail):
    body = one_line(mail("ended"))
    assert "has ended" in body
    assert body.count("Grace Hopper") == 1
    assert not re.search(r"Grace Hopper (ended|wished|asked|decided)|because", body)


def test_the_coordinators_mail_names_the_pair_and_one_next_step_but_not_whose_side(mail):
    body = one_line(mail("case"))
    assert "Grace Hopper and Ada Lovelace" in body
    assert body.count("A next step:") == 1
    assert "mentee" not in body
    assert "cancellations_mentee" not in body


def test_a_line_that_mails_do_not_know_yet_is_still_a_calm_mail(mail):
    body = one_line(mail("case", line="something_new"))
    assert "could use a person" in body
    assert "something_new" not in body
