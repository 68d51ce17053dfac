"""The planning port: `schedule` with the people's zones and countries from records."""

from __future__ import annotations

from datetime import datetime

from activities.planning import Planned, PlanRequest
from mentorship.programme import Programme
from mentorship.spread import spread_out
from records.errors import Erased
from records.store import Records
from schedule.anew import plan_anew
from schedule.working_days import Home


class RecordsPlanner:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def replan(self, request: PlanRequest, now: datetime) -> Planned:
        """Slots after a pause, or for an extension, which moves the end by calendar time."""
        programme = await self._records.programmes.get(request.programme, request.version)
        made = plan_anew(
            programme,
            request.wanted,
            now,
            mentee=await self._home(request.pair.mentee, programme),
            mentor=await self._home(request.pair.mentor, programme),
        )
        slots = spread_out(made.slots, request.mentorship, programme.mail.spread.span)
        return Planned(slots=slots, ends=made.ends, reporting_ends=made.reporting_ends)

    async def _home(self, person: str, programme: Programme) -> Home:
        """Nothing is known of an erased person: the programme's time zone counts for them."""
        try:
            profile = await self._records.people.profile(person)
        except Erased:
            return Home(programme.programme.time_zone)
        return Home.of(profile, programme)
