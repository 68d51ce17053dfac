"""For which other mentorships of a person one mail may stand (Calm): those that run, each with what comes next in it, and no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.commands import Slot
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import MilestoneRule, Rules
from notices.readers import Elsewhere
from records.cohorts import Cohort, Couple
from records.people import Profile
from worker.elsewhere import elsewhere
from worker.journal import RecordsJournal

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = ("this", "held", "paused", "ended", "over", "ahead", "pending", "erased")
RULES = Rules.model_validate({"programme": "p", "version": 1, "interval": "P7D", "duration": "PT1H", "sessions": 2, "milestones": [MilestoneRule(id="m")]})


@pytest.fixture
async def mentor(records) -> dict[str, str]:
    """Ana mentors eight; gives the ids of all, and of the mentorships by who is in them."""
    refs = await records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("ana", *NAMES)])
    await records.cohorts.put(Cohort(id="c", programme="p", version=1, texts_digest="0" * 64, starts_at=NOW, created_at=NOW))
    couples = [Couple(pair_id=name, mentor=refs["ana"], mentee=refs[name]) for name in NAMES]
    pairs = {pair.pair_id: pair for pair in (await records.cohorts.enrol_pairs("c", couples)).added}
    for name, pair in pairs.items():
        if name == "pending":
            continue
        starts = NOW + DAY if name == "ahead" else NOW - 9 * DAY
        slots = tuple(Slot(start=starts + days * DAY, prepare_at=starts, ask_at=starts + (days + 1) * DAY) for days in (7, 10, 12, 14))
        ends = starts + 60 * DAY
        people = Pair(mentor=refs["ana"], mentee=refs[name])
        turn = begin(MentorshipStarted(at=starts, pair=people, rules=RULES, starts=starts, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots))
        acts: dict[str, c.Command] = {"held": c.CancelMeeting(meeting=2), "paused": c.Pause(), "ended": c.End(reason="operator")}
        said = acts.get(name)
        orders = [said.model_copy(update={"message_id": "1", "by": refs["ana"] if name == "held" else "op", "at": NOW - DAY})] if said is not None else []
        entries = (*turn.entries, *advance(turn.state, orders, NOW - DAY).entries) if orders else turn.entries
        await RecordsJournal(records).append(pair.mentorship, entries, {}, None)
        await records.cohorts.mark_started(pair.mentorship)
        if name == "over":
            await records.journal.append(pair.mentorship, [], over_at=NOW)
    await records.people.erase(refs["erased"])
    return refs | {f"m.{name}": pair.mentorship for name, pair in pairs.items()}


async def test_those_that_run_are_told_with_their_next_meeting_and_whom_it_is_with(records, mentor):
    names = {mentorship: name for name, mentorship in mentor.items()}
    found = await elsewhere(records, mentor["m.this"], mentor["ana"], NOW, names.__getitem__)
    assert set(found) == {
        Elsewhere("Held", "m.held", NOW + 3 * DAY),
        Elsewhere("Paused", "m.paused", None),
        Elsewhere("Ended", "m.ended", None),
        Elsewhere(None, "m.erased", NOW + DAY),
    }
    assert await elsewhere(records, mentor["m.this"], mentor["held"], NOW, names.__getitem__) == (Elsewhere("Ana", "m.held", NOW + 3 * DAY),)
