"""Turns reminders off and on again: by the link in every mail, which asks for nothing else, and on the reader's own page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from records.store import Records
from webhook.pages.addresses import token_of
from webhook.pages.forms import SMALL, read_fields, read_limited
from webhook.pages.links import Links
from webhook.pages.personal import PersonalPages
from webhook.pages.reading import Reading
from webhook.pages.rendering import Rendering
from webhook.pages.routes import PageRoute, Route, page_routes


class UnsubscribePages:
    """`/u/{token}`, from a mail."""

    def __init__(self, rendering: Rendering, links: Links, reading: Reading, records: Records) -> None:
        self._rendering = rendering
        self._links = links
        self._reading = reading
        self._records = records

    def routes(self) -> list[PageRoute]:
        return page_routes("/u/{token}", (Route("", look=self.unsubscribe, act=self.do_unsubscribe), Route("/again", act=self.subscribe_again)))

    async def unsubscribe(self, request: Request) -> Response:
        person = self._owner(request)
        return await self._reminders(request, person, off=await self._reading.ask(self._records.notices.is_unsubscribed(person)), changed=False)

    async def do_unsubscribe(self, request: Request) -> Response:
        """Follows RFC 8058: whatever the body says, without cookies, and from wherever a mail program sends it."""
        person = self._owner(request)
        await read_limited(request, SMALL)
        await self._reading.ask(self._records.notices.unsubscribe(person))
        return await self._reminders(request, person, off=True, changed=True)

    async def subscribe_again(self, request: Request) -> Response:
        """Undoes it, but only from a page of ours."""
        person = self._owner(request)
        await read_fields(request, SMALL)
        await self._reading.ask(self._records.notices.subscribe_again(person))
        return await self._reminders(request, person, off=False, changed=True)

    def _owner(self, request: Request) -> str:
        return self._links.bearer("unsubscribe", token_of(request)).person

    async def _reminders(self, request: Request, person: str, *, off: bool, changed: bool) -> HTMLResponse:
        spoken, chosen = await self._reading.spoken_to(request, person)
        token = token_of(request)
        return self._rendering.page("unsubscribe.html", spoken, chosen=chosen, path=f"/u/{quote(token)}", token=token, off=off, changed=changed)


class ReminderPages:
    """Below a participant's page."""

    def __init__(self, pages: PersonalPages) -> None:
        self._pages = pages
        self._site = pages.site

    @property
    def routes(self) -> Sequence[Route]:
        return (Route("/reminders", look=self.show, act=self.change),)

    async def show(self, request: Request) -> Response:
        known = await self._pages.known(request)
        return self._pages.page(request, known, "reminders.html", off=known.unsubscribed, token=self._pages.token(known, "reminders", carried="none"))

    async def change(self, request: Request) -> Response:
        known, fields, _ = await self._pages.opened(request, "reminders")
        notices, on = self._site.records.notices, fields.get("reminders") == "on"
        await self._site.reading.ask(notices.subscribe_again(known.bearer.person) if on else notices.unsubscribe(known.bearer.person))
        return self._pages.back(request, known, done="reminders")
