"""`/who-sees-what`: the table of visibility, made from the rules themselves (P8)."""

from __future__ import annotations

from fastapi import Request, Response

from mentorship.visibility import THINGS, VIEWERS, sight
from webhook.pages.rendering import Rendering
from webhook.pages.routes import PageRoute, Route, page_routes


class WhoSeesWhat:
    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering

    def routes(self) -> list[PageRoute]:
        return page_routes("/who-sees-what", (Route("", look=self.show),))

    async def show(self, request: Request) -> Response:
        rows = [(thing, [(viewer, sight(viewer, thing)) for viewer in VIEWERS]) for thing in THINGS]
        return self._rendering.guest_page(request, "who_sees_what.html", rows=rows, viewers=VIEWERS)
