"""Pages that mail links: fresh ones to one's own pages, by mail address, and, from a participant's page, one to private things."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request, Response
from starlette.background import BackgroundTask

from webhook.pages.forms import SMALL, read_fields
from webhook.pages.fresh_links import FreshLinks
from webhook.pages.personal import PersonalPages
from webhook.pages.reading import Known
from webhook.pages.rendering import Rendering
from webhook.pages.routes import PageRoute, Route, page_routes


class NewLinkPages:
    """`/new-link`, for anybody; also at the root."""

    def __init__(self, rendering: Rendering, fresh: FreshLinks) -> None:
        self._rendering = rendering
        self._fresh = fresh

    def routes(self) -> list[PageRoute]:
        return page_routes("", (Route("/", look=self.new_link), Route("/new-link", look=self.new_link, act=self.mail_new_link)))

    async def new_link(self, request: Request) -> Response:
        return self._rendering.guest_page(request, "new_link.html")

    async def mail_new_link(self, request: Request) -> Response:
        """Gives the same answer, and as fast, for every address: the mail is sent after it."""
        email = (await read_fields(request, SMALL)).get("email")
        answer = self._rendering.guest_page(request, "asked.html")
        if "@" in email:
            answer.background = BackgroundTask(self._fresh.send_to_address, email)
        return answer


class PrivateLinkPage:
    """Below a participant's page."""

    def __init__(self, pages: PersonalPages) -> None:
        self._pages = pages
        self._site = pages.site

    @property
    def routes(self) -> Sequence[Route]:
        return (Route("/private_link", look=self.show, act=self.mail),)

    async def show(self, request: Request) -> Response:
        return self._page(request, await self._pages.known(request), sent=False)

    async def mail(self, request: Request) -> Response:
        """Not counted, as no mailed link is: concerns are raised behind this one, and other forms that came too fast must not hold one back (H16)."""
        known, _, _ = await self._pages.opened_uncounted(request, "private_link", "")
        sent = await self._site.fresh.send(known, "private")
        return self._page(request, known, sent=sent, trouble=not sent)

    def _page(self, request: Request, known: Known, *, sent: bool, trouble: bool = False) -> Response:
        status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
        token = self._pages.token(known, "private_link", carried="none")
        return self._pages.page(request, known, "private_link.html", status=status, token=token, sent=sent, trouble=trouble)
