"""Readers whose language, zone, name or address is unusual, or is gone."""

import dataclasses
import re

import pytest

from notices.readers import NoAddress, Reader
from tests.notices.reading import KINDS, again, html, one_line, text


@pytest.mark.parametrize(("wanted", "expected"), [("de-AT", "de"), ("AR_eg", "ar"), ("xx", "en"), ("", "en"), (None, "en"), ("zh-Hant", "en")])
def test_a_reader_gets_their_language_or_the_programmes_first(mail, people, wanted, expected):
    assert mail("ask", with_={"reader": dataclasses.replace(people.mentee, language=wanted)})["Content-Language"] == expected


def test_a_language_that_the_programme_does_not_offer_is_not_used(mail, people, texts):
    only_german = texts.model_copy(update={"languages": ("de",)})
    assert mail("ask", with_={"reader": dataclasses.replace(people.mentee, language="ar"), "texts": only_german})["Content-Language"] == "de"


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "../../etc/passwd"])
def test_a_reader_without_a_usable_zone_reads_the_programmes(mail, people, zone):
    assert "All times are Berlin time." in text(mail("ask", with_={"reader": dataclasses.replace(people.mentee, time_zone=zone)}))


ODD = [
    "Ada\r\nBcc: everyone@people.example",
    'Ada "The Count" Lovelace, <evil@people.example>',
    "Ada\u202eecalevoL\u2028X-Evil: 1",
    "=?utf-8?q?Ada=0D=0AX-Evil:_1?=",
    "<script>alert(1)</script>",
    "{{ view.page }} {% raw %} %(partner)s",
    "A" * 400,
    "",
]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["welcome", "result", "case"])
def test_a_name_can_inject_neither_headers_nor_markup(mail, people, kind, name):
    partner = dataclasses.replace(people.mentor, name=name)
    reader = dataclasses.replace(people.coordinator if kind == "case" else people.mentee, name=name)
    with_ = {"reader": reader, "pair": (partner, reader)} if kind == "case" else {"reader": reader, "partner": partner}
    expected = [name for name, _ in mail(kind).items()]
    message = again(mail(kind, with_=with_))
    assert [name for name, _ in message.items()] == expected
    assert [address.addr_spec for address in message["To"].addresses] == [reader.email]
    assert "<script" not in html(message)
    assert "\u202e" not in text(message)
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            assert not re.search(r"^X-EVIL|^BCC", part.get_content(), re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@people.example",
        "ada@x.example\r\nBcc: b@x.example",
        "ada@x.example, b@x.example",
        "Ada <a@x.example>",
        "äda@people.example",
        "=?utf-8?q?a?=@x.example",
    ],
)
def test_an_unusable_address_is_refused_by_id_and_never_repeated(mail, people, address):
    with pytest.raises(NoAddress) as refused:
        mail("ask", with_={"reader": Reader("p-mentee0000000000", "Ada", address)})
    assert str(refused.value) == "p-mentee0000000000 has no usable mail address"


def test_an_international_domain_is_written_in_ascii(mail, people):
    message = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@bücher.example")})
    assert message["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"
    message = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@straße.example")})
    assert message["To"].addresses[0].addr_spec == "ada@xn--strae-oqa.example", "strasse.example is somebody else's"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Your partner has stepped away from"), ("de", "Ihr Gegenüber ist aus dem Programm ausgeschieden"), ("ar", "انتهت مشاركة الطرف الآخر في البرنامج")],
)
def test_a_partner_whose_name_is_gone_begins_a_sentence_as_one_does(mail, people, language, said):
    nobody = {"reader": dataclasses.replace(people.mentee, language=language), "partner": None}
    assert said in one_line(mail("ended", stepped_away="mentor", with_=nobody))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("case", "nudge", "coordinator_told", "survey_reminder", "reissued")])
def test_a_partner_whose_name_is_gone_stands_in_the_case_that_a_german_sentence_asks_for(mail, people, kind):
    nobody = {"reader": dataclasses.replace(people.mentee, language="de"), "partner": None}
    body = one_line(mail(kind, with_=nobody, milestones=(), needed=None))
    found = re.findall(r"(\w+) (Ihr|Ihrem) Gegenüber", body)
    assert found
    assert all((form == "Ihrem") == (before.lower() in ("mit", "von", "bei")) for before, form in found), body


def test_a_partner_without_an_address_keeps_nobody_from_their_mail(mail, people):
    message = mail("welcome", with_={"partner": dataclasses.replace(people.mentor, email="")})
    assert "Grace Hopper" in text(message)
