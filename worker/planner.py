"""The planning port: schedule/ with the people's zones and countries from records."""

from __future__ import annotations

from activities.planning import Planned, PlanRequest
from mentorship.programme import Programme
from records.errors import Erased
from records.people import Profile
from records.store import Records
from schedule.calendar import extended, moved
from schedule.plan import replan


class RecordsPlanner:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def replan(self, request: PlanRequest) -> Planned:
        """Slots after a pause, or in an extension, whose end moves in calendar time."""
        programme = await self._records.programmes.get(request.programme, request.version)
        wanted = request.wanted
        home = programme.programme.time_zone
        ends = reporting_ends = None
        if wanted.longer is not None:
            ends = extended(wanted.ends - wanted.longer.span, wanted.longer, home)
            reporting_ends = moved(ends, programme.programme.reporting_grace, home)
        slots = replan(
            programme,
            after=wanted.after,
            count=wanted.count,
            last_start=wanted.last_start,
            mentee_zone=await self._zone(request.pair.mentee, programme),
            countries=[await self._country(request.pair.mentor), await self._country(request.pair.mentee)],
            ends=ends or wanted.ends,
        )
        return Planned(slots=slots, ends=ends, reporting_ends=reporting_ends)

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
