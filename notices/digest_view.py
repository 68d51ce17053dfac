"""What the coordinators' digest may say: names, what could be done, and counts. No reason and no rung is passed in, so none can be told (H14)."""

from __future__ import annotations

from dataclasses import dataclass

from notices.view import Framed


@dataclass(frozen=True)
class DigestRow:
    """One pair that needs a person: its names as one phrase, and its line in words."""

    names: str
    why: str
    step: str
    since: str


@dataclass(frozen=True, kw_only=True)
class DigestView(Framed):
    """The digest's facts.

    `more` is how many rows of either group are left out. `opened` and `closed` count the last seven days. A number that is None is not told.
    """

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
