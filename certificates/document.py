"""The document to print (H8): one landscape page, PDF/A-3a and PDF/UA-1, with the signed credential attached.

Same facts, same credential, same fonts: same bytes. System fonts are never looked at.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst
from babel import Locale
from babel.dates import format_date

from certificates.credential import certificate_url
from certificates.facts import CertificateFacts
from certificates.wording import wording

HERE = Path(__file__).parent
TEMPLATE = HERE / "certificate.typ"
FONTS = HERE / "fonts"
PROBE = HERE / "probe.typ"
ATTACHMENT = "credential.json"
STANDARDS: list[Any] = ["a-3a", "ua-1"]
JOINERS_AND_MARKS = "\u200c\u200d\u200e\u200f"  # what Persian and mixed scripts are written with


class Unprintable(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """No font here can print this character: add one to the font folder. Tells the character, never the text around it."""

    def __init__(self, character: str) -> None:
        named = ", ".join(f"U+{ord(part):04X} {unicodedata.name(part, 'unnamed')}" for part in character)
        super().__init__(f"no font at hand prints {named}")
        self.character = character


class NotRendered(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """The document could not be made for another reason than a glyph."""


def document(facts: CertificateFacts, credential: str, issuer_name: str, *, base_url: str, font_folder: Path | None = None) -> bytes:
    """The PDF. `font_folder` adds fonts for scripts beyond Latin, Greek, Cyrillic and Arabic. Raises `Unprintable`."""
    page = _page(facts, issuer_name, base_url)
    for text in (facts.holder_name, facts.programme_title, issuer_name):
        _refuse_invisible(text)
    inputs = {"facts": json.dumps(page, ensure_ascii=False), "code": _code(page["url"]), "credential": credential}
    return _compiled(TEMPLATE, inputs, font_folder)


def check_printable(text: str, *, font_folder: Path | None = None) -> None:
    """Raise `Unprintable` now for a name or a title that would stop its certificate half a year later."""
    _refuse_invisible(text)
    _compiled(PROBE, {"text": text}, font_folder)


def _compiled(template: Path, inputs: dict[str, str], font_folder: Path | None) -> bytes:
    try:
        return typst.compile(
            template,
            root=HERE,
            font_paths=_fonts(font_folder, _seen(font_folder)),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=STANDARDS,  # without a standard a missing glyph is only a warning
            timestamp=0,  # the template states the date
        )
    except typst.TypstError as problem:
        raise _explained(problem) from None


def _seen(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What is in the folder now: a font that an operator adds is used at once, by processes that run already."""
    if folder is None:
        return ()
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple((str(path), known.st_mtime_ns, known.st_size) for path, known in found)


@lru_cache(maxsize=4)
def _fonts(folder: Path | None, _: tuple[tuple[str, int, int], ...]) -> typst.Fonts:
    paths: list[Any] = [FONTS] if folder is None else [FONTS, folder]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=paths)


def _page(facts: CertificateFacts, issuer_name: str, base_url: str) -> dict[str, Any]:
    words = wording(facts.language)
    url = certificate_url(base_url, facts.id)
    locale = Locale.parse(words.locale)

    def day(on: date) -> str:
        return str(format_date(on, "long", locale=locale))

    details = [
        (words.period_label, words.period.format(start=day(facts.started_on), end=day(facts.completed_on))),
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
    """A line runs as its first letter does, whatever the certificate's language."""
    strong = next((kind for kind in map(unicodedata.bidirectional, words) if kind in ("L", "R", "AL")), "L")
    return {"words": words, "direction": "ltr" if strong == "L" else "rtl"}


def _code(url: str) -> str:
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#1d2a3a", xmldecl=False, svgclass=None, lineclass=None)
    return drawn.getvalue().decode("utf-8")


def _refuse_invisible(text: str) -> None:
    """Controls, and marks that reorder what surrounds them, would print something else than what was signed."""
    for character in text:
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cs", "Co", "Cn") or (kind == "Cf" and character not in JOINERS_AND_MARKS):
            raise Unprintable(character)


def _explained(problem: typst.TypstError) -> Exception:
    """The compiler quotes what it could not print: one character, perhaps with its accents, in Rust's escapes."""
    if quoted := re.search(r'the text `"(.+?)"` could not be displayed', problem.message):
        plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda escape: chr(int(escape[1], 16)), quoted[1])
        return Unprintable(plain)
    return NotRendered(re.sub(r"`[^`]*`", "`…`", problem.message))  # whatever it quotes might be a person's
