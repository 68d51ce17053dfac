"""`mentorship doctor [--fix]`: whether everything that the service needs is there, and whether every enrolled pair, its cohort and every open case run."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.service import RPCError

from certificates.typesetting import fonts_left_out
from gateway import search_attributes
from gateway.connect import TemporalUnavailable, connect, has_namespace
from gateway.keyring import KEY_BYTES, Keyring, KeyringUnusable
from gateway.settings import PREFIX, Settings
from records import migrate
from records.errors import NoTables, RecordsError, RecordsUnavailable, SchemaOutdated
from records.notices import DIGEST
from records.schema import REVISION, refuse_newer
from records.store import Records
from starter import certificate
from starter.answer import Json, Refused, answer
from starter.doctor_builds import builds
from starter.doctor_check import Check
from starter.doctor_mentorships import mentorships
from starter.doctor_workers import workers
from starter.faults import nearest
from starter.out_of_order import explained
from starter.reach import open_records

_MISSED = timedelta(days=14)
"""A digest comes every week: after two weeks a newer one has arrived, or the cohort is over."""


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
    fix = fix and keyed  # wrong keys often mean a wrong place, where nothing should be made
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
    waiting = [*await _safely("certificates", lambda: _certificates(settings)), *await _safely("mail", lambda: _digests(settings))] if sound else []
    checks = [*_settings(), keys, *records, *_issuer(settings), *_fonts(settings), *waiting, *temporal, *working]
    if client is None or not sound or any(check.state == "wrong" for check in temporal):
        return checks
    reached = client
    worked = all(check.state != "wrong" for check in working)  # without a worker nobody answers
    return [*checks, *await _safely("mentorships", lambda: mentorships(settings, reached, fix, ask=worked))]


async def _safely(name: str, look: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await look()
    except RecordsError as error:
        return [Check(name, "wrong", str(error))]
    except (RPCError, ValueError) as error:
        return [Check(name, "wrong", explained(error) or str(error))]


def _settings() -> list[Check]:
    """Variables with our prefix that nobody reads: mistyped ones, or a newer release's, which is why no process refuses them."""
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
    """Whether a worker could start with the issuer's key file. If there is none here it may be elsewhere: whoever asks need not be who signs."""
    if not settings.issuer_key_file.exists():
        return []
    from certificates.issuer import Issuer, IssuerKeysUnusable  # noqa: PLC0415 - it takes longer to load than to look, and where nobody signs nobody waits for it

    try:
        Issuer.of(settings)
    except IssuerKeysUnusable as error:
        return [Check("issuer", "wrong", str(error))]
    return []


def _no_keys() -> Keyring:
    """A keyring for a client that only looks at queues and names, and sends nothing that anybody has to open."""
    return Keyring("none", {"none": bytes(KEY_BYTES)}, bytes(KEY_BYTES))


async def _records(settings: Settings, fix: bool, keyed: bool) -> list[Check]:
    stand = await asyncio.to_thread(migrate.current, settings.database_url)
    if stand == REVISION and not keyed:
        return [Check("records", "ok", "tables of this release; without keys nothing is written to try it")]
    if stand == REVISION:
        async with open_records(settings) as records:
            return [await _written(records), *await _cleared(records), *await _clock(records)]
    if stand is not None:
        refuse_newer(stand)
    if fix:
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
        return [Check("records", "fixed", "brought to this release's tables")]
    raise NoTables if stand is None else SchemaOutdated(stand, REVISION)


async def _written(records: Records) -> Check:
    """Whether records can be written. Readable records may still refuse writing, and then nothing is acknowledged (P5)."""
    try:
        await records.writing.attempt()
    except RecordsUnavailable as error:
        cause = _as_sqlite_has_it(error)
        return Check("records", "wrong", f"reachable, and take no writing{cause}: is a disk full, the database read-only, or locked by somebody?")
    return Check("records", "ok", "reachable, tables of this release")


async def _cleared(records: Records) -> list[Check]:
    """Whether an erasure also clears the database server's files (P8). Only this check tells: an erasure that cannot is done all the same."""
    if not await records.keeps_erased():
        return []
    what = "this login may not rewrite the tables of keys, notes and cases, so an erased key stays in the database server's files for a while"
    return [Check("records", "wrong", f"{what}; see docs/operations.md, A Postgres of your own")]


async def _clock(records: Records) -> list[Check]:
    ahead = await records.clock.ahead()
    if ahead is None:
        return []
    by = f"{abs(round(ahead.total_seconds()))} s {'ahead of' if ahead > timedelta() else 'behind'} the database's"
    return [Check("clock", "wrong", f"this host's is {by}: set the one that is wrong (NTP); what a web hook with a wrong clock takes in may be refused")]


def _as_sqlite_has_it(error: RecordsError) -> str:
    """SQLite's own words, which are about the file. A server's are left out, since they may say who logs in."""
    cause = getattr(error.__cause__, "orig", None)
    return f" ({cause})" if isinstance(cause, sqlite3.Error) else ""


def _fonts(settings: Settings) -> list[Check]:
    """Fonts that cannot be read: they print nothing, and a certificate would wait for a font that is there."""
    return [Check("font", "wrong", f"{path}: {why}; see MENTORSHIP_FONT_FOLDER") for path, why in fonts_left_out(settings.font_folder)]


async def _certificates(settings: Settings) -> list[Check]:
    """Certificates that no font here can print; the worker tries them again by itself."""
    async with open_records(settings) as records:
        return [Check("certificate", "wrong", line) for line in await certificate.held_up(records, settings)]


async def _digests(settings: Settings) -> list[Check]:
    """Coordinators whose newest digest a mail server refused for good: nobody else would notice that they get none."""
    async with open_records(settings) as records:
        missed = await records.notices.missed(DIGEST, datetime.now(UTC) - _MISSED)
        readers = await records.people.profiles(mail.person for mail in missed)
    then = "was refused for good; put their address right (people file, or HR's `address`), and the next one goes there"
    return [
        Check("mail", "wrong", f"the digest about {mail.key.partition('/')[0]} that {readers[mail.person].person_id} was sent on {mail.at:%Y-%m-%d} {then}")
        for mail in missed
        if mail.person in readers
    ]


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
