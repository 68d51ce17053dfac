"""Mails of many pairs do not leave in one instant: each mentorship has a stable share of its programme's window. Ends and limits are never spread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from mentorship.commands import Slot


def spread(mentorship: str, window: timedelta) -> timedelta:
    """How much later than planned this mentorship's mails leave: between nothing and `window`, in whole milliseconds."""
    share = int.from_bytes(hashlib.blake2b(mentorship.encode(), digest_size=4).digest(), "big") / 2**32
    return timedelta(milliseconds=int(window.total_seconds() * 1000 * share))


def spread_out(slots: Iterable[Slot], mentorship: str, window: timedelta) -> tuple[Slot, ...]:
    """The same slots, with their mails moved by this mentorship's share of the window. The planned hours leave room for it."""
    later = spread(mentorship, window)
    return tuple(slot.model_copy(update={"prepare_at": min(slot.prepare_at + later, slot.start), "ask_at": slot.ask_at + later}) for slot in slots)
