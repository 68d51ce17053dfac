"""Mails meant, sent and not sent: what keeps a repeat from going out twice, and the budget (Calm)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, insert, select, update

from mentorship.budget import UNASKED, room, together
from mentorship.instant import Instant
from records.database import Database, Part
from records.erasure import is_erased
from records.errors import BeingSent, UnknownNotice
from records.schema import notices, unsubscribed
from records.sealing import Sealer

DIGEST = "digest"
"""The kind of the coordinators' weekly mail, and of the report at a cohort's close."""

_PURPOSE = "records/notices"

Answer = Literal["send", "already", "over_budget", "unsubscribed"]
State = Literal["intended", "sent", "failed", "over_budget", "unsubscribed"]

_ON_ITS_WAY = timedelta(days=2)
"""A mail is tried for a day, and every try begins it anew: what was begun longer ago was given up meanwhile, and never went."""

_ANSWERS: dict[State, Answer] = {
    "intended": "send",  # a crash came between: again, under the same Message-ID
    "failed": "send",
    "sent": "already",
    "over_budget": "over_budget",
    "unsubscribed": "unsubscribed",
}


class Notice(BaseModel):
    """One mail to one person. `at` is when it was sent, or meant to be; `why` is a code, when it failed, such as `bounced`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

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
        """Whether this mail goes out; records that it is meant to. `key` names one mail to one person, over all retries.

        Counted are the person's mails of all pairs sent in the `per` before `at` (one exactly `per` ago no longer is), and those
        about to be sent, also where an attempt that began a moment later came here first; `exempt` ones are neither counted nor refused.
        How many there may be depends on the kind (`mentorship.budget`). An answer of no is kept: the same key hears it again. Before the first `/`
        of a key stands what the mail is about: a mentorship's id, a case's, a cohort's, or `owner.{programme}`.

        With a `lease`, a mail that several may send is in the hands of one at a time: who is told to send it, at the instant `at` of its
        attempt, has it for so long, and whoever else asks meanwhile gets BeingSent. Whatever became of the first, then the mail is free again.
        """
        async with self._database.write(f"notices/{person}") as connection:
            row = (await connection.execute(select(notices.c.person, notices.c.state, notices.c.at).where(notices.c.key == key))).one_or_none()
            if row is not None:
                if row.person != person:
                    raise ValueError("expected a key of its own for each person that a notice goes to")
                if lease is not None and row.state == "intended" and at < row.at + lease:
                    raise BeingSent("another one is at this mail")
                answer = _ANSWERS[row.state]
                if answer == "send":
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
        """The mail server took it. Idempotent: the first instant stays. Raises UnknownNotice."""
        await self._settle(key, {"state": "sent", "message_id": message_id, "at": at, "why_sealed": None})

    async def failed(self, key: str, why: str, at: datetime) -> None:
        """The mail server refused it for good, or it came too late to help; it does not count. Nothing changes when it was sent. Raises UnknownNotice."""
        await self._settle(key, {"state": "failed", "at": at, "why_sealed": self._sealer.seal(_PURPOSE, why.encode(), f"why {key}")})

    async def of(self, person: str) -> list[Notice]:
        """Everything meant for this person, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(notices).where(notices.c.person == person).order_by(notices.c.at, notices.c.key))
            return [self._notice(row) for row in rows]

    async def last_sent(self, person: str, kinds: Iterable[str], beginning: str) -> datetime | None:
        """When this person last got a mail of one of these kinds whose key begins so; None: never."""
        ours = (notices.c.person == person) & notices.c.kind.in_(tuple(kinds)) & notices.c.key.startswith(beginning, autoescape=True)
        wanted = select(notices.c.at).where(ours, notices.c.state == "sent").order_by(notices.c.at.desc()).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).scalar_one_or_none()

    async def refused(self, person: str, beginning: str) -> bool:
        """Whether the newest mail to this person whose key begins so was refused for good."""
        ours = (notices.c.person == person) & notices.c.key.startswith(beginning, autoescape=True)
        wanted = select(notices.c.state).where(ours).order_by(notices.c.at.desc()).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).scalar_one_or_none() == "failed"

    async def missed(self, kind: str, since: datetime) -> list[Notice]:
        """Of the newest mail of this kind to each person about each thing (what stands before the first `/` of its key), those refused for good since then."""
        newest = select(notices).where(notices.c.kind == kind, notices.c.at >= since).order_by(notices.c.at, notices.c.key)
        async with self._database.read() as connection:
            found = {(row.person, row.key.partition("/")[0]): row for row in await connection.execute(newest)}
        return [self._notice(row) for row in found.values() if row.state == "failed"]

    async def unsubscribe(self, person: str) -> None:
        """No more mails but exempt ones (RFC 8058 at the door). Idempotent; of who was erased, whose old mails still lead here, nothing is kept."""
        async with self._database.write() as connection:
            if await is_erased(connection, person):
                return
            values = {"person": person, "at": datetime.now(UTC)}
            await self._database.insert_new(connection, unsubscribed, values, unique=[unsubscribed.c.person])

    async def subscribe_again(self, person: str) -> None:
        """Undoes `unsubscribe`; what was left out meanwhile stays left out. Idempotent."""
        async with self._database.write() as connection:
            await connection.execute(delete(unsubscribed).where(unsubscribed.c.person == person))

    async def is_unsubscribed(self, person: str) -> bool:
        async with self._database.read() as connection:
            return (await connection.execute(select(unsubscribed.c.at).where(unsubscribed.c.person == person))).first() is not None

    async def settled(self, mentorship: str) -> frozenset[str]:
        """The ids of the mentorship's effects whose one mail went, or was decided not to go."""
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
