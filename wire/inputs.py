"""What a door starts a workflow with, or signals to it: opaque ids and codes (H12), since whoever decodes payloads reads them.

Commands to a mentorship are the core's (`mentorship/commands.py`); a mentorship's own input is made by its worker alone (`workflows/mentorship.py`).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class CohortOf(BaseModel):
    """An id, never a roster: who is in it stands in records."""

    model_config = ConfigDict(frozen=True)

    cohort: str


class CaseOf(BaseModel):
    """The case's minted id, and nothing else: who and about whom stands in records."""

    model_config = ConfigDict(frozen=True)

    case: str


class CertificateOf(BaseModel):
    """Whose later edition, of which mentorship."""

    model_config = ConfigDict(frozen=True)

    mentorship: str
    person: str


class Wish(BaseModel):
    """`results`: show share and milestones, do not, or None: as it is now. The holder's name is read anew each time."""

    model_config = ConfigDict(frozen=True)

    results: bool | None = None
