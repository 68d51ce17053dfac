"""The pages' languages: their own catalogues, on top of the mails' one, so that both say the same thing in the same words."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from notices import language as mails
from notices.language import SOURCE, Language

OFFERED = ("en", "de", "ar")
NAMES = {"en": "English", "de": "Deutsch", "ar": "العربية"}
_MOST_HEADER = 500


@cache
def language(code: str) -> Language:
    """The language of a code from OFFERED."""
    spoken = mails.language(code)
    if code == SOURCE:
        return spoken
    source = files("webhook").joinpath("locales", code, "LC_MESSAGES", "messages.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=code))
    compiled.seek(0)
    own = Translations(compiled)
    return Language(code, spoken.locale, own.merge(spoken.translations) if isinstance(spoken.translations, Translations) else own)


def asked_for(code: str | None) -> str | None:
    """The code, if somebody chose a language that there is."""
    return code if code in OFFERED else None


def reader_language(chosen: str | None, profile: str | None, offered: Iterable[str]) -> Language:
    """What the reader chose on the page, else what the mails would use."""
    return language(asked_for(chosen) or mails.choose(profile, offered).code)


def guest_language(chosen: str | None, accepted: str) -> Language:
    """For a page that nobody is known on: what was chosen, else the browser's first wish that there is."""
    return language(asked_for(chosen) or next((code for code in _wishes(accepted) if code in OFFERED), SOURCE))


def _wishes(accepted: str) -> Sequence[str]:
    found: list[tuple[float, str]] = []
    for part in accepted[:_MOST_HEADER].split(","):
        tag, _, weight = part.partition(";q=")
        try:
            locale = Locale.parse(tag.strip().replace("-", "_"))
            found.append((-float(weight or 1), locale.language if locale else ""))
        except (ValueError, UnknownLocaleError):  # no tag, or one of a language that Babel does not know
            continue
    return [code for _, code in sorted(found, key=lambda wish: wish[0])]
