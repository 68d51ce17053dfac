"""Pages that say kindly what is the matter, where a program would get a problem document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from webhook.pages.languages import OFFERED, language, spoken_to_guest
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Reading
from webhook.pages.rendering import Rendering

_METHODS = ("GET", "HEAD", "POST")
"""All methods that any address here answers."""


Answer = Callable[[Request, Exception], Awaitable[Response]]


class ProblemPages:
    def __init__(self, rendering: Rendering, reading: Reading) -> None:
        self._rendering = rendering
        self._reading = reading

    async def of(self, request: Request, problem: Exception) -> Response:
        assert isinstance(problem, PageProblem)
        if problem.code in OFFERED:
            spoken, chosen = language(problem.code), None
        else:
            spoken, chosen = spoken_to_guest(request) if problem.person is None else await self._reading.spoken_to(request, problem.person)
        return self._rendering.page(
            "problem.html", spoken, status=problem.status, headers=problem.headers, chosen=chosen, kind=problem.kind, facts=problem.facts
        )

    def lost(self, otherwise: Answer) -> Answer:
        """What a person reads at an address that does not exist, or that does not answer the method. Programs are answered `otherwise`."""

        async def answer(request: Request, error: Exception) -> Response:
            assert isinstance(error, HTTPException)
            status = HTTPStatus(error.status_code)
            if status == HTTPStatus.METHOD_NOT_ALLOWED:
                error = HTTPException(status, headers={"Allow": ", ".join(_methods(request))})
            elif status != HTTPStatus.NOT_FOUND or request.method not in ("GET", "HEAD"):
                return await otherwise(request, error)
            if "text/html" in request.headers.get("accept", ""):
                return await self.of(request, PageProblem(status, "nothing_here", headers=error.headers))
            return await otherwise(request, error)

        return answer


def _methods(request: Request) -> list[str]:
    """The methods that all routes of an address answer: the framework names only those of the first one."""
    asked = {name: request.scope[name] for name in ("type", "path", "root_path", "headers") if name in request.scope}
    return [method for method in _METHODS if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in request.app.routes)]
