"""What an error may say where others read it: in logs, and in Temporal, where admins open failures (H12)."""

from __future__ import annotations

import re

from temporalio.exceptions import ApplicationError

_OURS = "activities|certificates|gateway|mentorship|notices|records|schedule|webhook|wire|worker|workflows"
FORESEEN = re.compile(rf"({_OURS}|temporalio\.service)(\.|$)")
"""Modules whose errors are what may happen, such as an outage, and no defect."""
_SPEAKS_FOR_ITSELF = re.compile(rf"({_OURS}|sqlite3|temporalio\.service)(\.|$)")
"""Modules whose errors name codes, opaque ids and places only: ours, by rule, and those that know nothing else."""


def own_words(error: BaseException) -> str:
    """Nothing of an error in a library: what it says often repeats what it was given, an address or a name."""
    if _SPEAKS_FOR_ITSELF.match(type(error).__module__):
        return str(error)
    if isinstance(error, ApplicationError):  # what came from another process: it carries that error's message, and its kind
        return error.type or ""
    return (error.strerror or "") if isinstance(error, OSError) else ""
