"""What a rehearsal says about a programme: mails per person against the budget, load per coordinator and day, who earned what, who needed help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_jsonable_python

from mentorship.people import SIDES
from schedule.calendar import zone
from starter.rehearsal_request import Line, Mail, Rehearsed, Request


def figures(request: Request, of: Rehearsed) -> dict[str, Any]:
    """All figures as JSON. Days are those of the programme's zone."""
    home = zone(request.programme.programme.time_zone)
    mails: defaultdict[str, list[Mail]] = defaultdict(list)
    for mail in of.mails:
        mails[mail.person_id].append(mail)
    lines: defaultdict[str, set[str]] = defaultdict(set)
    for line in of.lines:
        lines[line.pair_id].add(line.line)
    in_pairs = Counter(couple.person(side) for couple in request.pairs for side in SIDES)
    participants = sorted(in_pairs)
    people = [_person(name, request, in_pairs[name], mails[name]) for name in participants]
    histories = {history.pair_id: history for history in of.histories}
    return {
        "mode": of.mode,
        "programme": f"{request.programme.programme.id}.{request.programme.programme.version}",
        "starts": request.starts.isoformat(),
        "seed": request.seed,
        "personas": dict(Counter(request.personas[name] for name in participants)),
        "mails": {
            "sent": len(of.mails),
            "by_kind": dict(Counter(mail.kind for mail in of.mails).most_common()),
            "not_sent": [{"kind": kind, "why": why, "mails": count} for (kind, why), count in Counter((one.kind, one.why) for one in of.unsent).most_common()],
            "by_day": dict(sorted(Counter(_day(mail.at, home) for mail in of.mails).items())),
            "busiest_minute": max(Counter(f"{mail.at:%Y-%m-%dT%H:%MZ}" for mail in of.mails).items(), key=lambda minute: minute[1], default=("", 0)),
        },
        "people": people,
        "coordinators": _coordinators(request, of, home),
        "pairs": [
            {
                **pair.model_dump(mode="json"),
                "lines": sorted(lines[pair.pair_id]),
                "history": histories[pair.pair_id].model_dump(exclude={"pair_id"}) if pair.pair_id in histories else None,
            }
            for pair in of.pairs
        ],
        "certificates": sum(pair.certificates for pair in of.pairs),
        "escalations": dict(Counter(line.line for line in of.lines).most_common()),
        "temporal": {
            "events": sum(history.events for history in of.histories),
            "largest_events": max(history.events for history in of.histories),
            "largest_bytes": max(history.bytes for history in of.histories),
            "actions": sum(history.actions for history in of.histories),
        }
        if of.histories
        else None,
        "messages": to_jsonable_python([mail._asdict() for mail in of.mails]),
    }


def most_within(mails: Iterable[Mail], per: timedelta) -> int:
    """The most of these mails in any window of length `per`. As the post counts, a mail exactly `per` ago is outside."""
    instants = sorted(mail.at for mail in mails)
    most = first = 0
    for place, at in enumerate(instants):
        while instants[first] <= at - per:
            first += 1
        most = max(most, place - first + 1)
    return most


def _person(name: str, request: Request, pairs: int, mails: list[Mail]) -> dict[str, Any]:
    budget = request.programme.mail.budget
    return {
        "person_id": name,
        "persona": request.personas[name],
        "pairs": pairs,
        "mails": len(mails),
        "most_in_budget": most_within((mail for mail in mails if not mail.exempt), budget.per.span),
        "budget": budget.most,
        "most_with_exempt": most_within(mails, budget.per.span),
    }


def _coordinators(request: Request, of: Rehearsed, home: ZoneInfo) -> dict[str, Any]:
    """The coordinators' load: lines are counted for all of them together, mails for each. The weekly digest is not included."""
    names = request.programme.contacts.coordinators
    opened = Counter(_day(line.opened_at, home) for line in of.lines)
    standing = _standing(of.lines, home)
    return {
        "people": {name: dict(sorted(Counter(_day(mail.at, home) for mail in of.mails if mail.person_id == name).items())) for name in names},
        "lines_opened": dict(sorted(opened.items())),
        "most_opened_in_a_day": max(opened.values(), default=0),
        "most_open_at_once": max(standing.values(), default=0),
        "open_by_day": standing,
        "per_coordinator_and_week": round(len(of.lines) / max(len(names), 1) / max(request.programme.programme.length.span / timedelta(weeks=1), 1), 2),
    }


def _standing(lines: Iterable[Line], home: ZoneInfo) -> dict[str, int]:
    """How many lines were open on each day that had any. A line that closes on the day on which it opened counts for that day."""
    found: Counter[str] = Counter()
    for line in lines:
        first = line.opened_at.astimezone(home).date()
        last = (line.closed_at or line.opened_at).astimezone(home).date()
        found.update(day.isoformat() for day in _days(first, last))
    return dict(sorted(found.items()))


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _day(at: datetime, home: ZoneInfo) -> str:
    return at.astimezone(home).date().isoformat()
