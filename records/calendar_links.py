"""Since when older calendar links of a person are revoked. A link carries the instant at which it was made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from records.database import Database, Part
from records.erasure import is_erased
from records.schema import calendar_links


class CalendarLinks(Part):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def valid_after(self, mentorship: str, person: str) -> datetime | None:
        """Only links made after this instant open the calendar; None if all do."""
        t = calendar_links
        async with self._database.read() as connection:
            found: datetime | None = (
                await connection.execute(select(t.c.valid_after).where(t.c.mentorship == mentorship, t.c.person == person))
            ).scalar_one_or_none()
        return found

    async def renew(self, mentorship: str, person: str, at: datetime, *, seen: datetime | None) -> bool:
        """Revokes links made until `at`. `seen` is what `valid_after` returned when the person decided, so that a second click changes nothing more.

        Keeps nothing of a person who was erased meanwhile (P8).
        """
        t = calendar_links
        this = (t.c.mentorship == mentorship, t.c.person == person)
        async with self._database.write(f"calendar/{mentorship}/{person}") as connection:
            known = (await connection.execute(select(t.c.valid_after).where(*this))).scalar_one_or_none()
            if known != seen or await is_erased(connection, person):
                return False
            if known is None:
                await connection.execute(insert(t).values(mentorship=mentorship, person=person, valid_after=at))
            else:
                await connection.execute(update(t).where(*this).values(valid_after=max(at, known)))
        return True
