"""What `mentorship cohort start` does once its files are free of faults: it writes records first, then tells Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.keyring import KeyringUnusable
from gateway.settings import Settings
from records.cohorts import Enrolment, State
from records.errors import CohortChanged, PairChanged, PairedAlready, ProgrammeChanged, RecordsError
from records.store import Records
from starter.answer import Refused, answer, aside, counted, is_terminal
from starter.calendars import doubtful
from starter.cohort_workflow import signal_with_start, watch
from starter.enrolment import Intake, Written, intake, running_already, unfit, write_down
from starter.reach import open_records, reach_temporal
from starter.recheck import listed, recheck, told
from starter.roster import Roster
from starter.without_help import without_help

_NOTHING = "nothing was started"


async def start(roster: Roster, cohort: str, when: str, *, again: bool, patience: float, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records, _interruptions(records, cohort):
        with _refusals(cohort):
            joining = await intake(records, roster, cohort, when)
            _refuse_twice(cohort, await running_already(records, roster, joining), again=again)
            _refuse_unfit(cohort, await unfit(records, roster, joining))
            for line in (*joining.stays, *doubtful(roster, joining.plans)):
                aside(line)
            client = await reach_temporal(settings)  # before anything is written
            written = await write_down(records, roster, joining)
        starting = [pair for pair in await records.cohorts.enrolments(cohort) if pair.pair_id in joining.plans]
        for line in await without_help(records, roster.programme, starting):
            aside(line)
        in_line = await recheck(records, client, settings)  # also for a new cohort: its people may be in others
        if joining.is_new or (await records.cohorts.counts(cohort))["pending"]:
            await signal_with_start(client, cohort)
        pending = await _watched(records, cohort, patience)
    _tell(joining, written, in_line, pending=pending, patience=patience, as_json=as_json)


def _refuse_twice(cohort: str, running: Mapping[str, str], *, again: bool) -> None:
    """`again` allows the same two to run in another cohort as well; twice in one cohort is a mistake in the file."""
    refused = {pair_id: other for pair_id, other in running.items() if other == cohort or not again}
    if refused:
        lines = [f"  {pair_id}: the same two run in cohort {other}" for pair_id, other in refused.items()]
        expected = "other pairs" if again or cohort in refused.values() else "that cohort's id, other pairs, or --again"
        raise Refused(
            f"{counted(len(refused), 'pair')} of cohort {cohort} {'runs' if len(refused) == 1 else 'run'} already:",
            *lines,
            f"{_NOTHING}; expected {expected}",
            result={"ok": False, "elsewhere": refused},
        )


def _refuse_unfit(cohort: str, wrong: Sequence[str]) -> None:
    if wrong:
        lines = [f"  {line}" for line in wrong]
        raise Refused(f"cohort {cohort} does not fit what is in records:", *lines, _NOTHING, result={"ok": False, "unfit": wrong})


@asynccontextmanager
async def _interruptions(records: Records, cohort: str) -> AsyncIterator[None]:
    """Ctrl-C takes nothing back, so whoever pressed it is told who gets mails all the same."""
    try:
        yield
    except asyncio.CancelledError:
        with suppress(RecordsError):
            for line in interrupted(cohort, await records.cohorts.counts(cohort)):
                aside(line)
        raise


def interrupted(cohort: str, counts: Mapping[State, int]) -> tuple[str, ...]:
    """What to tell an operator who stopped the command, given how many pairs are in which state."""
    begun = counts["started"] + counts["over"]
    if not begun and not counts["pending"]:
        return ("interrupted: nothing was started",)
    going = "goes on by itself" if begun == 1 else "go on by themselves"
    return (
        f"interrupted: {counted(begun, 'pair')} of cohort {cohort} {_are(begun)} enrolled and {going}, so that their people are written to;",
        f"{counts['pending']} more {_are(counts['pending'])} written down and may start as well: repeat the command for the rest",
    )


async def enrolled(cohort: str) -> frozenset[str]:
    """The pair ids that the cohort has. Empty when records cannot be asked: the step that needs them reports that later."""
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
        raise Refused(first, *(f"  {line}" for line in error.differences), _NOTHING, result={"ok": False, "differences": error.differences}) from error
    except CohortChanged as error:
        result = {"ok": False, "differences": error.differences}
        expected = f"{_NOTHING}; expected what it has, `now` or a later start for pairs that are new, or another --cohort"
        raise Refused(f"cohort {cohort} exists already with something else:", *(f"  {line}" for line in error.differences), expected, result=result) from error
    except PairedAlready as error:  # somebody started them since we looked
        _refuse_twice(cohort, dict.fromkeys(error.pair_ids, cohort), again=False)
    except PairChanged as error:
        lines = [f"  {pair_id}: other people than when it was started, expected a new pair_id" for pair_id in error.pair_ids]
        raise Refused(f"cohort {cohort} has these pairs already:", *lines, _NOTHING, result={"ok": False, "pairs": error.pair_ids}) from error


async def _watched(records: Records, cohort: str, patience: float) -> int:
    bar = Progress(TextColumn("enrolling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    with bar if is_terminal() else nullcontext():
        task = bar.add_task("enrolling")
        return await watch(records, cohort, patience, lambda started, total: bar.update(task, completed=started, total=total))


def _tell(joining: Intake, written: Written, in_line: Sequence[Enrolment], *, pending: int, patience: float, as_json: bool) -> None:
    pairs = written.pairs
    later = {pair.pair_id: pair.starts_at for pair in pairs.added if pair.starts_at is not None}
    result = {
        "ok": not pending or not patience,
        "cohort": joining.cohort,
        "starts": joining.starts,
        "added": [pair.pair_id for pair in pairs.added],
        "existing": [pair.pair_id for pair in pairs.existing],
        "pending": pending,
        "later": later,
        "people_changed": written.changed,
        "in_one_line": listed(in_line),
    }
    lines = [f"cohort {joining.cohort}, start {joining.starts:%Y-%m-%d %H:%M}Z: {counted(len(pairs.added), 'pair')} added, {len(pairs.existing)} were there"]
    for at in sorted(set(later.values())):
        lines.append(f"start of {counted(sum(start == at for start in later.values()), 'pair')}: {at:%Y-%m-%d %H:%M}Z, with the programme's full length")
    if written.changed:
        lines.append(f"{counted(written.changed, 'person', 'people')} changed: names and addresses are the new ones from the next mail on")
    lines += told(in_line)
    if pending and patience:
        raise Refused(*lines, still_waiting(pending), result=result)
    answer(result, lines, as_json=as_json)


def still_waiting(pending: int) -> str:
    """The line about pairs that are written down but have not begun."""
    waits, starts = ("waits", "it starts") if pending == 1 else ("wait", "they start")
    return f"{counted(pending, 'pair')} still {waits} for a worker; nothing is lost, {starts} when one runs"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
