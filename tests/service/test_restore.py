"""Records come back from a copy after a loss: in an empty place they restore every mentorship; if older than Temporal, they wait for missing rows (P5)."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.connect import connect
from records.store import Records


async def elsewhere(house: Any, folder: Path, server: Any) -> Any:
    """The same service with the records of `folder`, on that server."""
    settings = house.settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{folder}/records.db"})
    moved = dataclasses.replace(house, server=server, settings=settings, folder=folder, sent={})
    if not (folder / "records.db").exists():
        return moved
    records = await Records.open(settings.database_url, house.keyring)
    return dataclasses.replace(
        moved, records=records, client=await connect(settings, house.keyring, role="test"), pairs=await records.cohorts.enrolments(house.cohort)
    )


@asynccontextmanager
async def people_sending(house: Any, pairs: int) -> Any:
    """Sets and withdraws milestones in some pairs until the block ends; yields how many messages were accepted."""
    stop, count = asyncio.Event(), {"sent": 0}

    async def one(pair: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await house.persist(pair, "mentor", "record_milestone", f"r-{pair}-{number}", milestone="visit")
            await house.persist(pair, "mentee", "withdraw", f"w-{pair}-{number}", report=f"r-{pair}-{number}")
            count["sent"] += 2

    async with asyncio.TaskGroup() as group:
        for pair in range(pairs):
            group.create_task(one(pair))
        try:
            yield count
        finally:
            stop.set()


async def reached(house: Any, count: dict[str, int], more: int) -> None:
    wanted = count["sent"] + more

    async def enough() -> bool:
        return count["sent"] >= wanted

    await house.until(enough)


async def test_records_that_were_copied_under_load_bring_everything_back_in_an_empty_place(houses, servers, calm, mailbox, tmp_path):
    house = await houses()
    await house.start(calm(), 3)
    idle = 2  # the third pair says something before the copy, and nothing after
    async with house.worker():
        await house.post(idle, "mentor", "record_milestone", "before", milestone="talk")
        await house.journalled("before", idle)
        before = await house.idle(idle)
        async with people_sending(house, 2) as count:
            await reached(house, count, 12)
            copied = await house.cli("records", "backup", str(tmp_path / "copy"))
            await reached(house, count, 8)
        for pair in range(3):
            await house.idle(pair)
    welcomed = len(mailbox.mails)
    assert welcomed == 6
    assert copied["keys_needed"] == [house.keyring.active]

    # The machine burns down: another Temporal, which knows nothing, and an empty folder.
    house.server.kill()
    await house.records.close()
    place = tmp_path / "place"
    there = await elsewhere(house, place, await servers())
    assert (await there.cli("records", "restore", str(tmp_path / "copy")))["keys_missing"] == []
    there = await elsewhere(house, place, there.server)
    try:
        async with there.worker():
            revived = await there.cli("revive", "spring")
            assert [one["was"] for one in revived["revived"]] == ["lost"] * 3
            assert (revived["pending"], revived["left"]) == (0, [])
            assert await there.status(idle) == before, "where it was, to the last field"
            assert await there.records.journal.verify() == []

            for pair in range(3):
                await there.post(pair, "mentee", "record_milestone", f"after-{pair}", milestone="shadowing")
            for pair in range(3):
                assert await there.receipt_within(f"after-{pair}", pair) == {"outcome": "applied", "reason": None}
                await there.idle(pair)
            await there.check_books()
            assert (await there.cli("journal", "verify"))["compared_with_running"] == 3
    finally:
        await there.records.close()
    assert len(mailbox.mails) == welcomed, "nobody is welcomed twice"


async def test_records_older_than_temporal_wait_and_get_their_rows_back_from_its_histories(house, calm, mailbox, tmp_path):
    await house.start(calm(), 2)
    async with house.worker():
        await house.post(0, "mentor", "record_milestone", "before", milestone="talk")
        await house.journalled("before")
        await house.idle(0)
        await house.idle(1)
        await house.cli("records", "backup", str(tmp_path / "copy"))
        for n, milestone in enumerate(("visit", "shadowing")):
            await house.post(0, "mentor", "record_milestone", f"lost-{n}", milestone=milestone)
            await house.journalled(f"lost-{n}")
        head = (await house.idle(0)).head
    mails = len(mailbox.mails)

    place = tmp_path / "place"
    older = await elsewhere(house, place, house.server)
    await older.cli("records", "restore", str(tmp_path / "copy"))
    older = await elsewhere(house, place, house.server)
    older.sent = {mentorship: list(ids) for mentorship, ids in house.sent.items()}
    try:
        async with older.worker():
            await older.post(0, "mentee", "withdraw", "new", report="nothing")
            assert (await older.receipt_within("new"))["outcome"] == "refused"
            assert (await older.status(0)).pending_effects > 0, "its rows do not follow on what records have"
            known = {older.pairs[0].mentorship: await older.known_head(0)}
            assert {finding.problem for finding in await older.records.journal.verify(expected=known)} == {"cut"}
            assert (await older.cli("revive", "spring", expect=1))["left"][0]["is"] == "ahead", "taking it back would lose what was decided"

            filled = await older.cli("journal", "refill")
            assert [(one["pair_id"], filled["lacking"]) for one in filled["filled"]] == [("pair-1", [])]
            assert filled["filled"][0]["rows"] >= 4
            await older.journalled("new", within=90)  # the retry's own pace
            status = await older.idle(0)
            assert status.head.seq > head.seq
            await older.check_books()
            assert (await older.cli("journal", "verify"))["findings"] == []
    finally:
        await older.records.close()
    assert len(mailbox.mails) == mails
