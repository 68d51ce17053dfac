"""`mentorship cases`: the coordinators' list (P7), with the pairs that need a person. It shows codes, never reasons."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from gateway.settings import Settings
from records.store import Records
from starter.answer import Json, answer_only, columns
from starter.reach import known_cohort, open_records


def cases(
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Include those that are closed.")] = False,
    json: Json = False,
) -> None:
    """Which pairs need a person, oldest first, whether somebody took it, and what came of it."""
    asyncio.run(_cases(cohort, everything, json))


async def _cases(cohort: str | None, everything: bool, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        if cohort is not None:
            await known_cohort(records, cohort)
        rows = await _rows(records, cohort, everything)
    header = ("cohort", "pair_id", "line", "opened_at", "taken_at", "aside_until", "closed_at", "outcome")
    lines = columns(header, [[row[key] for key in header] for row in rows]) if rows else ["no pair needs anybody"]
    answer_only({"cases": rows}, lines, as_json=as_json)


async def _rows(records: Records, cohort: str | None, everything: bool) -> list[dict[str, Any]]:
    lines = await records.lines.all(cohort, open_only=not everything)
    pairs = {name: pair.pair_id for known in {line.cohort for line in lines} for pair in await records.cohorts.enrolments(known) for name in [pair.mentorship]}
    return [
        {
            "cohort": line.cohort,
            "pair_id": pairs.get(line.mentorship),
            "mentorship": line.mentorship,
            "line": line.line,
            "side": line.side,
            "opened_at": line.opened_at,
            "taken_at": line.taken_at,
            "aside_until": line.aside_until,
            "closed_at": line.closed_at,
            "outcome": line.outcome,
        }
        for line in sorted(lines, key=lambda line: line.opened_at)
    ]
