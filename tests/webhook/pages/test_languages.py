"""Every sentence of the pages in every language, with the same facts in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from certificates.wording import LANGUAGES
from notices import language as mails
from tests.webhook.browser import found_in
from webhook.pages.languages import OFFERED, guest_language, language

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "webhook" / "templates"
KEYWORDS = {"_": None, "ngettext": (1, 2)}
IN_CONTEXT = {"pgettext": ((1, "c"), 2)}
DATIVE = {"aus", "bei", "mit", "nach", "seit", "von", "zu"}
"""German prepositions after which a name's substitute has another form."""


def test_mails_pages_and_certificates_speak_the_same_languages():
    """The page of a reader whose language only mails have could not be made."""
    assert set(OFFERED) == mails.known() == set(LANGUAGES)


def sentences() -> set[str | tuple[str, ...]]:
    return {message for _, _, message, _, _ in extract_from_dir(TEMPLATES, [("**.html", "jinja2")], {}, keywords=KEYWORDS)}


def naming() -> list[tuple[str, bool]]:
    """Each sentence of mails and pages with a placeholder for somebody's name or its substitute; and whether that takes the form after a preposition."""
    found = []
    for path in (*TEMPLATES.rglob("*.html"), *(ROOT / "notices" / "templates").rglob("*.j2")):
        for call in Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text()).find_all(nodes.Call):
            if not isinstance(call.node, nodes.Name) or call.node.name != "_":
                continue
            for given in call.kwargs:
                if given.key in ("partner", "who") and isinstance(given.value, nodes.Name | nodes.Or):
                    names = {name.name for name in given.find_all(nodes.Name)}
                    found.append((call.args[0].as_const(), bool(names & {"with_partner", "pgettext"})))
    return found


def facts(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("code", [code for code in OFFERED if code != "en"])
def test_nothing_is_left_in_english(code):
    spoken = language(code).translations
    found = sentences()
    assert len(found) > 300
    for message in found:
        if isinstance(message, str):
            said = spoken.ugettext(message)
            assert said != message or message == "Feedback", message
            assert facts(said) == facts(message), message
        else:
            one, many = message
            for number in (0, 1, 2, 3, 11, 100):
                said = spoken.ungettext(one, many, number)
                assert said not in message, message
                assert facts(said) <= facts(many), message
                assert facts(many) - facts(said) <= {"num"}, message


@pytest.mark.parametrize("code", [code for code in OFFERED if code != "en"])
def test_what_depends_on_its_place_in_a_sentence_is_translated_for_it(code):
    found = [
        (context, message)
        for folder, ending in ((TEMPLATES, "html"), (ROOT / "notices" / "templates", "j2"))
        for _, _, message, _, context in extract_from_dir(folder, [(f"**.{ending}", "jinja2")], {}, keywords=IN_CONTEXT)
    ]
    assert found
    for context, message in found:
        assert context is not None
        assert isinstance(message, str)
        assert language(code).translations.upgettext(context, message) != message


def test_in_german_whoever_has_no_name_stands_in_the_case_that_the_sentence_asks_for():
    spoken = language("de").translations
    found = naming()
    assert len(found) > 60
    for sentence, after_a_preposition in found:
        said = spoken.ugettext(sentence)
        before = re.findall(r"(?:(\w+) )?%\((?:partner|who)\)s", said)
        assert before, said
        assert {word.lower() in DATIVE for word in before} == {after_a_preposition}, said


def test_in_arabic_no_letter_is_glued_to_a_name():
    """Before an article the preposition would be written otherwise: لـ and الطرف make للطرف."""
    for sentence, _ in naming():
        assert "ـ%(" not in language("ar").translations.ugettext(sentence), sentence


def forms(code: str) -> list[str]:
    """Every translation of both catalogues."""
    found: list[str] = []
    for package in ("notices", "webhook"):
        for message in read_po((ROOT / package / "locales" / code / "LC_MESSAGES" / "messages.po").open("rb"), locale=code):
            if message.id:
                assert message.string is not None
                found += [message.string] if isinstance(message.string, str) else message.string
    return found


def test_german_is_set_as_german_is():
    for said in forms("de"):
        assert not re.search(r"[\"”«»]|\.\.\.| - |'|\d %|\b(?:du|dein\w*|dir|dich)\b", said), said
        assert said.count("„") == said.count("“"), said


def test_arabic_is_set_as_arabic_is():
    """Its own comma, semicolon, question and quotation marks; one set of digits; isolates that are closed."""
    for said in forms("ar"):
        words = re.sub(r"%\(\w+\)s", "", said)
        assert not re.search(r"[,;?\"“”„\u0660-\u0669]", words), said
        assert said.count("«") == said.count("»"), said
        assert said.count("\u2068") == said.count("\u2069"), said


@pytest.mark.parametrize("code", [code for code in OFFERED if code != "en"])
def test_what_mails_and_pages_both_say_they_say_in_the_same_words(code):
    """The mails' catalogue takes precedence, so another wording in the pages' one would never be read."""
    mails, pages = (read_po((ROOT / package / "locales" / code / "LC_MESSAGES" / "messages.po").open("rb"), locale=code) for package in ("notices", "webhook"))
    for message in pages:
        other = mails.get(message.id, message.context) if message.id else None
        assert other is None or other.string == message.string, message.id


async def test_a_chosen_language_stays_from_page_to_page(browser, two, mentorship, running):
    page = await browser.get(two.page("ben", "set_goal") + "?lang=ar")
    after = await browser.send(page, "/set_goal", text="هدف", steps="")
    assert '<html lang="ar" dir="rtl">' in after.text
    assert "lang=ar" in found_in(after.text, r'href="([^"]*/set_goal[^"]*)"')


async def test_in_arabic_what_the_programme_calls_things_is_set_apart_from_the_sentence_around_it(browser, two):
    """Whatever language a title is in, its brackets and question marks stay in place."""
    for path in (("record_milestone", "introduction"), ("confirm_expectations",), ()):
        page = await browser.get(two.page("ben", *path) + "?lang=ar")
        assert "\u2068Engineering mentorship 2027\u2069" in page.text, path
    assert "أنجزناها: \u2068An introduction that opens a door\u2069" in page.text


# -- which of them ----------------------------------------------------------------------------------------------------------


async def test_the_browsers_language_is_spoken_to_strangers(http, two):
    for accepted, code, direction in (("de-AT,de;q=0.9", "de", "ltr"), ("ar", "ar", "rtl"), ("fr;q=1, en;q=0.5", "en", "ltr"), ("*;q=x,,", "en", "ltr")):
        page = await http.get("/who-sees-what", headers={"Accept-Language": accepted})
        assert f'<html lang="{code}" dir="{direction}">' in page.text


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("de;q=0, ar;q=0.1", "ar"),
        ("de;q=0", "en"),
        ("de;q=0.0, en;q=0.000", "en"),
        ("ar ; q=0.2, de ;\tQ=0.3", "de"),
        ("en;q=0.5, de;q=0.5", "en"),
        ("de;q=0.5, en;q=0.5", "de"),
        ("fr, *;q=0.5", "en"),
        ("en;q=0, *;q=0.5", "de"),
        ("en;q=0, de;q=0, *", "ar"),
        ("ar;q=0.3, *;q=0.1", "ar"),
        ("*;q=0, ar;q=0.1", "ar"),
        ("*;q=0", "en"),
        ("*", "en"),
        ("de-AT;q=0, de;q=0.4", "de"),
        ("de;q=nan, ar;q=inf, de;q=-1, de;q=2, de;q=, de;q=0.1234, de;level=1, en", "en"),
        ("", "en"),
    ],
)
def test_a_browsers_wishes_are_weighed_as_the_standard_says(accepted, code):
    """RFC 9110, 12.5.4: a weight of 0 says what is not wanted, and `*` is whatever was not named."""
    assert guest_language(None, accepted).code == code
    assert guest_language("ar", accepted).code == "ar"


@pytest.mark.parametrize(("path", "status"), [("/who-sees-what", 200), ("/new-link", 200), ("/c/none", 404), ("/p/forged", 404)])
async def test_a_language_that_nobody_here_speaks_is_passed_over(path, status, http, two):
    for tag in ("ach", "cak", "son", "sco", "bar", "mul", "x-default", "i-klingon", "de-x-"):
        page = await http.get(path, headers={"Accept-Language": f"{tag},ar;q=0.5"})
        assert (page.status_code, page.headers["content-language"]) == (status, "ar"), tag
