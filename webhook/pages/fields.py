"""What the fields of a form say, or what is wrong with one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from zoneinfo import ZoneInfo

from mentorship.blank import is_blank
from webhook.bodies import MOST_LETTERS
from webhook.pages.forms import Fields

_MOST_STEPS = 10
_DAY_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)
"""A day alone does not fit: it would mean midnight, which nobody who leaves out the time means."""


class Wrong(Exception):  # noqa: N818 - what is the case
    """A field that cannot be taken as it is; `code` names its words in macros.html."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field = field
        self.code = code


def status_with(wrong: Wrong | None) -> HTTPStatus:
    """The status of a page with a form: 422 if it comes back because a field was wrong, else 200."""
    return HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY


def instant_of(fields: Fields, field: str, zone: ZoneInfo) -> datetime | None:
    """What a `datetime-local` field says, in the reader's zone; None when it is empty."""
    text = fields.get(field)
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(field, "when_unreadable") from None
    if not _DAY_AND_TIME.match(text) or local.tzinfo is not None or not 2000 <= local.year <= 2199:
        raise Wrong(field, "when_unreadable")
    here = local.replace(tzinfo=zone)
    instant = here.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        raise Wrong(field, "when_skipped")  # the clocks go forward over it
    return instant


def needed_instant(fields: Fields, field: str, zone: ZoneInfo) -> datetime:
    found = instant_of(fields, field, zone)
    if found is None:
        raise Wrong(field, "when_missing")
    return found


def one_of(fields: Fields, field: str, options: tuple[str, ...]) -> str | None:
    value = fields.get(field)
    if value and value not in options:
        raise Wrong(field, "choose")
    return value or None


def text_of(fields: Fields) -> str:
    """Raises Wrong if there is none, or more than a note takes."""
    text = fields.get("text")
    if len(text) > MOST_LETTERS:
        raise Wrong("text", "text_long")
    if is_blank(text):
        raise Wrong("text", "text_missing")
    return text


def steps_of(fields: Fields) -> list[str]:
    """One step per line. If there are too many, it reads only enough of them to know. Raises Wrong."""
    steps = list(islice((line.strip() for line in fields.get("steps").splitlines() if not is_blank(line)), _MOST_STEPS + 1))
    if len(steps) > _MOST_STEPS:
        raise Wrong("steps", "steps_many")
    if any(len(step) > MOST_LETTERS for step in steps):
        raise Wrong("steps", "text_long")
    return steps
