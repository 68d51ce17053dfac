"""What a form passes before it may change anything: the link that it came by, then its size, then the pace of whose link it is.

In this order nothing of a stranger's is counted, so nobody can use up what is somebody else's; and a form that comes too fast is refused whole.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from datetime import timedelta

from fastapi import Request

from gateway.links import Bearer, Purpose
from webhook.pace import Pace
from webhook.pages.forms import Fields, read_fields
from webhook.pages.known import Reading
from webhook.pages.shell import PageProblem
from webhook.problems import Problem


async def read_form(request: Request, reading: Reading, purpose: Purpose, token: str, most: int) -> tuple[Bearer, Fields]:
    """Who sends it, and what. Raises PageProblem; that of a link which went stale while somebody was writing shows what they wrote."""
    try:
        bearer = reading.bearer(purpose, token)
    except PageProblem as problem:
        raise await _with_what_was_typed(problem, request, most) from None
    return bearer, await read_fields(request, most)


def keep_pace(pace: Pace, sender: Hashable, *, code: str) -> None:
    """Counts one form. Raises PageProblem (429), in the reader's language: for forms with nothing written in them; the others come back with it.

    `sender` is whom a link is for, never the link: there are many of those to one mentorship.
    """
    try:
        pace.take(sender)
    except Problem as problem:
        raise PageProblem(problem.status, "too_many", code=code, headers=problem.headers, wait=waiting(problem)) from None


def waiting(problem: Problem) -> timedelta:
    """After how long to try again, in whole minutes: nobody counts seconds."""
    return timedelta(minutes=math.ceil(int(problem.headers["Retry-After"]) / 60))


async def _with_what_was_typed(problem: PageProblem, request: Request, most: int) -> PageProblem:
    try:
        return problem.with_typed((await read_fields(request, most)).typed())
    except PageProblem as further:  # the link's stays the answer; of a form that is too large the rest is not listened to
        problem.headers |= further.headers
        return problem
