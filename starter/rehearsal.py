"""`mentorship cohort rehearse`: plays a whole programme before its launch. Conduct is invented, and nobody is written to (P1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from schedule.calendar import instant, zone
from starter.answer import Json, Misused, Refused, answer_only, aside, is_terminal
from starter.calendars import planned
from starter.cohort_files import read_files
from starter.faults import one_of
from starter.out_file import check_out, write_out
from starter.rehearsal_figures import figures
from starter.rehearsal_page import lines, page
from starter.rehearsal_parts import rehearse_fast
from starter.rehearsal_personas import PERSONAS, USUAL, Persona, cast
from starter.rehearsal_real import rehearse_real
from starter.rehearsal_request import Couple, Rehearsed, Request
from starter.roster import Roster
from starter.start_instant import parse_start


def rehearse(
    *,
    programme: Annotated[Path, typer.Option(help="The programme file.")],
    people: Annotated[Path, typer.Option(help="The people file (CSV).")],
    pairs: Annotated[Path, typer.Option(help="The pairs file (CSV).")],
    starts: Annotated[str | None, typer.Option(help="A date or an instant with a zone; by default next Monday.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="By the rules alone, which is faster; by default on the real workflows, with time skipped.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed, the same story.")] = 1,
    personas: Annotated[str | None, typer.Option(metavar="NAME=SHARE,…", help=f"Shares of {', '.join(PERSONAS)}.")] = None,
    messages: Annotated[bool, typer.Option("--messages", help="List every message by date.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write it as one page that prints.")] = None,
    json: Json = False,
) -> None:
    """Plays a whole cohort through: mails per person, load per coordinator, certificates. Writes to nobody, needs no server."""
    if html is not None:
        check_out(html, f"--html {html}")
    shares = _shares(personas)
    roster = read_files(programme, people, pairs)
    home = roster.programme.programme.time_zone
    at = parse_start(starts, home) if starts is not None else _next_monday(home)
    if not fast and at <= datetime.now(UTC):
        raise Refused("the real workflows' clock only goes forward; expected a later --starts, or --fast")
    planned(roster, at)  # raises Refused if no meeting fits into the programme
    request = _request(roster, at, shares, seed)
    found = figures(request, _by_the_rules(request) if fast else _on_the_workflows(request))
    if html is not None:
        write_out(html, page(roster.programme.programme.title, found, zone=home), f"--html {html}")
    told = lines(found, zone=home, every_message=messages)
    answer_only({"ok": True, **found}, [*told, *(["", f"written to {html}"] if html is not None else [])], as_json=json)


def _request(roster: Roster, at: datetime, shares: Mapping[Persona, int], seed: int) -> Request:
    acting = {person_id for pair in roster.pairs for person_id in (pair.mentor_id, pair.mentee_id)}
    return Request(
        programme=roster.programme,
        people=tuple(roster.profiles()),
        pairs=tuple(Couple(pair_id=pair.pair_id, mentor_id=pair.mentor_id, mentee_id=pair.mentee_id) for pair in roster.pairs),
        starts=at,
        personas=cast(acting, shares, seed),
        seed=seed,
    )


def _by_the_rules(request: Request) -> Rehearsed:
    return rehearse_fast(request, lambda through: aside(f"rehearsed {through} of {len(request.pairs)} pairs") if is_terminal() else None)


def _on_the_workflows(request: Request) -> Rehearsed:
    try:
        return asyncio.run(rehearse_real(request, lambda pair_id: aside(f"rehearsed {pair_id}") if is_terminal() else None))
    except RuntimeError as error:
        raise Refused(f"the rehearsal on the real workflows failed: {error}", "--fast rehearses by the rules alone", result={"ok": False}) from error


def _shares(text: str | None) -> Mapping[Persona, int]:
    if text is None:
        return USUAL
    shares: dict[Persona, int] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        persona = next((known for known in PERSONAS if known == name.strip()), None)
        if persona is None:
            raise Misused(f"--personas: no persona {name.strip()!r}, expected {one_of(PERSONAS)}")
        if not re.fullmatch(r"[0-9]{1,6}", share.strip()):
            raise Misused(f"--personas: {part.strip()!r}: expected a share such as {persona}=60")
        shares[persona] = int(share)
    if not sum(shares.values()):
        raise Misused("--personas: expected at least one share above 0")
    return shares


def _next_monday(home: str) -> datetime:
    """Next Monday, tomorrow or later, at midnight in the programme's zone."""
    day = datetime.now(zone(home)).date() + timedelta(days=1)
    return instant(day + timedelta(days=-day.weekday() % 7), time(), zone(home))
