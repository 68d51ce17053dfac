"""What mails of every kind have in common: their language, their headers, their look (H3-H5, Calm)."""

import dataclasses
import re
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from mentorship.effects import CHANGES
from notices.readers import Attachment, Links
from tests.notices.reading import DUE, KINDS, again, html, text

ESSENTIAL = sorted(CHANGES)
GREETINGS = [("en", "Hello"), ("de", "Guten Tag"), ("ar", "مرحبًا")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["mentor", "mentee"])
@pytest.mark.parametrize("greeted", GREETINGS)
def test_every_kind_reads_well_to_either_side_in_every_language(mail, people, kind, side, greeted):
    code, greeting = greeted
    who = people.coordinator if kind == "case" else getattr(people, side)
    message = again(mail(kind, side, with_={"reader": dataclasses.replace(who, language=code)}))
    assert message["Content-Language"] == code
    for body in (text(message), html(message)):
        assert greeting in body
        assert not re.search(r"%\(|\{\{|\{%|None|Undefined|&amp;amp;", body)
    assert message["Subject"].strip()
    assert f'lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}"' in html(message)


@pytest.mark.parametrize(("code", "torn"), [("de", r"\d\.\n|\d\n\s*Uhr"), ("ar", r"الساعة\n|\d\n\s*(?:يناير|فبراير|مارس|يوليو)")])
def test_a_date_and_a_time_are_not_torn_at_the_end_of_a_line(mail, people, series, code, torn):
    met = {"meeting": series[1], "helps_until": DUE + timedelta(days=7)}
    for length in range(1, 60):  # each word is at the end of a line once
        partner = dataclasses.replace(people.mentor, name="A" * length)
        said = text(mail("absence_reported", with_={"reader": dataclasses.replace(people.mentee, language=code), "partner": partner}, **met))
        assert not re.search(torn, said), said


@pytest.mark.parametrize("kind", KINDS)
def test_in_arabic_each_line_of_a_mail_reads_from_the_right_and_sets_apart_what_does_not(mail, people, kind):
    """In plain text a line's direction is that of its first letter outside of isolates (UAX 9, P2)."""
    who = people.coordinator if kind == "case" else people.mentee
    for length in range(1, 60, 3):
        partner = None if kind == "case" else dataclasses.replace(people.mentor, name=f"{'A' * length} van der Berg")
        for line in text(mail(kind, with_={"reader": dataclasses.replace(who, language="ar", name="Ada Lovelace"), "partner": partner})).splitlines():
            assert line.count("\u2068") == line.count("\u2069"), line
            apart = re.sub("\u2068[^\u2069]*\u2069", "", line)
            if re.search(r"[\u0600-\u06ff]", apart):
                first = re.search(r"[\u200fA-Za-z\u0600-\u06ff]", apart)
                assert first is not None
                assert first[0] > "z", line


ALWAYS_THERE = {
    "prepare": ["meeting"],
    "ask": ["meeting"],
    "move_proposed": ["meeting"],
    "absence_reported": ["meeting", "helps_until"],
    "halfway": ["ends"],
    "heads_up": ["ends"],
    "result": ["ends"],
}
"""What the core gives a mail of this kind in any story (tests/sentences)."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_also_reads_well_with_the_least_facts(mail, kind):
    bare = {"meeting": None, "helps_until": None, "milestones": (), "needed": None, "ends": None, "reporting_ends": None}
    bare |= {"milestone": None, "pins": (), "line": None, "change": None, "calendar": None}
    for fact in ALWAYS_THERE.get(kind, ()):
        del bare[fact]
    message = mail(kind, with_={"partner": None, "pair": (), "links": Links("https://mentoring.example/p/tok")}, **bare)
    assert "https://mentoring.example/p/tok" in text(message)
    assert "None" not in text(message) + html(message)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_notice_makes_the_same_bytes(mail, kind):
    attachment = Attachment("certificate.pdf", "application/pdf", b"%PDF-1.7 ...")
    first, second = (mail(kind, with_={"attachments": (attachment,)}).as_bytes() for _ in range(2))
    assert first == second


def test_a_retry_repeats_the_message_id_and_another_reader_gets_another(mail, people):
    first = mail("ask")
    moved = mail("ask", with_={"reader": dataclasses.replace(people.mentee, email="ada@new.example")})
    other = mail("ask", "mentor")
    later = mail("ask", with_={"key": "mentorship.spring.m-0123456789ab/9.0"})
    assert first["Message-ID"] == moved["Message-ID"]
    assert len({first["Message-ID"], other["Message-ID"], later["Message-ID"]}) == 3
    assert first["Message-ID"].endswith("@service.example>")


def test_mails_of_one_mentorship_form_one_thread_for_a_reader(mail):
    welcome, result, other, elsewhere = (
        mail("welcome"),
        mail("result"),
        mail("result", "mentor"),
        mail("result", with_={"mentorship": "mentorship.spring.m-other0000000"}),
    )
    assert welcome["References"] == result["References"] == result["In-Reply-To"]
    assert len({result["References"], other["References"], elsewhere["References"]}) == 3


def test_the_date_is_the_workflows_instant_and_machines_do_not_answer(mail, notice):
    message = again(mail("prepare"))
    assert message["Date"].datetime == notice("prepare").due
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_essential_can_be_unsubscribed_from_and_what_is_cannot(mail, kind):
    message = again(mail(kind))
    if kind in ESSENTIAL:
        assert message["List-Unsubscribe"] is None
        assert "/u/tok" not in text(message) + html(message)
    else:
        assert message["List-Unsubscribe"] == "<https://mentoring.example/u/tok>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "https://mentoring.example/u/tok" in text(message)


def test_a_long_link_in_a_header_stays_in_one_piece(mail, links):
    long = "https://mentoring.example/u/" + "a" * 300
    raw = mail("ask", with_={"links": dataclasses.replace(links, unsubscribe=long)}).as_bytes()
    assert f"List-Unsubscribe: <{long}>\r\n".encode() in raw


def test_every_line_of_a_mail_fits_the_standard_and_is_plain_ascii(mail, people):
    raw = mail("welcome", with_={"reader": dataclasses.replace(people.mentee, language="ar", name="آدا لوفلايس")}).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_what_is_encoded_stands_in_lines_that_filters_do_not_take_for_spam(mail, people, kind, code):
    """RFC 2045: quoted-printable and base64 have at most 76 characters a line."""
    who = people.coordinator if kind == "case" else people.mentee
    certificate = Attachment("certificate.pdf", "application/pdf", bytes(range(256)) * 40)
    made = message_from_bytes(mail(kind, with_={"reader": dataclasses.replace(who, language=code), "attachments": (certificate,)}).as_bytes())
    encoded = [part for part in made.walk() if part["Content-Transfer-Encoding"] in {"quoted-printable", "base64"}]
    assert "application/pdf" in {part.get_content_type() for part in encoded}
    assert all(len(line) <= 76 for part in encoded for line in str(part.get_payload()).splitlines())


@pytest.mark.parametrize("code", [code for code, _ in GREETINGS])
def test_what_stands_below_every_mail_is_left_out_of_a_reply(mail, people, links, code):
    """Mail programs know a signature by a line of two dashes and a blank (RFC 3676). Without it a reply would pass on the sender's own link to fewer mails."""
    message = again(mail("ask", with_={"reader": dataclasses.replace(people.mentee, language=code)}))
    words, _, signature = text(message).replace("\r\n", "\n").partition("\n-- \n")
    assert links.unsubscribe in signature
    assert links.unsubscribe not in words


@pytest.mark.parametrize("name", ["Zoë", "آدا لوفلايس بنت بايرون", "Müller-Lüdenscheidt, Jörg " * 4, "李" * 120, "👩‍👩‍👧‍👦" * 17, "Ada Lovelace"])
@pytest.mark.parametrize("kind", KINDS)
def test_words_outside_ascii_stand_in_headers_as_programs_can_read_them(mail, people, kind, name):
    """RFC 2047: an encoded word has at most 75 characters, its line 76; many programs show a longer one undecoded."""
    who = people.coordinator if kind == "case" else people.mentee
    reader = dataclasses.replace(who, language="ar", name=name)
    made = mail(kind, with_={"reader": reader, "sender": "Beratung für München <mentoring@service.example>"})
    raw = made.as_bytes()
    assert all(len(line) <= 76 for line in raw.split(b"\r\n") if b"=?utf-8?" in line)
    came = message_from_bytes(raw)
    assert str(make_header(decode_header(came["Subject"]))) == made["Subject"]
    for header, shown, address in (("To", reader.name, reader.address), ("From", "Beratung für München", "mentoring@service.example")):
        words, found = parseaddr(came[header])
        assert (str(make_header(decode_header(words))), found) == (shown, address)


@pytest.mark.parametrize("kind", KINDS)
def test_html_loads_nothing_from_anywhere_and_tracks_nobody(mail, kind):
    page = html(mail(kind))
    assert not re.search(r"<(img|script|link|iframe|object|form|video|audio)\b|url\(|@import|\bon\w+=", page, re.IGNORECASE)
    assert "prefers-color-scheme: dark" in page
    allowed = ("https://mentoring.example/", "https://stories.example/")
    assert all(address.startswith(allowed) for address in re.findall(r'(?:href|src|background)="([^"]*)"', page))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_text_keeps_to_lines_that_every_program_shows(mail, people, kind, code):
    reader = dataclasses.replace(people.coordinator if kind == "case" else people.mentee, language=code)
    long = [line for line in text(mail(kind, with_={"reader": reader})).splitlines() if len(line) > 78 and "://" not in line]
    assert long == []
