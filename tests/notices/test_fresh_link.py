"""Somebody who asks at the door gets a mail with a new link, and nothing else."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from notices.fresh_link import FreshPage, compose_fresh_link

ASKED = datetime(2027, 3, 27, 9, tzinfo=UTC)
PAGES = (
    FreshPage("Engineering mentorship 2027", "https://mentoring.example/p/one", ASKED + timedelta(days=1), partner="Grace Hopper"),
    FreshPage("Engineering mentorship 2027", "https://mentoring.example/p/two", ASKED + timedelta(days=1), partner="Alan Turing"),
)
LISTS = (
    FreshPage("Engineering mentorship 2027", "https://mentoring.example/coordinator/one", ASKED + timedelta(days=15), cohort=date(2026, 9, 7)),
    FreshPage("Engineering mentorship 2027", "https://mentoring.example/coordinator/two", ASKED + timedelta(days=15), cohort=date(2027, 3, 1)),
)


def link_mail(reader, pages=PAGES, key="request-1"):
    return compose_fresh_link(
        pages,
        reader=reader,
        asked_at=ASKED,
        key=key,
        sender="Mentoring <mentoring@service.example>",
        languages=("en", "de", "ar"),
        time_zone="Europe/Berlin",
    )


@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_each_page_is_there_with_the_instant_until_which_it_opens(people, code):
    message = link_mail(dataclasses.replace(people.mentee, language=code))
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert "https://mentoring.example/p/one" in body
        assert "https://mentoring.example/p/two" in body
        assert "11:00" in body  # summer time has begun in Berlin by then
        assert "None" not in body
    assert message["Content-Language"] == code
    assert message["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ("The cohort of Monday 7 September 2026", "The cohort of Monday 1 March", "Open your list", "lists until Sunday 11 April, 11:00")),
        ("de", ("Jahrgang vom Montag, 7. September 2026", "Jahrgang vom Montag, 1. März", "Liste öffnen", "Listen bis Sonntag, 11. April, 11:00 Uhr")),
        ("ar", ("دفعة الاثنين، 7 سبتمبر 2026", "دفعة الاثنين، 1 مارس", "فتح القائمة", "والقوائم حتى الأحد، 11 أبريل، الساعة 11:00")),
    ],
)
def test_lists_of_one_programme_are_told_apart_by_their_cohorts_first_day(people, code, words):
    """P7: the mail also says until when each kind of page opens."""
    message = link_mail(dataclasses.replace(people.mentee, language=code), (*PAGES, *LISTS))
    for kind in ("plain", "html"):
        body = " ".join(message.get_body((kind,)).get_content().split())
        for page in (*PAGES, *LISTS):
            assert page.url in body
        for said in words:
            assert said in body, kind
        assert "11:00" in body.split("https://mentoring.example/coordinator/two")[1]


def test_a_list_alone_says_until_when_it_opens(people):
    body = link_mail(people.mentee, LISTS[:1]).get_body(("plain",)).get_content()
    assert "It works until Sunday 11 April, 11:00." in " ".join(body.split())


def test_the_day_on_which_a_cohort_began_is_the_same_for_readers_far_away(people):
    """The cohort began on a day of the programme's zone."""
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        assert "Monday 1\u00a0March" in link_mail(dataclasses.replace(people.mentee, time_zone=zone), LISTS).get_body(("plain",)).get_content()


def test_one_request_is_one_mail_however_often_it_is_tried(people):
    first, second = link_mail(people.mentee), link_mail(people.mentee)
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] != link_mail(people.mentee, key="request-2")["Message-ID"]


def test_neither_subject_nor_headers_tell_whom_one_talks_to(people):
    headers = "".join(f"{name}: {value}" for name, value in link_mail(people.mentee).items())
    assert "Grace" not in headers
    assert "mentoring.example/p/" not in headers
