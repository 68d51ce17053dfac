"""Every sentence of the pages in every language, with the same facts in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from webhook.pages.wording import OFFERED, language

TEMPLATES = Path(__file__).parents[3] / "webhook" / "templates"
KEYWORDS = {"_": None, "ngettext": (1, 2)}


def sentences() -> set[str | tuple[str, ...]]:
    return {message for _, _, message, _, _ in extract_from_dir(TEMPLATES, [("**.html", "jinja2")], {}, keywords=KEYWORDS)}


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
            for number in (0, 1, 2, 3, 11, 100):
                said = spoken.ungettext(*message, number)
                assert said not in message, message
                assert facts(said) <= facts(message[1]), message
                assert facts(message[1]) - facts(said) <= {"num"}, message


async def test_a_chosen_language_stays_from_page_to_page(browser, two, mentorship, running):
    page = await browser.get(two.page("ben", "set_goal") + "?lang=ar")
    after = await browser.send(page, "/set_goal", text="هدف", steps="")
    assert '<html lang="ar" dir="rtl">' in after.text
    assert "lang=ar" in re.search(r'href="([^"]*/set_goal[^"]*)"', after.text)[1]
