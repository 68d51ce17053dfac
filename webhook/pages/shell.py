"""What every page has around it: the template environment, the headers that keep it closed, and pages instead of problem documents.

No script, no cookie, nothing from elsewhere, nothing stored, no referrer that would carry a token away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.routing import Match

from notices.language import Language
from webhook.pages.wording import NAMES, OFFERED, guest_language, language
from webhook.problems import Problem

T = TypeVar("T")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_METHODS = ("GET", "HEAD", "POST")
"""All that any address here answers."""
_STATIC = {"pages.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


Answer = Callable[[Request, Exception], Awaitable[Response]]


class PageProblem(Exception):  # noqa: N818 - like Problem: it becomes the answer
    """A page that says kindly what is the matter. `kind` names its words in problem.html; `facts` are what they need."""

    def __init__(self, status: HTTPStatus, kind: str, *, code: str | None = None, headers: Mapping[str, str] | None = None, **facts: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.code = code
        self.headers = dict(headers or {})
        self.facts = facts

    def with_typed(self, typed: tuple[str, ...]) -> PageProblem:
        """The same page, with what somebody had written, so that nothing is lost."""
        return PageProblem(self.status, self.kind, code=self.code, headers=self.headers, **{**self.facts, "typed": typed})


async def from_door(answer: Awaitable[T]) -> T:
    """What a door answers. Raises PageProblem (503) where it raises Problem."""
    try:
        return await answer
    except Problem as problem:
        raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "records_away", headers=problem.headers) from None


class Shell:
    """Renders pages. `base_url` says under which path we are reached from outside."""

    def __init__(self, base_url: str) -> None:
        self.root = urlsplit(base_url).path
        self.base_url = base_url

    def page(
        self,
        template: str,
        spoken: Language,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        chosen: str | None = None,
        **facts: Any,
    ) -> HTMLResponse:
        """`chosen` is the language that the reader asked for on the page; links carry it on."""
        environment = _environment(spoken.code)
        html = environment.get_template(template).render(
            root=self.root, style=f"{self.root}/static/pages.css?{_version('pages.css')}", spoken=spoken, chosen=chosen, languages=NAMES, **facts
        )
        return HTMLResponse(html, status_code=status.value, headers={**HEADERS, "Content-Language": spoken.code, "Vary": "Accept-Language", **(headers or {})})

    async def on_problem(self, request: Request, problem: Exception) -> Response:
        assert isinstance(problem, PageProblem)
        chosen = request.query_params.get("lang")
        spoken = language(problem.code) if problem.code in OFFERED else guest_language(chosen, request.headers.get("accept-language", ""))
        return self.page("problem.html", spoken, status=problem.status, headers=problem.headers, chosen=None, kind=problem.kind, facts=problem.facts)

    def lost(self, otherwise: Answer) -> Answer:
        """What a person reads at an address that there is not, or that does not answer what was asked of it; programs are answered `otherwise`."""

        async def answer(request: Request, error: Exception) -> Response:
            assert isinstance(error, HTTPException)
            status = HTTPStatus(error.status_code)
            if status == HTTPStatus.METHOD_NOT_ALLOWED:
                error = HTTPException(status, headers={"Allow": ", ".join(_methods(request))})
            elif status != HTTPStatus.NOT_FOUND or request.method not in ("GET", "HEAD"):
                return await otherwise(request, error)
            if "text/html" in request.headers.get("accept", ""):
                return await self.on_problem(request, PageProblem(status, "nothing_here", headers=error.headers))
            return await otherwise(request, error)

        return answer

    def mount(self, app: FastAPI) -> None:
        """The stylesheet; its address changes with its content, so it may be kept."""

        async def static(name: str) -> Response:
            media_type = _STATIC.get(name)
            if media_type is None:
                raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here")
            kept = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin"}
            return Response(_content(name), media_type=media_type, headers=kept)

        app.add_api_route("/static/{name}", static, methods=["GET", "HEAD"], include_in_schema=False)


def _methods(request: Request) -> list[str]:
    """What an address answers, over all of its routes: the framework names those of the first one only."""
    asked = {name: request.scope[name] for name in ("type", "path", "root_path", "headers") if name in request.scope}
    return [method for method in _METHODS if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in request.app.routes)]


@cache
def _content(name: str) -> bytes:
    return files("webhook").joinpath("static", name).read_bytes()


@cache
def _version(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]


@cache
def _environment(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("webhook"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    environment.install_gettext_translations(language(code).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["iso"] = _iso
    return environment


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
