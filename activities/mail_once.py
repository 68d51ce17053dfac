"""Sending one mail to one person: it is begun in the ledger, handed over, and noted in the ledger as sent or failed (Calm).

It is recorded once and handed over at least once: a repeat after a crash between the mail server's 250 and our commit carries the same Message-ID.
Records that are away at that moment are no crash: whoever handed the mail over knows that it went, and goes on noting it until they are back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Literal, Protocol

from mentorship.programme import Budget

Verdict = Literal["send", "already", "over_budget", "unsubscribed"]
Failure = Literal["bounced", "over_budget", "unsubscribed", "too_late", "no_address", "undeliverable"]

TRIES = 30
"""How often a mail that went is noted before the attempt is given up, and with it the knowledge: the next one hands the mail over again."""
PAUSE = 1.0
"""Seconds between two tries. All of them take half a minute when nobody listens, of the two that an attempt has (activities/options.py)."""


class Undeliverable(Exception):  # noqa: N818 - it names what is the case
    """A mail that will never be sent, for example because its address is refused or missing. `why` is a code, and contains no address."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why)
        self.why: Failure = why


class Ledger(Protocol):
    """What was sent to whom, over all their pairs."""

    async def begin(  # noqa: PLR0917 - the mail's facts, then the budget
        self, key: str, person: str, kind: str, exempt: bool, at: datetime, most: int, per: timedelta, lease: timedelta | None = None
    ) -> Verdict:
        """Decides whether the mail goes, and notes that it is meant to. The person's budget is `most` mails in `per`.

        The same key is the same mail: a no stays a no, and a mail that was sent is `already`. While a `lease` lasts, the mail belongs to one attempt,
        and any other attempt raises an error that may pass.
        """
        ...

    async def settled(self, mentorship: str) -> frozenset[str]:
        """The keys of this mentorship's mails that were sent, or decided not to go, each without the prefix that all of them share."""
        ...

    async def sent(self, key: str, message_id: str, at: datetime) -> None:
        """Notes that the mail server took it. A repeat changes nothing."""
        ...

    async def failed(self, key: str, why: str, at: datetime) -> None:
        """Notes that it will not go, and does not count. Changes nothing about a mail that was sent."""
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
    """Sends the mail in an attempt that begins `at`. Returns whether it went now or before, or why it will not go.

    `key` identifies the mail over all attempts. `hand_over` gives it to the mail server and returns its Message-ID. Any error that it raises, other than
    Undeliverable, may pass and goes through to whoever tries again.
    """
    verdict = await ledger.begin(key, reader, kind, exempt, at, budget.most, budget.per.span, lease)
    if verdict != "send":
        return verdict
    try:
        message_id = await hand_over()
    except Undeliverable as undeliverable:
        await ledger.failed(key, undeliverable.why, at)
        return undeliverable.why
    await _note(ledger, key, message_id, at)
    return "sent"


async def _note(ledger: Ledger, key: str, message_id: str, at: datetime) -> None:
    """Raises what the ledger raised last. A worker that stops, or an attempt whose time is over, cuts it off."""
    for _ in range(TRIES - 1):
        try:
            await ledger.sent(key, message_id, at)
        except Exception:  # noqa: BLE001 - whatever it is, it is raised in the end
            await asyncio.sleep(PAUSE)
        else:
            return
    await ledger.sent(key, message_id, at)
