"""Whether this host's clock and the database server's agree.

What a door takes in carries its host's time, and a mentorship refuses what comes from the future; so a clock that runs ahead makes a door
acknowledge what nobody will get, and one that runs behind makes what is late count as in time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mentorship.instant import CLOCK_SKEW
from records.database import Database

MOST_APART = CLOCK_SKEW / 2
"""Beyond it the two do not agree on what is in time; twice as far ahead, everything that is acknowledged here will be refused."""


class Clock:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ahead(self) -> timedelta | None:
        """By how much this host's clock runs ahead of the database server's; negative where it is behind, None while it makes no difference.

        SQLite has no clock of its own. Raises RecordsUnavailable. Cancelling it ends it.
        """
        if self._database.file is not None:
            return None
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))  # so that what is timed is one answer, and no connecting
            asked = datetime.now(UTC)
            theirs: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            answered = datetime.now(UTC)
        ahead = max(asked - theirs, min(answered - theirs, timedelta()))
        return ahead if abs(ahead) > MOST_APART else None
