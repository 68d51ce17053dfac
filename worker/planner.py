"""The planning port: schedule/ with the people's zones and countries from records."""

from __future__ import annotations

from datetime import datetime

from activities.planning import Planned, PlanRequest
from mentorship.commands import Slot
from mentorship.programme import Programme
from mentorship.spread import spread
from records.errors import Erased
from records.people import Profile
from records.store import Records
from schedule.anew import plan_anew


def spread_out(slots: tuple[Slot, ...], mentorship: str, programme: Programme) -> tuple[Slot, ...]:
    """The same slots, their mails moved by this mentorship's share of the programme's window; the planned hours leave room for it."""
    later = spread(mentorship, programme.mail.spread.span)
    return tuple(slot.model_copy(update={"prepare_at": min(slot.prepare_at + later, slot.start), "ask_at": slot.ask_at + later}) for slot in slots)


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
            countries=[await self._country(request.pair.mentor), await self._country(request.pair.mentee)],
        )
        return Planned(slots=spread_out(made.slots, request.mentorship, programme), ends=made.ends, reporting_ends=made.reporting_ends)

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
