"""Before workers start: records at this release's tables, search attributes registered. Safe to run again; run it at every upgrade.

Unlike `mentorship doctor --fix` it does not mind how single mentorships are: one that needs a person must not keep the others from running.
"""

from __future__ import annotations

import asyncio
import os

from gateway import search_attributes
from gateway.connect import connect
from gateway.settings import Settings
from records import migrate


async def prepare(settings: Settings) -> None:
    """Raises what `connect`, `migrate.upgrade` and `register` raise; whoever runs this tries again."""
    await asyncio.to_thread(migrate.upgrade, settings.database_url)
    client = await connect(settings, settings.keyring(), role="prepare")
    await search_attributes.register(client)


if __name__ == "__main__":
    asyncio.run(prepare(Settings.load()))
    os._exit(0)  # Temporal's client may abort a process whose interpreter winds down at leisure, and what was done would look like a crash
