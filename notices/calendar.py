"""The mentorship's meetings as one calendar series.

Calendars agree on a repeating event with exceptions, and on little else: several ignore dates listed one by one, and an
invitation may have only one UID. So the series is a daily rule on the grid that most meetings fall on. A meeting off the grid
(moved, or after the clocks changed, since the rule counts in UTC) is an exception; a grid day without a meeting is left out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vDuration, vText

from mentorship.effects import MeetingFacts
from notices.readers import Reader

_DAY = timedelta(days=1)
_LOOK_AGAIN = timedelta(hours=6)
Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


def uid(mentorship: str, domain: str) -> str:
    """The series' id for as long as the mentorship lasts; a hash, since calendars are passed on."""
    return f"{hashlib.sha256(f'calendar/{mentorship}'.encode()).hexdigest()[:32]}@{domain}"


def invitation(
    meetings: Sequence[MeetingFacts],
    *,
    mentorship: str,
    sequence: int,
    stamp: datetime,
    organizer: str,
    attendees: Sequence[Reader],
    title: str,
    description: str,
    organizer_name: str = "",
) -> tuple[Literal["REQUEST", "CANCEL"], bytes]:
    """The remaining meetings as an invitation, or a cancellation when none are left; with the method for the MIME header.

    The same input gives the same bytes. `organizer` is a bare address, and the UID uses its domain. The calendar holds `title` and times, never a topic.
    """
    method: Literal["REQUEST", "CANCEL"] = "REQUEST" if meetings else "CANCEL"
    people = [_attendee(reader) for reader in attendees]
    host = vCalAddress(f"mailto:{organizer}")
    if organizer_name:
        host.params["CN"] = vText(organizer_name.replace('"', "'"))
    common = {"uid": uid(mentorship, organizer.rpartition("@")[2]), "sequence": sequence, "dtstamp": stamp, "summary": title, "description": description}
    return method, bytes(_calendar(method, _events(meetings, common, stamp), host, people).to_ical())


def feed(meetings: Sequence[MeetingFacts], *, mentorship: str, sequence: int, stamp: datetime, domain: str, title: str, description: str) -> bytes:
    """The series as a calendar to subscribe to: without attendees, and empty when no meeting is left.

    It has a name, since programs would show a nameless one by its address, and that address opens it. It says how often to refresh, since some
    programs do so once a week.
    """
    common = {"uid": uid(mentorship, domain), "sequence": sequence, "dtstamp": stamp, "summary": title, "description": description}
    calendar = _calendar("PUBLISH", _events(meetings, common, stamp) if meetings else [], None, [])
    for name in ("name", "x-wr-calname"):
        calendar.add(name, vText(title))
    for name in ("refresh-interval", "x-published-ttl"):
        calendar.add(name, vDuration(_LOOK_AGAIN), {"VALUE": "DURATION"} if name == "refresh-interval" else {})
    return bytes(calendar.to_ical())


def _calendar(method: Method, events: list[Event], organizer: vCalAddress | None, attendees: list[vCalAddress]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Mentorship//Notices//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for event in events:
        event.add("class", "PRIVATE")
        event.add("transp", "OPAQUE")
        event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
        if organizer is not None:
            event.add("organizer", organizer)
        for attendee in attendees:
            event.add("attendee", attendee)
        calendar.add_component(event)
    return calendar


def _attendee(reader: Reader) -> vCalAddress:
    address = vCalAddress(f"mailto:{reader.address}")
    # A calendar's parameter cannot contain a double quote, and not every program knows the escape for it.
    if reader.name:
        address.params["CN"] = vText(reader.name.replace('"', "'"))
    address.params["CUTYPE"] = vText("INDIVIDUAL")
    address.params["ROLE"] = vText("REQ-PARTICIPANT")
    # Answers are given on the page: nobody reads the organizer's mailbox.
    address.params["RSVP"] = vText("FALSE")
    return address


def _events(meetings: Sequence[MeetingFacts], common: dict[str, object], stamp: datetime) -> list[Event]:
    ordered = sorted(meetings, key=lambda meeting: (meeting.start, meeting.meeting))
    if not ordered:
        # Some calendars expect a time even if the standard requires none.
        return [_event(common, stamp, stamp)]
    step, slots = _grid([meeting.start for meeting in ordered])
    first, length = slots[0], ordered[0].ends - ordered[0].start
    master = _event(common, first, first + length)
    if len(ordered) > 1:
        count = (slots[-1] - first) // step + 1
        master.add("rrule", {"freq": ["daily"], "interval": [step.days], "count": [count]})
        taken = set(slots)
        left_out = [day for day in (first + step * index for index in range(count)) if day not in taken]
        if left_out:
            master.add("exdate", left_out)
    events = [master]
    for slot, meeting in zip(slots, ordered, strict=True):
        if slot == meeting.start and meeting.ends - meeting.start == length:
            continue
        exception = _event(common, meeting.start, meeting.ends)
        exception.add("recurrence-id", slot)
        events.append(exception)
    return events


def _event(common: dict[str, object], start: datetime, end: datetime) -> Event:
    event = Event()
    for name, value in common.items():
        event.add(name, value)
    event.add("dtstart", start)
    event.add("dtend", end)
    return event


def _grid(starts: list[datetime]) -> tuple[timedelta, list[datetime]]:
    """The rule's step (whole days) and each meeting's place on the grid: rising, and exact for as many meetings as possible.

    Places rise because calendars refuse an exception that jumps over another meeting of its series.
    """
    gaps = Counter(max(1, round((later - earlier) / _DAY)) for earlier, later in pairwise(starts))
    step = _DAY * (min(gaps, key=lambda days: (-gaps[days], days)) if gaps else 1)
    anchor = max(starts, key=lambda candidate: (sum((start - candidate) % step == timedelta(0) for start in starts), -starts.index(candidate)))
    first = anchor - step * round((anchor - starts[0]) / step)
    slots: list[datetime] = []
    index = -1
    for start in starts:
        index = max(index + 1, round((start - first) / step))
        slots.append(first + step * index)
    return step, slots
