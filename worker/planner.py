"""The planning port: schedule/ with the people's zones and countries from records."""

from __future__ import annotations

from datetime import datetime

from activities.planning import Planned, PlanRequest
from mentorship.programme import Programme
from mentorship.spread import spread_out
from records.errors import Erased
from records.people import Profile
from records.store import Records
from schedule.anew import plan_anew


class RecordsPlanner:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def replan(self, request: PlanRequest, now: datetime) -> Planned:
        """Slots after a pause, or in an extension, whose end moves in calendar time."""
        programme = await self._records.programmes.get(request.programme, request.version)
        made = plan_anew(
            programme,
            request.wanted,
            now,
            mentee_zone=await self._zone(request.pair.mentee, programme),
            mentor_country=await self._country(request.pair.mentor),
            mentee_country=await self._country(request.pair.mentee),
            mentor_zone=await self._zone(request.pair.mentor, programme),
        )
        slots = spread_out(made.slots, request.mentorship, programme.mail.spread.span)
        return Planned(slots=slots, ends=made.ends, reporting_ends=made.reporting_ends)

    async def _zone(self, person: str, programme: Programme) -> str:
        profile = await self._known(person)
        return (profile.time_zone if profile else None) or programme.programme.time_zone

    async def _country(self, person: str) -> str | None:
        profile = await self._known(person)
        return profile.country if profile else None

    async def _known(self, person: str) -> Profile | None:
        try:
            return await self._records.people.profile(person)
        except Erased:
            return None
