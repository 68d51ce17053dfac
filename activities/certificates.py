"""Certificates: one a person and mentorship, whatever crashes (H7). The registry's row comes first and is unique."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from mentorship.effects import IssueCertificates
from mentorship.people import Pair


class CertificateRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    mentorship: str
    pair: Pair
    texts: str
    wanted: IssueCertificates


class Certificates(BaseModel):
    """The certificate's id by the holder's opaque id."""

    model_config = ConfigDict(frozen=True)

    certificates: dict[str, str]


class Registrar(Protocol):
    async def issue(self, person: str, request: CertificateRequest) -> str:
        """Reserves, signs, renders, stores; returns the certificate's id. The same bytes at any repeat."""
        ...


class CertificateActivities:
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    @activity.defn(name="issue_certificates")
    async def issue_certificates(self, request: CertificateRequest) -> Certificates:
        """Both people or nobody: a failure with one is retried with both, and the first one's stays the same."""
        people = (request.pair.mentor, request.pair.mentee)
        issued = Certificates(certificates={person: await self._registrar.issue(person, request) for person in people})
        activity.logger.info("certificates issued")
        return issued
