"""What HR's system may say about a person (P6), event by event. Strict, like every body here."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from records.address import is_address
from records.people import Said
from schedule.calendar import instant, zone, zone_names
from webhook.bodies import Part, When, iso, seen

_NAMES = r"^[^\s|/?#%\\]{1,100}$"


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("expected an e-mail address such as ana@example.com, in ASCII before the @")
    return text


def _zone(name: str) -> str:
    if name not in zone_names():
        raise ValueError("expected a time zone's name such as Europe/Berlin")
    return name


def _language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        raise ValueError("expected a language tag such as en, de or pt-BR") from None
    return tag


def _near(day: date) -> date:
    if not 2000 <= day.year < 2200:
        raise ValueError("expected a day between 2000 and 2200")
    return day


_Date = Annotated[date, Field(strict=False), iso(r"\d{4}-\d{2}-\d{2}", "2027-03-10"), AfterValidator(_near)]
Day = Annotated[When | _Date, Field(union_mode="left_to_right")]
"""An instant with a zone, or a date, which means its first moment in the person's zone."""


class Leave(Part):
    """Away from `from` (by default: now) until `until`, the first day back; without `until`, until `back` comes."""

    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    def begins(self, time_zone: str) -> datetime | None:
        return _instant(self.from_, time_zone)

    def ends(self, time_zone: str) -> datetime | None:
        return _instant(self.until, time_zone)


class Back(Part):
    """Here again, sooner than was said, or after a leave without an end."""


class Left(Part):
    """Gone from the company, or from the programme, for good."""


class Manager(Part):
    """Reports to somebody else, or to nobody any more (null). Records need not know the new manager."""

    manager_id: Annotated[str, StringConstraints(pattern=_NAMES)] | None


class Address(Part):
    """Whichever of these changed; the others stay as they are."""

    email: Annotated[str, AfterValidator(_address)] | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(seen)] | None = None
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    language: Annotated[str, AfterValidator(_language)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and (not value or None in value.values()):
            raise ValueError("expected at least one of email, name, time_zone and language, and none of them null")
        return value

    def said(self) -> dict[Said, str | None]:
        given: dict[Said, str | None] = {"email": self.email, "name": self.name, "time_zone": self.time_zone, "language": self.language}
        return {name: value for name, value in given.items() if value is not None}


Event = Leave | Back | Left | Manager | Address

EVENTS: dict[str, type[Event]] = {"leave": Leave, "back": Back, "left": Left, "manager": Manager, "address": Address}


def _instant(day: datetime | date | None, time_zone: str) -> datetime | None:
    return day if day is None or isinstance(day, datetime) else instant(day, time(), zone(time_zone))
