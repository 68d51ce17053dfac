"""What the coordinators' mails may say: names, what could be done, and counts. No reason and no rung is passed in, so none can be told (H14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mentorship.people import Side


@dataclass(frozen=True)
class DigestRow:
    """One pair that needs a person: its names as one phrase, and its line in words."""

    names: str
    why: str
    step: str
    since: str


@dataclass(frozen=True)
class DigestView:
    """The digest's facts; the other attributes are those that every mail's frame needs.

    `more` is how many rows of either group are left out. `opened` and `closed` count the last seven days. A number that is None is not told.
    """

    reader: str
    programme: str
    place: str
    page: str
    closing: bool
    number: int
    waiting: tuple[DigestRow, ...]
    mine: tuple[DigestRow, ...]
    more: int
    others: int
    aside: int
    opened: int
    closed: int
    pairs: int
    running: int
    over: int
    held: int | None
    reached: int | None
    certified: int | None
    who_sees_what: str | None = None
    unsubscribe: str | None = None
    side: Side | Literal["coordinators"] = "coordinators"


@dataclass(frozen=True)
class WaitingView:
    """The reminder's facts: how many lines wait for anybody, and how many the reader took."""

    reader: str
    programme: str
    place: str
    page: str
    number: int
    mine: int
    who_sees_what: str | None = None
    unsubscribe: str | None = None
    side: Side | Literal["coordinators"] = "coordinators"
