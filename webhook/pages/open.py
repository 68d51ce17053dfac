"""Pages that ask for no link of one's own: unsubscribe, a fresh link, who sees what."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask

from mentorship.visibility import THINGS, VIEWERS, sight
from notices.language import Language
from records.store import Records
from webhook.pages.forms import read_fields, read_limited
from webhook.pages.known import Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.shell import Shell
from webhook.pages.wording import OFFERED, asked_for, guest_language, reader_language

_SMALL = 4096


class OpenPages:
    def __init__(self, shell: Shell, reading: Reading, records: Records, fresh: FreshLinks | None) -> None:
        self._shell = shell
        self._reading = reading
        self._records = records
        self._fresh = fresh

    def _spoken(self, request: Request) -> tuple[Language, str | None]:
        chosen = asked_for(request.query_params.get("lang"))
        return guest_language(chosen, request.headers.get("accept-language", "")), chosen

    def _page(self, request: Request, template: str, **facts: Any) -> HTMLResponse:
        spoken, chosen = self._spoken(request)
        return self._shell.page(template, spoken, chosen=chosen, path=request.url.path, **facts)

    async def who_sees_what(self, request: Request) -> Response:
        rows = [(thing, [(viewer, sight(viewer, thing)) for viewer in VIEWERS]) for thing in THINGS]
        return self._page(request, "who_sees_what.html", rows=rows, viewers=VIEWERS)

    # -- mails ------------------------------------------------------------------------------------------------------------

    async def unsubscribe(self, request: Request) -> Response:
        person = self._owner(request)
        return await self._reminders(request, person, off=await self._reading.ask(self._records.notices.is_unsubscribed(person)), changed=False)

    async def do_unsubscribe(self, request: Request) -> Response:
        """RFC 8058: whatever the body says, without cookies, from wherever a mail program sends it."""
        person = self._owner(request)
        await read_limited(request, _SMALL)
        await self._reading.ask(self._records.notices.unsubscribe(person))
        return await self._reminders(request, person, off=True, changed=True)

    async def subscribe_again(self, request: Request) -> Response:
        """Undoes it; from a page of ours only."""
        person = self._owner(request)
        await read_fields(request, _SMALL)
        await self._reading.ask(self._records.notices.subscribe_again(person))
        return await self._reminders(request, person, off=False, changed=True)

    def _owner(self, request: Request) -> str:
        return self._reading.bearer("unsubscribe", request.path_params["token"]).person

    async def _reminders(self, request: Request, person: str, *, off: bool, changed: bool) -> HTMLResponse:
        """In the language of the mail that brought its reader here, unless another was chosen."""
        spoken, chosen = self._spoken(request)
        profile = (await self._reading.ask(self._records.people.profiles([person]))).get(person)
        if profile is not None and profile.language:
            spoken = reader_language(chosen, profile.language, OFFERED)
        token = request.path_params["token"]
        return self._shell.page("unsubscribe.html", spoken, chosen=chosen, path=f"/u/{quote(token)}", token=token, off=off, changed=changed)

    async def new_link(self, request: Request) -> Response:
        return self._page(request, "new_link.html", can_mail=self._fresh is not None)

    async def mail_new_link(self, request: Request) -> Response:
        """The same answer, as fast, for every address: what follows happens after it."""
        email = (await read_fields(request, _SMALL)).get("email")
        answer = self._page(request, "asked.html")
        if self._fresh is not None and "@" in email:
            answer.background = BackgroundTask(self._fresh.send_to_address, email)
        return answer


def routes(pages: OpenPages, *, with_links: bool) -> list[PageRoute]:
    table = [Route("/who-sees-what", look=pages.who_sees_what)]
    if with_links:
        table += [
            Route("/", look=pages.new_link),
            Route("/u/{token}", look=pages.unsubscribe, act=pages.do_unsubscribe),
            Route("/u/{token}/again", act=pages.subscribe_again),
            Route("/new-link", look=pages.new_link, act=pages.mail_new_link),
        ]
    return page_routes("", table)
