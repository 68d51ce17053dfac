"""Every sentence has a translation with the same facts in it, and every plural has its forms."""

import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from mentorship.duration import iso
from notices.language import Clock, choose, known, language, zone

ROOT = Path(str(files("notices")))
METHODS = [("**.py", "python"), ("**.j2", "jinja2")]
PLACE = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def sentences() -> set[tuple[str | None, str | tuple[str, ...]]]:
    """All sentences, each with its context where the same words have different translations."""
    keywords = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
    found = extract_from_dir(ROOT, method_map=METHODS, keywords=keywords, options_map={"**.j2": {"trim_blocks": "true", "lstrip_blocks": "true"}})
    return {(context, message if isinstance(message, str) else tuple(message)) for _, _, message, _, context in found}


def catalogue(code: str) -> Catalog:
    return read_po((ROOT / "locales" / code / "LC_MESSAGES" / "messages.po").open("rb"), locale=code)


def test_english_german_and_arabic_are_there():
    assert known() == {"en", "de", "ar"}


@pytest.mark.parametrize("code", ["de", "ar"])
def test_no_sentence_is_left_in_english_and_none_is_left_over(sentences, code):
    translated = {(message.context, message.id) for message in catalogue(code) if message.id and not message.fuzzy and all(_forms(message.string))}
    assert translated == sentences


@pytest.mark.parametrize("code", ["de", "ar"])
def test_a_translation_names_the_same_facts_as_the_sentence(code):
    for message in catalogue(code):
        if not message.id:
            continue
        source = _forms(message.id)
        allowed = set(PLACE.findall(" ".join(source)))
        required = set(PLACE.findall(source[0])) - {"num"}  # a form for one or two may write the number as a word
        for form in _forms(message.string):
            assert required <= set(PLACE.findall(form)) <= allowed, form


@pytest.mark.parametrize(("code", "count"), [("de", 2), ("ar", 6)])
def test_plurals_have_every_form_of_their_language(code, count):
    plurals = [message for message in catalogue(code) if isinstance(message.id, tuple)]
    assert plurals
    assert {len(_forms(message.string)) for message in plurals} == {count}


@pytest.mark.parametrize("number", [100, 101, 102, 200])
def test_arabic_counts_hundreds_in_the_singular(number):
    """What follows 11 to 99 takes another case than what follows whole hundreds, and the two forms are easily swapped."""
    spoken = language("ar").translations
    assert f"{number} يوم " in spoken.ungettext("%(num)s day", "%(num)s days", number) % {"num": number} + " "
    for message in catalogue("ar"):
        if isinstance(message.id, tuple):
            *_, eleven, hundred = _forms(message.string)
            assert not (re.search(r"%\(num\)s \w+ً", hundred) and re.search(r"%\(num\)s \w+ً", eleven)), eleven


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    assert text is not None
    return [text] if isinstance(text, str) else list(text)


def test_one_instant_reads_as_its_own_language_writes_it():
    instant = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    written = {code: Clock(language(code), zone("Europe/Berlin"), instant).when(instant) for code in ("en", "de", "ar")}
    assert written == {"en": "Monday 1\u00a0March, 10:00", "de": "Montag, 1.\u00a0März, 10:00\u00a0Uhr", "ar": "الاثنين، 1\u00a0مارس، الساعة\u00a010:00"}


def test_an_end_at_midnight_is_the_end_of_the_day_before():
    berlin, end = zone("Europe/Berlin"), datetime(2027, 8, 29, 22, tzinfo=UTC)
    written = {code: Clock(language(code), berlin, end).until(end) for code in ("en", "de", "ar")}
    assert written == {"en": "Sunday 29\u00a0August, 24:00", "de": "Sonntag, 29.\u00a0August, 24:00\u00a0Uhr", "ar": "الأحد، 29\u00a0أغسطس، الساعة\u00a024:00"}
    assert Clock(language("en"), zone("America/New_York"), end).until(end) == "Sunday 29\u00a0August, 18:00"


@pytest.mark.parametrize(
    ("name", "end", "said"),
    [
        ("Africa/Cairo", datetime(2028, 4, 27, 22, tzinfo=UTC), "Thursday 27\u00a0April, 24:00"),  # Friday begins at 01:00
        ("America/Santiago", datetime(2027, 9, 5, 4, tzinfo=UTC), "Saturday 4\u00a0September, 24:00"),
        ("America/Havana", datetime(2030, 11, 3, 4, tzinfo=UTC), "Saturday 2\u00a0November, 24:00"),  # Sunday has midnight twice
        ("America/Havana", datetime(2030, 11, 3, 5, tzinfo=UTC), "Sunday 3\u00a0November, 00:00"),
    ],
)
def test_a_day_is_over_when_the_next_one_begins_whatever_its_first_hour_is_called(name, end, said):
    assert Clock(language("en"), zone(name), end).until(end) == said


@pytest.mark.parametrize(
    ("name", "en", "de", "ar"),
    [
        ("Europe/Berlin", "Berlin", "Berlin", "برلين"),
        ("US/Eastern", "New York", "New York", "نيويورك"),
        ("Asia/Kolkata", "Kolkata", "Kalkutta", "كالكتا"),
        ("Asia/Calcutta", "Kolkata", "Kalkutta", "كالكتا"),
        ("Europe/Kyiv", "Kyiv", "Kiew", "كييف"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires", "Buenos Aires", "بوينوس أيرس"),
        ("Asia/Ho_Chi_Minh", "Ho Chi Minh City", "Ho-Chi-Minh-Stadt", "مدينة هو تشي منة"),
        ("America/Argentina/Salta", "Salta", "Salta", "سالطا"),
    ],
)
def test_a_zone_is_called_by_its_city_as_the_reader_calls_it(name, en, de, ar):
    """Unicode still lists cities under names that their zones had long ago."""
    now = datetime(2027, 1, 1, tzinfo=UTC)
    assert {code: Clock(language(code), zone(name), now).place().strip("\u2068\u2069") for code in ("en", "de", "ar")} == {"en": en, "de": de, "ar": ar}


@pytest.mark.parametrize(("name", "said"), [("Etc/GMT+5", "UTC-5"), ("Etc/GMT-14", "UTC+14"), ("Etc/GMT", "UTC"), ("Etc/GMT0", "UTC"), ("UTC", "UTC")])
def test_a_zone_that_is_a_distance_from_utc_is_called_by_it_as_people_count(name, said):
    """These zones' names count westwards: read literally, Etc/GMT+5 is ten hours off."""
    clock = Clock(language("en"), zone(name), datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert clock.place() == said
    assert clock.time(datetime(2027, 1, 1, 12, tzinfo=UTC)) == f"{(12 + int(said[3:] or 0)) % 24:02}:00"


def test_the_first_offered_language_with_wording_is_the_fallback():
    assert choose("fr", ("fr", "de", "en")).code == "de"
    assert choose("fr", ("fr",)).code == "en"


@pytest.mark.parametrize(
    ("written", "en", "de", "ar"),
    [
        ("PT24H", "24 hours", "24 Stunden", "24 ساعة"),
        ("PT90M", "1 hour and 30 minutes", "1 Stunde und 30 Minuten", "ساعة واحدة و30 دقيقة"),
        ("P2D", "2 days", "2 Tagen", "يومين"),
        ("PT36H", "36 hours", "36 Stunden", "36 ساعة"),
        ("P7D", "7 days", "7 Tagen", "7 أيام"),
        ("P10D", "10 days", "10 Tagen", "10 أيام"),
        ("P90D", "90 days", "90 Tagen", "90 يومًا"),
        ("P4W", "4 weeks", "4 Wochen", "4 أسابيع"),
        ("P14DT1H", "14 days and 1 hour", "14 Tagen und 1 Stunde", "14 يومًا وساعة واحدة"),
        ("P3DT2H1M1S", "3 days, 2 hours, 1 minute and 1 second", "3 Tagen, 2 Stunden, 1 Minute und 1 Sekunde", "3 أيام وساعتين ودقيقة واحدة وثانية واحدة"),
        ("PT0S", "0 minutes", "0 Minuten", "0 دقيقة"),
    ],
)
def test_how_long_something_lasts_is_said_exactly(written, en, de, ar):
    assert {code: language(code).lasting(iso(written).span) for code in ("en", "de", "ar")} == {"en": en, "de": de, "ar": ar}
