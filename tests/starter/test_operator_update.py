"""What an operator is told about a command that was carried out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from records.cohorts import Enrolment
from starter.operator_update import _until
from wire.names import STATUS_QUERY

COUNTED_IN_HOURS = datetime(2099, 11, 8, 22, tzinfo=UTC)
IN_CALENDAR_TIME = COUNTED_IN_HOURS + timedelta(hours=1)


class PlannedMeanwhile:
    """A mentorship that was extended, and whose meetings are planned between the first query and the second."""

    def __init__(self) -> None:
        self.asked = 0

    def get_workflow_handle(self, _mentorship: str) -> PlannedMeanwhile:
        return self

    async def query(self, question: str, **_: Any) -> Any:
        self.asked += 1
        planned = self.asked > 1
        if question == STATUS_QUERY:
            return {"ends": (IN_CALENDAR_TIME if planned else COUNTED_IN_HOURS).isoformat()}
        return [{"what": "extended"}, *([{"what": "plan_applied"}] if planned else [])]


class OnLeave(PlannedMeanwhile):
    """A mentorship whose operator ended their own pause while one of the two is on leave."""

    async def query(self, question: str, **_: Any) -> Any:
        if question == STATUS_QUERY:
            return {end: IN_CALENDAR_TIME.isoformat() for end in ("paused_until", "ends", "ends_with_pause", "reporting_ends")}
        return [{"what": "pause_prolonged"}]


PAIR = Enrolment(cohort="busy", pair="m-1", pair_id="p1", mentor="p-1", mentee="p-2", state="started")


async def test_who_ends_a_pause_is_told_that_a_leave_goes_on() -> None:
    assert set(await _until(OnLeave(), PAIR, "resume", 1.0)) == {"paused_until", "ends", "ends_with_pause"}  # type: ignore[arg-type]


async def test_the_end_that_is_told_is_never_one_from_before_its_meetings_were_planned() -> None:
    assert await _until(PlannedMeanwhile(), PAIR, "extend", 1.0) == {"ends": IN_CALENDAR_TIME}  # type: ignore[arg-type]
