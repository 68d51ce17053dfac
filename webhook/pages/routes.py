"""Where pages stand: every kind of them is one table; and what a page answers when something in it breaks."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from webhook.pages.shell import PageProblem
from webhook.problems import Problem

Handler = Callable[..., Awaitable[Response]]
"""Takes the request, and by its name whatever else of the address it wants to be handed."""

_log = structlog.stdlib.get_logger("webhook.pages")


@dataclass(frozen=True)
class Route:
    """One address: what a look at it answers, and what a form that is sent to it does."""

    path: str
    look: Handler | None = None
    act: Handler | None = None


class PageRoute(APIRoute):
    """A fault of ours is a page as well. It is told by its place and kind, never its message: that may repeat what somebody wrote (H12)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except (PageProblem, Problem, HTTPException, ClientDisconnect):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, a person looks at it
                frame = traceback.extract_tb(error.__traceback__)[-1]
                _log.error("fault", error=type(error).__name__, at=f"{Path(frame.filename).name}:{frame.lineno}")
                raise PageProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "fault") from None

        return answered


def page_router(root: str, table: Iterable[Route]) -> APIRouter:
    """Looking is GET and HEAD, acting is POST; earlier rows come first."""
    routes = APIRouter(include_in_schema=False, route_class=PageRoute)
    for route in table:
        if route.look is not None:
            routes.add_api_route(root + route.path, route.look, methods=["GET", "HEAD"])
        if route.act is not None:
            routes.add_api_route(root + route.path, route.act, methods=["POST"])
    return routes
