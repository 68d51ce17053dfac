"""`journal refill`: Temporal's histories restore what a journal lacks, of every run up to the point from which the next continued (P5)."""

from __future__ import annotations

from datetime import UTC, datetime

from mentorship.commands import Extend
from mentorship.duration import iso
from starter import journal_refill
from tests.service.house import lose
from worker.office import RecordsOffice


async def test_a_journal_is_refilled_with_what_each_run_wrote_as_far_as_the_next_goes_on_from_it(house, calm):
    """Records are put back twice. What the first run wrote after the row from which it was revived is not what the journal held in the end."""
    await house.start(calm())

    async def planned() -> bool:
        return "plan_applied" in [row.name for row in await house.journal()]

    async with house.worker():
        await house.idle()
        extend = Extend(message_id="extend", by="p-operator", at=datetime.now(UTC), length=iso("P1D"))
        await house.handle().execute_update("extend", extend)
        await house.until(planned)
        await house.idle()
        before = await house.journal()
        await house.handle().terminate("records of before the plan")
        await lose(house, "delete from journal where seq >= (select seq from journal where name = 'apply_plan')")
        await house.records.cohorts.await_start(house.pairs[0].mentorship)
        await RecordsOffice(house.records, house.client).enrol(house.cohort, 1, lambda *_: None)
        await house.until(planned)
        await house.idle()
        written = await house.journal()
        assert [row.name for row in written] == [row.name for row in before]
        assert written != before
        await lose(house, "delete from journal where seq > 1")
        assert await journal_refill._fill(house.client, house.records, house.pairs[0]) == len(written) - 1
        assert await house.journal() == written


async def test_a_journal_is_refilled_out_of_the_run_that_a_reset_began(house, calm):
    """Somebody reset it in Temporal's own tools; it decided the same again, and continued in another run than the one it was started in."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
        await house.post(0, "mentor", "confirm_meeting", "before", meeting=1)
        await house.journalled("before")
        await house.reset(forgetful=False)
        await house.post(0, "mentor", "confirm_meeting", "after", meeting=2)
        await house.journalled("after")
        assert not (await house.idle()).diverged
        written = await house.journal()
        await lose(house, f"delete from journal where seq > {written[-1].seq - 2}")
        filled = await house.cli("journal", "refill")
        assert [one["rows"] for one in filled["filled"]] == [2]
        assert await house.journal() == written
        await lose(house, "update journal set name = 'else' where seq = 2")
        refused = await house.cli("journal", "refill", expect=1)
        assert [(one["problem"], one["seq"]) for one in refused["lacking"]] == [("differs", 2)]
