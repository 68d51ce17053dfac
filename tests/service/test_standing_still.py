"""A mentorship that the code cannot carry on is named, and continues from its journal once an operator has ended its run (P5)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from temporalio import workflow

from mentorship import programme
from mentorship.policy import deadlines
from mentorship.state import State
from starter import revive


async def in_vain(house: Any) -> bool:
    return bool((await house.handle().describe()).raw_description.pending_workflow_task.attempt > 1)


async def test_what_the_code_cannot_go_on_with_is_named_and_goes_on_from_its_journal(house: Any, calm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.start(calm(), 2)
    async with house.worker():
        for pair in range(2):
            await house.idle(pair)
    mentorship, began = house.pairs[0].mentorship, (await house.handle().describe()).run_id
    known = deadlines.next_due

    def another(state: State) -> deadlines.Due | None:
        """An unguarded change: this run has started a timer that this code does not start."""
        return None if workflow.in_workflow() and workflow.info().run_id == began else known(state)

    monkeypatch.setattr(deadlines, "next_due", another)
    async with house.worker():
        await house.post(0, "mentor", "record_milestone", "meanwhile", milestone="visit")
        await house.until(partial(in_vain, house))
        said = [check["detail"] for check in (await house.cli("doctor", expect=1))["checks"] if check["name"] == "mentorship"]
        assert said == [f"{mentorship} runs and stands still: its decisions fail, and the worker's log says why; see docs/operations.md, Stands still"]
        impatient = house.settings.model_copy(update={"update_timeout": 1.0})
        for settings, pairs, found in ((impatient, house.pairs[:1], "still"), (house.settings, house.pairs[1:], "runs")):
            assert [how for _, how in await revive._standing(settings, house.client, house.records, pairs)] == [found]

        await house.handle().terminate("the code cannot go on with it")
        assert (await house.cli("revive", "spring"))["sent_again"] == ["meanwhile"]
        assert await house.receipt_within("meanwhile") == {"outcome": "applied", "reason": None}
        await house.idle()
        await house.check_books()


async def test_a_release_that_is_older_than_the_rules_of_a_mentorship_decides_nothing_of_it(house: Any, calm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision 36: after a rollback it waits for the newer release, instead of being decided differently and for good."""
    of_today = programme.REVISION
    monkeypatch.setattr(programme, "REVISION", of_today + 1)
    await house.start(calm())
    async with house.worker():
        await house.idle()

    monkeypatch.setattr(programme, "REVISION", of_today)
    async with house.worker():
        await house.post(0, "mentor", "record_milestone", "meanwhile", milestone="visit")
        await house.until(partial(in_vain, house))
        said = [check["detail"] for check in (await house.cli("doctor", expect=1))["checks"] if check["name"] == "mentorship"]
        assert [detail.split(":")[0] for detail in said] == [f"{house.pairs[0].mentorship} runs and stands still"]

    monkeypatch.setattr(programme, "REVISION", of_today + 1)
    async with house.worker():
        assert await house.receipt_within("meanwhile") == {"outcome": "applied", "reason": None}
        await house.idle()
        await house.check_books()
