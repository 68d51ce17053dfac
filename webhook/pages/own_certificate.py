"""The holder decides whether the certificate shows share and milestones (H8). A worker, which has the issuer's key, makes the new edition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from temporalio.client import Client

from certificates.linkedin import add_to_profile
from gateway.reissue import ask_reissue
from records.certificates import Certificate
from records.store import Records
from webhook.door import Receipt
from webhook.pages.certificate_view import shows_results
from webhook.pages.personal import PersonalPages
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Known
from webhook.pages.routes import Route
from webhook.problems import Problem, asking_temporal

MADE_WAIT = 3.0
"""Seconds that a page waits for the new edition; after them it says that the wish is kept, and a mail brings the edition."""


class Editions:
    """`patience` is how many seconds Temporal has to take a wish."""

    def __init__(self, client: Client, records: Records, *, patience: float, retry_after: int) -> None:
        self._client = client
        self._records = records
        self._patience = patience
        self._retry_after = retry_after

    async def wish(self, certificate: Certificate, *, results: bool) -> None:
        """Durable when it returns, and harmless when repeated. Raises Problem (503) when Temporal cannot be reached."""
        with asking_temporal(self._retry_after):
            async with asyncio.timeout(self._patience):
                await ask_reissue(self._client, certificate.mentorship, certificate.person, results=results, patience=self._patience)

    async def made(self, certificate: Certificate, *, results: bool) -> bool:
        """Waits at most MADE_WAIT for an edition with `results` as wished, and returns whether there is one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + MADE_WAIT
        while True:
            standing = await self._records.certificates.standing(certificate.mentorship, certificate.person)
            if standing is not None and shows_results(standing) == results:
                return True
            if loop.time() > until:
                return False
            await asyncio.sleep(0.1)


class OwnCertificatePage:
    """Below a participant's page."""

    def __init__(self, pages: PersonalPages, editions: Editions) -> None:
        self._pages = pages
        self._site = pages.site
        self._editions = editions

    @property
    def routes(self) -> Sequence[Route]:
        return (Route("/certificate", look=self.show, act=self.change),)

    async def show(self, request: Request) -> Response:
        known = await self._pages.known(request)
        asked = request.query_params.get("asked")
        receipt = None
        if known.certificate is not None and asked in ("yes", "no"):
            made = await self._site.reading.ask(self._editions.made(known.certificate, results=asked == "yes"))
            receipt = Receipt("accepted" if made else "waiting")
            known = await self._pages.known(request)
        return await self._page(request, known, receipt=receipt)

    async def change(self, request: Request) -> Response:
        """Shows share and milestones from now on, or no longer: a new edition takes the place of the one before (H8)."""
        known, fields, _ = await self._pages.opened(request, "certificate")
        wanted = fields.get("results")
        if known.certificate is None or known.certificate.status != "valid":
            return await self._page(request, known)
        if wanted not in ("yes", "no"):
            return await self._page(request, known, trouble="choose", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            await self._editions.wish(known.certificate, results=wanted == "yes")
        except Problem as problem:
            return await self._page(request, known, trouble="away", status=problem.status, headers=problem.headers)
        return self._pages.back(request, known, "certificate", asked=wanted)

    async def _page(self, request: Request, known: Known, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> Response:
        certificate = known.certificate
        if certificate is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
        facts = {
            "trouble": None,
            "receipt": None,
            "certificate": certificate,
            "shown": shows_results(certificate),
            "linkedin": await self.linkedin(known),
            "token": self._pages.token(known, "certificate", carried="none"),
            **facts,
        }
        return self._pages.page(request, known, "own_certificate.html", status=status, **facts)

    async def linkedin(self, known: Known) -> str | None:
        """An address that fills in LinkedIn's form; nothing is sent until its reader opens it."""
        certificate = known.certificate
        if certificate is None or certificate.status != "valid":
            return None
        credential = await self._site.reading.ask(self._site.records.certificates.credential(certificate.id))
        return add_to_profile(credential, certificate.fields.get("time_zone"))
