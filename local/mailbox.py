"""A page that shows the caught mails, since no real mailbox will: for this machine's browser only."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local.mail_catcher import caught
from local.ports import HOST

_STYLE = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}td,th{text-align:start;padding:.2rem 1rem .2rem 0}"
_LINK = re.compile(r"https?://[^\s<>&\"]+")


class _Page(BaseHTTPRequestHandler):
    def __init__(self, folder: Path, *arguments: object) -> None:
        self._folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server's own three

    def do_GET(self) -> None:
        """`/` lists all, newest first; `/{file}` is one mail as text, `/{file}/html` as a mail program shows it."""
        if self.headers.get("Host") not in {f"{host}:{self.server.server_port}" for host in (HOST, "localhost")}:  # type: ignore[attr-defined]
            self.send_error(HTTPStatus.FORBIDDEN)  # another site's name that points here
            return
        name, _, form = self.path.strip("/").partition("/")
        mails = {path.name: mail for path, mail in caught(self._folder)}
        if not name:
            self._answer(_list(mails))
        elif name in mails and not form:
            self._answer(_letter(name, mails[name]))
        elif name in mails and form == "html":
            self._answer(_body(mails[name], "html"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, page: str) -> None:
        content = page.encode()
        self.send_response(HTTPStatus.OK)
        for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content))), ("Referrer-Policy", "no-referrer")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing: who reads which mail is nobody's business."""


@contextmanager
def showing(folder: Path, port: int) -> Iterator[None]:
    """Serves the mails in `folder` while it is open."""
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


def _list(mails: dict[str, EmailMessage]) -> str:
    rows = "".join(
        f'<tr><td>{name[:4]}</td><td dir="auto">{_said(mail, "To")}</td><td dir="auto"><a href="/{html.escape(name)}">{_said(mail, "Subject")}</a></td></tr>'
        for name, mail in reversed(mails.items())
    )
    return _page("Mailbox", f"<h1>{len(mails)} mails</h1><table>{rows}</table>")


def _letter(name: str, mail: EmailMessage) -> str:
    facts = "".join(f'<tr><th>{field}</th><td dir="auto">{_said(mail, field)}</td></tr>' for field in ("From", "To", "Subject", "Date"))
    files = ", ".join(html.escape(part.get_filename() or "?") for part in mail.iter_attachments())
    text = _LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', html.escape(_body(mail, "plain")))
    attached = f"<p>Attached: {files}</p>" if files else ""
    links = f'<p><a href="/">all mails</a> · <a href="/{html.escape(name)}/html">as a mail program shows it</a></p>'
    return _page("Mail", f'{links}<table>{facts}</table>{attached}<pre dir="auto" style="white-space:pre-wrap">{text}</pre>')


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _said(mail: EmailMessage, field: str) -> str:
    return html.escape(str(mail[field]))


def _page(title: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style><body>{body}</body></html>'
