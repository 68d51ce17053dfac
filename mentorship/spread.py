"""Mails of many pairs do not leave in one instant: each mentorship has a stable share of its programme's window. Ends and limits are never spread."""

from __future__ import annotations

import hashlib
from datetime import timedelta


def spread(mentorship: str, window: timedelta) -> timedelta:
    """How much later than planned this mentorship's mails leave: between nothing and `window`, in whole milliseconds."""
    share = int.from_bytes(hashlib.blake2b(mentorship.encode(), digest_size=4).digest(), "big") / 2**32
    return timedelta(milliseconds=int(window.total_seconds() * 1000 * share))
