"""Turns templates into answers: the template environment, the headers that keep a page closed, and the stylesheet.

Pages have no script, no cookie, nothing from elsewhere and nothing stored, and send no referrer that would carry a token away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from notices.language import Language
from webhook.pages.languages import NAMES, language, spoken_to_guest
from webhook.pages.problems import PageProblem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_STATIC = {"pages.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


class Rendering:
    """Renders pages. `base_url` says under which path others reach us."""

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

    def guest_page(self, request: Request, template: str, **facts: Any) -> HTMLResponse:
        """A page for any visitor, in the language that they chose, else that of their browser."""
        spoken, chosen = spoken_to_guest(request)
        return self.page(template, spoken, chosen=chosen, path=request.url.path, **facts)

    def mount(self, app: FastAPI) -> None:
        """Serves the stylesheet and the icon. The stylesheet's address changes with its content, so browsers may keep it."""

        async def static(name: str) -> Response:
            media_type = _STATIC.get(name)
            if media_type is None:
                raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here")
            kept = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin"}
            return Response(_content(name), media_type=media_type, headers=kept)

        app.add_api_route("/static/{name}", static, methods=["GET", "HEAD"], include_in_schema=False)


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
