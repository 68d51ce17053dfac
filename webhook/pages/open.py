"""Pages that ask for no link of one's own: unsubscribe, a fresh link, who sees what, and a certificate's verification."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from certificates.trust import Trust
from certificates.verify import LARGEST, State, Verdict, verify_file
from mentorship.visibility import THINGS, VIEWERS, sight
from notices.language import Clock, Language, zone
from notices.readers import plain
from records.certificates import Certificate
from records.errors import Erased, NotStored
from records.store import Records
from webhook.pages.forms import read_fields, read_limited
from webhook.pages.known import Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.shell import HEADERS, PageProblem, Shell
from webhook.pages.wording import asked_for, guest_language

_MOST_CHECKS = 2
"""Files that are checked at once: each costs a processor for a moment."""
_SMALL = 4096
_CERTIFICATE = 64


@dataclass(frozen=True)
class Registered:
    """What the registry says of a certificate."""

    id: str
    status: str
    title: str | None
    holder: str | None
    issued: str
    completed: str | None
    superseded_by: str | None
    stored: bool
    readable: bool


class OpenPages:
    def __init__(self, shell: Shell, reading: Reading, records: Records, trust: Trust, fresh: FreshLinks | None) -> None:
        self._shell = shell
        self._reading = reading
        self._records = records
        self._trust = trust
        self._fresh = fresh
        self._checks = asyncio.Semaphore(_MOST_CHECKS)

    def _spoken(self, request: Request) -> tuple[Language, str | None]:
        chosen = asked_for(request.query_params.get("lang"))
        return guest_language(chosen, request.headers.get("accept-language", "")), chosen

    def _page(self, request: Request, template: str, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> HTMLResponse:
        spoken, chosen = self._spoken(request)
        return self._shell.page(template, spoken, status=status, chosen=chosen, path=request.url.path, **facts)

    async def who_sees_what(self, request: Request) -> Response:
        rows = [(thing, [(viewer, sight(viewer, thing)) for viewer in VIEWERS]) for thing in THINGS]
        return self._page(request, "who_sees_what.html", rows=rows, viewers=VIEWERS)

    # -- mails ------------------------------------------------------------------------------------------------------------

    async def unsubscribe(self, request: Request, token: str) -> Response:
        self._reading.bearer("unsubscribe", token)
        return self._page(request, "unsubscribe.html", done=False)

    async def do_unsubscribe(self, request: Request, token: str) -> Response:
        """RFC 8058: whatever the body says, without cookies, from wherever a mail program sends it."""
        bearer = self._reading.bearer("unsubscribe", token)
        await read_limited(request, _SMALL)
        await self._reading.ask(self._records.notices.unsubscribe(bearer.person))
        return self._page(request, "unsubscribe.html", done=True)

    async def new_link(self, request: Request) -> Response:
        return self._page(request, "new_link.html", can_mail=self._fresh is not None)

    async def mail_new_link(self, request: Request) -> Response:
        """The same answer, as fast, for every address: what follows happens after it."""
        email = (await read_fields(request, _SMALL)).get("email")
        answer = self._page(request, "asked.html")
        if self._fresh is not None and "@" in email:
            answer.background = BackgroundTask(self._fresh.send_to_address, email)
        return answer

    # -- certificates -----------------------------------------------------------------------------------------------------

    async def certificate(self, request: Request, certificate: str) -> Response:
        found = await self._find(certificate)
        spoken, _ = self._spoken(request)
        if found is None:
            return self._page(request, "certificate.html", status=HTTPStatus.NOT_FOUND, found=None, verdict=None, known=None)
        return self._page(request, "certificate.html", found=_registered(found, spoken), verdict=None, known=None)

    async def check(self, request: Request, certificate: str) -> Response:
        """A file that somebody was given: its signature, and what the registry says of the certificate that it names."""
        found = await self._find(certificate)
        spoken, _ = self._spoken(request)
        data = await _file(request)
        async with self._checks:
            verdict = await asyncio.to_thread(verify_file, data, trust=self._trust)
        named = await self._named(verdict)
        shown = _registered(found, spoken) if found is not None else None
        said = {"state": verdict.state.value.replace(" ", "_"), "this": named is not None and found is not None and named.id == found.id}
        if verdict.state is State.VALID and named is not None and named.status != "valid":
            said["state"] = named.status
        elif verdict.state is State.VALID and named is None:
            said["state"] = "not_registered"
        return self._page(request, "certificate.html", found=shown, verdict=said, known=_registered(named, spoken) if named is not None else None)

    async def pdf(self, certificate: str) -> Response:
        _, pdf = await self._document(certificate)
        return Response(pdf, media_type="application/pdf", headers={**HEADERS, "Content-Disposition": 'attachment; filename="certificate.pdf"'})

    async def credential(self, certificate: str) -> Response:
        """Without a name in it, so there also for somebody who was erased."""
        if await self._find(certificate) is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here")
        try:
            text = await self._reading.ask(self._records.certificates.credential(certificate))
        except NotStored:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here") from None
        return Response(text, media_type="application/json", headers={**HEADERS, "Content-Disposition": 'attachment; filename="certificate.json"'})

    async def _document(self, certificate: str) -> tuple[str, bytes]:
        if await self._find(certificate) is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here")
        try:
            return await self._reading.ask(self._records.certificates.document(certificate))
        except Erased:
            raise PageProblem(HTTPStatus.GONE, "erased") from None

    async def _find(self, certificate: str) -> Certificate | None:
        if len(certificate) > _CERTIFICATE:
            return None
        return await self._reading.ask(self._records.certificates.get(certificate))

    async def _named(self, verdict: Verdict) -> Certificate | None:
        """The registry's row of the certificate that a genuine credential says it is."""
        named = verdict.credential.get("id") if verdict.credential is not None else None
        path = urlsplit(named).path if isinstance(named, str) else ""
        return await self._find(path.rpartition("/c/")[2]) if "/c/" in path else None


def _registered(certificate: Certificate, spoken: Language) -> Registered:
    fields = certificate.fields
    clock = Clock(spoken, zone(fields.get("time_zone")), certificate.issued_at)
    completed = fields.get("completed_at")
    return Registered(
        id=certificate.id,
        status=certificate.status,
        title=_line(fields.get("programme_title"), spoken),
        holder=_line(fields.get("holder_name"), spoken),
        issued=_dated(clock, certificate.issued_at.isoformat()),
        completed=_dated(clock, completed) if isinstance(completed, str) else None,
        superseded_by=certificate.superseded_by,
        stored=certificate.stored,
        readable=bool(fields),
    )


def _line(value: Any, spoken: Language) -> str | None:
    return spoken.isolated(plain(value)) if isinstance(value, str) and value else None


def _dated(clock: Clock, text: str) -> str:
    """A day with its year, always."""
    return str(format_date(datetime.fromisoformat(text).astimezone(clock.zone).date(), "long", locale=clock.language.locale))


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


def router(pages: OpenPages, *, with_links: bool) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    seeing = ["GET", "HEAD"]

    async def who_sees_what(request: Request) -> Response:
        return await pages.who_sees_what(request)

    async def unsubscribe(request: Request, token: str) -> Response:
        return await pages.unsubscribe(request, token)

    async def do_unsubscribe(request: Request, token: str) -> Response:
        return await pages.do_unsubscribe(request, token)

    async def new_link(request: Request) -> Response:
        return await pages.new_link(request)

    async def mail_new_link(request: Request) -> Response:
        return await pages.mail_new_link(request)

    async def pdf(certificate: str) -> Response:
        return await pages.pdf(certificate)

    async def credential(certificate: str) -> Response:
        return await pages.credential(certificate)

    async def certificate(request: Request, certificate: str) -> Response:
        return await pages.certificate(request, certificate)

    async def check(request: Request, certificate: str) -> Response:
        return await pages.check(request, certificate)

    routes.add_api_route("/who-sees-what", who_sees_what, methods=seeing)
    routes.add_api_route("/c/{certificate}/certificate.pdf", pdf, methods=seeing)
    routes.add_api_route("/c/{certificate}/certificate.json", credential, methods=seeing)
    routes.add_api_route("/c/{certificate}", certificate, methods=seeing)
    routes.add_api_route("/c/{certificate}", check, methods=["POST"])
    if with_links:
        routes.add_api_route("/u/{token}", unsubscribe, methods=seeing)
        routes.add_api_route("/u/{token}", do_unsubscribe, methods=["POST"])
        routes.add_api_route("/new-link", new_link, methods=seeing)
        routes.add_api_route("/new-link", mail_new_link, methods=["POST"])
    return routes
