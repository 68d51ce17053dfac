"""Languages: catalogues of wording, and how each language writes a day and a time.

A language is a folder under locales/ with a `messages.po`; the templates themselves are in English. Catalogues are compiled in memory
when first used, so that no binary file can be out of date.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
_TERRITORY = {"en": "GB"}
"""For languages whose bare code would give unexpected formats: the source is British English, with a 24-hour clock."""

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Language:
    """A language that mails can be written in. Right-to-left ones (`rtl`) isolate names and numbers against mixed directions."""

    code: str
    locale: Locale
    translations: NullTranslations

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        return cast("Literal['ltr', 'rtl']", self.locale.text_direction)

    def isolated(self, text: str) -> str:
        """`text`, isolated so that its own direction does not disturb the sentence around it."""
        return f"\u2068{text}\u2069" if self.direction == "rtl" else text

    def listed(self, texts: Sequence[str]) -> str:
        """One after the other, as in a sentence: `a, b and c`."""
        return str(format_list(texts, locale=self.locale))

    def lasting(self, span: timedelta) -> str:
        """The exact length, such as `24 hours`, `10 days`, `2 weeks`, or `1 hour and 30 minutes`. Days and weeks are used from two of them on."""
        days, rest = divmod(int(span.total_seconds()), _DAY)
        weeks, days = (days // 7, 0) if days >= 14 and days % 7 == 0 and not rest else (0, days)
        days, rest = (days, rest) if days > 1 else (0, rest + days * _DAY)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        ngettext = self.translations.ungettext
        # Translators use the form after a word like "within": the sentences around it are made for that.
        said = (
            (weeks, ngettext("%(num)s week", "%(num)s weeks", weeks)),
            (days, ngettext("%(num)s day", "%(num)s days", days)),
            (hours, ngettext("%(num)s hour", "%(num)s hours", hours)),
            (minutes, ngettext("%(num)s minute", "%(num)s minutes", minutes)),
            (seconds, ngettext("%(num)s second", "%(num)s seconds", seconds)),
        )
        parts = [text % {"num": number} for number, text in said if number] or [said[3][1] % {"num": 0}]
        return self.listed(parts)


@cache
def known() -> frozenset[str]:
    """The codes of the languages that have wording."""
    folder = files("notices").joinpath("locales")
    return frozenset({SOURCE, *(entry.name for entry in folder.iterdir() if entry.joinpath("LC_MESSAGES", "messages.po").is_file())})


@cache
def language(code: str) -> Language:
    """The language of a code from known()."""
    locale = Locale(code, _TERRITORY.get(code))
    if code == SOURCE:
        return Language(code, locale, NullTranslations())
    return Language(code, locale, catalogue("notices", code))


def catalogue(package: str, code: str) -> Translations:
    """A package's own wording in that language."""
    source = files(package).joinpath("locales", code, "LC_MESSAGES", "messages.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=code))
    compiled.seek(0)
    return Translations(compiled)


def choose(wanted: str | None, offered: Iterable[str]) -> Language:
    """The reader's language if the programme offers it, else the first one of the programme's that has wording, else English."""
    usable = [code for code in map(_base, offered) if code in known()]
    base = _base(wanted or "")
    return language(base if base in usable else next(iter(usable), SOURCE))


def _base(tag: str) -> str:
    """`de` for `de-AT` or `DE_at`; empty if it is no language tag."""
    try:
        return Locale.parse(tag.strip().replace("-", "_")).language
    except (ValueError, UnknownLocaleError, TypeError):
        return ""


def zone(*names: str | None) -> ZoneInfo:
    """The first of `names` that is a time zone, else UTC."""
    for name in names:
        try:
            return ZoneInfo((name or "").strip())
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


@cache
def _city(key: str, locale: Locale) -> str:
    """What a language calls a zone's city. Unicode files cities under names that zones once had, such as Asia/Calcutta and Europe/Kiev."""
    aliases = get_global("zone_aliases")
    today = aliases.get(key, key)
    names = (today, *(old for old, new in aliases.items() if new == today))
    known = (locale.time_zones.get(name, {}).get("city") for name in names)
    found = next((city for city in known if city), None) or get_timezone_location(key, locale=locale, return_city=True)
    return str(found).rpartition("/")[2]


@dataclass(frozen=True)
class Clock:
    """Writes instants as a reader reads them, without the year if it is that of `now`, the mail's own instant."""

    language: Language
    zone: ZoneInfo
    now: datetime

    def place(self) -> str:
        """The zone as people call it: its city's name, or its distance from UTC."""
        if self.zone.key == "UTC" or self.zone.key.startswith("Etc/"):
            hours = int((self.now.astimezone(self.zone).utcoffset() or timedelta()) / timedelta(hours=1))
            return self.language.isolated(f"UTC{hours:+}") if hours else "UTC"
        return self.language.isolated(_city(self.zone.key, self.language.locale))

    def day(self, instant: datetime, *, year: bool = False) -> str:
        """Such as `Tuesday 12 January`; with `year`, always with the year."""
        # Translators choose the order and the punctuation (Unicode date patterns).
        pattern = self._("EEEE d MMMM") if self._this_year(instant) and not year else self._("EEEE d MMMM y")
        return self._dated(instant, pattern)

    def short(self, instant: datetime) -> str:
        """Such as `Tue 12 Jan, 10:00`: for subjects and lists."""
        pattern = self._("EEE d MMM") if self._this_year(instant) else self._("EEE d MMM y")
        return self._joined(self._dated(instant, pattern), self.time(instant))

    def when(self, instant: datetime) -> str:
        """Such as `Tuesday 12 January, 10:00`."""
        return self._joined(self.day(instant), self.time(instant))

    def until(self, instant: datetime) -> str:
        """An end. One at the start of a day is written as the day before's, such as `Sunday 29 August, 24:00`, since nobody would read 00:00 so.

        A day starts at one where the clocks skip its midnight, and has two midnights where they are set back to it.
        """
        before = instant.astimezone(UTC) - timedelta(seconds=1)
        if before.astimezone(self.zone).date() >= instant.astimezone(self.zone).date():
            return self.when(instant)
        # Also with a 12-hour pattern, which has no other way to write the end of a day.
        return self._joined(self.day(before), "24:00")

    def to_the_second(self, instant: datetime, *, year: bool = False) -> str:
        """Such as `Tuesday 12 January, 10:00:01`: where a second decides."""
        return self._joined(self.day(instant, year=year), self.time(instant, seconds=True))

    def time(self, instant: datetime, *, seconds: bool = False) -> str:
        pattern = self._("HH:mm:ss") if seconds else self._("HH:mm")
        return str(format_time(instant.astimezone(UTC), pattern, tzinfo=self.zone, locale=self.language.locale))

    def _joined(self, day: str, time: str) -> str:
        return self._("%(day)s, %(time)s") % {"day": day, "time": time}

    def _dated(self, instant: datetime, pattern: str) -> str:
        together = pattern.replace("d MMM", "d\u00a0MMM")  # no line ends between a day and its month, in English as in the catalogues' patterns
        return str(format_date(instant.astimezone(self.zone).date(), together, locale=self.language.locale))

    def _this_year(self, instant: datetime) -> bool:
        return instant.astimezone(self.zone).year == self.now.astimezone(self.zone).year

    def _(self, text: str) -> str:
        return str(self.language.translations.ugettext(text))
