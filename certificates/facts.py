"""What a certificate is made from (H7, H8): plain facts, nothing about the partner and nothing that anybody said."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints, field_validator, model_validator


def one_line(text: str) -> str:
    """The form that is printed and hashed: composed (NFC), with white space collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def last_day(end: datetime, zone: ZoneInfo) -> date:
    """The last day before an end. An end at midnight (one o'clock if clocks skip midnight) closes the day before, as the mails say it (24:00)."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()


def issue_day(issued: datetime, zone: ZoneInfo) -> date:
    """The day of issue as the document prints it; `zone` is the holder's."""
    return issued.astimezone(zone).date()


Line = Annotated[str, StringConstraints(max_length=2000), AfterValidator(one_line), Field(min_length=1)]


class MilestoneDone(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """One milestone of the holder's, and the instant at which it was done. `waived`: a coordinator let it count from then on."""

    title: Line
    done_at: AwareDatetime
    waived: bool = False


class CertificateFacts(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Instants are UTC-aware; whole seconds count. `share` is the programme's rule in percent, not what the holder reached.

    `milestones` are those that were done; they are shown if `show_results` is set, and nowhere else. Certificates from before they were kept
    have none.

    `holder_email` (or `holder_ref` if there is none) and `holder_name` enter the credential only as salted hashes; the name is printed on the
    document.

    `programme_time_zone` decides on which days the programme began and ended, the same for everybody in it; `started_on` is a date in it.
    `time_zone` is the holder's, and decides on which day the certificate was issued. Certificates from before both were kept have only this one.
    """

    id: str = Field(pattern=r"^[a-z0-9]{16,64}$")
    holder_name: Line
    holder_ref: str = Field(min_length=1, max_length=200)
    holder_email: str | None = Field(default=None, max_length=320)
    programme_title: Line
    started_on: date
    completed_at: AwareDatetime
    issued_at: AwareDatetime
    share: int = Field(ge=1, le=100)
    milestones_done: int = Field(ge=0)
    milestones_total: int = Field(ge=1)
    milestones: tuple[MilestoneDone, ...] = Field(default=(), max_length=50)
    language: str = "en"
    time_zone: str = "UTC"
    programme_time_zone: str | None = None
    show_results: bool = False
    status_list_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    status_index: int | None = Field(default=None, ge=0)

    @field_validator("time_zone", "programme_time_zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("expected a time zone such as Europe/Berlin") from None
        return zone

    @model_validator(mode="after")
    def _earned(self) -> CertificateFacts:
        if self.milestones_done > self.milestones_total:
            raise ValueError("more milestones done than there are")
        if self.milestones and len(self.milestones) != self.milestones_done:
            raise ValueError("expected each milestone that was done, or none of them")
        if 100 * self.milestones_done < self.share * self.milestones_total:
            raise ValueError("below the programme's share: nobody is certified")
        if (self.status_list_url is None) != (self.status_index is None):
            raise ValueError("status_list_url and status_index go together")
        return self

    @property
    def completed_on(self) -> date:
        return last_day(self.completed_at, ZoneInfo(self.programme_time_zone or self.time_zone))

    @property
    def issued_on(self) -> date:
        return issue_day(self.issued_at, ZoneInfo(self.time_zone))

    @property
    def reached(self) -> int:
        """Percent of the milestones, rounded down: 9 of 11 is 81."""
        return 100 * self.milestones_done // self.milestones_total

    def whole_seconds(self) -> CertificateFacts:
        """Instants as a credential writes them."""
        return self.model_copy(update={name: getattr(self, name).astimezone(UTC).replace(microsecond=0) for name in ("completed_at", "issued_at")})
