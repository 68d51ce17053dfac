"""What became of what a reader sent: of the message just sent, and for some days of those that changed nothing, about which nobody told them."""

from __future__ import annotations

import asyncio
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
"""Seconds that a page waits for the journal to have all that was just sent; after them it says that the rest is kept."""
MOST_NAMED = 100
"""Messages in a page's address. Many servers in front of ours take no line of more than 8 kB."""
TOLD_FOR = timedelta(days=3)
"""How long a page shows messages that changed nothing."""


@dataclass(frozen=True)
class RefusedView:
    """What a page says about a message that changed nothing. `this` is True if it is all that the reader has just sent."""

    name: str
    meeting: str | None
    when: str
    reason: str
    words: tuple[str, ...]
    this: bool


async def became_of(site: Site, request: Request, bearer: Bearer) -> tuple[Receipt, ...]:
    """What became of the messages that the reader has just sent. Nothing for the partner's, which are none of their business.

    Several from one form are told as one, which is done once none of them waits. Those that changed nothing are not among them: `refused` names each.
    """
    writer = site.form_tokens.writer(bearer)
    sent = [one for one in _sent(request) if one.startswith(writer) and len(one) <= 200 and one.isprintable()]
    loop = asyncio.get_running_loop()
    until = loop.time() + JOURNAL_WAIT
    for message_id in sent:
        await site.reading.journaled(bearer.scope, message_id, until - loop.time())
    enrolment = await site.reading.enrolment(bearer.scope) if sent else None
    if enrolment is None:
        return ()
    found: list[Receipt] = []
    for message_id in sent:
        try:
            receipt = await site.door.receipt(enrolment, message_id)
        except Problem:  # Temporal is away; it has the message all the same
            receipt = Receipt("waiting")
        found.append(receipt)
        if receipt.status == "waiting":  # nobody answers, or not yet: asking on about the others would take seconds for each
            break
    if len(sent) == 1:
        return tuple(found)
    unnamed = [Receipt(one.status, one.reason) for one in found if one.status != "refused" or one.at is None]  # only what is in the journal has a name
    waiting = [one for one in unnamed if one.status == "waiting"]
    return tuple(dict.fromkeys(waiting or unnamed))


def refused(request: Request, known: Known, *, private: bool) -> list[RefusedView]:
    """The reader's messages that changed nothing: the one just sent, and for some days the others.

    The others may have been handled after their sender read that they are kept safely (P5). `already_done` is no news.
    """
    sent = _sent(request)
    shown = [
        one for one in known.refused if one.private == private and (one.message_id in sent or (one.reason != "already_done" and known.now - one.at < TOLD_FOR))
    ]
    return [_view(one, known.clock, this=[one.message_id] == sent) for one in shown]


def _view(one: Refused, clock: Clock, *, this: bool) -> RefusedView:
    meeting = clock.when(one.meeting) if one.meeting is not None else None
    return RefusedView(one.name, meeting, clock.when(one.at), one.reason, one.words, this)


def _sent(request: Request) -> list[str]:
    """The ids that a form's answer puts into the page's address."""
    return request.query_params.getlist("m")[:MOST_NAMED]
