"""The reader's other mentorships, so that one mail can stand for several (Calm)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mentorship.state import State
from notices.readers import Elsewhere
from records.errors import Erased, UnknownPerson
from records.journal_events import journalled
from records.store import Records


async def elsewhere(records: Records, mentorship: str, reader: str, at: datetime, page: Callable[[str], str]) -> tuple[Elsewhere, ...]:
    """Those that have begun and are running, each with its next meeting after `at` according to the journal. `page` makes the reader's address of one."""
    found = []
    for enrolment in await records.cohorts.of_person(reader):
        if enrolment.mentorship == mentorship or enrolment.state != "started":
            continue
        state = await journalled(records.journal, enrolment.mentorship)
        if state is None or state.starts > at:  # its welcome names the partner
            continue
        found.append(Elsewhere(await _name(records, enrolment.people.partner(reader)), page(enrolment.mentorship), _next(state, at)))
    return tuple(found)


def _next(state: State, at: datetime) -> datetime | None:
    if state.pausing is not None or state.over:
        return None
    return min((meeting.start for meeting in state.meetings if meeting.cancelled is None and not meeting.held and meeting.start > at), default=None)


async def _name(records: Records, ref: str) -> str | None:
    try:
        return (await records.people.profile(ref)).name or None
    except (Erased, UnknownPerson):
        return None
