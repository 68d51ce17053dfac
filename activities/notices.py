"""A pair's mails: each within its readers' hours and budget, and only while it helps (Calm)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol, Self

from pydantic import BaseModel
from temporalio import activity

from activities.mail_once import Failure, Ledger, Undeliverable, send_once
from activities.setbacks import Setbacks
from mentorship.duration import Duration
from mentorship.effects import CHANGES, SendNotice
from mentorship.instant import Instant
from mentorship.people import Pair
from mentorship.programme import Cancellations, Mail
from mentorship.state import State


class NoticeRequest(BaseModel, frozen=True):
    """One mail to one reader: opaque ids and facts. The words are looked up at the last moment (H12).

    `free_before` is how long before its start the pair may move a meeting freely (H14). `began` has the starts of the meetings that the
    mail asks about again. A mail that only brings a certificate needs neither.
    """

    mentorship: str
    pair: Pair
    texts: str
    notice: SendNotice
    mail: Mail
    free_before: Duration = Cancellations().notice
    began: dict[int, Instant] = {}

    @classmethod
    def of(cls, mentorship: str, state: State, *, texts: str, notice: SendNotice) -> Self:
        """Takes the facts from the pair's state as the mail goes, under the rules that the pair began with."""
        asked = (meeting for meeting in state.meetings if meeting.n in notice.unreported)
        return cls(
            mentorship=mentorship,
            pair=state.pair,
            texts=texts,
            notice=notice,
            mail=state.rules.mail,
            free_before=state.rules.cancellations.notice,
            began={meeting.n: meeting.start for meeting in asked},
        )

    @property
    def key(self) -> str:
        """Identifies this mail among all; the Message-ID is made from it."""
        return f"{self.mentorship}/{self.notice.id}"


class Delivery(BaseModel, frozen=True):
    """`later`: outside the reader's hours, try again at `until`. `failed`: it will not go, and why."""

    outcome: Literal["sent", "later", "failed"]
    until: Instant | None = None
    why: Failure | None = None


class Post(Protocol):
    """Composes a mail and hands it to the mail server."""

    async def readers(self, request: NoticeRequest) -> tuple[str, ...]:
        """The opaque ids of its readers: one person, or the coordinators who may see this pair."""
        ...

    async def time_zone(self, reader: str, request: NoticeRequest) -> str:
        """The reader's zone, or the programme's. Raises Undeliverable for a reader who was erased."""
        ...

    async def deliver(self, reader: str, request: NoticeRequest, at: datetime) -> str:
        """Hands over the mail, true as of `at`, and returns its Message-ID. Raises Undeliverable; any other error may pass, and is retried."""
        ...


class NoticeActivities:
    def __init__(self, post: Post, ledger: Ledger, reading_hours: Callable[[datetime, str, str], datetime]) -> None:
        self._post = post
        self._ledger = ledger
        self._reading_hours = reading_hours

    @activity.defn(name="send_notice")
    async def send_notice(self, request: NoticeRequest) -> Delivery:
        """Sends the mail to each reader. A temporary refusal (4xx, no connection) is raised once every reader had their turn, and retried; a final one (5xx)
        comes back as `failed`.

        Goes by the server's clock: the instant at which a worker began this attempt, however long no worker was there. If it is its reader's evening
        by then, the mail waits for the morning, and a mail that helps nobody any more is not sent (P5).
        """
        now = activity.info().started_time
        failures: list[Failure] = []
        later: list[datetime] = []
        readers = await self._post.readers(request)
        if not readers:
            return Delivery(outcome="failed", why="no_address")
        setbacks = Setbacks()
        for reader in readers:
            with setbacks.kept():
                try:
                    until = await self._send(reader, request, now)
                except Undeliverable as undeliverable:
                    failures.append(undeliverable.why)
                else:
                    if until is not None:
                        later.append(until)  # one coordinator's evening does not hold up another
        setbacks.tell()  # before `later`: the next attempt comes sooner, and by its own clock
        if later:
            return Delivery(outcome="later", until=min(later))
        if failures and len(failures) == len(readers):
            return Delivery(outcome="failed", why=failures[0])
        return Delivery(outcome="sent")

    async def _send(self, reader: str, request: NoticeRequest, now: datetime) -> datetime | None:
        """Sends to one reader, or returns from when on it may. Raises Undeliverable.

        A mail that comes too late is still begun in the ledger, and given up at once: if an attempt that was killed had begun it, it would count for ever.
        """
        mail, kind, helps_until = request.mail, request.notice.kind, request.notice.helps_until
        late = helps_until is not None and now >= helps_until
        # Coordinators come and go between two attempts: each of them has a key of their own, however many there are.
        several = request.notice.to == "coordinators"
        key = f"{request.key}/{reader}" if several else request.key
        if mail.hours != "none" and not late:
            opens = self._reading_hours(now, await self._post.time_zone(reader, request), mail.hours)
            if opens > now:
                # This reader may have got theirs before. Otherwise two coordinators whose hours never overlap would be waited for for ever.
                has_it = several and key.removeprefix(f"{request.mentorship}/") in await self._ledger.settled(request.mentorship)
                return None if has_it else opens

        async def hand_over() -> str:
            if late:
                raise Undeliverable("too_late")
            return await self._post.deliver(reader, request, now)

        outcome = await send_once(self._ledger, hand_over, key=key, reader=reader, kind=kind, exempt=kind in CHANGES, budget=mail.budget, at=now)
        match outcome:
            case "sent":
                activity.logger.info("mail sent: %s, effect %s", kind, request.notice.id)
            case "already":
                pass
            case "over_budget" | "unsubscribed":  # nothing went wrong
                raise Undeliverable(outcome)
            case _:
                activity.logger.warning("mail failed: %s, effect %s, %s", kind, request.notice.id, outcome)
                raise Undeliverable(outcome)
        return None
