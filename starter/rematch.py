"""`mentorship cohort rematch COHORT PAIR --mentor PERSON_ID`: the mentee goes on with another mentor, and keeps what was earned (P6)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from temporalio.client import Client

from gateway.settings import Settings
from mentorship.commands import End
from mentorship.events import EarnedMilestone
from mentorship.policy.milestones import earned, needed
from mentorship.programme import Programme
from records.cohorts import Couple, Enrolment
from records.journal_events import journalled
from records.profile import Profile
from records.store import Records
from starter.answer import Json, Misused, Refused, answer, aside, stated
from starter.cohort_start import still_waiting
from starter.cohort_workflow import signal_with_start, watch
from starter.in_file import reading
from starter.mentorship import By, Cohort, Pair
from starter.operator_update import in_words, send
from starter.people_file import id_expected, read_people
from starter.reach import enrolled, login, open_records, reach_temporal
from starter.recheck import listed, recheck, told
from starter.rematch_rules import Match, Wish, find_match
from starter.roster import check_circles

_LOOK_EVERY = 0.2  # seconds


def rematch(
    cohort: Cohort,
    pair: Pair,
    *,
    mentor: Annotated[str, typer.Option(metavar="PERSON_ID", help="The new mentor, of --people or known from before.", callback=stated("a person_id"))],
    people: Annotated[Path | None, typer.Option(help="A people file (CSV) with everybody who is new or changed.")] = None,
    pair_id: Annotated[str | None, typer.Option("--pair-id", help="What to call the new pair; by default PAIR-2, PAIR-3, …", callback=stated("an id"))] = None,
    starts: Annotated[str, typer.Option(help="A date (midnight in the programme's zone), an instant with a zone, or now.")] = "now",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and say what would happen.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait without progress for a worker; 0: do not wait.")] = 30.0,
    by: By = None,
    json: Json = False,
) -> None:
    """Gives a mentee another mentor, with the milestones earned so far. The old pair is ended if it still runs.

    The new pair has the programme's full length. Run again after a crash, it does what is left to do.
    """
    if pair_id is not None and (expected := id_expected(pair_id)) is not None:
        raise Misused(f"--pair-id: {pair_id!r} does not fit, expected {expected}")
    wish = Wish(mentor, _read(people), pair_id, starts)
    asyncio.run(_rematch(cohort, pair, wish, dry_run=dry_run, wait=wait, by=by or login(), as_json=json))


def _read(path: Path | None) -> dict[str, Profile]:
    if path is None:
        return {}
    with reading(path) as findings:
        file = read_people(path, findings)
        check_circles(file, findings)
    return {person_id: person.profile for person_id, person in file.people.items()}


async def _rematch(cohort: str, pair: str, wish: Wish, *, dry_run: bool, wait: float, by: str, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        old = await enrolled(records, cohort, pair)
        match = await find_match(records, old, wish)
        if dry_run:
            _tell(match, await _earned(records, old), (), ended=old.state != "over", pending=0, dry_run=True, as_json=as_json)
            return
        client = await reach_temporal(settings)  # before anything is written
        operator = await records.people.operator(by)
        ended = old.state != "over"
        if ended:
            await _end(records, client, old, operator, answer_within=settings.update_timeout, wait=wait)
        if wish.people:  # only now: if the old pair cannot be ended, nothing must have been done
            await records.people.enrol(wish.people.values())
        brought = _kept(await _earned(records, old), match.programme)
        await _enrol(records, match, brought)
        await _settle(records, old, operator)
        in_line = await recheck(records, client, settings)  # the people file may change others' managers, too
        await signal_with_start(client, cohort)
        pending = await watch(records, cohort, wait, lambda *_: None)
    _tell(match, brought, in_line, ended=ended, pending=pending if wait else 0, dry_run=False, as_json=as_json)


async def _end(records: Records, client: Client, old: Enrolment, operator: str, *, answer_within: float, wait: float) -> None:
    """Ends the old pair, and waits until its journal says so. Raises Refused; the next try then finds it ended."""
    message = End(message_id=f"op-{secrets.token_hex(8)}", by=operator, at=datetime.now(UTC), reason="rematch")
    outcome = await send(client, old, message, answer_within)
    if outcome["outcome"] == "refused" and outcome["reason"] != "over":
        raise Refused(f"{old.pair_id} was not ended: {in_words(outcome['reason'])}", result=outcome)
    loop = asyncio.get_running_loop()
    until = loop.time() + max(wait, answer_within)
    while (known := await records.cohorts.by_mentorship(old.mentorship)) is not None and known.state != "over":
        if loop.time() >= until:
            raise Refused(f"{old.pair_id} ends, and its journal is not closed yet; nothing is lost, try again in a moment")
        await asyncio.sleep(_LOOK_EVERY)


async def _earned(records: Records, old: Enrolment) -> tuple[EarnedMilestone, ...]:
    """What the mentee did with the old mentor, according to the journal alone."""
    state = await journalled(records.journal, old.mentorship)
    return earned(state) if state is not None else ()


def _kept(found: tuple[EarnedMilestone, ...], programme: Programme) -> tuple[EarnedMilestone, ...]:
    """The milestones that the programme still has; a newer version may have dropped some."""
    known = {milestone.id for milestone in programme.milestones}
    lost = [one.milestone for one in found if one.milestone not in known]
    if lost:
        aside(f"notice: the programme has no milestone {', '.join(lost)} any more: left behind")
    return tuple(one for one in found if one.milestone in known)


async def _enrol(records: Records, match: Match, brought: tuple[EarnedMilestone, ...]) -> None:
    refs = await records.people.refs([match.mentor.person_id])
    couple = Couple(pair_id=match.pair_id, mentor=refs[match.mentor.person_id], mentee=match.old.mentee, starts_at=match.plan.starts, earned=brought)
    await records.cohorts.enrol_pairs(match.old.cohort, [couple])


async def _settle(records: Records, old: Enrolment, operator: str) -> None:
    """Closes the lines that the coordinators' list still has about the old pair."""
    now = datetime.now(UTC)
    for line in await records.lines.of(old.mentorship):
        if line.closed_at is None and not await records.lines.settle(old.mentorship, line.line, line.taken_by or operator, "rematch", now):
            await records.lines.close(old.mentorship, line.line, now)


def _tell(match: Match, brought: tuple[EarnedMilestone, ...], in_line: Sequence[Enrolment], *, ended: bool, pending: int, dry_run: bool, as_json: bool) -> None:
    total, carried = len(match.programme.milestones), len(brought)
    share = match.programme.programme.share
    result: dict[str, Any] = {
        "ok": not pending,
        "dry_run": dry_run,
        "cohort": match.old.cohort,
        "old": {"pair_id": match.old.pair_id, "ended_now": ended and not dry_run},
        "new": {
            "pair_id": match.pair_id,
            "mentor_id": match.mentor.person_id,
            "mentee_id": match.mentee.person_id,
            "starts": match.plan.starts,
            "ends": match.plan.ends,
            "was_there": match.was_there,
        },
        "milestones": {
            "brought": [one.milestone for one in brought],
            "total": total,
            "mentee_needs": needed(total, share),
            "mentor_needs": needed(total - carried, share),
        },
        "pending": pending,
        "in_one_line": listed(in_line),
    }
    old, new = match.old.pair_id, match.pair_id
    will = "would be" if dry_run else "was"
    when = f"{match.plan.starts:%Y-%m-%d %H:%M}Z to {match.plan.ends:%Y-%m-%d %H:%M}Z"
    remain = total - carried
    lines = [
        f"{old}: {f'{will} ended' if ended else 'had ended before'}",
        f"{new}: {'was there' if match.was_there else f'{will} enrolled'}: {match.mentee.person_id} with {match.mentor.person_id} as mentor, {when}",
        f"milestones: {carried} of {total} come along{': ' if brought else ''}{', '.join(one.milestone for one in brought)}",
        f"certificates: the mentee's needs {needed(total, share)} of {total}, the new mentor's {needed(remain, share)} of the {remain} that remain",
        *told(in_line),
    ]
    if pending:
        raise Refused(*lines, still_waiting(pending), result=result)
    answer(result, lines, as_json=as_json)
