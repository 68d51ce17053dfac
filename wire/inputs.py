"""What a door starts a workflow with, or signals to it: opaque ids and codes (H12), since whoever decodes payloads reads them.

Commands to a mentorship are in the core (`mentorship/commands.py`). Only workers make a mentorship's own input (`workflows/mentorship.py`).
"""

from __future__ import annotations

from pydantic import BaseModel


class CohortOf(BaseModel, frozen=True):
    """An id, never a roster: records hold who is in it."""

    cohort: str


class CaseOf(BaseModel, frozen=True):
    """The case's minted id, and nothing else: records hold who is behind it and whom it is about."""

    case: str


class CertificateOf(BaseModel, frozen=True):
    """Whose certificate gets a later edition, and from which mentorship."""

    mentorship: str
    person: str


class Wish(BaseModel, frozen=True):
    """`results`: whether to show share and milestones; None leaves that as it is. The holder's name is read anew each time."""

    results: bool | None = None
