"""A hold that a door took in while no worker lived begins at the door's instant, before every deadline after it (H16, P5)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from mentorship.commands import Pause
from records.cases import Case
from starter.operator_update import send
from tests.service.house import lose
from webhook.concern.door import Concern, ConcernDoor
from worker.unwritten import unwritten


def door(house: Any) -> ConcernDoor:
    return ConcernDoor(house.settings, house.client, house.records, lambda: datetime.now(UTC))


async def held(house: Any) -> Case:
    """The mentee's concern, with a hold."""
    contacts = tuple((await house.records.people.refs(["ana"])).values())
    wanted = Concern(subject=None, contacts=contacts, words="It weighs on me.", hold=True)
    return await door(house).take_in(house.pairs[0], house.mentee, wanted, "a-form")


async def began(house: Any, programme: Any) -> Any:
    """Starts it with a worker that soon goes, and returns its status from then."""
    await house.start(programme)
    async with house.worker():
        return await house.idle(within=60)


async def after(house: Any, instant: datetime) -> list[tuple[str, datetime]]:
    return [(row.name, row.at) for row in await house.journal() if row.kind == "event" and row.at >= instant]


async def settled(house: Any, case: Case, hold: str) -> Case:
    async def told() -> Case | None:
        known = await house.records.cases.get(case.id)
        return known if known.hold not in ("wanted", "release") else None

    known: Case = await house.until(told, within=60)
    assert (known.hold, known.refused) == (hold, None)
    await house.idle(within=60)
    return known


MEETINGS = {"count": 2, "first_after": "PT20S", "interval": "PT3S"}


async def test_a_hold_before_the_end_holds_although_the_first_worker_comes_after_it(house: Any, quick: Any) -> None:
    status = await began(house, quick(length="PT27S", meetings=MEETINGS, pause={"longest": "PT300S"}))
    case = await held(house)
    assert case.opened_at < status.meetings[0].start - timedelta(seconds=1), "this machine is too slow for this test's programme"
    await asyncio.sleep((status.reporting_ends - datetime.now(UTC)).total_seconds() + 1)
    async with house.worker():
        await settled(house, case, "held")
        assert await after(house, case.opened_at) == [("paused", case.opened_at)], "neither a meeting nor the end came before it"
        assert (await house.status()).phase == "paused"


async def test_a_hold_and_its_release_in_one_outage_are_both_taken_at_their_instants(house: Any, quick: Any) -> None:
    status = await began(house, quick(length="PT90S", meetings=MEETINGS, pause={"longest": "PT300S"}))
    case = await held(house)
    await asyncio.sleep((status.meetings[0].start - datetime.now(UTC)).total_seconds() + 1)
    await door(house).release(case)
    async with house.worker():
        case = await settled(house, case, "released")
        assert (await after(house, case.opened_at))[:2] == [("paused", case.opened_at), ("resumed", case.released_at)]
        assert (await house.status()).phase != "paused"


async def test_a_pause_that_an_operator_was_told_is_refused_is_not_sent_again(house: Any, calm: Any) -> None:
    """It came as a signal and as an update; the signal alone does not say what the operator was told."""
    await house.start(calm())
    now = datetime.now(UTC)
    async with house.worker():
        pause = Pause(message_id="op-1", by="p-operator", at=now, until=now - timedelta(hours=1))
        assert (await send(house.client, house.pairs[0], pause, 20.0))["reason"] == "time_passed"
        await house.idle()
    await lose(house, "delete from journal")
    assert await unwritten(house.client, house.records, house.pairs[0].mentorship) == ()
