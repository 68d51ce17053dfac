"""The mail that a line offers ready to send: to whom, in which language, and what it does not say (P7, H12, H14)."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from tests.webhook.browser import found_in


async def test_whose_cancellations_it_is_about_is_named_and_only_that_person_is_written_to(browser, desk, says):
    await desk.open("cancellations_mentee", 0)
    page = await browser.line(await browser.get(desk.address()))
    assert "Noor Haddad knows that you were told; the partner does not" in says(page)
    mailto = found_in(page.text, r'href="(mailto:[^"]*)"')
    assert urlsplit(mailto).path == "noor@example.org"
    assert "mia@example.org" not in page.text


async def test_the_drafted_mail_opens_in_a_mail_program_and_can_be_copied(browser, desk):
    await desk.open("not_held", 0)
    page = await browser.line(await browser.get(desk.address()))
    mailto = urlsplit(found_in(page.text, r'href="(mailto:[^"]*)"').replace("&amp;", "&"))
    assert mailto.path == "mia@example.org,noor@example.org"
    asked = parse_qs(mailto.query)
    assert asked["subject"] == ["Your mentoring meetings"]
    assert asked["body"][0].startswith("Hello Mia Brandt and Noor Haddad,\r\n\r\nI look after the programme")
    assert asked["body"][0].endswith("Kind regards\r\nAna Coordinator")
    copied = found_in(page.text, r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>")
    assert copied.strip() == asked["body"][0].replace("\r\n", "\n")


DRAFT = re.compile(
    r'<dd><bdi lang="(\w+)" dir="(\w+)">(.*?)</bdi></dd>.*?<textarea[^>]*readonly lang="(\w+)" dir="(\w+)">(.*?)</textarea>.*?href="(mailto:[^"]*)"', re.DOTALL
)


def drafts(page):
    """Each drafted mail: its language and direction, its recipients, subject, and text."""
    found = []
    for lang, direction, subject, *text_is, text, mailto in DRAFT.findall(page.text):
        assert text_is == [lang, direction]
        address = urlsplit(html.unescape(mailto))
        asked = parse_qs(address.query)
        assert (asked["subject"], asked["body"]) == ([html.unescape(subject)], [html.unescape(text).replace("\n", "\r\n")])
        found.append((lang, direction, address.path, html.unescape(subject), html.unescape(text)))
    return found


async def test_a_drafted_mail_speaks_its_readers_language_and_the_page_the_coordinators(browser, desk, says):
    await desk.hire(noor={"language": "de-AT"})
    await desk.open("cancellations_mentee", 0)
    page = await browser.line(await browser.get(desk.address()))
    [(lang, direction, to, subject, text)] = drafts(page)
    assert (lang, direction, to, subject) == ("de", "ltr", "noor@example.org", "Kann ich bei Ihren Mentoring-Treffen helfen?")
    assert text.startswith("Guten Tag Noor Haddad!")
    assert text.endswith("Ana Coordinator")
    assert '<html lang="en" dir="ltr">' in page.text
    assert "A mail, drafted for you" in says(page)
    assert "It is in the language of whoever reads it: Deutsch" in says(page)
    assert '<bdi lang="de">Deutsch</bdi>' in page.text


async def test_a_language_that_the_coordinator_chose_for_the_page_changes_no_draft(browser, desk, says):
    await desk.hire(noor={"language": "ar"})
    await desk.open("cancellations_mentee", 0)
    before = drafts(await browser.line(await browser.get(desk.address())))
    assert [(lang, direction) for lang, direction, *_ in before] == [("ar", "rtl")]
    for code in ("de", "ar"):
        page = await browser.line(await browser.get(f"{desk.address()}?lang={code}"))
        assert f'<html lang="{code}"' in page.text
        assert drafts(page) == before
        assert ("العربية" in says(page).partition("Text zum Kopieren")[0]) == (code == "de"), "said only where it is another than the page's"


async def test_two_who_read_different_languages_get_a_mail_each_and_two_of_one_language_one_for_both(browser, desk, says):
    await desk.hire(mia={"language": "de"}, noor={"language": "ar"}, jonas={"language": "de"}, aylin={"language": "de"})
    await desk.open("silence", 0)
    await desk.open("silence", 1)
    page = await browser.get(desk.address())
    of_two = await browser.line(page)
    assert [(lang, to) for lang, _, to, *_ in drafts(of_two)] == [("de", "mia@example.org"), ("ar", "noor@example.org")]
    assert "A mail, drafted for you: Mia Brandt" in says(of_two)
    assert "Text to copy: Noor Haddad" in says(of_two)
    assert 'aria-label="Open it in my mail program: Noor Haddad"' in of_two.text
    [(lang, _, to, _, text)] = drafts(await browser.line(page, 1))
    assert (lang, to) == ("de", "jonas@example.org,aylin@example.org")
    assert text.startswith("Guten Tag Jonas Lindqvist und Aylin Öztürk!")


async def test_a_language_that_the_programme_does_not_offer_falls_back_as_in_every_mail(browser, desk, programme):
    await desk.hire(mia={"language": "fr"}, noor={"language": None})
    await desk.open("silence", 0)
    [(lang, _, to, *_)] = drafts(await browser.line(await browser.get(f"{desk.address('carl')}?lang=ar")))
    assert (lang, to) == (programme.programme.languages[0], "mia@example.org,noor@example.org")


async def test_who_stays_behind_is_written_to_alone(browser, desk, says):
    """P6: the person who left gets no mail about their successor."""
    await desk.open("partner_left", 0, side="mentee")
    page = await browser.line(await browser.get(desk.address()))
    assert "One of the two stepped away from the programme." in says(page)
    assert urlsplit(found_in(page.text, r'href="(mailto:[^"]*)"')).path == "noor@example.org"


async def test_the_draft_about_a_leave_tells_the_partner_nothing_of_it(browser, desk, says):
    """Of HR's matters the partner learns that there is a pause, and nothing else."""
    await desk.open("on_leave", 0)
    page = await browser.line(await browser.get(desk.address()))
    assert "One of the two is away for longer than a pause may last." in says(page)
    assert "Of a leave the partner has heard nothing but that there is a pause" in says(page)
    drafted = found_in(page.text, r"<textarea[^>]*>(.*?)</textarea>")
    assert "The longest pause that the programme allows is used up" in drafted
    assert not re.search(r"\b(leave|away)\b", drafted)


async def test_an_erased_person_has_no_name_and_gets_no_mail(browser, desk, says):
    await desk.open("not_held", 0)
    await desk.records.people.erase(desk.refs["noor"])
    page = await browser.line(await browser.get(desk.address()))
    assert "Noor" not in page.text
    assert "Hello Mia Brandt," in says(page)


async def test_a_name_is_text_in_the_list_and_in_the_draft(browser, desk):
    await desk.hire(noor={"name": "Noor <img src=x></textarea><b>"})
    await desk.open("not_held", 0)
    page = await browser.get(desk.address())
    for shown in (page, await browser.line(page)):
        assert "&lt;img src=x&gt;&lt;/textarea&gt;&lt;b&gt;" in shown.text
        assert "<img" not in shown.text
