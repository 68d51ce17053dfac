"""What is checked before a form may change anything: its link, then its size, then the pace of the link's bearer.

In this order strangers' forms are not counted, so nobody can use up somebody else's pace. A form that comes too fast is refused whole.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import Request

from gateway.links import Bearer, Purpose
from mentorship.state import MOST_MEETINGS
from webhook.pace import Pace
from webhook.pages.links import Links
from webhook.pages.problems import PageProblem
from webhook.parsing import read
from webhook.problems import Problem

MOST = 1_048_576
"""Bytes of a form: more than its fields can hold, in any script. So somebody who pasted a whole document gets it back with what is wrong."""
_MOST_OF_STRANGERS = 65_536
"""Bytes of a form that came by no link of ours, not even an old one. Anybody can send it, and MOST bytes hold up everybody else for tenths of a second."""
SMALL = 4096
"""Bytes of a form that holds an address, or nothing."""
MOST_FIELDS = MOST_MEETINGS + 20
"""Of a form: each meeting that a mentorship can have may be ticked in one."""


class Fields:
    """What was typed and chosen, as it came. It is shown again if it could not be taken."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self.pairs = tuple((name, _plain(value)) for name, value in pairs)

    def get(self, name: str) -> str:
        """The first value, without blanks around it; empty when there is none."""
        return next((value.strip() for found, value in self.pairs if found == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for found, value in self.pairs if found == name))

    def typed(self) -> tuple[str, ...]:
        """The words that somebody wrote, for a page that cannot show the form again."""
        return tuple(value for name, value in self.pairs if name in ("text", "steps") and value.strip())


def _plain(value: str) -> str:
    """Line ends as we write them; no NUL, which no database takes."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


async def read_fields(request: Request, most: int = MOST) -> Fields:
    """A form as a browser sends it. Raises PageProblem if it is too large, unreadable, or sent by a page of another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise PageProblem(HTTPStatus.FORBIDDEN, "foreign_form")
    raw = await read_limited(request, most)
    try:
        return Fields(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:
        raise PageProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable_form") from None


async def read_limited(request: Request, most: int) -> bytes:
    """The body; a longer one is never read to its end. Raises PageProblem (413)."""
    try:
        return await read(request, most)
    except Problem as problem:
        raise PageProblem(problem.status, "too_large", headers=problem.headers) from None


async def read_form(request: Request, links: Links, purpose: Purpose, token: str) -> tuple[Bearer, Fields]:
    """Who sends the form, and what. Raises PageProblem; if the link expired while somebody was writing, that shows what they wrote."""
    try:
        bearer = links.bearer(purpose, token)
    except PageProblem as problem:
        most = MOST if problem.person is not None else _MOST_OF_STRANGERS
        raise await _with_what_was_typed(problem, request, most) from None
    return bearer, await read_fields(request)


def keep_pace(pace: Pace, sender: Hashable, *, code: str) -> None:
    """Counts one form. Raises PageProblem (429), in the reader's language. Only for forms without words: others are shown again with theirs.

    `sender` is the link's bearer, never the link: one mentorship has many links.
    """
    try:
        pace.take(sender)
    except Problem as problem:
        raise PageProblem(problem.status, "too_many", code=code, headers=problem.headers, wait=waiting(problem)) from None


def waiting(problem: Problem) -> timedelta:
    """How long to wait before the next try, in whole minutes: nobody counts seconds."""
    return timedelta(minutes=math.ceil(int(problem.headers["Retry-After"]) / 60))


async def _with_what_was_typed(problem: PageProblem, request: Request, most: int) -> PageProblem:
    try:
        return problem.with_typed((await read_fields(request, most)).typed())
    except PageProblem as further:  # the link's problem stays the answer; the headers close the connection on the rest of a form that is too large
        problem.headers |= further.headers
        return problem
