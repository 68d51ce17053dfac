"""The document to print (H8): one landscape page, PDF/A-3a and PDF/UA-1, with the signed credential attached.

The same facts, credential and fonts give the same bytes. System fonts are never used.
"""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import segno
from babel import Locale
from babel.dates import format_date

from certificates.credential import certificate_url
from certificates.facts import CertificateFacts
from certificates.typesetting import HERE, compiled, refuse_invisible
from certificates.wording import wording

TEMPLATE = HERE / "certificate.typ"


def document(facts: CertificateFacts, credential: str, issuer_name: str, *, base_url: str, font_folder: Path | None = None) -> bytes:
    """The PDF. `font_folder` adds fonts for scripts beyond Latin, Greek, Cyrillic and Arabic. Raises `Unprintable`."""
    page = _page(facts, issuer_name, base_url)
    for text in (facts.holder_name, facts.programme_title, issuer_name):
        refuse_invisible(text)
    inputs = {"facts": json.dumps(page, ensure_ascii=False), "code": _code(page["url"]), "credential": credential}
    return compiled(TEMPLATE, inputs, font_folder)


def _page(facts: CertificateFacts, issuer_name: str, base_url: str) -> dict[str, Any]:
    words = wording(facts.language)
    url = certificate_url(base_url, facts.id)
    locale = Locale.parse(words.locale)

    def day(on: date) -> str:
        return str(format_date(on, "long", locale=locale))

    details = [
        (words.period_label, f"{day(facts.started_on)} – {day(facts.completed_on)}"),
        (words.issued_label, day(facts.issued_on)),
        (words.issuer_label, issuer_name),
    ]
    if facts.show_results:
        details.insert(1, (words.results_label, words.results.format(done=facts.milestones_done, total=facts.milestones_total)))
    return {
        "language": words.language,
        "direction": "rtl" if locale.text_direction == "rtl" else "ltr",
        "heading": words.heading,
        "before": words.before,
        "name": _line(facts.holder_name),
        "between": words.between,
        "title": _line(facts.programme_title),
        "after": words.after,
        "details": details,
        "issuer": issuer_name,
        "issued_on": [facts.issued_on.year, facts.issued_on.month, facts.issued_on.day],
        "verify": words.verify,
        "url": url,
        "picture": words.picture.format(url=url),
        "attachment": words.attachment,
    }


def _line(words: str) -> dict[str, str]:
    """A line has the direction of its first letter, whatever the certificate's language."""
    strong = next((kind for kind in map(unicodedata.bidirectional, words) if kind in ("L", "R", "AL")), "L")
    return {"words": words, "direction": "ltr" if strong == "L" else "rtl"}


def _code(url: str) -> str:
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#1d2a3a", xmldecl=False, svgclass=None, lineclass=None)
    return drawn.getvalue().decode("utf-8")
