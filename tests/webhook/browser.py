"""A person using the pages without a real browser: opens them, sends their forms, reads their words."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class Browser:
    """Opens pages and sends the forms that it finds on them, as a person would."""

    http: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def send(self, page: httpx.Response, action: str, /, follow: bool = True, **typed: Any) -> httpx.Response:
        """Sends the form whose address ends with `action`, filled in with what is typed."""
        url, hidden = form(page, action)
        answer = await self.http.post(url, data={**hidden, **typed}, headers={"Sec-Fetch-Site": "same-origin"})
        if answer.status_code == 303:
            assert answer.headers["referrer-policy"] == "no-referrer", "the address holds a token"
        if follow and answer.status_code == 303:
            return await self.http.get(answer.headers["location"])
        return answer

    def link(self, page: httpx.Response, part: str) -> str:
        """The address of the first link that has this part."""
        return next(html.unescape(found) for found in re.findall(r'<a [^>]*href="([^"]*)"', page.text) if part in found)

    def lines(self, page: httpx.Response) -> list[str]:
        """The addresses of the lines on the coordinators' list."""
        return [html.unescape(found) for found in re.findall(r'<a class="button second" href="([^"]*/coordinator/[^"/]+/[0-9a-f]{16}[^"]*)"', page.text)]

    async def line(self, page: httpx.Response, number: int = 0) -> httpx.Response:
        """Opens the page of a line on the coordinators' list, counted from 0."""
        return await self.http.get(self.lines(page)[number])


def found_in(text: str, pattern: str) -> str:
    """What the first group of the pattern matches in a text that has to have it."""
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no {pattern} in {text}"
    return str(found[1])


def form(page: httpx.Response, action: str) -> tuple[str, dict[str, str]]:
    """A form's address and its hidden fields."""
    for found in re.finditer(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL):
        if found[1].split("?")[0].endswith(action):
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[2])
            return html.unescape(found[1]), {name: html.unescape(value) for name, value in hidden}
    raise AssertionError(f"no form {action} on a page of {page.status_code}")


GLUED = re.compile(r"[a-z][.!?][A-Z][a-z]")
"""Two sentences of which somebody forgot the space between."""


def words(page: httpx.Response) -> str:
    """A page's words without its markup."""
    main = re.sub(r"<(script|style).*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())
