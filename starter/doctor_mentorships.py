"""What `mentorship doctor` says about every enrolled pair, its cohort and every open case: whether its workflow runs and makes progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from gateway.cases import start_case
from gateway.settings import Settings
from records.cohorts import Enrolment
from records.store import Records
from starter.answer import counted
from starter.cohort_workflow import signal_with_start
from starter.doctor_answers import answers
from starter.doctor_check import Check
from starter.reach import open_records
from starter.running import STANDS_STILL, each, running, standing
from wire.names import STATUS_QUERY, case_id, cohort_id

_NAMED = 3
"""How many mentorships are named, of those that records do not know."""


async def mentorships(settings: Settings, client: Client, fix: bool, *, ask: bool) -> list[Check]:
    async with open_records(settings) as records:
        started, checks = 0, []
        one: str | None = None
        found, known = await running(client), set[str]()  # first: whatever runs was enrolled before
        for cohort in await records.cohorts.all():
            known.update(pair.mentorship for pair in await records.cohorts.enrolments(cohort.id))
            begun = await records.cohorts.to_run(cohort.id)
            started += len(begun)
            lost = await _lost(client, begun, ask)
            if begun and not lost:
                one = begun[-1].mentorship
            checks += lost
            checks += await _stopped(records, client, cohort.id, fix, ask)
        checks += await _unminded(records, client, fix, ask)
        checks += strangers(found, known)
        if ask:
            checks += await _diverged(client, [mentorship for mentorship, needs in found.items() if needs and mentorship in known], settings.update_timeout)
    if all(check.state != "wrong" for check in checks):
        checks.append(Check("mentorships", "ok", f"{started} should run"))
    return [*checks, await answers(client, one, settings.update_timeout)] if ask and one is not None else checks


async def _lost(client: Client, begun: list[Enrolment], worked: bool) -> list[Check]:
    """Pairs that have begun and whose journals are not closed, but whose workflow does not run: terminated by hand, timed out, failed, or gone with
    Temporal's store.
    """

    async def look(pair: Enrolment) -> Check | None:
        status = await standing(client, pair.mentorship)
        if status in {"running", "completed"}:  # completed: its last rows may still be on their way into records
            return None
        if status == STANDS_STILL:
            return _still("mentorship", pair.mentorship) if worked else None
        detail = f"{pair.mentorship} should run and is {status}; `mentorship revive {pair.cohort} {pair.pair_id}` starts it again from its journal"
        return Check("mentorship", "wrong", detail)

    return [check for check in await each(look, begun) if check is not None]


async def _stopped(records: Records, client: Client, cohort: str, fix: bool, worked: bool) -> list[Check]:
    """A cohort that is not over but whose workflow does not run: waiting pairs do not start, and coordinators get neither digests nor word of the close."""
    counts = await records.cohorts.counts(cohort)
    if not counts["pending"] and not counts["started"]:
        return []
    status = await standing(client, cohort_id(cohort))
    if status == "running":
        return []
    if status == STANDS_STILL:
        return [_still("cohort", cohort_id(cohort))] if worked else []
    found = f"{cohort} should run and is {status}: {counted(counts['pending'], 'pair')} to start, and no digest goes out"
    if not fix:
        return [Check("cohort", "wrong", f"{found}; `mentorship doctor --fix` starts it again")]
    await signal_with_start(client, cohort)
    return [Check("cohort", "fixed", f"{found}; started again")]


async def _unminded(records: Records, client: Client, fix: bool, worked: bool) -> list[Check]:
    """Open cases whose workflow does not run, so that nobody is reminded of them. It does not tell concerns from lines (H16)."""

    async def look(case: str) -> Check | None:
        status = await standing(client, case_id(case))
        if status == "running":
            return None
        if status == STANDS_STILL:
            return _still("case", case_id(case)) if worked else None
        found = f"{case_id(case)} should run and is {status}: nobody is reminded of what is open"
        if not fix:
            return Check("case", "wrong", f"{found}; `mentorship doctor --fix` starts it again")
        await start_case(client, case, look=False)
        return Check("case", "fixed", f"{found}; started again")

    undone, unreadable = await records.cases.standing()
    damaged = [
        Check("case", "wrong", f"{case_id(case)} cannot be read, so nobody can say whether it should run; it was altered, or lies under a key that is not here")
        for case in unreadable
    ]
    return [*damaged, *(check for check in await each(look, [case.id for case in undone]) if check is not None)]


def _still(name: str, workflow_id: str) -> Check:
    return Check(name, "wrong", f"{workflow_id} runs and stands still: its decisions fail, and the worker's log says why; see docs/operations.md, Stands still")


def strangers(ids: Iterable[str], known: Collection[str]) -> list[Check]:
    """Mentorships that Temporal runs and records do not know. Only this shows records of an earlier moment or another place, which look right by themselves."""
    unknown = sorted(mentorship for mentorship in ids if mentorship not in known)
    if not unknown:
        return []
    named = ", ".join(unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
    what = "these are records of an earlier moment or of another place: see docs/operations.md, Restore"
    run, are = ("runs", "is") if len(unknown) == 1 else ("run", "are")
    return [Check("mentorships", "wrong", f"{len(unknown)} {run} in Temporal and {are} not in records ({named}); {what}")]


async def _diverged(client: Client, ids: Iterable[str], seconds: float) -> list[Check]:
    """Those of `ids` that differ from their journals: they run and answer, but send nothing until somebody has looked."""

    async def look(mentorship: str) -> Check | None:
        try:
            status = await client.get_workflow_handle(mentorship).query(STATUS_QUERY, rpc_timeout=timedelta(seconds=seconds))
        except (RPCError, WorkflowQueryFailedError):
            return None  # another check asks whether anybody answers at all
        if not isinstance(status, dict) or not status.get("diverged"):
            return None
        return Check("mentorship", "wrong", f"{mentorship} decides differently from its journal and sends nothing; see docs/operations.md, Diverged")

    return [check for check in await each(look, ids) if check is not None]
