"""Who asks at the door gets a mail with the way back in, and nothing else."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from notices.fresh_link import FreshPage, compose_fresh_link

ASKED = datetime(2027, 3, 27, 9, tzinfo=UTC)
PAGES = (
    FreshPage("Engineering mentorship 2027", "Grace Hopper", "https://mentoring.example/p/one"),
    FreshPage("Engineering mentorship 2027", "Alan Turing", "https://mentoring.example/p/two"),
)


def link_mail(reader, pages=PAGES, key="request-1"):
    return compose_fresh_link(
        pages,
        reader=reader,
        asked_at=ASKED,
        until=ASKED + timedelta(days=1),
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


def test_one_request_is_one_mail_however_often_it_is_tried(people):
    first, second = link_mail(people.mentee), link_mail(people.mentee)
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] != link_mail(people.mentee, key="request-2")["Message-ID"]


def test_neither_subject_nor_headers_tell_whom_one_talks_to(people):
    headers = "".join(f"{name}: {value}" for name, value in link_mail(people.mentee).items())
    assert "Grace" not in headers
    assert "mentoring.example/p/" not in headers
