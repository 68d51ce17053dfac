"""What the core would make of a command now. So a page offers only what would be taken, and says beforehand what would count."""

from __future__ import annotations

from mentorship import commands as c
from mentorship import events as e
from mentorship.decide import decide
from webhook.pages.reading import Known

NOTE_ID = "n-probe"
"""Stands for words that nobody has written yet."""


def would(known: Known, command: c.ParticipantCommand) -> tuple[e.AnyEvent, ...]:
    """What would happen if this reader sent the command now. A refusal is one CommandRefused."""
    if known.state is None:
        return (e.CommandRefused(at=known.now, reason="not_yet"),)
    asked = command.model_copy(update={"message_id": "probe", "by": known.bearer.person, "at": known.now})
    return decide(known.state, asked, max(known.now, known.state.now))


def refusal(known: Known, command: c.ParticipantCommand) -> str | None:
    """Why the core would refuse it now, or None."""
    return next((event.reason for event in would(known, command) if isinstance(event, e.CommandRefused)), None)
