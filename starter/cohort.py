"""`mentorship cohort start|status`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.keyring import KeyringUnusable
from gateway.settings import Settings
from mentorship.people import is_id
from records.cohorts import Enrolment
from records.errors import CohortChanged, Erased, PairChanged, ProgrammeChanged, RecordsError
from records.store import Records
from starter.answer import Json, Misused, Refused, answer, aside, columns, is_terminal
from starter.enrolment import Intake, Written, intake, planned, refuse_past, running_already, short_plans, signal_with_start, watch, write_down
from starter.faults import Findings
from starter.printable import unprintable
from starter.programme import refuse_faults
from starter.reach import open_records, reach_temporal
from starter.recheck import listed, recheck, told
from starter.rehearsed_calendar import preview
from starter.roster import Roster, read_roster
from starter.start_instant import parse_start
from starter.within_reach import out_of_reach

app = typer.Typer(no_args_is_help=True, help="Cohorts.")
CohortId = Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's id.")]


@app.command()
def start(
    *,
    programme: Annotated[Path, typer.Option(help="The programme file.")],
    people: Annotated[Path, typer.Option(help="The people file (CSV).")],
    pairs: Annotated[Path, typer.Option(help="The pairs file (CSV).")],
    cohort: Annotated[str, typer.Option(help="An id for the cohort: a-z, 0-9 and -.")],
    starts: Annotated[str, typer.Option(help="A date (midnight in the programme's zone), an instant with a zone, or now.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and show the calendar; start nothing, need no server.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also pairs that run in another cohort: these people get the mails of both.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait without progress for a worker; 0: do not wait.")] = 30.0,
    json: Json = False,
) -> None:
    """Starts a cohort, or what is new in it. Nothing starts until every file is free of faults.

    Starting again: pairs that are new join with the programme's full length from --starts or `now`, and changed people are taken over.
    """
    if not is_id(cohort):
        raise Misused(f"--cohort: {cohort!r} does not fit, expected 1 to 40 of a-z, 0-9 and -, beginning with a letter or digit")
    roster = read_files(programme, people, pairs, enrolled=() if dry_run else asyncio.run(_enrolled(cohort)))
    try:
        at = parse_start(starts, roster.programme.programme.time_zone)
    except ValueError as error:
        raise Misused(f"--starts: {error}") from error
    if dry_run:
        plans = planned(roster, at)
        refuse_past(plans, datetime.now(UTC))
        for line in short_plans(roster.programme, plans):
            aside(line)
        result, lines = preview(roster, plans)
        answer({"cohort": cohort, **result}, [*lines, "", "dry run: nothing was started"], as_json=json)
        return
    asyncio.run(_start(roster, cohort, starts, again=again, patience=wait, as_json=json))


@app.command()
def status(
    cohort: CohortId,
    names: Annotated[bool, typer.Option("--names", help="Show the people's names as well.")] = False,
    json: Json = False,
) -> None:
    """How every pair of a cohort stands, from records."""
    asyncio.run(_status(cohort, names, json))


def read_files(programme: Path, people: Path, pairs: Path, *, enrolled: Collection[str] = ()) -> Roster:
    """The three files of a cohort. Raises Misused for one that is not there, Refused with every fault of all of them.

    Of pairs that are `enrolled` nothing is decided anew: people leave, and lines change.
    """
    findings = Findings()
    missing = [f"{path}: {'is a folder' if path.is_dir() else 'no such file'}" for path in (programme, people, pairs) if not path.is_file()]
    if missing:
        raise Misused("\n".join(missing))
    try:
        roster = read_roster(programme, people, pairs, findings, enrolled=enrolled)
    except OSError as error:
        raise Misused(f"{error.filename}: {error.strerror or 'cannot be read'}") from error
    refuse_faults(findings)
    for notice in findings.sorted_notices():
        aside(str(notice))
    if roster is None:  # pragma: no cover - readers that find no fault and no roster have a defect
        raise Refused("the files cannot be used")
    for line in unprintable(_printed(roster), Settings.load()):
        aside(line)
    return roster


def _printed(roster: Roster) -> dict[str, str]:
    """What would stand on certificates, by what it is called here: people by the roster's ids."""
    paired = {person for pair in roster.pairs for person in (pair.mentor_id, pair.mentee_id)}
    names = {f"name of {person}": roster.people[person].name for person in sorted(paired)}
    return {"programme.title": roster.programme.programme.title, **names}


async def _start(roster: Roster, cohort: str, when: str, *, again: bool, patience: float, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        with _refusals(cohort):
            joining = await intake(records, roster, cohort, when)
            _refuse_twice(cohort, await running_already(records, roster, joining), again=again)
            for line in short_plans(roster.programme, joining.plans):
                aside(line)
            client = await reach_temporal(settings)  # before anything is written
            written = await write_down(records, roster, cohort, joining)
        starting = [pair for pair in await records.cohorts.enrolments(cohort) if pair.pair_id in joining.plans]
        for line in await out_of_reach(records, roster.programme, starting):
            aside(line)
        in_line = await recheck(records, client, settings)  # also where the cohort is new: its people may be in others
        if joining.is_new or (await records.cohorts.counts(cohort))["pending"]:
            await signal_with_start(client, cohort)
        pending = await _watched(records, cohort, patience) if patience else (await records.cohorts.counts(cohort))["pending"]
    _tell(cohort, joining, written, in_line, pending=pending, patience=patience, as_json=as_json)


def _refuse_twice(cohort: str, running: Mapping[str, str], *, again: bool) -> None:
    """`again` says that the same two shall run in another cohort as well; twice in one is a mistake of the file."""
    refused = {pair_id: other for pair_id, other in running.items() if other == cohort or not again}
    if refused:
        lines = [f"  {pair_id}: the same two run in cohort {other}" for pair_id, other in refused.items()]
        expected = "other pairs" if again or cohort in refused.values() else "that cohort's id, other pairs, or --again"
        raise Refused(
            f"{len(refused)} pairs of cohort {cohort} run already:",
            *lines,
            f"nothing was started; expected {expected}",
            result={"ok": False, "elsewhere": refused},
        )


async def _enrolled(cohort: str) -> frozenset[str]:
    """The pair ids that the cohort has. Nothing when records cannot be asked: whoever needs them says so later."""
    try:
        async with open_records(Settings.load()) as records:
            return frozenset(pair.pair_id for pair in await records.cohorts.enrolments(cohort))
    except (RecordsError, KeyringUnusable):
        return frozenset()


@contextmanager
def _refusals(cohort: str) -> Iterator[None]:
    try:
        yield
    except ProgrammeChanged as error:
        first = f"programme {error.programme} version {error.version} was started with other rules; expected another version for what differs:"
        raise Refused(first, *(f"  {line}" for line in error.differences), result={"ok": False, "differences": error.differences}) from error
    except CohortChanged as error:
        result = {"ok": False, "differences": error.differences}
        raise Refused(f"cohort {cohort} exists already with something else:", *(f"  {line}" for line in error.differences), result=result) from error
    except PairChanged as error:
        lines = [f"  {pair_id}: other people than when it was started, expected a new pair_id" for pair_id in error.pair_ids]
        raise Refused(f"cohort {cohort} has these pairs already:", *lines, result={"ok": False, "pairs": error.pair_ids}) from error


async def _watched(records: Records, cohort: str, patience: float) -> int:
    bar = Progress(TextColumn("enrolling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    with bar if is_terminal() else nullcontext():
        task = bar.add_task("enrolling")
        return await watch(records, cohort, patience, lambda started, total: bar.update(task, completed=started, total=total))


def _tell(cohort: str, joining: Intake, written: Written, in_line: Sequence[Enrolment], *, pending: int, patience: float, as_json: bool) -> None:
    pairs = written.pairs
    later = {pair.pair_id: pair.starts_at for pair in pairs.added if pair.starts_at is not None}
    result = {
        "ok": not pending or not patience,
        "cohort": cohort,
        "starts": joining.starts,
        "added": [pair.pair_id for pair in pairs.added],
        "existing": [pair.pair_id for pair in pairs.existing],
        "pending": pending,
        "later": later,
        "people_changed": written.changed,
        "in_one_line": listed(in_line),
    }
    lines = [f"cohort {cohort}, start {joining.starts:%Y-%m-%d %H:%M}Z: {len(pairs.added)} pairs added, {len(pairs.existing)} were there"]
    for at in sorted(set(later.values())):
        lines.append(f"{sum(start == at for start in later.values())} of them start {at:%Y-%m-%d %H:%M}Z, with the programme's full length")
    if written.changed:
        lines.append(f"{written.changed} people changed: mails go to the new addresses from the next one on")
    lines += told(in_line)
    if pending and patience:
        raise Refused(*lines, f"{pending} pairs still wait for a worker; nothing is lost, they start when one runs", result=result)
    answer(result, lines, as_json=as_json)


async def _status(cohort: str, names: bool, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        if await records.cohorts.get(cohort) is None:
            raise Refused(f"there is no cohort {cohort}")
        pairs = await records.cohorts.enrolments(cohort)
        counts = await records.cohorts.counts(cohort)
        known = await _names(records, pairs) if names else {}
    rows = [_row(pair, known) for pair in pairs]
    header = list(rows[0]) if rows else []
    lines = [f"cohort {cohort}: {', '.join(f'{count} {state}' for state, count in counts.items())}", "", *columns(header, [list(row.values()) for row in rows])]
    answer({"cohort": cohort, "counts": counts, "pairs": rows}, lines, as_json=as_json)


def _row(pair: Enrolment, names: dict[str, str]) -> dict[str, Any]:
    card = pair.card or {}
    people = {"mentor": names.get(pair.mentor), "mentee": names.get(pair.mentee)} if names else {}
    return {"pair_id": pair.pair_id, **people, "state": pair.state, **{key: card.get(key) for key in _SHOWN}, "needs_attention": bool(card.get("attention"))}


_SHOWN = ("phase", "milestones_done", "milestones_total", "meetings_held", "next_meeting", "ended")
"""What of a card a list shows; no rung of anybody's ladder."""


async def _names(records: Records, pairs: list[Enrolment]) -> dict[str, str]:
    names: dict[str, str] = {}
    for ref in {person for pair in pairs for person in (pair.mentor, pair.mentee)}:
        try:
            names[ref] = (await records.people.profile(ref)).name
        except Erased:
            names[ref] = "(erased)"
    return names
