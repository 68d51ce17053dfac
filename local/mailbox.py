"""A page that shows the caught mails as a real mailbox would, only for a browser on this machine.

It has no script and loads nothing from elsewhere; a mail's own HTML is in a frame that can only open links.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from local.letters import Letter, receivers
from local.mail_catcher import in_order, read
from local.ports import HOST

_SHEETS = {"pages.css": ("webhook", "text/css"), "icon.svg": ("webhook", "image/svg+xml"), "mailbox.css": ("local", "text/css")}
"""The pages' own sheet comes first, so that mailbox and pages have the same colours and fonts."""
_PAGE = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FRAMED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_AT_ONCE = 50
_HEAD = re.compile(r"<head>", re.IGNORECASE)


class _Page(BaseHTTPRequestHandler):
    def __init__(self, folder: Path, *arguments: Any) -> None:
        self._folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """`/` lists mails, newest first (`?to=` one person's, `?page=`); `/{file}` is one mail, `/{file}/html` its HTML, `/{file}/{n}` an attachment."""
        if self.headers.get("Host") not in {f"{host}:{self.server.server_port}" for host in (HOST, "localhost")}:  # type: ignore[attr-defined]
            self.send_error(HTTPStatus.FORBIDDEN)  # another site's name that resolves to this machine
            return
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        name, _, form = unquote(asked.path).strip("/").partition("/")
        letters = {path.name: read(path) for path in in_order(self._folder)}
        if not name:
            self._show("list.html", **_listed(list(letters.values()), query))
        elif name == "static" and form in _SHEETS:
            self._answer(_sheet(form), _SHEETS[form][1])
        elif name in letters and not form:
            self._show("letter.html", **_one(list(letters.values()), letters[name]))
        elif name in letters and form == "html":
            self._answer(_HEAD.sub('<head><base target="_blank">', letters[name].html, count=1).encode(), "text/html", policy=_FRAMED)
        elif name in letters and form.isdecimal() and int(form) < len(letters[name].files):
            self._attachment(letters[name], int(form))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        """Like GET, without the content."""
        self.do_GET()

    def _show(self, template: str, **facts: Any) -> None:
        self._answer(_templates().get_template(template).render(**facts).encode(), "text/html")

    def _attachment(self, letter: Letter, number: int) -> None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", letter.files[number].name)
        self._answer(letter.content(number), letter.files[number].media_type, disposition=f'attachment; filename="{name}"')

    def _answer(self, content: bytes, media_type: str, *, policy: str = _PAGE, disposition: str | None = None) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if disposition is not None:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Logs nothing: who reads which mail is nobody's business."""


@contextmanager
def showing(folder: Path, port: int) -> Iterator[None]:
    """Serves the mails in `folder` while the block runs."""
    server = ThreadingHTTPServer((HOST, port), partial(_Page, folder))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listed(letters: list[Letter], query: dict[str, str]) -> dict[str, Any]:
    people = receivers(letters)
    chosen = next((one for one in people if one.person.address == query.get("to")), None)
    wanted = [letter for letter in reversed(letters) if chosen is None or letter.to.address == chosen.person.address]
    page = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    shown = wanted[(page - 1) * _AT_ONCE : page * _AT_ONCE]
    link = partial(_link, chosen.person.address if chosen is not None else None)
    newer, older = (link(page - 1) if page > 1 else None), (link(page + 1) if page * _AT_ONCE < len(wanted) else None)
    return {"letters": shown, "people": people, "chosen": chosen, "total": len(letters), "number": len(wanted), "newer": newer, "older": older}


def _link(to: str | None, page: int = 1) -> str:
    asked = {**({"to": to} if to else {}), **({"page": page} if page > 1 else {})}
    return f"/?{urlencode(asked)}" if asked else "/"


def _one(letters: list[Letter], letter: Letter) -> dict[str, Any]:
    """The mail, with links to the mails to the same person before and after it."""
    own = [other for other in letters if other.to.address == letter.to.address]
    place = own.index(letter)
    pages = [page for one in receivers(letters) if one.person.address == letter.to.address for page in one.pages]
    return {
        "letter": letter,
        "before": own[place - 1] if place > 0 else None,
        "after": own[place + 1] if place + 1 < len(own) else None,
        "page": next((page for page in pages if letter.own is not None and page.thread == letter.own_thread), None),
        "height": _height(letter),
    }


def _height(letter: Letter) -> int:
    """The height in points that the mail takes on a wide screen, estimated from its lines: without a script a frame cannot set its own height."""
    lines = len(letter.text.splitlines())
    return min(250 + 26 * min(lines, 50) + 18 * max(lines - 50, 0), 3200)


@cache
def _templates() -> Environment:
    environment = Environment(loader=PackageLoader("local"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"when": _when, "day": _day, "time": lambda at: f"{at.astimezone():%H:%M}", "inbox": _link}
    return environment


def _when(at: datetime) -> str:
    """In this machine's zone, to the second, since a demo's weeks last seconds."""
    return f"{_day(at)}, {at.astimezone():%H:%M:%S}"


def _day(at: datetime) -> str:
    here = at.astimezone()
    return f"{here:%a} {here.day} {here:%b %Y}"


@cache
def _sheet(name: str) -> bytes:
    return files(_SHEETS[name][0]).joinpath("static", name).read_bytes()
