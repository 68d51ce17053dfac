"""What became of what a reader sent: of the message just sent, and for some days of those that changed nothing, about which nobody told them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request

from gateway.links import Bearer
from notices.language import Clock
from webhook.door import Receipt
from webhook.pages.journal import Refused
from webhook.pages.reading import Known
from webhook.pages.site import Site
from webhook.problems import Problem

JOURNAL_WAIT = 1.2
"""Seconds that a page waits for the journal to have what was just sent; after them it says that the message is kept."""
TOLD_FOR = timedelta(days=3)
"""How long a page shows messages that changed nothing."""


@dataclass(frozen=True)
class RefusedView:
    """What a page says about a message that changed nothing. `this` is True if the reader has just sent it."""

    name: str
    meeting: str | None
    when: str
    reason: str
    words: tuple[str, ...]
    this: bool


async def became_of(site: Site, request: Request, bearer: Bearer) -> Receipt | None:
    """What became of the message that the reader has just sent. None for the partner's, which are none of their business."""
    message_id = request.query_params.get("m", "")
    if not message_id.startswith(site.form_tokens.writer(bearer)) or len(message_id) > 200 or not message_id.isprintable():
        return None
    await site.reading.journaled(bearer.scope, message_id, JOURNAL_WAIT)
    enrolment = await site.reading.enrolment(bearer.scope)
    if enrolment is None:
        return None
    try:
        return await site.door.receipt(enrolment, message_id)
    except Problem:  # Temporal is away; it has the message all the same
        return Receipt("waiting")


def refused(request: Request, known: Known, *, private: bool) -> list[RefusedView]:
    """The reader's messages that changed nothing: the one just sent, and for some days the others.

    The others may have been handled after their sender read that they are kept safely (P5). `already_done` is no news.
    """
    this = request.query_params.get("m")
    shown = [
        one for one in known.refused if one.private == private and (one.message_id == this or (one.reason != "already_done" and known.now - one.at < TOLD_FOR))
    ]
    return [_view(one, known.clock, this) for one in shown]


def _view(one: Refused, clock: Clock, this: str | None) -> RefusedView:
    meeting = clock.when(one.meeting) if one.meeting is not None else None
    return RefusedView(one.name, meeting, clock.when(one.at), one.reason, one.words, one.message_id == this)
