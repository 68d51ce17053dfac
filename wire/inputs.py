"""What a door starts a workflow with, or signals to it: opaque ids and codes (H12), since whoever decodes payloads reads them.

Commands to a mentorship are in the core (`mentorship/commands.py`). Only workers make a mentorship's own input (`workflows/mentorship.py`).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class CohortOf(BaseModel):
    """An id, never a roster: records hold who is in it."""

    model_config = ConfigDict(frozen=True)

    cohort: str


class CaseOf(BaseModel):
    """The case's minted id, and nothing else: records hold who is behind it and whom it is about."""

    model_config = ConfigDict(frozen=True)

    case: str


class CertificateOf(BaseModel):
    """Whose certificate gets a later edition, and from which mentorship."""

    model_config = ConfigDict(frozen=True)

    mentorship: str
    person: str


class Wish(BaseModel):
    """`results`: whether to show share and milestones; None leaves that as it is. The holder's name is read anew each time."""

    model_config = ConfigDict(frozen=True)

    results: bool | None = None
