"""A calendar link can be replaced: after that only newer ones open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


async def test_every_link_opens_until_its_owner_makes_a_new_one(records):
    links = records.calendar_links
    assert await links.valid_after("m-1", "p-1") is None
    assert await links.renew("m-1", "p-1", AT, seen=None)
    assert await links.valid_after("m-1", "p-1") == AT
    assert await links.renew("m-1", "p-1", AT + timedelta(days=1), seen=AT)
    assert await links.valid_after("m-1", "p-1") == AT + timedelta(days=1)


async def test_a_second_click_replaces_nothing_more(records):
    links = records.calendar_links
    await links.renew("m-1", "p-1", AT, seen=None)
    assert not await links.renew("m-1", "p-1", AT + timedelta(seconds=1), seen=None)
    assert await links.valid_after("m-1", "p-1") == AT


async def test_nobody_elses_link_is_replaced(records):
    links = records.calendar_links
    await links.renew("m-1", "p-1", AT, seen=None)
    assert await links.valid_after("m-1", "p-2") is None
    assert await links.valid_after("m-2", "p-1") is None
