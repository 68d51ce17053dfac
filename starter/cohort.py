"""`mentorship cohort start`: checks of the files, and the dry run; the rest is `starter.cohort_start`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mentorship.people import is_id
from starter.answer import Json, Misused, answer_only, aside
from starter.calendars import doubtful, planned, refuse_past
from starter.cohort_files import read_files
from starter.dry_run import preview
from starter.roster import Roster
from starter.start_instant import parse_start


def start(
    *,
    programme: Annotated[Path, typer.Option(help="The programme file.")],
    people: Annotated[Path, typer.Option(help="The people file (CSV).")],
    pairs: Annotated[Path, typer.Option(help="The pairs file (CSV).")],
    cohort: Annotated[str, typer.Option(help="An id for the cohort: a-z, 0-9 and -.")],
    starts: Annotated[str, typer.Option(help="A date (midnight in the programme's zone), an instant with a zone, or now.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and show the calendar; start nothing, need no server.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also start pairs that run in another cohort: these people get the mails of both.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait without progress for a worker; 0: do not wait.")] = 30.0,
    json: Json = False,
) -> None:
    """Starts a cohort, or what is new in it. Nothing starts until every file is free of faults.

    Starting again: pairs that are new join with the programme's full length from --starts or `now`, and changed people are taken over.
    """
    if not is_id(cohort):
        raise Misused(f"--cohort: {cohort!r} does not fit, expected 1 to 40 of a-z, 0-9 and -, beginning with a letter or digit")
    if dry_run:
        roster = read_files(programme, people, pairs)
        _show(roster, cohort, parse_start(starts, roster.programme.programme.time_zone), as_json=json)
        return
    from starter import cohort_start  # noqa: PLC0415 - brings records and Temporal, which a dry run needs nothing of

    roster = read_files(programme, people, pairs, enrolled=asyncio.run(cohort_start.enrolled(cohort)))
    parse_start(starts, roster.programme.programme.time_zone)  # before records are asked
    asyncio.run(cohort_start.start(roster, cohort, starts, again=again, patience=wait, as_json=json))


def _show(roster: Roster, cohort: str, at: datetime, *, as_json: bool) -> None:
    plans = planned(roster, at)
    refuse_past(plans, datetime.now(UTC))
    for line in doubtful(roster, plans):
        aside(line)
    result, lines = preview(roster, plans)
    answer_only({"cohort": cohort, **result}, [*lines, "", "dry run: nothing was started"], as_json=as_json)
