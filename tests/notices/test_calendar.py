"""One invitation for the series: calendars read from it what was planned (contract, H12)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from mentorship.effects import MeetingFacts
from notices.calendar import feed, invitation
from notices.readers import Reader

ADA = Reader("p-a", "Ada", "ada@people.example", side="mentee")
GRACE = Reader("p-g", 'Grace "Amazing" Hopper; x:y', "grace@people.example", side="mentor")
STAMP = datetime(2027, 1, 29, 8, tzinfo=UTC)
MIDDAY = datetime(2027, 2, 1, 12, tzinfo=UTC)


def invite(meetings, sequence=0, mentorship="mentorship.spring.m-0123456789ab"):
    return invitation(
        meetings,
        mentorship=mentorship,
        sequence=sequence,
        stamp=STAMP,
        organizer="mentoring@service.example",
        attendees=(GRACE, ADA),
        title="Mentoring conversation",
        description="On your page.",
    )


def at(start: datetime, number: int = 1, length: timedelta = timedelta(hours=1)) -> MeetingFacts:
    return MeetingFacts(meeting=number, start=start, ends=start + length)


def unrolled(content: bytes) -> list[tuple[datetime, datetime]]:
    """What a calendar shows, with a day beyond all reason on either side."""
    found = recurring_ical_events.of(Calendar.from_ical(content)).between(datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
    return sorted((event["DTSTART"].dt, event["DTEND"].dt) for event in found)


def planned(meetings) -> list[tuple[datetime, datetime]]:
    return sorted((meeting.start, meeting.ends) for meeting in meetings)


def test_a_series_across_a_clock_change_shows_exactly_the_planned_meetings(series):
    _, content = invite(series)
    assert len({meeting.start.hour for meeting in series}) == 2  # the clocks change in between: 10:00 in Berlin is two hours of UTC
    assert unrolled(content) == planned(series)


def test_moved_cancelled_and_extra_meetings_are_exceptions_of_the_one_series(series):
    changed = [
        *series[:3],
        series[3].model_copy(update={"start": series[3].start + timedelta(days=2, hours=3), "ends": series[3].ends + timedelta(days=2, hours=3)}),
        *series[5:],
    ]
    changed.append(at(series[7].start + timedelta(days=5), 99, timedelta(minutes=30)))
    _, content = invite(changed, 5)
    assert unrolled(content) == planned(changed)
    events: list[Any] = Calendar.from_ical(content).walk("VEVENT")
    assert len({str(event["UID"]) for event in events}) == 1
    assert {int(event["SEQUENCE"]) for event in events} == {5}
    assert sum("RRULE" in event for event in events) == 1


@given(st.lists(st.integers(min_value=0, max_value=60 * 24 * 200), min_size=1, max_size=14, unique=True))
@settings(max_examples=60)
def test_any_irregular_series_unrolls_to_itself(minutes):
    meetings = [at(MIDDAY + timedelta(minutes=minute), number) for number, minute in enumerate(minutes, 1)]
    method, content = invite(meetings)
    assert method == "REQUEST"
    assert unrolled(content) == planned(meetings)


def test_meetings_of_a_programme_in_seconds_unroll_as_well():
    meetings = [at(MIDDAY + timedelta(seconds=3 * number), number, timedelta(seconds=1)) for number in range(12)]
    assert unrolled(invite(meetings)[1]) == planned(meetings)


def test_both_are_invited_to_a_private_event_that_says_nothing(series):
    calendar = Calendar.from_ical(invite(series, 2)[1])
    assert calendar["METHOD"] == "REQUEST"
    events: list[Any] = calendar.walk("VEVENT")
    for event in events:
        assert [str(attendee) for attendee in event["ATTENDEE"]] == ["mailto:grace@people.example", "mailto:ada@people.example"]
        assert str(event["ORGANIZER"]) == "mailto:mentoring@service.example"
        assert event["CLASS"] == "PRIVATE"
        assert event["SUMMARY"] == "Mentoring conversation"
        assert event["DTSTART"].dt.utcoffset() == timedelta(0)
        assert event["SEQUENCE"] == 2


def test_starts_are_written_in_utc(series):
    content = invite(series)[1].decode()
    starts = [line for line in content.splitlines() if line.startswith(("DTSTART", "RECURRENCE-ID", "EXDATE"))]
    assert starts
    assert all(line.endswith("Z") for line in starts)


def test_the_series_keeps_its_name_and_tells_nothing_of_the_workflow(series):
    before, after, other = (Calendar.from_ical(invite(*arguments)[1]) for arguments in [(series, 0), (series[4:], 7), (series, 0, "mentorship.spring.m-other")])
    assert before.walk("VEVENT")[0]["UID"] == after.walk("VEVENT")[0]["UID"]
    assert before.walk("VEVENT")[0]["UID"] != other.walk("VEVENT")[0]["UID"]
    assert b"m-0123456789ab" not in before.to_ical()


def test_nothing_left_is_a_cancellation_of_the_same_series(series):
    method, content = invite((), 8)
    calendar = Calendar.from_ical(content)
    events: list[Any] = calendar.walk("VEVENT")
    (event,) = events
    assert (method, str(calendar["METHOD"]), str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCEL", "CANCEL", "CANCELLED", 8)
    assert event["UID"] == Calendar.from_ical(invite(series)[1]).walk("VEVENT")[0]["UID"]
    assert len(event["ATTENDEE"]) == 2


def test_the_same_series_makes_the_same_bytes_in_whatever_order(series):
    assert invite(series) == invite(tuple(reversed(series)))


def test_a_feed_invites_nobody_and_an_empty_one_is_still_a_calendar(series):
    full, empty = (
        Calendar.from_ical(feed(meetings, mentorship="m", sequence=1, stamp=STAMP, domain="service.example", title="Mentoring conversation", description="d"))
        for meetings in (series, ())
    )
    assert all("ATTENDEE" not in event and "ORGANIZER" not in event for event in full.walk("VEVENT"))
    assert unrolled(full.to_ical()) == planned(series)
    assert empty.walk("VEVENT") == []


def test_a_feed_has_a_name_of_its_own_and_says_how_often_to_look(series):
    """A calendar without a name is shown by its address, and whoever reads that can subscribe, too (H12). RFC 7986, and what programs knew before it."""
    lines = feed(series, mentorship="m", sequence=1, stamp=STAMP, domain="service.example", title="محادثة, إرشادية", description="d").decode().split("\r\n")
    assert {r"NAME:محادثة\, إرشادية", r"X-WR-CALNAME:محادثة\, إرشادية"} < set(lines)
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"} < set(lines)
    assert not any(line.startswith(("NAME", "X-", "REFRESH")) for line in invite(series)[1].decode().split("\r\n"))


@pytest.mark.parametrize(("kind", "method"), [("welcome", "REQUEST"), ("rescheduled", "REQUEST"), ("ended", "CANCEL")])
def test_a_mail_says_the_method_where_mail_programs_look(mail, kind, method, series):
    message = mail(kind)
    (inline,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    (file,) = [part for part in message.walk() if part.get_content_type() == "application/ics"]
    assert inline.get_param("method") == method
    assert message.get_content_type() == "multipart/mixed"
    assert file.get_filename() == "meetings.ics"
    assert file.get_content() == inline.get_payload(decode=True)
    calendar = Calendar.from_ical(file.get_content())
    assert calendar["METHOD"] == method
    assert b"Career stories" not in file.get_content()
    if method == "REQUEST":
        assert unrolled(file.get_content()) == planned(series)


def test_both_get_the_same_event(mail):
    events = [
        next(part.get_content() for part in mail("rescheduled", side).walk() if part.get_content_type() == "application/ics") for side in ("mentor", "mentee")
    ]
    assert events[0] == events[1]


def test_a_mail_without_a_change_carries_no_calendar(mail):
    assert not [part for part in mail("prepare").walk() if "calendar" in part.get_content_type() or "ics" in part.get_content_type()]
