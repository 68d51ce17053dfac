"""Sending one mail to one person: begun in the ledger, handed over, and noted there as sent or failed (Calm).

It is recorded once and handed over at least once: a repeat after a crash between the mail server's 250 and our commit carries the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Literal, Protocol

from mentorship.programme import Budget

Verdict = Literal["send", "already", "over_budget", "unsubscribed"]
Failure = Literal["bounced", "over_budget", "unsubscribed", "too_late", "no_address", "undeliverable"]


class Undeliverable(Exception):  # noqa: N818 - it names what is the case
    """A mail that will never go: its address is refused, or there is none. `why` is a code; no address stands in it."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why)
        self.why: Failure = why


class Ledger(Protocol):
    """What was sent to whom, over all their pairs."""

    async def begin(  # noqa: PLR0917 - the mail's facts, then the budget
        self, key: str, person: str, kind: str, exempt: bool, at: datetime, most: int, per: timedelta, lease: timedelta | None = None
    ) -> Verdict:
        """Whether it goes, `most` mails in `per` being the person's budget; notes that it is meant to.

        The same key is one mail: a no stays one, and what went is `already`. With a `lease` it is in the hands of one attempt at a time for so long:
        raises what may pass for every other.
        """
        ...

    async def settled(self, mentorship: str) -> frozenset[str]:
        """Of this mentorship's mails those that went, or were decided not to go: their keys, without what all of them begin with."""
        ...

    async def sent(self, key: str, message_id: str, at: datetime) -> None:
        """The mail server took it. Again is nothing."""
        ...

    async def failed(self, key: str, why: str, at: datetime) -> None:
        """It will not go, and does not count. Of one that was sent nothing changes."""
        ...


async def send_once(
    ledger: Ledger,
    hand_over: Callable[[], Awaitable[str]],
    *,
    key: str,
    reader: str,
    kind: str,
    exempt: bool,
    budget: Budget,
    at: datetime,
    lease: timedelta | None = None,
) -> Literal["sent", "already"] | Failure:
    """What became of it in this attempt, that begins `at`: whether it went now or before, or why it will not go.

    `key` names it over all attempts. `hand_over` gives it to the mail server and answers its Message-ID; what it raises beside Undeliverable may pass,
    and goes through to whoever tries again.
    """
    verdict = await ledger.begin(key, reader, kind, exempt, at, budget.most, budget.per.span, lease)
    if verdict != "send":
        return verdict
    try:
        message_id = await hand_over()
    except Undeliverable as undeliverable:
        await ledger.failed(key, undeliverable.why, at)
        return undeliverable.why
    await ledger.sent(key, message_id, at)
    return "sent"
