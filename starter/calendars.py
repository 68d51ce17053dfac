"""The calendars that a roster's pairs would have, and whether a cohort can start with them. Needs neither records nor Temporal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import get_args

from mentorship.commands import Plan
from mentorship.programme import Programme, Weekday
from schedule.calendar import zone
from schedule.working_days import known_until, public_holidays
from starter.answer import Refused, counted
from starter.pairs_file import RosterPair
from starter.roster import Roster


def planned(roster: Roster, starts: datetime, pairs: Iterable[RosterPair] | None = None) -> dict[str, Plan]:
    """The plans of all pairs, or of `pairs`, by pair_id. Raises Refused when no meeting fits into the programme for some pair."""
    plans = roster.plans(roster.pairs if pairs is None else pairs, starts)
    empty = [pair_id for pair_id, plan in plans.items() if not plan.slots]
    if empty:
        raise Refused(f"no meeting fits into the programme for {some(empty)}; see meetings.quiet, first_after and length")
    return plans


def doubtful(roster: Roster, plans: Mapping[str, Plan]) -> list[str]:
    """What an operator should know about these plans before anybody is invited, a line each."""
    return [*short_plans(roster.programme, plans), *odd_times(roster, plans), *at_once(roster, plans), *unknown_holidays(roster, plans)]


def short_plans(programme: Programme, plans: Mapping[str, Plan]) -> list[str]:
    """One line for each number of meetings that is smaller than the programme's."""
    short: dict[int, list[str]] = {}
    for pair_id, plan in plans.items():
        if len(plan.slots) < programme.meetings.count:
            short.setdefault(len(plan.slots), []).append(pair_id)
    return [f"notice: {count} of {programme.meetings.count} meetings fit for {some(pairs)}" for count, pairs in short.items()]


def odd_times(roster: Roster, plans: Mapping[str, Plan]) -> list[str]:
    """One line for pairs in which somebody would meet on a day off, or at an hour when nobody even gets mail: `time_of_day` is the mentee's.

    A day off is one outside the programme's working days, or a weekend in the person's country, which is not Saturday and Sunday everywhere.
    """
    hours, days = roster.programme.mail.hours, roster.programme.meetings.working_days
    if hours == "none":
        return []

    def odd(at: datetime, country: str | None) -> bool:
        off = country is not None and public_holidays(country).is_weekend(at.date())
        return off or not hours[:5] <= f"{at:%H:%M}" <= hours[6:] or get_args(Weekday)[at.weekday()] not in days

    found = []
    for pair in roster.pairs:
        homes = dict.fromkeys((roster.home(pair.mentor_id), roster.home(pair.mentee_id)))
        slots = plans[pair.pair_id].slots if pair.pair_id in plans else ()
        at = next((local for where, country in homes for slot in slots if odd(local := slot.start.astimezone(zone(where)), country)), None)
        if at is not None:
            found.append(f"{pair.pair_id} ({at:%a %H:%M} in {at.tzinfo})")
    return [f"notice: meetings outside {hours} or the working days where one of the two lives, for {some(found)}"] if found else []


def at_once(roster: Roster, plans: Mapping[str, Plan]) -> list[str]:
    """One line for the pairs of whom somebody would be in two meetings at once: each pair's times are its own, and a mentor's mentees have the same.

    Asked of the pairs that start together; what those who run have agreed on since is theirs.
    """
    lasting = roster.programme.meetings.duration.span
    meetings: dict[str, list[tuple[datetime, str]]] = {}
    for pair in roster.pairs:
        for slot in plans[pair.pair_id].slots if pair.pair_id in plans else ():
            for person in (pair.mentor_id, pair.mentee_id):
                meetings.setdefault(person, []).append((slot.start, pair.pair_id))
    found = {
        pair_id
        for of_one in meetings.values()
        for (one, first), (another, second) in pairwise(sorted(of_one))
        if another < one + lasting
        for pair_id in (first, second)
    }
    pairs = [pair.pair_id for pair in roster.pairs if pair.pair_id in found]
    return [f"notice: two meetings of one person at the same time, for {some(pairs)}; they have to move one on their pages"] if pairs else []


def unknown_holidays(roster: Roster, plans: Mapping[str, Plan]) -> list[str]:
    """One line for each country whose public holidays are not known yet for every year in which its people would meet."""
    meetings = roster.programme.meetings
    if not meetings.holidays or meetings.time_of_day is None:
        return []
    unknown: dict[str, list[str]] = {}
    for pair in roster.pairs:
        slots = plans[pair.pair_id].slots if pair.pair_id in plans else ()
        for where, country in dict.fromkeys((roster.home(pair.mentor_id), roster.home(pair.mentee_id))):
            if slots and country is not None and slots[-1].start.astimezone(zone(where)).year > known_until(country):
                unknown.setdefault(country, []).append(pair.pair_id)
    return [
        f"notice: no public holidays of {country} are known after {known_until(country)}, so that meetings may fall on one, for {some(pairs)}; see meetings.quiet"
        for country, pairs in unknown.items()
    ]


def some(pairs: Sequence[str]) -> str:
    """How many pairs there are, and the first five of them."""
    more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
    return f"{counted(len(pairs), 'pair')}: {', '.join(pairs[:5])}{more}"


def refuse_past(plans: Mapping[str, Plan], now: datetime) -> None:
    """Raises Refused if some pair's first meeting is past: nobody could prepare for it."""
    past = [(plan.slots[0].start, pair_id) for pair_id, plan in plans.items() if plan.slots[0].start <= now]
    if past:
        first, pair_id = min(past)
        raise Refused(f"the first meeting of {pair_id} would have been at {first:%Y-%m-%d %H:%M}Z, which is past; expected a later --starts")
