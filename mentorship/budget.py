"""How much of a person's mail budget a notice may use: over it, the least important are the first to merge or drop (Calm).

The budget counts over all pairs of a person. Changes and the certificate are exempt, and never come here.
"""

from __future__ import annotations

from datetime import timedelta

from mentorship.effects import FOLLOW_UPS, NoticeKind

LEAST: frozenset[NoticeKind] = FOLLOW_UPS | {"halfway"}
"""Mails that ask again, and mails that are only nice to know. They leave the budget's last place to others."""

MERGING: frozenset[NoticeKind] = frozenset({"prepare", "ask", "halfway", "heads_up", "closing_survey", "alignment_reminder", "survey_reminder"})
"""Mails that lead to a page which says the same: one of them can stand for several, and names the reader's other mentorships (worker/elsewhere.py)."""


UNASKED: frozenset[NoticeKind] = frozenset({"welcome"})
"""Mails that go even to a person who stopped the reminders: no other mail tells the partner, times and page of another mentorship."""


def room(kind: str, most: int, *, alike: bool) -> int:
    """One more mail of this kind may go as long as fewer mails than this are in the budget's window.

    `alike`: a mail of the same kind went to this person within `together`, for another pair of theirs. It names their other pairs, so this one
    merges into it once half of the budget is used: a mentor of three is written to once a fortnight, instead of not at all every other time.
    """
    if alike and kind in MERGING:
        return (most + 1) // 2
    return max(1, most - 1) if kind in LEAST else most


def together(per: timedelta) -> timedelta:
    """How near to each other mails of one kind to one person must be for one to stand for the other: a day of thirty."""
    return per / 30
