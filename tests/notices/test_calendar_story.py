"""What the two people's calendars show in the course of a mentorship, from the invitations in their mails and from the feed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from icalendar import Calendar
from ruamel.yaml import YAML

from mentorship import commands as c
from mentorship.advance import Advanced, advance, begin
from mentorship.effects import PlanMeetings, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import SIDES, Pair
from mentorship.policy.deadlines import next_due
from mentorship.programme import Programme
from notices.compose import compose
from notices.language import Clock, language
from notices.readers import Links, Reader
from schedule.plan import plan, replan
from schedule.working_days import Home
from webhook.pages.calendar import feed_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = {"mentor": BERLIN, "mentee": NEW_YORK}
MENTORSHIP = "mentorship.spring.m-0123456789ab"
PAIR = Pair(mentor="p-mentor0000000000", mentee="p-mentee0000000000")
PEOPLE = {
    "mentor": Reader(PAIR.mentor, "Grace", "grace@people.example", "en", "Europe/Berlin", "mentor"),
    "mentee": Reader(PAIR.mentee, "Ada", "ada@people.example", "de", "America/New_York", "mentee"),
}
FAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))


class Story:
    """One mentorship whose two people put what their mails bring into their calendars."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.calendars: dict[str, Calendar | None] = dict.fromkeys(SIDES)
        self.sequences: dict[str, list[int]] = {side: [] for side in SIDES}
        self._ids = count(1)
        self.now = datetime(2027, 3, 1, tzinfo=BERLIN)
        planned = plan(programme, datetime(2027, 3, 1, tzinfo=BERLIN), mentee=Home("America/New_York"))
        begun = MentorshipStarted(
            at=planned.starts, pair=PAIR, rules=programme.rules(), starts=planned.starts, ends=planned.ends, reporting_ends=planned.reporting_ends,
            slots=planned.slots,
        )  # fmt: skip
        self._keep(begin(begun))

    def _keep(self, turn: Advanced) -> None:
        self.state = turn.state
        asked = []
        for effect in turn.effects:
            if isinstance(effect, SendNotice) and effect.to != "coordinators":
                self._arrives(effect)
            if isinstance(effect, PlanMeetings):
                asked.append(effect)
        for wanted in asked:
            slots = replan(
                self.programme,
                after=wanted.after,
                count=wanted.count,
                last_start=wanted.last_start,
                mentee=Home("America/New_York"),
                ends=wanted.ends,
            )
            ends = wanted.ends if wanted.longer is None else None
            self._keep(
                advance(self.state, [c.ApplyPlan(message_id=f"plan.{wanted.id}", at=self.state.now, effect=wanted.id, slots=slots, ends=ends)], self.state.now)
            )

    def _arrives(self, notice: SendNotice) -> None:
        """Does what calendars do: a higher SEQUENCE replaces a UID's series, and a cancellation removes it."""
        side = notice.to
        assert side != "coordinators"
        mail = compose(
            notice,
            mentorship=MENTORSHIP,
            reader=PEOPLE[side],
            partner=PEOPLE["mentor" if side == "mentee" else "mentee"],
            texts=self.programme.texts(),
            links=Links("https://mentoring.example/p/tok"),
            key=f"{MENTORSHIP}/{notice.id}",
            sender="Mentoring <mentoring@service.example>",
            at=notice.due,
        )
        parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        if not parts:
            return
        came = Calendar.from_ical(parts[0].get_content())
        events: list[Any] = came.walk("VEVENT")
        numbers = {int(event["SEQUENCE"]) for event in events}
        assert len(numbers) == 1
        assert [method for method in [came["METHOD"]] if method != parts[0].get_param("method")] == []
        self.sequences[side].append(numbers.pop())
        self.calendars[side] = came if came["METHOD"] == "REQUEST" else None

    def say(self, by: str, command: Any, at: datetime) -> None:
        person = getattr(PAIR, by, by)
        self._keep(advance(self.state, [command.model_copy(update={"message_id": f"said-{next(self._ids)}", "by": person, "at": at})], at))

    def both(self, command: Any, at: datetime) -> None:
        for side in SIDES:
            self.say(side, command, at)

    def until(self, instant: datetime) -> None:
        while (due := next_due(self.state)) is not None and due.at <= instant:
            self._keep(advance(self.state, [], max(due.at, self.state.now)))
        self._keep(advance(self.state, [], instant))
        self.now = instant

    def start(self, number: int) -> datetime:
        meeting = self.state.meeting(number)
        assert meeting is not None
        return meeting.start

    def shown(self, side: str) -> list[datetime]:
        """The starts in somebody's calendar, in their own zone."""
        return sorted(start.astimezone(ZONES[side]) for start in starts(self.calendars[side]))

    def fed(self, side: str) -> list[datetime]:
        """The same starts from the feed to which they subscribed."""
        clock = Clock(language("en"), ZONES[side], self.state.now)
        known: Any = SimpleNamespace(bearer=SimpleNamespace(scope=MENTORSHIP), state=self.state, now=self.state.now, clock=clock)
        return sorted(start.astimezone(ZONES[side]) for start in starts(Calendar.from_ical(feed_of(known, "Mentoring <mentoring@service.example>"))))

    def expected(self, side: str) -> list[datetime]:
        found = (
            meeting.start for meeting in self.state.meetings if meeting.cancelled is None and (self.state.ended is None or meeting.start <= self.state.ended.at)
        )
        return sorted(start.astimezone(ZONES[side]) for start in found)


def starts(calendar: Calendar | None) -> list[datetime]:
    return [event["DTSTART"].dt for event in recurring_ical_events.of(calendar).between(*FAR)] if calendar is not None else []


@pytest.fixture
def story() -> Story:
    programme = Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"))
    return Story(programme)


@pytest.fixture
def agrees(story):
    """Asserts that both calendars and both feeds show what is planned, and that every update had a higher number than the last."""

    def look() -> None:
        for side in SIDES:
            assert story.shown(side) == story.expected(side)
            assert story.fed(side) == story.expected(side)
            assert story.sequences[side] == sorted(set(story.sequences[side]))

    return look


def test_ten_in_new_york_is_four_in_berlin_but_three_while_only_americas_clocks_have_changed(story, agrees):
    agrees()
    assert {at.time() for at in story.shown("mentee")} == {time(10)}
    berlin = {at.date().isoformat(): at.time() for at in story.shown("mentor")}
    assert len(berlin) == 12
    assert [berlin[day] for day in ("2027-03-08", "2027-03-22", "2027-04-05")] == [time(16), time(15), time(16)]


def test_a_moved_meeting_moves_for_both_and_the_others_stay(story, agrees):
    to = story.start(2) + timedelta(days=2, hours=-3)
    story.both(c.MoveMeeting(meeting=2, to=to), story.start(2) - timedelta(days=4))
    agrees()
    assert to.astimezone(BERLIN) in story.shown("mentor")
    assert len(story.shown("mentee")) == 12


def test_a_meeting_moved_twice_and_back_stands_where_it_stood(story, agrees):
    first = story.start(2)
    for to in (first + timedelta(days=1), first + timedelta(days=3), first):
        story.both(c.MoveMeeting(meeting=2, to=to), first - timedelta(days=5))
        agrees()
    assert first.astimezone(BERLIN) in story.shown("mentor")


def test_a_cancelled_meeting_is_gone_from_both(story, agrees):
    gone = story.start(3)
    story.both(c.ConfirmMeeting(meeting="all"), story.now)
    story.say("mentee", c.CancelMeeting(meeting=3, reason="work"), gone - timedelta(days=2))
    agrees()
    assert gone.astimezone(BERLIN) not in story.shown("mentor")
    assert len(story.shown("mentor")) == 11


def test_an_extra_meeting_that_was_reported_puts_nothing_into_a_calendar_afterwards(story, agrees):
    story.until(story.start(1) + timedelta(days=3))
    updates = list(story.sequences["mentor"])
    story.say("mentee", c.ReportMeeting(held_at=story.start(1) + timedelta(days=2), held=True), story.now)
    agrees()
    assert story.sequences["mentor"] == updates


def test_a_pause_empties_the_time_ahead_and_what_is_planned_afterwards_comes_back(story, agrees):
    story.until(story.start(3) + timedelta(days=2))
    story.say("operator", c.Pause(), story.now)
    agrees()
    assert len(story.shown("mentor")) == 3  # what was stays
    story.until(story.now + timedelta(weeks=5))
    story.say("operator", c.Resume(), story.now)
    agrees()
    assert len(story.shown("mentor")) == 12
    assert {at.time() for at in story.shown("mentee")} == {time(10)}


def test_an_extension_brings_its_meetings(story, agrees):
    before = story.shown("mentor")[-1]
    story.until(story.start(10))
    story.both(c.AskExtension(), story.now)
    agrees()
    assert story.shown("mentor")[-1] > before


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_early_end_takes_out_what_was_ahead(story, agrees, moment):
    """Before the first meeting nothing stays, and the whole series is cancelled."""
    story.until(story.start(1) - timedelta(days=1) if moment == "before" else story.start(4) + timedelta(days=1))
    story.say("operator", c.End(reason="stepped_away", leaver=PAIR.mentor), story.now)
    agrees()
    assert len(story.shown("mentee")) == (0 if moment == "before" else 4)
    assert (story.calendars["mentee"] is None) == (moment == "before")


def test_a_whole_life_of_changes_never_leaves_a_ghost(story, agrees):
    story.both(c.ConfirmMeeting(meeting="all"), story.now)
    story.both(c.MoveMeeting(meeting=2, to=story.start(2) + timedelta(days=3)), story.start(1))
    story.say("mentor", c.CancelMeeting(meeting=3, reason="personal"), story.start(2))
    story.until(story.start(4) + timedelta(days=1))
    story.say("operator", c.Pause(), story.now)
    story.until(story.now + timedelta(weeks=3))
    story.say("operator", c.Resume(), story.now)
    story.both(c.MoveMeeting(meeting=max(m.n for m in story.state.meetings), to=story.now + timedelta(days=2, hours=1)), story.now)
    agrees()
    story.until(story.now + timedelta(weeks=4))
    story.say("operator", c.End(), story.now)
    agrees()
