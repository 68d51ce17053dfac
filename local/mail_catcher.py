"""A mail server for one machine: it accepts every mail, delivers none, and writes each to a file."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from local.letters import Letter
from local.ports import HOST


class MailCatcher:
    """Numbers files in the order of arrival, with the receiver's name: `0001-mia.example.eml`. No number is used twice, even if mails are deleted by hand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = max(map(_number, in_order(folder)), default=0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answers 250 once the file is written, and 452 if it cannot be written: after a permanent refusal the mail would be given up."""
        self._count += 1
        receiver = re.sub(r"[^a-z0-9.]+", "-", str(envelope.rcpt_tos[0]).partition("@")[0].lower())
        content: bytes = envelope.original_content
        file = self._folder / f"{self._count:04}-{receiver}.eml"
        unfinished = file.with_suffix(".part")
        try:
            unfinished.write_bytes(content)
            unfinished.rename(file)  # readers see a whole mail or none
        except OSError as error:
            self._count -= 1
            return f"452 {error.strerror}"
        return "250 OK"


@asynccontextmanager
async def catching(folder: Path, port: int) -> AsyncIterator[None]:
    """Catches mails into `folder` while the block runs."""
    catcher = MailCatcher(folder)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(catcher, hostname="localhost"), HOST, port)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def in_order(folder: Path) -> list[Path]:
    """Every mail so far, in the order of arrival: 10000 comes after 9999, not before 1001."""
    return sorted(folder.glob("*.eml"), key=lambda path: (_number(path), path.name))


def _number(path: Path) -> int:
    number = path.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


@cache
def read(path: Path) -> Letter:
    """One caught mail. What a list shows of it is kept in memory for every mail, since a file here never changes."""
    return Letter(path.name, partial(_opened, path))


def _opened(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def caught(folder: Path) -> list[tuple[Path, EmailMessage]]:
    """Every mail so far with its file, in the order of arrival."""
    return [(path, _opened(path)) for path in in_order(folder)]
