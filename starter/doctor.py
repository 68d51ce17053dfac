"""`mentorship doctor [--fix]`: whether everything that the service needs is there, and whether every enrolled pair, its cohort and every open case run."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.service import RPCError

from gateway import search_attributes
from gateway.connect import TemporalUnavailable, connect, has_namespace
from gateway.keyring import KEY_BYTES, Keyring, KeyringUnusable
from gateway.names import case_id, cohort_id
from gateway.settings import PREFIX, Settings
from records import migrate
from records.cohorts import Enrolment
from records.errors import NoTables, RecordsError, RecordsUnavailable, SchemaOutdated
from records.schema import REVISION, refuse_newer
from records.store import Records
from starter import certificate
from starter.answer import Json, Refused, answer, counted
from starter.asking import answers
from starter.builds import builds
from starter.case_workflow import start_case
from starter.check import Check
from starter.cohort_workflow import signal_with_start
from starter.faults import nearest
from starter.out_of_order import explained
from starter.reach import open_records
from starter.running import AT_ONCE, STANDS_STILL, diverged, running, standing, still, strangers
from starter.workers import workers


def doctor(fix: Annotated[bool, typer.Option("--fix", help="Put right what can be put right without losing anything.")] = False, json: Json = False) -> None:
    """Looks at keys, records, Temporal, every enrolled pair, every cohort and every open case. Exit 1 when something is wrong."""
    checks = asyncio.run(_doctor(Settings.load(), fix))
    result = {"ok": all(check.state != "wrong" for check in checks), "checks": [asdict(check) for check in checks]}
    lines = [f"{check.state:5}  {check.name}: {check.detail}" for check in checks]
    if not result["ok"]:
        raise Refused(*lines, result=result)
    answer(result, lines, as_json=json)


async def _doctor(settings: Settings, fix: bool) -> list[Check]:
    keys = _keys(settings)
    keyed = keys.state != "wrong"
    fix = fix and keyed  # wrong keys are often a wrong place, where nothing should be made
    records = await _safely("records", lambda: _records(settings, fix, keyed))
    client: Client | None = None
    working: list[Check] = []
    try:
        client = await connect(settings, settings.keyring() if keyed else _no_keys(), role="cli")
        working = await _safely("workers", lambda: workers(client))
        temporal = [Check("temporal", "ok", "reachable"), *await _safely("namespace", lambda: _namespace(client, fix))]
        temporal += await _safely("builds", lambda: builds(client, settings.deployment))
    except TemporalUnavailable as error:
        temporal = [Check("temporal", "wrong", str(error))]
    sound = keyed and all(check.state != "wrong" for check in records)
    fonts = await _safely("certificates", lambda: _certificates(settings)) if sound else []
    checks = [*_settings(), keys, *records, *_issuer(settings), *fonts, *temporal, *working]
    if client is None or not sound or any(check.state == "wrong" for check in temporal):
        return checks
    reached = client
    worked = all(check.state != "wrong" for check in working)  # where nobody asks for work nobody answers
    return [*checks, *await _safely("mentorships", lambda: _mentorships(settings, reached, fix, ask=worked))]


async def _safely(name: str, look: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await look()
    except RecordsError as error:
        return [Check(name, "wrong", str(error))]
    except (RPCError, ValueError) as error:
        return [Check(name, "wrong", explained(error) or str(error))]


def _settings() -> list[Check]:
    """Variables called like ours that nobody reads: mistyped, or a newer release's, which is why no process refuses them."""
    names = Settings.names()
    unread = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in names)
    return [Check("settings", "wrong", f"{name} is no setting of this release{_meant(name, names)}") for name in unread]


def _meant(name: str, names: Iterable[str]) -> str:
    found = nearest(name.removeprefix(PREFIX), (known.removeprefix(PREFIX) for known in names))
    return f"; {PREFIX}{found} perhaps" if found else ""


def _keys(settings: Settings) -> Check:
    try:
        keyring = settings.keyring()
    except KeyringUnusable as error:
        return Check("keys", "wrong", str(error))
    return Check("keys", "ok", f"active key {keyring.active}")


def _issuer(settings: Settings) -> list[Check]:
    """A file that is there and that no worker starts with. One that is not may be elsewhere: who asks need not sign."""
    if not settings.issuer_key_file.exists():
        return []
    from certificates.issuer import Issuer, IssuerKeysUnusable  # noqa: PLC0415 - it takes longer to load than to look, and where nobody signs nobody waits for it

    try:
        Issuer.load(settings.issuer_key_file, name=settings.issuer_name, did=settings.issuer_did, url=settings.issuer_url)
    except IssuerKeysUnusable as error:
        return [Check("issuer", "wrong", str(error))]
    return []


def _no_keys() -> Keyring:
    """For a client that is to look at queues and names only, and sends nothing that anybody would have to open."""
    return Keyring("none", {"none": bytes(KEY_BYTES)}, bytes(KEY_BYTES))


async def _records(settings: Settings, fix: bool, keyed: bool) -> list[Check]:
    stand = await asyncio.to_thread(migrate.current, settings.database_url)
    if stand == REVISION and not keyed:
        return [Check("records", "ok", "tables of this release; without keys nothing is written to try it")]
    if stand == REVISION:
        return [await _written(settings), *await _cleared(settings), *await _clock(settings)]
    if stand is not None:
        refuse_newer(stand)
    if fix:
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
        return [Check("records", "fixed", "brought to this release's tables")]
    raise NoTables if stand is None else SchemaOutdated(stand, REVISION)


async def _written(settings: Settings) -> Check:
    """What can be read may take nothing, and then nothing is acknowledged (P5)."""
    async with open_records(settings) as records:
        try:
            await records.writing.attempt()
        except RecordsUnavailable as error:
            cause = _as_sqlite_has_it(error)
            return Check("records", "wrong", f"reachable, and take no writing{cause}: is a disk full, the database read-only, or locked by somebody?")
    return Check("records", "ok", "reachable, tables of this release")


async def _cleared(settings: Settings) -> list[Check]:
    """Nothing else tells: an erasure is done without it, and what it cannot clear away says nothing (P8)."""
    async with open_records(settings) as records:
        if not await records.keeps_erased():
            return []
    what = "this login may not rewrite the tables of keys, notes and cases, so an erased key stays in the database server's files for a while"
    return [Check("records", "wrong", f"{what}; see docs/operations.md, A Postgres of your own")]


async def _clock(settings: Settings) -> list[Check]:
    async with open_records(settings) as records:
        ahead = await records.clock.ahead()
    if ahead is None:
        return []
    by = f"{abs(round(ahead.total_seconds()))} s {'ahead of' if ahead > timedelta() else 'behind'} the database's"
    return [Check("clock", "wrong", f"this host's is {by}: set the one that is wrong (NTP); what a web hook with a wrong clock takes in may be refused")]


def _as_sqlite_has_it(error: RecordsError) -> str:
    """Its own words, which are about the file; a server's may say who logs in."""
    cause = getattr(error.__cause__, "orig", None)
    return f" ({cause})" if isinstance(cause, sqlite3.Error) else ""


async def _certificates(settings: Settings) -> list[Check]:
    """Those that no font here can print; the worker tries again by itself."""
    async with open_records(settings) as records:
        return [Check("certificate", "wrong", line) for line in await certificate.held_up(records, settings)]


async def _namespace(client: Client, fix: bool) -> list[Check]:
    if not await has_namespace(client):
        return [Check("namespace", "wrong", f"{client.namespace} is not there; make it with Temporal's own tools, or set TEMPORAL_NAMESPACE")]
    checks = [Check("namespace", "ok", client.namespace)]
    try:
        lacking = await search_attributes.missing(client)
    except search_attributes.SearchAttributesDiffer as error:
        return [*checks, Check("search attributes", "wrong", str(error))]
    if not lacking:
        return [*checks, Check("search attributes", "ok", "all registered")]
    if not fix:
        return [*checks, Check("search attributes", "wrong", f"missing: {', '.join(lacking)}; `mentorship doctor --fix` registers them")]
    await search_attributes.register(client)
    return [*checks, Check("search attributes", "fixed", f"registered {', '.join(lacking)}")]


async def _mentorships(settings: Settings, client: Client, fix: bool, *, ask: bool) -> list[Check]:
    async with open_records(settings) as records:
        started, checks = 0, []
        one: str | None = None
        found, known = await running(client), set[str]()  # first: who runs was enrolled before
        for cohort in await records.cohorts.all():
            pairs = await records.cohorts.enrolments(cohort.id)
            known.update(pair.mentorship for pair in pairs)
            begun = [pair for pair in pairs if pair.state == "started"]
            started += len(begun)
            lost = await _lost(client, begun, ask)
            if begun and not lost:
                one = begun[-1].mentorship
            checks += lost
            checks += await _stopped(records, client, cohort.id, fix, ask)
        checks += await _unminded(records, client, fix, ask)
        checks += strangers(found, known)
        if ask:
            checks += await diverged(client, [mentorship for mentorship, needs in found.items() if needs and mentorship in known], settings.update_timeout)
    if all(check.state != "wrong" for check in checks):
        checks.append(Check("mentorships", "ok", f"{started} should run"))
    return [*checks, await answers(client, one, settings.update_timeout)] if ask and one is not None else checks


async def _lost(client: Client, begun: list[Enrolment], worked: bool) -> list[Check]:
    """Enrolled, not over, and yet no workflow runs: terminated by hand, timed out, failed, or gone with Temporal's store."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(pair: Enrolment) -> Check | None:
        async with gate:
            status = await standing(client, pair.mentorship)
        if status in {"running", "completed"}:  # completed: its last word may still be on its way into records
            return None
        if status == STANDS_STILL:
            return still("mentorship", pair.mentorship) if worked else None
        detail = f"{pair.mentorship} should run and is {status}; `mentorship revive {pair.cohort} {pair.pair_id}` starts it again from its journal"
        return Check("mentorship", "wrong", detail)

    return [check for check in await asyncio.gather(*(look(pair) for pair in begun)) if check is not None]


async def _stopped(records: Records, client: Client, cohort: str, fix: bool, worked: bool) -> list[Check]:
    """Not over, and yet its workflow does not run: nobody starts who waits, and the coordinators hear neither of the week nor of the close."""
    counts = await records.cohorts.counts(cohort)
    if not counts["pending"] and not counts["started"]:
        return []
    status = await standing(client, cohort_id(cohort))
    if status == "running":
        return []
    if status == STANDS_STILL:
        return [still("cohort", cohort_id(cohort))] if worked else []
    found = f"{cohort} should run and is {status}: {counted(counts['pending'], 'pair')} to start, and no digest goes out"
    if not fix:
        return [Check("cohort", "wrong", f"{found}; `mentorship doctor --fix` starts it again")]
    await signal_with_start(client, cohort)
    return [Check("cohort", "fixed", f"{found}; started again")]


async def _unminded(records: Records, client: Client, fix: bool, worked: bool) -> list[Check]:
    """Not done, and yet no workflow runs: nobody is reminded of it. Which are concerns and which are lines is not told (H16)."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(case: str) -> Check | None:
        async with gate:
            status = await standing(client, case_id(case))
            if status == "running":
                return None
            if status == STANDS_STILL:
                return still("case", case_id(case)) if worked else None
            found = f"{case_id(case)} should run and is {status}: nobody is reminded of what is open"
            if not fix:
                return Check("case", "wrong", f"{found}; `mentorship doctor --fix` starts it again")
            await start_case(client, case)
            return Check("case", "fixed", f"{found}; started again")

    undone, unreadable = await records.cases.standing()
    damaged = [
        Check("case", "wrong", f"{case_id(case)} cannot be read, so nobody can say whether it should run; it was altered, or lies under a key that is not here")
        for case in unreadable
    ]
    return [*damaged, *(check for check in await asyncio.gather(*(look(case.id) for case in undone)) if check is not None)]
