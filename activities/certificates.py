"""Certificates: one per person and mentorship, whatever crashes (H7), and later editions, each of which supersedes the one before (H8).

The registry's row is written first, and is unique.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel
from temporalio import activity

from activities.notices import NoticeRequest
from mentorship.effects import IssueCertificates
from mentorship.people import Pair, Side


class CertificateRequest(BaseModel, frozen=True):
    mentorship: str
    pair: Pair
    texts: str
    wanted: IssueCertificates


class Certificates(BaseModel, frozen=True):
    """Each certificate's id by its holder's opaque id. A person who was `erased` meanwhile gets none, and does not hold up the other."""

    certificates: dict[str, str]
    erased: tuple[str, ...] = ()


class ReissueRequest(BaseModel, frozen=True):
    """Asks that the certificate of `person` (an opaque id) show the holder's present name, and share and milestones if `results`; None: as before."""

    mentorship: str
    person: str
    results: bool | None = None


Reissuing = Literal["reissued", "unchanged", "revoked", "erased", "not_issued"]


class Reissued(BaseModel, frozen=True):
    """`certificate` is the latest edition. `notice` is the mail that brings it, if it is a later edition and there is somebody to write to.

    `unchanged`: it already says what it should. `not_issued`: there is no certificate with a document yet.
    """

    outcome: Reissuing
    certificate: str | None = None
    notice: NoticeRequest | None = None


class Registrar(Protocol):
    """`at` is the instant of the attempt, by the server's clock. It dates lines of the coordinators' list that open or close, never a certificate."""

    async def issue(self, side: Side, request: CertificateRequest, at: datetime) -> str | None:
        """Reserves, signs, renders and stores a certificate. Returns its id, or None for a person who was erased. A repeat makes the same bytes."""
        ...

    async def reissue(self, request: ReissueRequest, at: datetime) -> Reissued:
        """Makes the next edition if the latest one does not say what it should. A repeat finds what was made."""
        ...


class CertificateActivities:
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    @activity.defn(name="issue_certificates")
    async def issue_certificates(self, request: CertificateRequest) -> Certificates:
        """Certifies everybody or nobody: if one certificate fails, all are tried again, and those that were made stay the same."""
        at = activity.info().started_time
        issued = {request.pair.person(side): await self._registrar.issue(side, request, at) for side in request.wanted.to}
        activity.logger.info("certificates issued")
        return Certificates(
            certificates={person: certificate for person, certificate in issued.items() if certificate is not None},
            erased=tuple(person for person, certificate in issued.items() if certificate is None),
        )

    @activity.defn(name="reissue_certificate")
    async def reissue_certificate(self, request: ReissueRequest) -> Reissued:
        """Retried, like the first edition, until there is a font for what cannot be printed."""
        reissued = await self._registrar.reissue(request, activity.info().started_time)
        activity.logger.info("certificate %s", reissued.outcome)
        return reissued
