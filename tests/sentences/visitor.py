"""Somebody at the pages with a browser. What they send is handled before they read what became of it, unless nobody works at that moment."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from tests.sentences.house import House
from tests.webhook.browser import GLUED, Browser, words

WRONG = HTTPStatus.UNPROCESSABLE_ENTITY
"""What a form that comes back is answered with."""


class Visitor:
    """`address` is where their link leads; `page` is what they look at."""

    def __init__(self, house: House, address: str = "") -> None:
        self._house = house
        assert house.http is not None
        self._browser = Browser(house.http)
        self.address = address
        self.page: httpx.Response

    def open(self, *path: Any, status: int = HTTPStatus.OK, **asked: Any) -> str:
        """Opens what lies at `path` below their link. Returns its words."""
        return self._look("/".join([self.address, *map(str, path)]), status, **asked)

    @property
    def ref(self) -> str:
        """What the page's address ends with."""
        return self.page.url.path.rpartition("/")[2]

    @property
    def lines(self) -> int:
        """How many lines of the coordinators' list are open before them."""
        return len(self._browser.lines(self.page))

    def line(self, number: int) -> str:
        """Opens a line of the coordinators' list that is open before them, counted from 0."""
        return self._see(self._house.wait(self._browser.line(self.page, number)), HTTPStatus.OK)

    def show(self, file: bytes) -> str:
        """Has a file checked on the page of a certificate."""
        assert self._house.http is not None
        return self._see(self._house.wait(self._house.http.post(self.page.url, files={"file": ("file", file)})), HTTPStatus.OK)

    def follow(self, part: str, status: int = HTTPStatus.OK) -> str:
        """Follows the first link of the page whose address has this part."""
        return self._look(self._browser.link(self.page, part), status)

    def send(self, action: str, status: int = HTTPStatus.OK, /, **typed: Any) -> str:
        """Sends the form of this page whose address ends with `action`."""
        answer = self._house.wait(self._browser.send(self.page, action, follow=False, **typed))
        self._house.settle()
        if answer.status_code == HTTPStatus.SEE_OTHER:
            return self._look(answer.headers["location"], status)
        return self._see(answer, status)

    def fill(self, action: str, target: Any = "", /, *, status: int = HTTPStatus.OK, **typed: Any) -> str:
        """Opens a form and sends it."""
        path = [action, *([target] if target != "" else [])]
        self.open(*path)
        return self.send("/".join(["", *map(str, path)]), status, **typed)

    def _look(self, address: str, status: int, **asked: Any) -> str:
        return self._see(self._house.wait(self._browser.get(address, params=asked or None)), status)

    def _see(self, page: httpx.Response, status: int) -> str:
        said = words(page)
        assert page.status_code == status, said
        assert not GLUED.search(said), said
        self.page = page
        return said
