"""What an error may say where others read it: in logs, and in Temporal, where admins open failures (H12)."""

from __future__ import annotations

import re

from temporalio.exceptions import ApplicationError

_OURS = "activities|certificates|gateway|mentorship|notices|records|schedule|webhook|wire|worker|workflows"
FORESEEN = re.compile(rf"({_OURS}|temporalio\.service)(\.|$)")
"""Modules whose errors are foreseen, such as an outage, and not defects."""
_SPEAKS_FOR_ITSELF = re.compile(rf"({_OURS}|sqlite3|temporalio\.service)(\.|$)")
"""Modules whose errors name only codes, opaque ids and places: ours, by rule, and some that know nothing else."""


def own_words(error: BaseException) -> str:
    """The error's message if it is safe to show. A library's is not: it often repeats what it was given, such as an address or a name."""
    if _SPEAKS_FOR_ITSELF.match(type(error).__module__):
        return str(error)
    if isinstance(error, ApplicationError):  # from another process: it carries the original error's message and kind
        return error.type or ""
    return (error.strerror or "") if isinstance(error, OSError) else ""
