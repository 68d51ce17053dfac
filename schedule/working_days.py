"""On which days people meet: working days, outside quiet weeks and the public holidays of either person, each where they live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import holidays

from mentorship.programme import Meetings, Programme, Quiet
from schedule.calendar import zone

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class UnknownCountry(ValueError):  # noqa: N818 - as UnknownZone
    """No public holidays are known for this country code; the message says which one, and the nearest codes."""

    def __init__(self, code: str) -> None:
        near = get_close_matches(code.upper(), sorted(country_codes()), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "expected an ISO 3166 code such as DE, or DE-BY for a part of the country"
        super().__init__(f"unknown country {code!r}; {hint}")


@cache
def country_codes() -> frozenset[str]:
    """Every code with known public holidays: countries (`DE`) and their parts (`DE-BY`)."""
    countries = holidays.list_supported_countries(include_aliases=False)
    return frozenset(countries) | frozenset(f"{country}-{part}" for country, parts in countries.items() for part in parts)


@cache
def public_holidays(code: str) -> holidays.HolidayBase:
    """The public holidays of `DE` or `DE-BY`. Years are filled in when somebody asks for them. Raises UnknownCountry."""
    if code not in country_codes():
        raise UnknownCountry(code)
    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def known_until(code: str) -> int:
    """The last year whose public holidays are known for `DE` or `DE-BY`: some countries announce theirs year by year. Raises UnknownCountry."""
    return int(public_holidays(code).end_year)


class Resident(Protocol):
    """What is known about where somebody lives."""

    @property
    def time_zone(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...


class Home(NamedTuple):
    """Where a person lives: the zone of their clocks, and the country of their public holidays, if any."""

    zone: str
    country: str | None = None

    @classmethod
    def of(cls, person: Resident, programme: Programme) -> Home:
        """A person who named no zone goes by the programme's clocks."""
        return cls(person.time_zone or programme.programme.time_zone, person.country)


@dataclass(frozen=True)
class WorkingDays:
    """The days on which a pair may meet. Working days and quiet times are the pair's dates; a public holiday is a date where that person lives."""

    weekdays: frozenset[int]
    quiet: tuple[Quiet, ...]
    public: tuple[tuple[holidays.HolidayBase, ZoneInfo], ...]

    @classmethod
    def of(cls, meetings: Meetings, homes: Iterable[Home]) -> WorkingDays:
        """Countries are looked up only if the programme observes holidays. Raises UnknownZone, UnknownCountry."""
        return cls(
            weekdays=frozenset(_WEEKDAYS.index(day) for day in meetings.working_days),
            quiet=meetings.quiet,
            public=tuple((public_holidays(home.country), zone(home.zone)) for home in dict.fromkeys(homes) if home.country) if meetings.holidays else (),
        )

    def allow(self, day: date, at: datetime) -> bool:
        """Whether a meeting may begin `at` this instant, which is on the pair's `day`."""
        return (
            day.weekday() in self.weekdays
            and not any(quiet.from_ <= day <= quiet.to for quiet in self.quiet)
            and not any(at.astimezone(where).date() in public for public, where in self.public)
        )
