"""Concerns (H16), and lines of the coordinators' list with their clock: each a case of its own under a neutral id.

The words are sealed with the raiser's key, everything else with the keyring's. Without the keys, a row reveals that there is a case and
whether somebody looks after it, but not who raised it, about whom, of which pair, or when.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import ColumnElement, delete, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.commands import Pause
from mentorship.instant import Instant
from records.data_keys import DataKeys
from records.database import MANY, Database, Part, chunks
from records.errors import DifferentBody, Erased, UnknownCase, UnknownKey, Unreadable
from records.ids import mint
from records.schema import cases, notices
from records.sealing import Sealer, open_with, seal_with
from records.value import Value
from wire.names import case_id

_PURPOSE = "records/cases"

State = Literal["waiting", "taken", "closed"]
Outcome = Literal["talked", "arranged", "passed_on", "nothing_needed", "withdrawn"]
Hold = Literal["none", "wanted", "held", "not_held", "release", "released"]
"""What became of the wish to hold the meetings.

`wanted` and `release` were asked for and are not done yet. `not_held`: there was nothing of ours to hold, or no pause is left.
"""


class PauseOrder(Value):
    """The very pause that a hold asks of the mentorship, so that every repeat is the same message.

    `by` has the form of an operator's id, and so have the ids of the two messages, the pause's and its end's: Temporal shows them, and an
    operator's and a concern's must look alike there.
    """

    message_id: str
    resume_id: str
    by: str
    at: Instant

    @property
    def command(self) -> Pause:
        return Pause(message_id=self.message_id, by=self.by, at=self.at)

    def begun_at(self, at: datetime) -> PauseOrder:
        """The pause to ask for instead of one that the mentorship refused, since its door's clock was ahead. Its id is always the same."""
        return self.model_copy(update={"message_id": f"op-{hashlib.sha256(self.message_id.encode()).hexdigest()[:16]}", "at": at})


class Case(Value):
    """Who raised it, about whom, and who may look after it; never the words.

    `line` is the code of a coordinators' line. Nobody raised such a case; it only counts the days until somebody takes the line.
    `resolve_id` is the message that tells the mentorship of its end. It is an id of its own, since Temporal shows both it and the case's.
    `refused` is the mentorship's code for why it did not pause, or `over`.
    `subject` is the person whom it is about, None when the roster does not know them. `programme` is the one whose owner is told a number.
    """

    id: str
    state: State = "waiting"
    raiser: str
    mentorship: str
    programme: str
    subject: str | None
    contacts: tuple[str, ...]
    opened_at: Instant
    hold: Hold = "none"
    pause: PauseOrder | None = None
    refused: str | None = None
    released_at: Instant | None = None
    taken_by: str | None = None
    taken_at: Instant | None = None
    closed_at: Instant | None = None
    outcome: Outcome | None = None
    forgotten: bool = False
    line: str | None = None
    resolve_id: str | None = None
    sent: str = ""
    """A keyed hash of what the form said; empty once the words are forgotten."""

    @property
    def holding(self) -> bool:
        """Whether the raiser still wishes the meetings to be held."""
        return self.hold in ("wanted", "held", "not_held")


class Cases(Part):
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._keys = DataKeys(sealer)

    async def open(self, case: Case, words: str, key: str) -> Case:
        """Keeps a concern under an id that is minted here (`case.id` is ignored), and returns it.

        Idempotent by `key`, the form's: a repeat returns what the first one opened. A repeat with other content replaces the first while nobody has
        taken it. Raises DifferentBody if somebody has, Erased, UnknownPerson.
        """
        request = self._sealer.blind(_PURPOSE, f"request {key}")
        sent = self._sealer.blind(_PURPOSE, json.dumps(["sent", case.subject, sorted(case.contacts), case.hold, words]))
        async with self._database.write(_PURPOSE) as connection:
            known = next(iter(await self._select(connection, cases.c.request_lookup == request)), None)
            if known is not None and known.sent == sent:
                return known
            if known is not None and known.state != "waiting":
                raise DifferentBody(known.mentorship, known.id)
            opened = case.model_copy(update={"id": mint("c", 16), "sent": sent}) if known is None else _instead(known, case, sent)
            sealed = seal_with(await self._keys.of(connection, case.raiser), words.encode(), _about(opened.id))
            if known is None:
                await self._insert(connection, opened, request, sealed)
            else:
                await connection.execute(update(cases).where(cases.c.id == known.id).values(sealed=self._sealed(opened), words=sealed))
        return opened

    async def open_line(self, mentorship: str, line: str, *, programme: str, at: datetime, key: str) -> Case:
        """The case of a coordinators' line. Idempotent by `key`, the line's."""
        request = self._sealer.blind(_PURPOSE, f"line {key}")
        async with self._database.write(_PURPOSE) as connection:
            known = await self._select(connection, cases.c.request_lookup == request)
            if known:
                return known[0]
            opened = Case(
                id=mint("c", 16),
                raiser="",
                mentorship=mentorship,
                programme=programme,
                subject=None,
                contacts=(),
                opened_at=at,
                line=line,
                resolve_id=f"op-{secrets.token_hex(8)}",
            )
            await self._insert(connection, opened, request, None)
        return opened

    async def of_line(self, key: str) -> Case | None:
        """The case that is the clock of the line with this key; None if the line has none."""
        async with self._database.read() as connection:
            found = await self._select(connection, cases.c.request_lookup == self._sealer.blind(_PURPOSE, f"line {key}"))
        return found[0] if found else None

    async def end_line(self, case: str, at: datetime) -> Case:
        """Closes the case of a line that was closed. It is forgotten when a concern's words would be. Raises UnknownCase."""
        return await self._change(case, lambda known: {"state": "closed", "closed_at": at} if known.line is not None else {})

    async def get(self, case: str) -> Case:
        """Raises UnknownCase."""
        async with self._database.read() as connection:
            return await self._one(connection, case)

    async def words(self, case: str) -> str | None:
        """What the raiser wrote, for whoever looks after it; None once the words are no longer kept. Raises UnknownCase, Erased."""
        async with self._database.read() as connection:
            known = await self._one(connection, case)
            sealed = (await connection.execute(select(cases.c.words).where(cases.c.id == case))).scalar_one()
            if sealed is None:
                return None
            key = (await self._keys.many(connection, [known.raiser])).get(known.raiser)
        if key is None:
            raise Erased(known.raiser)
        return open_with(key, sealed, _about(case)).decode()

    async def of_pair(self, mentorship: str) -> list[Case]:
        """Every concern of this pair, whoever raised it, oldest first."""
        async with self._database.read() as connection:
            found = await self._select(connection, cases.c.pair_lookup == self._pair(mentorship))
        return [case for case in found if case.line is None]

    async def subjects(self, mentorships: Iterable[str]) -> dict[str, frozenset[str]]:
        """The people whom concerns are about, by pair; a pair without concerns is left out."""
        pairs = [self._pair(mentorship) for mentorship in mentorships]
        found: dict[str, frozenset[str]] = {}
        async with self._database.read() as connection:
            for chunk in chunks(pairs):
                for case in await self._select(connection, cases.c.pair_lookup.in_(chunk)):
                    if case.subject is not None:
                        found[case.mentorship] = found.get(case.mentorship, frozenset()) | {case.subject}
        return found

    async def of_raiser(self, raiser: str, mentorship: str) -> list[Case]:
        """The person's own concerns in this pair, oldest first."""
        return [case for case in await self.of_pair(mentorship) if case.raiser == raiser]

    async def waiting(self) -> list[Case]:
        """Every concern that nobody took, oldest first."""
        async with self._database.read() as connection:
            found = await self._select(connection, cases.c.state == "waiting")
        return [case for case in found if case.line is None]

    async def closed(self) -> tuple[list[Case], list[str]]:
        """Every closed case that is still kept, concerns and lines; and the ids of rows that cannot be read here.

        Such a row was altered, or is sealed with a key that is not at hand; only that row stays because of it.
        """
        return await self._readable(cases.c.state == "closed")

    async def standing(self) -> tuple[list[Case], list[str]]:
        """Every case that a workflow looks after, concerns and lines: not closed yet, or with meetings that wait for it.

        Also the ids of rows that cannot be read here, as for `closed`.
        """
        found, unreadable = await self._readable(true())
        return [case for case in found if case.state != "closed" or case.hold in ("wanted", "release")], unreadable

    async def take(self, case: str, by: str, at: datetime) -> Case:
        """That person looks after it from now on. Whoever came first stays, so check `taken_by`. Raises UnknownCase."""
        return await self._change(case, lambda known: {"state": "taken", "taken_by": by, "taken_at": at} if known.state == "waiting" else {})

    async def give_back(self, case: str, by: str) -> Case:
        """Whoever took it cannot look after it any more: it waits again. Raises UnknownCase."""
        free = {"state": "waiting", "taken_by": None, "taken_at": None}
        return await self._change(case, lambda known: free if known.state == "taken" and known.taken_by == by else {})

    async def close(self, case: str, by: str, outcome: Outcome, at: datetime) -> Case:
        """Closes it, if `by` looks after it; otherwise nothing changes, so check `state`. Idempotent. Raises UnknownCase."""

        def closed(known: Case) -> dict[str, Any]:
            return {"state": "closed", "outcome": outcome, "closed_at": at} if known.state == "taken" and known.taken_by == by else {}

        return await self._change(case, closed)

    async def withdraw(self, case: str, at: datetime) -> Case:
        """The raiser no longer needs anybody. Idempotent. Raises UnknownCase."""
        return await self._change(case, lambda known: {"state": "closed", "outcome": "withdrawn", "closed_at": at} if known.state != "closed" else {})

    async def ask(self, case: str, contacts: Iterable[str]) -> Case:
        """Asks these contacts too. Raises UnknownCase."""
        wanted = tuple(contacts)
        return await self._change(case, lambda known: {"contacts": tuple(dict.fromkeys((*known.contacts, *wanted)))} if known.state == "waiting" else {})

    async def hold(self, case: str, pause: PauseOrder) -> Case:
        """The raiser wants the meetings held; `pause` is what the mentorship is asked for. Raises UnknownCase."""
        return await self._change(case, lambda known: {} if known.hold in ("wanted", "held") else {"hold": "wanted", "pause": pause, "refused": None})

    async def release(self, case: str, at: datetime) -> Case:
        """The meetings may continue as far as this case is concerned. Raises UnknownCase."""
        return await self._change(case, lambda known: {"hold": "release", "released_at": at} if known.holding else {})

    async def note_hold(self, case: str, before: Hold, after: Hold, pause: PauseOrder | None = None, *, refused: str | None = None) -> Case:
        """Notes what became of a wish, and why if it was not fulfilled. No effect when another wish came meanwhile. Raises UnknownCase."""
        changes: dict[str, Any] = {"hold": after, "refused": refused, **({"pause": pause} if pause is not None else {})}
        return await self._change(case, lambda known: changes if known.hold == before else {})

    async def forget(self, case: str) -> bool:
        """Deletes the words when their time is over. Returns whether that was still to be done; a line's case, without words, counts alike. Idempotent."""
        async with self._database.write(_PURPOSE) as connection:
            known = next((one for one in await self._select(connection, cases.c.id == case) if not one.forgotten), None)
            if known is None:
                return False
            forgotten = known.model_copy(update={"forgotten": True, "sent": ""})
            await connection.execute(update(cases).where(cases.c.id == case).values(sealed=self._sealed(forgotten), words=None))
        return True

    async def drop(self, case: str) -> bool:
        """Deletes a closed case's whole row, and the mails about it from the ledger, when its time is over: as if there had been none (H12).

        Returns whether it was still there. Idempotent.
        """
        async with self._database.write(MANY, _PURPOSE) as connection:
            await connection.execute(delete(notices).where(self._database.begins(notices.c.key, f"{case_id(case)}/")))
            return (await connection.execute(delete(cases).where(cases.c.id == case, cases.c.state == "closed"))).rowcount > 0

    async def _insert(self, connection: AsyncConnection, case: Case, request: str, words: bytes | None) -> None:
        values = {"id": case.id, "request_lookup": request, "pair_lookup": self._pair(case.mentorship), "state": case.state}
        await connection.execute(insert(cases).values(**values, sealed=self._sealed(case), words=words))

    async def _change(self, case: str, change: Callable[[Case], dict[str, Any]]) -> Case:
        async with self._database.write(_PURPOSE) as connection:
            known = await self._one(connection, case)
            changed = known.model_copy(update=change(known))
            if changed != known:
                await connection.execute(update(cases).where(cases.c.id == case).values(state=changed.state, sealed=self._sealed(changed)))
        return changed

    async def _one(self, connection: AsyncConnection, case: str) -> Case:
        found = await self._select(connection, cases.c.id == case)
        if not found:
            raise UnknownCase(f"no case {case}")
        return found[0]

    async def _select(self, connection: AsyncConnection, where: ColumnElement[bool]) -> list[Case]:
        rows = await connection.execute(select(cases.c.id, cases.c.sealed).where(where))
        return sorted((self._opened(row.id, row.sealed) for row in rows), key=lambda case: (case.opened_at, case.id))

    async def _readable(self, where: ColumnElement[bool]) -> tuple[list[Case], list[str]]:
        found: list[Case] = []
        unreadable: list[str] = []
        async with self._database.read() as connection:
            for row in await connection.execute(select(cases.c.id, cases.c.sealed).where(where).order_by(cases.c.id)):
                try:
                    found.append(self._opened(row.id, row.sealed))
                except (UnknownKey, Unreadable, ValidationError):
                    unreadable.append(row.id)
        return found, unreadable

    def _opened(self, case: str, sealed: bytes) -> Case:
        return Case.model_validate_json(self._sealer.open(_PURPOSE, sealed, case))

    def _sealed(self, case: Case) -> bytes:
        return self._sealer.seal(_PURPOSE, case.model_dump_json().encode(), case.id)

    def _pair(self, mentorship: str) -> str:
        return self._sealer.blind(_PURPOSE, f"pair {mentorship}")


def _instead(known: Case, case: Case, sent: str) -> Case:
    """The raiser's later version. A hold that they no longer want is released."""
    changes: dict[str, Any] = {"subject": case.subject, "contacts": case.contacts, "sent": sent}
    if case.holding and not known.holding:
        changes |= {"hold": case.hold, "pause": case.pause, "refused": None}
    if known.holding and not case.holding:
        changes |= {"hold": "release", "released_at": case.opened_at}
    return known.model_copy(update=changes)


def _about(case: str) -> str:
    return f"words of {case}"
