"""What the registry says about a certificate, as its page shows it to a stranger (H8, P4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from certificates.facts import last_day
from mentorship.visibility import may_read
from notices.language import Clock, Language, zone
from notices.readers import plain
from records.certificates import Certificate


@dataclass(frozen=True)
class Reached:
    """One milestone that its holder shows."""

    title: str
    when: str
    waived: bool


@dataclass(frozen=True)
class Results:
    """How many milestones were done out of how many, the percentage, and each with its instant."""

    done: int
    total: int
    percent: int
    reached: tuple[Reached, ...]
    zone: str


@dataclass(frozen=True)
class Registered:
    """What the registry says about a certificate. `since` is when it stopped being valid; `results` are there only if its holder asked for them.

    `newer` is the edition that took its place. `taken_back` means that it showed results and `newer` does not; the page then tells only its status.
    """

    id: str
    status: str
    since: str | None
    title: str | None
    holder: str | None
    issued: str
    completed: str | None
    results: Results | None
    newer: str | None
    taken_back: bool
    readable: bool


def shows_results(certificate: Certificate) -> bool:
    """Whether its holder asked for share and milestones on it."""
    return bool(certificate.fields.get("show_results"))


def registered(certificate: Certificate, spoken: Language, *, newer: str | None, taken_back: bool) -> Registered:
    fields = {} if taken_back else certificate.fields
    clock = Clock(spoken, zone(certificate.fields.get("time_zone")), certificate.issued_at)
    programmes = zone(fields.get("programme_time_zone"), fields.get("time_zone"))
    completed = fields.get("completed_at")
    return Registered(
        id=certificate.id,
        status=certificate.status,
        since=_day_of(clock, certificate.changed_at) if certificate.changed_at is not None else None,
        title=_line(fields.get("programme_title"), spoken),
        holder=_line(fields.get("holder_name"), spoken),
        issued=_day_of(clock, certificate.issued_at),
        completed=_day(clock, last_day(datetime.fromisoformat(completed), programmes)) if isinstance(completed, str) else None,
        results=_results(fields, spoken, clock),
        newer=newer,
        taken_back=taken_back,
        readable=bool(certificate.fields),
    )


def _results(fields: dict[str, Any], spoken: Language, clock: Clock) -> Results | None:
    done, total = fields.get("milestones_done"), fields.get("milestones_total")
    shown = may_read("bearer", "certificate_results", shared=bool(fields.get("show_results")))
    if not shown or not isinstance(done, int) or not isinstance(total, int) or not total:
        return None
    reached = tuple(
        Reached(spoken.isolated(plain(one["title"])), clock.to_the_second(datetime.fromisoformat(one["done_at"]), year=True), bool(one["waived"]))
        for one in fields.get("milestones", ())
    )
    return Results(done, total, 100 * done // total, reached, clock.place())


def _line(value: Any, spoken: Language) -> str | None:
    return spoken.isolated(plain(value)) if isinstance(value, str) and value else None


def _day_of(clock: Clock, at: datetime) -> str:
    return _day(clock, at.astimezone(clock.zone).date())


def _day(clock: Clock, on: date) -> str:
    """Always with the year."""
    return str(format_date(on, "long", locale=clock.language.locale))
