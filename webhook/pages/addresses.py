"""Addresses of a reader's own pages, as templates write them, and the way back from a form."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse

from webhook.pages.reading import Known
from webhook.pages.rendering import Rendering


class Here:
    """`looking_at` is the path that another language shows as well: it answers a GET."""

    def __init__(self, rendering: Rendering, kind: str, token: str, known: Known, looking_at: str) -> None:
        self._base = f"{rendering.root}/{kind}/{quote(token)}"
        self._this = rendering.root + quote(looking_at)
        self._lang = f"?lang={known.chosen}" if known.chosen else ""
        self.concern = f"{rendering.root}/concern/{quote(token)}{self._lang}"
        self.title = known.clock.language.isolated(known.texts.title)
        self.coordinators = known.coordinators

    def to(self, action: str = "", target: str | int = "") -> str:
        parts = [self._base, *(quote(str(part), safe="") for part in (action, target) if part != "")]
        return "/".join(parts) + self._lang

    def in_language(self, code: str) -> str:
        return f"{self._this}?lang={code}"


def see_other(address: str) -> RedirectResponse:
    """What a form is answered with: loading the page again then sends nothing again. The address, which holds a token, is told to nobody."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"Referrer-Policy": "no-referrer"})


def token_of(request: Request) -> str:
    return str(request.path_params["token"])
