"""Whether this host's clock and the database server's agree, and what time it is by both.

Whatever a door takes in carries its host's time, and a mentorship refuses what comes from the future. So with a clock that runs ahead, a door
acknowledges messages that will be refused; with one that runs behind, late messages count as in time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mentorship.instant import CLOCK_SKEW
from records.database import Database

MOST_APART = CLOCK_SKEW / 2
"""Clocks that differ by more do not agree on what is in time. If this host's is ahead by twice as much, all that is acknowledged here will be refused."""


class Clock:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self) -> datetime:
        """The instant that has come by this host's clock and by the database server's. What goes for good goes by it: a clock that was set years ahead, as
        after a battery died, deletes nothing (P8). SQLite has no clock of its own, so there it is this host's. Raises RecordsUnavailable.
        """
        ahead = await self.ahead()
        return datetime.now(UTC) - max(ahead or timedelta(), timedelta())

    async def ahead(self) -> timedelta | None:
        """By how much this host's clock runs ahead of the database server's: negative if it is behind, None if the difference does not matter.

        SQLite has no clock of its own. Raises RecordsUnavailable. A cancelled call ends at once.
        """
        if self._database.file is not None:
            return None
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))  # connects first, so that only one answer is timed
            asked = datetime.now(UTC)
            theirs: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            answered = datetime.now(UTC)
        ahead = max(asked - theirs, min(answered - theirs, timedelta()))
        return ahead if abs(ahead) > MOST_APART else None
