"""Which pairs are within one reporting line, as records know it now: lines change while mentorships run (H4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from mentorship.commands import Flag, OperatorCommand, Resolve
from mentorship.instant import Instant
from mentorship.reporting_line import way_between
from records.cohorts import Enrolment
from records.lines import Line
from records.people import People, Profile
from records.store import Records
from records.value import Value

LINE: Literal["reporting_line"] = "reporting_line"
"""Its code in the coordinators' list."""

_GONE = f"{LINE}.gone."
_LONGEST_LINE = 50
"""In levels. A line that leads back to itself ends here at the latest."""

_OUTAGE = timedelta(days=30)
"""The longest time without a worker for which orders that nobody has got to are looked for."""


class InLine(Value):
    """A pair that the programme would not form today. `way` goes from the lower person up to the other, by the company's ids."""

    enrolment: Enrolment
    way: tuple[str, ...]


class Order(Value):
    """A command that a mentorship has to get."""

    enrolment: Enrolment
    command: OperatorCommand


async def lines_of(people: People, refs: Iterable[str]) -> tuple[dict[str, Profile], dict[str, str]]:
    """The profiles of `refs`, and the manager of each person_id in their lines. A line ends at somebody who is unknown or was erased."""
    known = await people.profiles(refs)
    managers: dict[str, str] = {}
    level: Mapping[str, Profile] = known
    for _ in range(_LONGEST_LINE):
        fresh = {p.person_id: p.manager_id for p in level.values() if p.manager_id is not None and p.person_id not in managers}
        if not fresh:
            break
        managers |= fresh
        level = await people.profiles((await people.refs(set(fresh.values()) - managers.keys())).values())
    return known, managers


async def managers_with(people: People, profiles: Mapping[str, Profile]) -> dict[str, str | None]:
    """Who reports to whom, by the company's ids, once these profiles (by person_id) are in records."""
    theirs = {person_id: profile.manager_id for person_id, profile in profiles.items()}
    _, managers = await lines_of(people, (await people.refs({*theirs, *filter(None, theirs.values())})).values())
    return {**managers, **theirs}


async def in_line(records: Records, running: Sequence[Enrolment]) -> tuple[InLine, ...]:
    """Those of the pairs that are within their programme's levels."""
    profiles, managers = await lines_of(records.people, {ref for pair in running for ref in (pair.mentor, pair.mentee)})
    limits: dict[str, int | Literal["all"]] = {}
    found: list[InLine] = []
    for pair in running:
        if pair.mentor not in profiles or pair.mentee not in profiles:
            continue
        if pair.cohort not in limits:
            limits[pair.cohort] = await _limit(records, pair.cohort)
        way = way_between(profiles[pair.mentor].person_id, profiles[pair.mentee].person_id, managers)
        if way is not None and (limits[pair.cohort] == "all" or len(way) - 1 <= int(limits[pair.cohort])):
            found.append(InLine(enrolment=pair, way=way))
    return tuple(found)


async def orders(records: Records, *, by: str, at: Instant | None = None, said: str | None = None, of: str | None = None) -> tuple[Order, ...]:
    """The commands for running mentorships after a reporting line changed: each opens an entry in the list where one is needed now, or closes one that is not.

    Ends no mentorship. `said` names what changed, `of` whose manager it was (the company's id), and `at` when the door took it, so that a repeat gives
    the same commands. Without them the whole reporting line takes their place: a mentorship is told of a line once, and once more if it comes back after
    its entry closed by itself. Such an order counts from when the mentorship hears of it: whatever came from the future by some host's clock would be
    refused, and never told again. An entry that a person closed stays closed while the reporting line is the same.
    """
    running = await records.cohorts.running()
    inside = [pair for pair in await in_line(records, running) if pair.enrolment.state == "started"]
    stood = await records.lines.all(open_only=False, line=LINE)
    waiting = await records.doors.waiting_of(f"{LINE}.", (at or datetime.now(UTC)) - _OUTAGE)
    to_open = {mentorship: flag.message_id for mentorship, flag in waiting if not flag.message_id.startswith(_GONE)}
    told: list[Order] = []
    for pair in inside:
        if of is not None and of not in pair.way[:-1]:
            continue
        theirs = [line for line in stood if line.mentorship == pair.enrolment.mentorship]
        once = _once(said, pair, await records.journal.applied(pair.enrolment.mentorship, _GONE))
        if theirs and theirs[-1].closed_at is not None and await records.journal.receipt(pair.enrolment.mentorship, once) is not None:
            continue
        told.append(Order(enrolment=pair.enrolment, command=Flag(message_id=once, by=by, at=at, line=LINE)))
    still = {pair.enrolment.mentorship for pair in inside}
    opened = [*((line.mentorship, line.key) for line in stood if line.closed_at is None), *to_open.items()]
    known = {pair.mentorship: pair for pair in running if pair.mentorship not in still}
    for mentorship, entry in opened:
        if mentorship in known:
            told.append(Order(enrolment=known[mentorship], command=Resolve(message_id=ended_by(entry), by=by, at=at, line=LINE)))
    return tuple(told)


async def order_for(records: Records, begun: Enrolment, *, by: str) -> Order | None:
    """The command for a mentorship that has just begun, or begins again, if a line changed while it could not be told (`orders`).

    One that begins again may have had entries. Its open entry closes if the line is gone. A line opens another one if the last one closed by itself; an
    entry that a person closed stays closed.
    """
    entries = [line for line in await records.lines.of(begun.mentorship) if line.line == LINE]
    last = entries[-1] if entries else None
    for pair in await in_line(records, [begun]):
        if last is not None and (last.closed_at is None or not await _closed_by_itself(records, last)):
            return None
        once = _once(None, pair, await records.journal.applied(begun.mentorship, _GONE))
        return Order(enrolment=begun, command=Flag(message_id=once, by=by, line=LINE))
    if last is None or last.closed_at is not None:
        return None
    return Order(enrolment=begun, command=Resolve(message_id=ended_by(last.key), by=by, line=LINE))


async def _closed_by_itself(records: Records, entry: Line) -> bool:
    end = await records.journal.receipt(entry.mentorship, ended_by(entry.key))
    return end is not None and end.outcome == "applied"


def ended_by(opened: str) -> str:
    """The id of the order that closes an entry by itself. `opened` is the entry's key, or the order that opens it once a worker gets to it (P5)."""
    return f"{_GONE}{_digest((opened,))}"


def _once(said: str | None, pair: InLine, before: int) -> str:
    return f"{LINE}.{said or _digest((*pair.way, *([str(before)] if before else [])))}"


async def _limit(records: Records, cohort: str) -> int | Literal["all"]:
    known = await records.cohorts.get(cohort)
    return (await records.programmes.get(known.programme, known.version)).reporting_line if known is not None else 0


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
