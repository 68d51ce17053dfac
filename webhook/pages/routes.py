"""The addresses of pages, with one table for each kind of page, and what a page answers when something in it breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from starlette import routing
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from webhook.pages.problems import PageProblem
from webhook.parsing import plainly_addressed
from webhook.problems import Problem
from webhook.watching import place

Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.stdlib.get_logger("webhook.pages")


@dataclass(frozen=True)
class Route:
    """One address: `look` answers those who open it, `act` takes a form that is sent to it."""

    path: str
    look: Handler | None = None
    act: Handler | None = None


class PageRoute(routing.Route):
    """A plain route, without the framework's models of requests and answers: pages are not in the OpenAPI document."""

    def __init__(self, path: str, handler: Handler, method: str) -> None:
        super().__init__(path, _answering(handler), methods=[method], include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[routing.Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self}  # what the request is called in logs and metrics


def _answering(handler: Handler) -> Handler:
    """Answers a fault of ours with a page, too. The log gets its place and kind, never its message, which may repeat what somebody wrote (H12)."""

    async def answered(request: Request) -> Response:
        try:
            await plainly_addressed(request)
            return await handler(request)
        except (PageProblem, Problem, HTTPException, ClientDisconnect):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a person looks at it
            _log.error("fault", error=type(error).__name__, at=place(error))
            raise PageProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "fault") from None

    return answered


def page_routes(root: str, table: Iterable[Route]) -> list[PageRoute]:
    """Looking is GET and HEAD, acting is POST; earlier rows take precedence."""
    each = ((root + route.path, handler, method) for route in table for method, handler in (("GET", route.look), ("POST", route.act)))
    return [PageRoute(path, handler, method) for path, handler, method in each if handler is not None]
