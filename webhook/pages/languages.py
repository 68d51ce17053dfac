"""The pages' languages: their own catalogues with the mails' merged in. Where both have a sentence, the mails' wording wins, so that both say it in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from babel.support import Translations
from fastapi import Request

from notices import language as mails
from notices.language import SOURCE, Language

NAMES = {"en": "English", "de": "Deutsch", "ar": "العربية"}
OFFERED = tuple(NAMES)
_MOST_HEADER = 500
_RANGE = re.compile(
    r"(?:(?P<all>\*)|(?P<language>[a-z]{1,8})(?:-[a-z0-9]{1,8})*)(?:[ \t]*;[ \t]*q=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.ASCII | re.IGNORECASE
)
"""One language range with its weight; anything else is ignored."""


@cache
def language(code: str) -> Language:
    """The language of a code from OFFERED."""
    spoken = mails.language(code)
    if code == SOURCE:
        return spoken
    own = mails.catalogue("webhook", code)
    return Language(code, spoken.locale, own.merge(spoken.translations) if isinstance(spoken.translations, Translations) else own)


def chosen_language(request: Request) -> str | None:
    """What the reader chose on the page, if it is one of OFFERED."""
    code = request.query_params.get("lang")
    return code if code in OFFERED else None


def reader_language(chosen: str | None, profile: str | None, offered: Iterable[str]) -> Language:
    """What the reader chose on the page, else what the mails would use."""
    return language(chosen or mails.choose(profile, offered).code)


def guest_language(chosen: str | None, accepted: str) -> Language:
    """For a page whose reader is not known: the language that was chosen, else the one in OFFERED that the browser wishes most."""
    return language(chosen or _wished(accepted) or SOURCE)


def spoken_to_guest(request: Request) -> tuple[Language, str | None]:
    """The guest's language, and the one that they chose, if any."""
    chosen = chosen_language(request)
    return guest_language(chosen, request.headers.get("accept-language", "")), chosen


def _wished(accepted: str) -> str | None:
    """The language of OFFERED that an Accept-Language header weighs highest (RFC 9110, 12.5.4); None if none is acceptable, or none is named.

    A weight of 0 is a refusal, and `*` stands for every language not named. Of equal weights the first in the header wins.
    """
    weights: dict[str, float] = {}
    for part in accepted[:_MOST_HEADER].split(","):
        if wish := _RANGE.fullmatch(part.strip()):
            code = (wish["all"] or wish["language"]).lower()
            weights[code] = max(weights.get(code, 0.0), float(wish["weight"] or 1))
    if any_other := weights.pop("*", 0.0):
        weights = {**weights, **{code: any_other for code in OFFERED if code not in weights}}
    return max((code for code, weight in weights.items() if weight and code in OFFERED), key=weights.__getitem__, default=None)
