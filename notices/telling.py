"""What a mail may tell, as the one table of who sees what decides (H12): a row that changes there changes the mails.

Whose a thing is: `own` is the reader's, `partner` the other person's; `coordinators` read of a pair.
"""

from __future__ import annotations

from dataclasses import replace

from mentorship.effects import NoticeKind
from mentorship.people import Side
from mentorship.visibility import Thing, Viewer, may_read
from notices.readers import Reader

ABOUT: dict[NoticeKind, tuple[Viewer, Thing]] = {
    "absence_reported": ("partner", "attendance"),
    "move_proposed": ("partner", "slot_answers"),
    "nudge": ("own", "late_count"),
    "coordinator_told": ("own", "coordinator_told"),
    "case": ("coordinators", "needs_a_person"),
}
"""Mails that would say nothing without this one thing. They are not made if the table withholds it from their reader."""


class NotToBeTold(Exception):  # noqa: N818 - it names what is the case
    """The table withholds from its reader what this mail is about. The text names only the kind."""

    def __init__(self, kind: NoticeKind) -> None:
        super().__init__(f"a mail of the kind {kind} may not be read by whom it is for")
        self.kind = kind


def check(kind: NoticeKind) -> None:
    """Raises NotToBeTold."""
    about = ABOUT.get(kind)
    if about is not None and not may_read(*about):
        raise NotToBeTold(kind)


def partner_for_reader(partner: Reader | None) -> Reader | None:
    """The partner with what the reader may know: without a name, or without an address, if the table says so."""
    if partner is None:
        return None
    return replace(partner, name=partner.name if may_read("partner", "name") else "", email=partner.email if may_read("partner", "address") else "")


def who_left(stepped_away: Side | None, reader: Side | str) -> str | None:
    """Who stepped away from the programme, as far as this reader may know: `reader`, `partner`, or None."""
    if stepped_away is None:
        return None
    if stepped_away == reader:
        return "reader"
    return "partner" if may_read("partner", "stepped_away") else None
