"""On which days people meet: working days, outside quiet weeks and the public holidays of either person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache

import holidays

from mentorship.programme import Meetings, Quiet

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class UnknownCountry(ValueError):  # noqa: N818 - as UnknownZone
    """No public holidays are known for this country code; the message says which one, and the nearest codes."""

    def __init__(self, code: str) -> None:
        near = get_close_matches(code.upper(), sorted(country_codes()), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "expected an ISO 3166 code such as DE, or DE-BY for a part of the country"
        super().__init__(f"unknown country {code!r}; {hint}")
        self.code = code


@cache
def country_codes() -> frozenset[str]:
    """Every code with known public holidays: countries (`DE`) and their parts (`DE-BY`)."""
    countries = holidays.list_supported_countries(include_aliases=False)
    return frozenset(countries) | frozenset(f"{country}-{part}" for country, parts in countries.items() for part in parts)


def public_holidays(code: str) -> holidays.HolidayBase:
    """The public holidays of `DE` or `DE-BY`; years are filled in as they are asked for. Raises UnknownCountry."""
    if code not in country_codes():
        raise UnknownCountry(code)
    return _public_holidays(code)


@cache
def _public_holidays(code: str) -> holidays.HolidayBase:
    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


@dataclass(frozen=True)
class WorkingDays:
    """The days on which a pair may meet, as local dates."""

    weekdays: frozenset[int]
    quiet: tuple[Quiet, ...]
    public: tuple[holidays.HolidayBase, ...]

    @classmethod
    def of(cls, meetings: Meetings, countries: Iterable[str | None]) -> WorkingDays:
        """Countries are looked up only where the programme minds holidays; a person without one has none."""
        codes = sorted({code for code in countries if code}) if meetings.holidays else []
        return cls(
            weekdays=frozenset(_WEEKDAYS.index(day) for day in meetings.working_days),
            quiet=meetings.quiet,
            public=tuple(public_holidays(code) for code in codes),
        )

    def __contains__(self, day: date) -> bool:
        return (
            day.weekday() in self.weekdays
            and not any(quiet.from_ <= day <= quiet.to for quiet in self.quiet)
            and not any(day in public for public in self.public)
        )
