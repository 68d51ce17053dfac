"""What a rehearsal has behind the ports of the real activities: a post and a registrar that count, a ledger and a journal in memory.

To write every mail, certificate and row would take longer than everything else together, and nobody would read them. The real workflows and
activities decide what is sent when, and what is journaled in which order. The same rules as in records decide how many mails are too many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from activities.certificates import CertificateRequest, Registrar, Reissued, ReissueRequest
from activities.journal import JournalHead
from activities.mail_once import Verdict
from activities.notices import NoticeRequest, Post
from mentorship.advance import Entry
from mentorship.budget import room, together
from mentorship.people import Side


class CountedRegistrar:
    """Lets the real registrar sign, render and store the first certificate of each side, and counts the others."""

    def __init__(self, registrar: Registrar, made: dict[Side, str]) -> None:
        self._registrar = registrar
        self._made = made

    async def issue(self, side: Side, request: CertificateRequest, at: datetime) -> str | None:
        if side in self._made:
            return f"rehearsed-{side}"
        issued = await self._registrar.issue(side, request, at)
        if issued is not None:
            self._made[side] = issued
        return issued

    async def reissue(self, request: ReissueRequest, at: datetime) -> Reissued:
        return await self._registrar.reissue(request, at)


class CountedPost:
    """Lets the real post write and send the first mail of each kind to each side, and counts the others. Asks for each zone once.

    Of the mails that bring a certificate, the real post sends the one whose certificate was really made.
    """

    def __init__(self, post: Post, made: Mapping[Side, str]) -> None:
        self._post = post
        self._made = made
        self._zones: dict[str, str] = {}
        self._written: dict[tuple[str, str, bool], str] = {}

    async def readers(self, request: NoticeRequest) -> tuple[str, ...]:
        return await self._post.readers(request)

    async def time_zone(self, reader: str, request: NoticeRequest) -> str:
        if reader not in self._zones:
            self._zones[reader] = await self._post.time_zone(reader, request)
        return self._zones[reader]

    async def deliver(self, reader: str, request: NoticeRequest, at: datetime) -> str:
        """A kind of mail that cannot be written fails here as it would in life."""
        notice = request.notice
        kind = (notice.kind, notice.to, notice.certificate is not None)
        if notice.certificate is not None and notice.certificate not in self._made.values():
            return "counted"
        if kind not in self._written:
            self._written[kind] = await self._post.deliver(reader, request, at)
        return self._written[kind]


@dataclass
class HeldMail:
    key: str
    person: str
    kind: str
    exempt: bool
    at: datetime
    verdict: Verdict


class HeldLedger:
    """Answers like the ledger in records, for people of whom nobody has unsubscribed."""

    def __init__(self) -> None:
        self.mails: dict[str, HeldMail] = {}
        """By key."""
        self._counted: dict[str, deque[HeldMail]] = {}

    async def begin(  # noqa: PLR0917 - the port's
        self,
        key: str,
        person: str,
        kind: str,
        exempt: bool,
        at: datetime,
        most: int,
        per: timedelta,
        lease: timedelta | None = None,  # noqa: ARG002 - one process sends all
    ) -> Verdict:
        if key in self.mails:
            known = self.mails[key]
            return "already" if known.verdict == "send" else known.verdict
        counted = self._counted.setdefault(person, deque())
        while counted and counted[0].at <= at - per:
            counted.popleft()
        pair = key.partition("/")[0]
        alike = any(mail.kind == kind and mail.at > at - together(per) and mail.key.partition("/")[0] != pair for mail in counted)
        verdict: Verdict = "send" if exempt or len(counted) < room(kind, most, alike=alike) else "over_budget"
        self.mails[key] = HeldMail(key, person, kind, exempt, at, verdict)
        if verdict == "send" and not exempt:
            counted.append(self.mails[key])
        return verdict

    async def settled(self, mentorship: str) -> frozenset[str]:
        return frozenset(key.removeprefix(f"{mentorship}/") for key in self.mails if key.startswith(f"{mentorship}/"))

    async def sent(self, key: str, message_id: str, at: datetime) -> None:
        """Does nothing: the mail counts as sent since its verdict, and nothing here fails in between."""

    async def failed(self, key: str, why: str, at: datetime) -> None:  # noqa: ARG002 - the port's
        """Forgets that the mail was begun: it came too late, since no mail of a rehearsal is refused."""
        mail = self.mails.pop(key)
        if not mail.exempt:
            self._counted[mail.person].remove(mail)


class HeldJournal:
    """For each mentorship: its entries, and what lists would last show of it. Seals nothing and makes no chain."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {}
        self.cards: dict[str, Mapping[str, Any]] = {}
        self.over_at: dict[str, datetime] = {}

    async def append(self, mentorship: str, entries: Sequence[Entry], card: Mapping[str, Any], over_at: datetime | None) -> JournalHead:
        """A repeated attempt changes nothing. Raises ValueError for a gap."""
        known = self.entries.setdefault(mentorship, [])
        fresh = [entry for entry in entries if entry.seq > len(known)]
        if fresh and fresh[0].seq != len(known) + 1:
            raise ValueError("a journal has no gaps")
        known += fresh
        self.cards[mentorship] = card
        if over_at is not None:
            self.over_at[mentorship] = over_at
        return JournalHead(seq=len(known), mac="0" * 64)

    async def seal(self, mentorship: str) -> None:
        """Does nothing: nothing comes after it here anyway."""
