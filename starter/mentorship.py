"""`mentorship show|pause|resume|extend|end|waive|resolve COHORT PAIR …`: one pair, by the operator's own ids."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from gateway.connect import TemporalUnavailable
from gateway.settings import Settings
from mentorship.commands import End, EndReason, Extend, Pause, Resolve, Resume, WaiveMilestone
from mentorship.duration import LONGEST, Duration, iso, too_long
from mentorship.people import SIDES
from records.cohorts import Enrolment
from starter.answer import Json, Misused, answer_only, aside, columns, stated
from starter.operator_update import update
from starter.out_of_order import explained
from starter.reach import enrolled, login, open_records, reach_temporal
from starter.start_instant import parse_end
from wire.names import STATUS_QUERY

Cohort = Annotated[str, typer.Argument(help="The cohort's id.")]
Pair = Annotated[str, typer.Argument(help="The pair_id of the pairs file.")]
By = Annotated[str | None, typer.Option("--as", help="Who you are, for the journal.  [default: the login]", callback=stated("who you are"))]


def show(cohort: Cohort, pair: Pair, json: Json = False) -> None:
    """How one pair stands: from its workflow, or from records when no worker answers."""
    asyncio.run(_show(cohort, pair, json))


def pause(
    cohort: Cohort,
    pair: Pair,
    until: Annotated[
        str | None, typer.Option(help="A date or an instant with a zone; without it, until `resume`, and never longer than the programme says.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Pauses a pair: its meetings to come are dropped, and the end moves by the pause's length."""
    asyncio.run(_pause(cohort, pair, until, by, json))


def resume(cohort: Cohort, pair: Pair, by: By = None, json: Json = False) -> None:
    """Ends a pause; the meetings are planned again."""
    asyncio.run(update(cohort, pair, lambda head: Resume(**head), by=by or login(), as_json=json))


def extend(
    cohort: Cohort,
    pair: Pair,
    length: Annotated[str, typer.Option("--by", help="How much longer, such as P4W.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Gives a pair more time and meetings; no milestones."""
    duration = _duration(length)
    asyncio.run(update(cohort, pair, lambda head: Extend(**head, length=duration), by=by or login(), as_json=json))


def end(
    *,
    cohort: Cohort,
    pair: Pair,
    reason: Annotated[str, typer.Option(help="operator, stepped_away, conduct or rematch; the pair hears none of it, but for --leaver.")] = "operator",
    leaver: Annotated[str | None, typer.Option(help="mentor or mentee: who stepped away from the programme; the partner is told so.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Ends a mentorship before its time."""
    chosen = _end_reason(reason)
    if leaver not in {None, *SIDES}:
        raise Misused(f"--leaver: {leaver!r} is not one of them, expected mentor or mentee")
    if (leaver is not None) != (chosen == "stepped_away"):
        raise Misused("--leaver: goes with --reason stepped_away, and that with it: the partner is told who left, and stands in the list for a new match")
    asyncio.run(_end(cohort, pair, chosen, leaver, by=by, as_json=json))


def waive(
    cohort: Cohort,
    pair: Pair,
    milestone: Annotated[str, typer.Argument(help="The milestone's id.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Counts a milestone as done, and shows it as waived."""
    asyncio.run(update(cohort, pair, lambda head: WaiveMilestone(**head, milestone=milestone), by=by or login(), as_json=json))


def resolve(
    cohort: Cohort,
    pair: Pair,
    line: Annotated[str, typer.Argument(help="The line that somebody has taken care of.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Closes a line in the coordinators' list."""
    asyncio.run(update(cohort, pair, lambda head: Resolve(**head, line=line), by=by or login(), as_json=json))


async def _pause(cohort: str, pair: str, until: str | None, by: str | None, as_json: bool) -> None:
    instant = None
    if until is not None:
        async with open_records(Settings.load()) as records:
            known = await records.cohorts.get(cohort)
            programme = await records.programmes.get(known.programme, known.version) if known else None
        instant = parse_end(until, programme.programme.time_zone if programme else "UTC")
    told = await update(cohort, pair, lambda head: Pause(**head, until=instant), by=by or login(), as_json=as_json)
    if instant is not None and told.get("paused_until", instant) < instant:
        aside(f"notice: it ends before {until}: all pauses of a pair together take at most pause.longest of the programme")


async def _end(cohort: str, pair: str, reason: EndReason, leaver: str | None, *, by: str | None, as_json: bool) -> None:
    person = None
    if leaver is not None:
        async with open_records(Settings.load()) as records:
            known = await enrolled(records, cohort, pair)
        person = known.mentor if leaver == "mentor" else known.mentee
    await update(cohort, pair, lambda head: End(**head, reason=reason, leaver=person), by=by or login(), as_json=as_json)


async def _show(cohort: str, pair_id: str, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        pair = await enrolled(records, cohort, pair_id)
    status, source = await _status(settings, pair)
    result = {"cohort": cohort, "pair_id": pair_id, "mentorship": pair.mentorship, "state": pair.state, "from": source, "status": status}
    lines = [f"{pair_id} of {cohort}: {pair.state} ({pair.mentorship})", *_told(status or {})]
    answer_only(result, lines, as_json=as_json)


async def _status(settings: Settings, pair: Enrolment) -> tuple[Any, str]:
    if pair.state == "started":
        try:
            client = await reach_temporal(settings)
            handle = client.get_workflow_handle(pair.mentorship)
            return await handle.query(STATUS_QUERY, rpc_timeout=timedelta(seconds=settings.update_timeout)), "workflow"
        except (RPCError, TemporalUnavailable, WorkflowQueryFailedError) as error:
            aside(f"the workflow did not answer ({explained(error) or 'its worker could not'}); this is what records last heard")
    return {key: value for key, value in (pair.card or {}).items() if key != "ladder_rung"}, "records"  # H14: no rung of anybody's ladder


def _told(status: Mapping[str, Any]) -> list[str]:
    """Short entries first, so that they are on the first screen, then each list as a table. Nothing is cut off."""
    tables = {key: value for key, value in status.items() if isinstance(value, list) and value and isinstance(value[0], dict)}
    short = {key: value for key, value in status.items() if key not in tables}
    if milestones := tables.get("milestones"):
        short["milestones_done"] = f"{sum(one['done_at'] is not None for one in milestones)} of {len(milestones)}"
    lines = _indented(dict(sorted(short.items(), key=lambda entry: isinstance(entry[1], dict | list) and bool(entry[1]))))
    for key, rows in tables.items():
        lines += ["", f"  {key}:", *(f"    {line}" for line in columns(list(rows[0]), [list(row.values()) for row in rows]))]
    return lines


def _indented(value: Any, depth: int = 1) -> list[str]:
    """Nested values as indented lines."""
    lines: list[str] = []
    entries = value.items() if isinstance(value, dict) else enumerate(value, start=1)
    for key, inner in entries:
        if isinstance(inner, dict | list) and inner:
            lines += [f"{'  ' * depth}{key}:", *_indented(inner, depth + 1)]
        elif isinstance(inner, bool):
            lines.append(f"{'  ' * depth}{key}: {'yes' if inner else 'no'}")
        else:
            lines.append(f"{'  ' * depth}{key}: {'-' if inner in (None, [], {}) else inner}")
    return lines


def _duration(text: str) -> Duration:
    try:
        found = iso(text)
    except ValidationError as error:
        if too_long(text):
            raise Misused(f"--by: {text!r} is too long, expected at most {LONGEST}") from error
        raise Misused(f"--by: {text!r} is not a duration, expected one such as P4W or P10D") from error
    if not found.span:
        raise Misused("--by: expected a duration longer than nothing")
    return found


def _end_reason(text: str) -> EndReason:
    reasons: tuple[EndReason, ...] = ("operator", "stepped_away", "conduct", "rematch")
    for reason in reasons:
        if reason == text:
            return reason
    raise Misused(f"--reason: {text!r} is not one of them, expected operator, stepped_away, conduct or rematch")
