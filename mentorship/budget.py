"""How much of a person's mail budget a notice may use: over it, the least important go first (Calm).

The budget counts over all pairs of a person. Changes and the certificate are exempt, and never come here.
"""

from __future__ import annotations

from datetime import timedelta

from mentorship.effects import FOLLOW_UPS, NoticeKind

LEAST: frozenset[NoticeKind] = FOLLOW_UPS | {"halfway"}
"""What asks again, and what is only nice to know: they leave the budget's last place to others."""

MERGING: frozenset[NoticeKind] = frozenset({"prepare", "ask", "halfway", "heads_up", "closing_survey", "alignment_reminder", "survey_reminder"})
"""Mails that lead to a page which says the same: one of them can stand for several, and names the reader's other mentorships (worker/elsewhere.py)."""


UNASKED: frozenset[NoticeKind] = frozenset({"welcome"})
"""What also goes to somebody who stopped the reminders: partner, times and page of another mentorship, which nothing else tells."""


def room(kind: str, most: int, *, alike: bool) -> int:
    """Up to how many mails in the budget's window one more of this kind may follow.

    `alike`: one of the same kind went to this person within `together` for another pair of theirs. That one names their other pairs, so this
    one merges into it once half of the budget is used: a mentor of three is written to once a fortnight instead of not at all every other time.
    """
    if alike and kind in MERGING:
        return (most + 1) // 2
    return max(1, most - 1) if kind in LEAST else most


def together(per: timedelta) -> timedelta:
    """How near mails of one kind to one person are to stand for each other: a day of thirty."""
    return per / 30
