"""ISO 8601 durations that remember whether they are calendar time or elapsed time."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_serializer, model_validator
from pydantic.functional_validators import AfterValidator

_SHAPE = re.compile(r"P(?:(?P<weeks>\d{1,4})W|(?P<days>\d{1,5})D)?(?:T(?=\d)(?:(?P<h>\d{1,7})H)?(?:(?P<m>\d{1,7})M)?(?:(?P<s>\d{1,8})S)?)?")

_MOST_DAYS, _MOST_SECONDS = 99_999, 10_000_000_000
LONGEST = "P99999D"


class Duration(BaseModel, frozen=True):
    """`P26W` and `P7D` are calendar time in a zone, `PT24H` is elapsed time; a duration may have both (`P1DT2H`).

    Where no zone is at hand (rules between two instants, such as "within 7 days"), `span` takes a day as 24 hours.
    """

    days: Annotated[int, Field(ge=0, le=_MOST_DAYS)] = 0
    seconds: Annotated[int, Field(ge=0, le=_MOST_SECONDS)] = 0

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if too_long(value):
            raise ValueError(f"expected a shorter duration, at most {LONGEST}")
        match = _SHAPE.fullmatch(value)
        if match is None or not any(match.groupdict().values()):
            raise ValueError("expected an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as P2W, P7D or PT24H")
        return _parts(match)

    @model_serializer
    def _text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.days and not self.seconds:
            return f"P{self.days // 7}W" if self.days % 7 == 0 else f"P{self.days}D"
        date = f"{self.days}D" if self.days else ""
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        return f"P{date}" + (f"T{time or '0S'}" if time or not date else "")

    def __add__(self, other: Duration) -> Duration:
        """Both, one after the other; at most what a duration can hold."""
        return Duration(days=min(self.days + other.days, _MOST_DAYS), seconds=min(self.seconds + other.seconds, _MOST_SECONDS))

    @cached_property
    def span(self) -> timedelta:
        """The length between two instants, a day taken as 24 hours."""
        return timedelta(days=self.days, seconds=self.seconds)


def _positive(value: Duration) -> Duration:
    if not value.span:
        raise ValueError("expected a duration longer than nothing")
    return value


Positive = Annotated[Duration, AfterValidator(_positive)]


def _parts(match: re.Match[str]) -> dict[str, int]:
    part = {name: int(text or 0) for name, text in match.groupdict().items()}
    return {"days": part["weeks"] * 7 + part["days"], "seconds": part["h"] * 3600 + part["m"] * 60 + part["s"]}


def too_long(text: str) -> bool:
    """Whether this would be a duration if its numbers were not too large for one."""
    match = _SHAPE.fullmatch(text)
    if match is not None:
        return _parts(match)["seconds"] > _MOST_SECONDS
    return _SHAPE.fullmatch(re.sub(r"\d{5,}", "1", text)) is not None


def iso(text: str) -> Duration:
    """The duration that `text` says; for defaults and tests. Raises pydantic.ValidationError."""
    return Duration.model_validate(text)
