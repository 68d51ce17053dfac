"""Certificates: one a person and mentorship, whatever crashes (H7); later editions of it, which supersede the one before (H8).

The registry's row comes first and is unique.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from activities.notices import NoticeRequest
from mentorship.effects import IssueCertificates
from mentorship.people import Pair, Side


class CertificateRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    mentorship: str
    pair: Pair
    texts: str
    wanted: IssueCertificates


class Certificates(BaseModel):
    """The certificate's id by the holder's opaque id. Who was `erased` meanwhile gets none, and holds up nobody."""

    model_config = ConfigDict(frozen=True)

    certificates: dict[str, str]
    erased: tuple[str, ...] = ()


class ReissueRequest(BaseModel):
    """The certificate of this person (an opaque id) should say who its holder is now, and share and milestones if `results`; None: as before."""

    model_config = ConfigDict(frozen=True)

    mentorship: str
    person: str
    results: bool | None = None


Reissuing = Literal["reissued", "unchanged", "revoked", "erased", "not_issued"]


class Reissued(BaseModel):
    """`certificate` is the edition that stands; `notice` the mail that brings it, where it is a later one and there is somebody to write to.

    `unchanged`: it says already what it should. `not_issued`: there is no certificate with a document yet.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Reissuing
    certificate: str | None = None
    notice: NoticeRequest | None = None


class Registrar(Protocol):
    """`at` is the instant of the attempt, by the server's clock: a line of the coordinators' list opens and closes then, never a certificate."""

    async def issue(self, side: Side, request: CertificateRequest, at: datetime) -> str | None:
        """Reserves, signs, renders, stores; returns the certificate's id, or None for who was erased. The same bytes at any repeat."""
        ...

    async def reissue(self, request: ReissueRequest, at: datetime) -> Reissued:
        """Makes the next edition if the standing one says something else than it should. A repeat finds what was made."""
        ...


class CertificateActivities:
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    @activity.defn(name="issue_certificates")
    async def issue_certificates(self, request: CertificateRequest) -> Certificates:
        """Everybody certified or nobody: a failure with one is retried with all, and the first one's stays the same."""
        at = activity.info().started_time
        issued = {request.pair.person(side): await self._registrar.issue(side, request, at) for side in request.wanted.to}
        activity.logger.info("certificates issued")
        return Certificates(
            certificates={person: certificate for person, certificate in issued.items() if certificate is not None},
            erased=tuple(person for person, certificate in issued.items() if certificate is None),
        )

    @activity.defn(name="reissue_certificate")
    async def reissue_certificate(self, request: ReissueRequest) -> Reissued:
        """Tried again until a font is there for what cannot be printed, as at the first time."""
        reissued = await self._registrar.reissue(request, activity.info().started_time)
        activity.logger.info("certificate %s", reissued.outcome)
        return reissued
