"""The two people of a mentorship, by opaque ids that the service mints; who they are is kept in records."""

from __future__ import annotations

import re
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, StringConstraints

ID_PATTERN = r"[a-z0-9][a-z0-9-]{0,39}"

Id = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN}$", max_length=40)]
"""A part of a workflow id. The Temporal UI, and proxies in front of it, fail on other characters."""

Side = Literal["mentor", "mentee"]
SIDES: tuple[Side, Side] = ("mentor", "mentee")


def is_id(text: str) -> bool:
    return re.fullmatch(ID_PATTERN, text) is not None


def other(side: Side) -> Side:
    match side:
        case "mentor":
            return "mentee"
        case "mentee":
            return "mentor"
        case _:
            assert_never(side)


class Pair(BaseModel, frozen=True):
    """Who is in this mentorship, by opaque id (never a name, an address or an id of the company's; H12)."""

    mentor: str
    mentee: str

    def side(self, person: str) -> Side | None:
        """Which of the two this is, or None for a stranger."""
        if person == self.mentor:
            return "mentor"
        return "mentee" if person == self.mentee else None

    def partner(self, person: str) -> str:
        """The other one of the two."""
        return self.mentee if person == self.mentor else self.mentor

    def person(self, side: Side) -> str:
        return self.mentor if side == "mentor" else self.mentee
