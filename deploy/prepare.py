"""Run before workers start: brings records to this release's tables, and registers search attributes. Safe to repeat; run it at every upgrade.

Unlike `mentorship doctor --fix` it ignores the condition of single mentorships: one that needs a person must not keep the others from running.
"""

from __future__ import annotations

import asyncio
import sys

from temporalio.service import RPCError

from gateway import search_attributes
from gateway.connect import TemporalUnavailable, connect
from gateway.keyring import KeyringUnusable
from gateway.leaving import leave
from gateway.search_attributes import SearchAttributesDiffer
from gateway.settings import Settings, SettingsInvalid
from records import migrate
from records.errors import RecordsError


async def prepare(settings: Settings) -> None:
    """Raises what `connect`, `migrate.upgrade` and `register` raise; the caller tries again."""
    await asyncio.to_thread(migrate.upgrade, settings.database_url)
    client = await connect(settings, settings.keyring(), role="prepare")
    await search_attributes.register(client)


def main() -> None:
    """Exit 2 if the configuration is not usable, 1 if something cannot be reached; each with one line, like the programs that start after it."""
    try:
        asyncio.run(prepare(Settings.load()))
    except (SettingsInvalid, KeyringUnusable, ValueError) as error:
        print(f"prepare: {error}", file=sys.stderr)  # noqa: T201 - nothing logs here
        sys.exit(2)
    except (TemporalUnavailable, RecordsError, SearchAttributesDiffer, RPCError) as error:
        print(f"prepare: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
    leave()
