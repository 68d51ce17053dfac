"""A mail in a real browser: nothing sticks out of it, on a phone and on a desk, in every language."""

from __future__ import annotations

import dataclasses
from email.message import EmailMessage

import pytest

from tests.chromium import headless

WIDTHS = (320, 360, 481, 560, 601, 700)


def page_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("code", ["en", "de", "ar"])
async def test_what_is_broad_or_long_stays_within_the_mail(mail, people, code):
    """The table of four roles is the widest element, and a name without a blank is the longest word."""
    reader = dataclasses.replace(people.mentee, language=code, name="A" * 80)
    with_ = {"reader": reader, "partner": dataclasses.replace(people.mentor, name="B" * 80)}
    pages = [page_of(mail(kind, with_=with_)) for kind in ("welcome", "result", "rescheduled")]
    async with headless() as browser:
        tab = await browser.new_page()
        for width in WIDTHS:
            await tab.set_viewport_size({"width": width, "height": 800})
            for page in pages:
                await tab.set_content(page)
                out = await tab.evaluate(
                    """() => [...document.querySelectorAll(".card *")].filter(part => {
                        const card = part.closest(".card"), style = getComputedStyle(card), box = card.getBoundingClientRect(), own = part.getBoundingClientRect()
                        return own.width && (own.right > box.right - parseFloat(style.paddingRight) + 1 || own.left < box.left + parseFloat(style.paddingLeft) - 1)
                    }).map(part => part.outerHTML.slice(0, 80))"""
                )
                assert out == [], (code, width)
