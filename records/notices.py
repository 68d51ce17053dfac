"""Mails that were meant, sent or not sent: this keeps a repeat from sending one twice, and counts the budget (Calm)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from mentorship.budget import UNASKED, room, together
from mentorship.instant import Instant
from records.database import Database, Part
from records.erasure import is_erased
from records.errors import BeingSent, UnknownNotice
from records.schema import notices, unsubscribed
from records.sealing import Sealer
from records.value import Value

DIGEST = "digest"
"""The kind of the coordinators' weekly mail, and of the report at a cohort's closing."""

_PURPOSE = "records/notices"

Answer = Literal["send", "already", "over_budget", "unsubscribed"]
State = Literal["intended", "sent", "failed", "over_budget", "unsubscribed"]

_ON_ITS_WAY = timedelta(days=2)
"""A mail is tried for a day, and every attempt begins it anew. One that was last begun longer ago than this was given up, and never went."""

_ANSWERS: dict[State, Answer] = {
    "intended": "send",  # a crash came in between: send again, with the same Message-ID
    "failed": "send",
    "sent": "already",
    "over_budget": "over_budget",
    "unsubscribed": "unsubscribed",
}


class Notice(Value):
    """One mail to one person. `at` is when it was sent, or was meant to be. `why` is a code if it failed, such as `bounced`."""

    key: str
    person: str
    kind: str
    exempt: bool
    state: State
    at: Instant
    message_id: str | None
    why: str | None


class Notices(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def begin(  # noqa: PLR0917 - the mail's facts, then the budget
        self, key: str, person: str, kind: str, exempt: bool, at: datetime, most: int, per: timedelta, lease: timedelta | None = None
    ) -> Answer:
        """Whether this mail may be sent; records that it is meant to be. `key` names one mail to one person, over all retries.

        The budget counts the person's mails of all pairs: those sent in the `per` before `at` (one sent exactly `per` ago no longer counts), and those
        about to be sent, even if their attempt began a moment later but came here first. `exempt` mails are neither counted nor refused. How many are
        allowed depends on the kind (`mentorship.budget`). A refusal is kept: the same key gets it again. The part of a key before the first `/` says
        what the mail is about: a mentorship's id, a case's, a cohort's, or `owner.{programme}`.

        With a `lease`, only one of several possible senders has the mail at a time. Whoever is told to send it has it for this long, from the `at` of their
        attempt; others who ask meanwhile get BeingSent. After that the mail is free again, whatever became of the first attempt.

        BeingSent is also what an attempt gets that was held up until a later one had begun: it would take back what that one decided, such as `too_late`.
        """
        async with self._database.write(f"notices/{person}") as connection:
            row = (await connection.execute(select(notices.c.person, notices.c.state, notices.c.at).where(notices.c.key == key))).one_or_none()
            if row is not None:
                if row.person != person:
                    raise ValueError("expected a key of its own for each person that a notice goes to")
                answer = _ANSWERS[row.state]
                if answer == "send":
                    if at < (row.at + lease if lease is not None and row.state == "intended" else row.at):
                        raise BeingSent("another one is at this mail, or was after this attempt began")
                    await connection.execute(update(notices).where(notices.c.key == key).values(state="intended", at=at, why_sealed=None))
                return answer
            state: State = "intended"
            if not exempt:
                gone = (await connection.execute(select(unsubscribed.c.at).where(unsubscribed.c.person == person))).first()
                went = (notices.c.state == "sent") & (notices.c.at > at - per)
                goes = (notices.c.state == "intended") & (notices.c.at > at - min(per, _ON_ITS_WAY))
                counted = (notices.c.person == person) & notices.c.exempt.is_(False) & (went | goes)
                before = (await connection.execute(select(notices.c.key, notices.c.kind, notices.c.at).where(counted))).all()
                near, pair = at - together(per), key.partition("/")[0]
                alike = any(mail.kind == kind and mail.at > near and mail.key.partition("/")[0] != pair for mail in before)
                state = "unsubscribed" if gone and kind not in UNASKED else "over_budget" if len(before) >= room(kind, most, alike=alike) else "intended"
            await connection.execute(insert(notices).values(key=key, person=person, kind=kind, exempt=exempt, state=state, at=at))
        return _ANSWERS[state]

    async def sent(self, key: str, message_id: str, at: datetime) -> None:
        """Records that the mail server took it. Idempotent: the first instant stays. Raises UnknownNotice."""
        await self._settle(key, {"state": "sent", "message_id": message_id, "at": at, "why_sealed": None})

    async def failed(self, key: str, why: str, at: datetime) -> None:
        """Records that the server refused it for good, or that it came too late to help. It does not count. No effect if it was sent. Raises UnknownNotice."""
        await self._settle(key, {"state": "failed", "at": at, "why_sealed": self._sealer.seal(_PURPOSE, why.encode(), f"why {key}")})

    async def of(self, person: str) -> list[Notice]:
        """Everything meant for this person, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(notices).where(notices.c.person == person).order_by(notices.c.at, notices.c.key))
            return [self._notice(row) for row in rows]

    async def last_sent(self, person: str, kinds: Iterable[str], beginning: str) -> datetime | None:
        """When this person last got a mail of one of these kinds whose key begins with `beginning`; None if never."""
        ours = (notices.c.person == person) & notices.c.kind.in_(tuple(kinds)) & notices.c.key.startswith(beginning, autoescape=True)
        wanted = select(notices.c.at).where(ours, notices.c.state == "sent").order_by(notices.c.at.desc()).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).scalar_one_or_none()

    async def refused(self, person: str, beginning: str) -> bool:
        """Whether the newest mail to this person whose key begins with `beginning` was refused for good."""
        ours = (notices.c.person == person) & notices.c.key.startswith(beginning, autoescape=True)
        wanted = select(notices.c.state).where(ours).order_by(notices.c.at.desc()).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).scalar_one_or_none() == "failed"

    async def missed(self, kind: str, since: datetime) -> list[Notice]:
        """For each person and subject (the part of the key before the first `/`), the newest mail of this kind since then, if it was refused for good."""
        newest = select(notices).where(notices.c.kind == kind, notices.c.at >= since).order_by(notices.c.at, notices.c.key)
        async with self._database.read() as connection:
            found = {(row.person, row.key.partition("/")[0]): row for row in await connection.execute(newest)}
        return [self._notice(row) for row in found.values() if row.state == "failed"]

    async def unsubscribe(self, person: str) -> None:
        """Stops all mails but exempt ones (RFC 8058 at the door). Idempotent. Keeps nothing of an erased person, whose old mails still lead here."""
        async with self._database.write() as connection:
            if await is_erased(connection, person):
                return
            values = {"person": person, "at": datetime.now(UTC)}
            await self._database.insert_new(connection, unsubscribed, values, unique=[unsubscribed.c.person])

    async def subscribe_again(self, person: str) -> None:
        """Undoes `unsubscribe`; mails that were left out meanwhile stay left out. Idempotent."""
        async with self._database.write() as connection:
            await connection.execute(delete(unsubscribed).where(unsubscribed.c.person == person))

    async def is_unsubscribed(self, person: str) -> bool:
        async with self._database.read() as connection:
            return (await connection.execute(select(unsubscribed.c.at).where(unsubscribed.c.person == person))).first() is not None

    async def settled(self, mentorship: str) -> frozenset[str]:
        """The ids of the mentorship's effects whose single mail went, or was decided not to go."""
        beginning = f"{mentorship}/"
        wanted = select(notices.c.key).where(self._database.begins(notices.c.key, beginning), notices.c.state != "intended")
        async with self._database.read() as connection:
            return frozenset(key.removeprefix(beginning) for key in (await connection.execute(wanted)).scalars())

    async def _settle(self, key: str, values: dict[str, Any]) -> None:
        async with self._database.write() as connection:
            changed = await connection.execute(update(notices).where(notices.c.key == key, notices.c.state != "sent").values(**values))
            if not changed.rowcount and not (await connection.execute(select(notices.c.key).where(notices.c.key == key))).first():
                raise UnknownNotice(f"no notice {key} was begun")

    def _notice(self, row: Any) -> Notice:
        return Notice(
            key=row.key,
            person=row.person,
            kind=row.kind,
            exempt=row.exempt,
            state=row.state,
            at=row.at,
            message_id=row.message_id,
            why=self._sealer.open(_PURPOSE, row.why_sealed, f"why {row.key}").decode() if row.why_sealed else None,
        )
