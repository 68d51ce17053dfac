"""Keys are rotated while mentorships run: the old key can be dropped once the last mentorship that needs it is over, and not before (docs/operations.md)."""

from __future__ import annotations

import dataclasses

from gateway.connect import connect
from gateway.keyring import Keyring
from records.store import Records


async def test_an_old_key_goes_when_the_last_mentorship_that_needs_it_is_over(house, calm, mailbox):
    old = house.keyring.active
    await house.start(calm())
    async with house.worker():
        await house.post(0, "mentor", "record_milestone", "before", milestone="talk")
        await house.journalled("before")
        await house.idle()

    new = (await house.cli("keys", "rotate"))["active"]
    keyring = Keyring.load(house.settings.key_file)
    records = await Records.open(house.settings.database_url, keyring)
    restarted = dataclasses.replace(house, keyring=keyring, records=records, client=await connect(house.settings, keyring, role="test"))
    try:
        async with restarted.worker():
            await restarted.post(0, "mentee", "record_milestone", "after", milestone="visit")
            await restarted.journalled("after")
            await restarted.check_books()
            rewrapped = await restarted.cli("keys", "rewrap")
            assert set(rewrapped["still_older"][old]) == {"journal"}, "its workflow knows the last row's MAC"
            await restarted.listed(1)
            needed = (await restarted.cli("keys", "drop", old, expect=1))["needed_by"]
            assert needed["running_workflows"] == 1
            await restarted.check_books()

            await restarted.cli("end", "spring", "pair-1")
            await restarted.outcome()
            await restarted.listed(0)
            assert (await restarted.cli("keys", "rewrap"))["still_older"] == {}
            assert (await restarted.cli("keys", "drop", old))["dropped"] is True
        assert (await restarted.cli("journal", "verify"))["findings"] == []
        assert Keyring.load(house.settings.key_file).key_ids == (new,)
    finally:
        await records.close()
