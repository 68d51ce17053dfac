"""`mentorship cohort status`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from gateway.settings import Settings
from records.cohorts import Enrolment
from records.store import Records
from starter.answer import Json, answer_only, columns
from starter.reach import known_cohort, open_records


def status(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's id.")],
    names: Annotated[bool, typer.Option("--names", help="Show the people's names as well.")] = False,
    json: Json = False,
) -> None:
    """How every pair of a cohort stands, from records."""
    asyncio.run(_status(cohort, names, json))


async def _status(cohort: str, names: bool, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        await known_cohort(records, cohort)
        pairs = await records.cohorts.enrolments(cohort)
        counts = await records.cohorts.counts(cohort)
        known = await _names(records, pairs) if names else {}
    rows = [_row(pair, known) for pair in pairs]
    header = list(rows[0]) if rows else []
    lines = [f"cohort {cohort}: {', '.join(f'{count} {state}' for state, count in counts.items())}", "", *columns(header, [list(row.values()) for row in rows])]
    answer_only({"cohort": cohort, "counts": counts, "pairs": rows}, lines, as_json=as_json)


def _row(pair: Enrolment, names: dict[str, str]) -> dict[str, Any]:
    card = pair.card or {}
    people = {"mentor": names.get(pair.mentor), "mentee": names.get(pair.mentee)} if names else {}
    shown = {key: card.get(key) for key in _SHOWN}
    if shown["next_meeting"] is not None:
        shown["next_meeting"] = datetime.fromisoformat(shown["next_meeting"])
    return {"pair_id": pair.pair_id, **people, "state": pair.state, **shown, "needs_attention": bool(card.get("attention"))}


_SHOWN = ("phase", "milestones_done", "milestones_total", "meetings_held", "next_meeting", "ended")
"""The fields of a card that a list shows; no rung of anybody's ladder."""


async def _names(records: Records, pairs: list[Enrolment]) -> dict[str, str]:
    refs = {person for pair in pairs for person in (pair.mentor, pair.mentee)}
    profiles = await records.people.profiles(refs)
    return {ref: profiles[ref].name if ref in profiles else "(erased)" for ref in refs}
