"""`/c/{certificate}`: what a stranger learns about a certificate (H8, P4): its status, and whether a file that they were given was altered.

It needs no link, account or script, and no Temporal. A file is checked and not kept.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from certificates.trust import Trust
from certificates.verify import LARGEST, State, Verdict, read_claim, verify_file
from notices.language import Language
from records.certificates import Certificate
from records.errors import Erased
from records.store import Records
from webhook.pages.certificate_view import Registered, registered, shows_results
from webhook.pages.forms import read_limited
from webhook.pages.languages import spoken_to_guest
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Reading
from webhook.pages.rendering import HEADERS, Rendering
from webhook.pages.routes import PageRoute, Route, page_routes

_MOST_CHECKS = 2
"""How many files are checked at once: each occupies a processor for a moment."""
_LONGEST_ID = 64

FileState = Literal[
    "genuine",
    "reprinted",  # its credential is good, but the document around it is not, byte for byte, the one that was issued
    "revoked",
    "superseded",
    "altered",
    "unknown_issuer",
    "not_registered",
    "unreadable",
    "unchecked",  # this process has no issuer's key to compare with
]

_SIGNED = (State.VALID, State.NOT_YET_VALID, State.EXPIRED)
"""Its signature is ours. Its time is the registry's business: a clock that is slow here makes no certificate of a moment ago a forged one."""

_STATES: dict[State, FileState] = {
    State.ALTERED: "altered",
    State.UNKNOWN_ISSUER: "unknown_issuer",
    State.REVOKED: "revoked",
    State.ANOTHER_HOLDER: "altered",
    State.UNREADABLE: "unreadable",
}


@dataclass(frozen=True)
class Checked:
    """What the page says about a file. `of` is the registry's entry for its certificate; `this` is True if that is the page's own."""

    state: FileState
    this: bool
    of: Registered | None


class CertificatePages:
    def __init__(self, rendering: Rendering, reading: Reading, records: Records, trust: Trust) -> None:
        self._rendering = rendering
        self._reading = reading
        self._records = records
        self._trust = trust
        self._checks = asyncio.Semaphore(_MOST_CHECKS)

    def routes(self) -> list[PageRoute]:
        return page_routes(
            "/c/{certificate}",
            [
                Route("/certificate.pdf", look=self.pdf),
                Route("/certificate.json", look=self.credential),
                Route("", look=self.look, act=self.check),
            ],
        )

    async def look(self, request: Request) -> Response:
        return await self._answer(request, await self._asked_for(request), None)

    async def check(self, request: Request) -> Response:
        """Checks a file that somebody was given: its signature, its bytes, and what the registry says about its certificate."""
        found = await self._asked_for(request)
        data = await _file(request)
        async with self._checks:
            verdict = await asyncio.to_thread(verify_file, data, trust=self._trust)
        named = await self._named(verdict)
        state = await self._state(data, verdict, named)
        spoken, _ = spoken_to_guest(request)
        of = await self._registered(named, spoken) if named is not None else None
        return await self._answer(request, found, Checked(state, this=named is not None and found is not None and named.id == found.id, of=of))

    async def pdf(self, request: Request) -> Response:
        certificate = await self._handed_out(request)
        try:
            _, pdf = await self._reading.ask(self._records.certificates.document(certificate))
        except Erased:
            raise PageProblem(HTTPStatus.GONE, "erased") from None
        return Response(pdf, media_type="application/pdf", headers={**HEADERS, "Content-Disposition": 'attachment; filename="certificate.pdf"'})

    async def credential(self, request: Request) -> Response:
        """It contains no name, so it is there even if its holder was erased."""
        certificate = await self._handed_out(request)
        text = await self._reading.ask(self._records.certificates.credential(certificate))
        return Response(text, media_type="application/json", headers={**HEADERS, "Content-Disposition": 'attachment; filename="certificate.json"'})

    async def _answer(self, request: Request, found: Certificate | None, checked: Checked | None) -> HTMLResponse:
        spoken, chosen = spoken_to_guest(request)
        status = HTTPStatus.NOT_FOUND if found is None and checked is None else HTTPStatus.OK
        shown = await self._registered(found, spoken) if found is not None else None
        return self._rendering.page("certificate.html", spoken, status=status, chosen=chosen, path=request.url.path, found=shown, checked=checked)

    async def _asked_for(self, request: Request) -> Certificate | None:
        return await self._find(request.path_params["certificate"])

    async def _find(self, certificate: str) -> Certificate | None:
        """None for a certificate that was reserved but never got its document: it was never handed out, so nobody learns of it."""
        if len(certificate) > _LONGEST_ID:
            return None
        found = await self._reading.ask(self._records.certificates.get(certificate))
        return found if found is not None and found.stored else None

    async def _handed_out(self, request: Request) -> str:
        """The id of the certificate asked for, if whoever has its address may have its files. Raises PageProblem."""
        found = await self._asked_for(request)
        if found is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here")
        if await self._taken_back(found, await self._newer(found)):
            raise PageProblem(HTTPStatus.GONE, "taken_back", certificate=found.id)
        return found.id

    async def _registered(self, certificate: Certificate, spoken: Language) -> Registered:
        newer = await self._newer(certificate)
        return registered(certificate, spoken, newer=newer.id if newer is not None else None, taken_back=await self._taken_back(certificate, newer))

    async def _newer(self, certificate: Certificate) -> Certificate | None:
        """The newest edition, if another one took this one's place."""
        if certificate.superseded_by is None:
            return None
        return await self._reading.ask(self._records.certificates.standing(certificate.mentorship, certificate.person))

    async def _taken_back(self, certificate: Certificate, newer: Certificate | None) -> bool:
        """Whether it shows results at its holder's wish, while the one that took its place does not (H8)."""
        return newer is not None and await self._shows_results(certificate) and not await self._shows_results(newer)

    async def _shows_results(self, certificate: Certificate) -> bool:
        """Whether it shows results. If its holder was erased, only its credential still tells."""
        if certificate.fields:
            return shows_results(certificate)
        signed = json.loads(await self._reading.ask(self._records.certificates.credential(certificate.id)))
        return bool(signed["credentialSubject"].get("result"))

    async def _named(self, verdict: Verdict) -> Certificate | None:
        """The registry's row of the certificate that a genuine credential names."""
        named = verdict.credential.get("id") if verdict.credential is not None else None
        path = urlsplit(named).path if isinstance(named, str) else ""
        return await self._find(path.rpartition("/c/")[2]) if "/c/" in path else None

    async def _state(self, data: bytes, verdict: Verdict, named: Certificate | None) -> FileState:
        if verdict.state is State.UNKNOWN_ISSUER and not self._trust.keys:
            return "unchecked"
        if verdict.state not in _SIGNED:
            return _STATES[verdict.state]
        if named is None:
            return "not_registered"
        if not await self._as_issued(data, named):
            return "reprinted"
        return "genuine" if named.status == "valid" else named.status

    async def _as_issued(self, data: bytes, named: Certificate) -> bool:
        """Whether a PDF is the one that was issued. What it prints is not signed, so every byte counts, if we can still read the document."""
        claim = read_claim(data)
        if claim is None or not claim.printed:
            return True
        try:
            _, pdf = await self._reading.ask(self._records.certificates.document(named.id))
        except Erased:
            return True
        return pdf == data


async def _file(request: Request) -> bytes:
    """The first file of a form. Raises PageProblem."""
    raw = await read_limited(request, LARGEST + 65_536)

    async def once() -> Any:
        yield raw

    try:
        form = await MultiPartParser(request.headers, once(), max_files=1, max_fields=5).parse()
    except (MultiPartException, KeyError, ValueError):
        raise PageProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable_form") from None
    upload = next((value for value in form.values() if isinstance(value, UploadFile)), None)
    data = await upload.read() if upload is not None else b""
    await form.close()
    return data
