"""`mentorship records backup|restore|sweep`: copies of what outlives Temporal, and the end of keeping (docs/operations.md)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from gateway.keyring import KeyringUnusable
from gateway.settings import Settings
from mentorship.duration import Duration
from mentorship.programme import Retention
from records import migrate
from records.backup import Copied, InTheWay, NoFile, NotABackup, copy_all
from records.database_url import file_of, of_file, parse, where
from records.errors import RecordsError
from records.schema import REVISION, refuse_newer
from records.store import Records
from starter.answer import Json, Refused, answer, aside, counted
from starter.in_file import check_in
from starter.reach import open_records

RECORDS, TEMPORAL = "records.db", "temporal.db"

_STORE = "The file of an embedded Temporal server, such as .mentorship/run/temporal.db"


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder of its own for each backup.")],
    temporal: Annotated[Path | None, typer.Option(help=f"{_STORE}, to go along.")] = None,
    json: Json = False,
) -> None:
    """Copies records, while everything runs, into FOLDER; Temporal's store first, so that records never lack what a workflow knows to be written."""
    settings = Settings.load()
    began = datetime.now(UTC)
    wanted = [(temporal, folder / TEMPORAL)] if temporal is not None else []
    copied = _copied([*wanted, (_file(settings, "pg_dump --format=custom --file=FOLDER/records.dump"), folder / RECORDS)])
    _told(settings, began, copied, of_file(folder / RECORDS), json, made=True)


def restore(
    folder: Annotated[Path, typer.Argument(help="The backup.")],
    temporal: Annotated[Path | None, typer.Option(help=f"{_STORE}, where it is to lie again.")] = None,
    json: Json = False,
) -> None:
    """Puts a backup where nothing is yet: move what is there away first, and stop everything."""
    settings = Settings.load()
    began = datetime.now(UTC)
    wanted = [(folder / TEMPORAL, temporal)] if temporal is not None else []
    copied = _copied([*wanted, (folder / RECORDS, _file(settings, "pg_restore --clean --if-exists --dbname=DATABASE FOLDER/records.dump"))])
    _told(settings, began, copied, settings.database_url, json)


def sweep(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False, json: Json = False) -> None:
    """Deletes what is kept longer than its programme says: words, and later the journal. Every worker does it once a day by itself."""
    asyncio.run(_sweep(dry_run, json))


async def _sweep(dry_run: bool, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        swept = await records.retention.sweep(await records.clock.agreed(), dry_run=dry_run)
    result = {"dry_run": dry_run, **swept.model_dump(mode="json")}
    verb = "would go" if dry_run else "deleted"
    what = f"{counted(swept.notes, 'note')}, the contents of {counted(swept.cases, 'case')}, {counted(swept.closed_cases, 'closed case')}"
    lines = [f"{verb}: {what}, {counted(swept.journals, 'journal')} of {counted(swept.rows, 'row')}"]
    if swept.damaged:
        raise Refused(*lines, *map(_why_it_stays, swept.damaged), result=result)
    answer(result, lines, as_json=as_json)


def _why_it_stays(name: str) -> str:
    match name.partition(".")[0]:
        case "cohort":
            return f"{name}: its programme cannot be read, so everything of its pairs stays"
        case "case":
            return f"{name}: it cannot be read, so it stays"
        case _:
            return f"{name}: its journal does not verify, so it stays; see `mentorship journal verify`"


def _file(settings: Settings, instead: str) -> Path:
    """The database's file. Raises Refused for a database that is not a file, and says what to do instead."""
    url = parse(settings.database_url)
    found = file_of(url)
    if found is None:
        raise Refused(f"records live in a database server ({where(url)}), which makes its own copies, such as: {instead}; see docs/operations.md")
    return found


def _copied(wanted: list[tuple[Path, Path]]) -> list[Copied]:
    check_in(*(source for source, _ in wanted))
    try:
        return copy_all(wanted)
    except (InTheWay, NoFile, NotABackup) as error:
        raise Refused(str(error), "nothing was copied") from error
    except OSError as error:
        raise Refused(f"{error.filename or 'the copy'}: {error.strerror or 'cannot be written'}", "nothing was copied") from error


def _told(settings: Settings, began: datetime, copied: list[Copied], url: str, as_json: bool, *, made: bool = False) -> None:
    """Says what was copied, which keys open it, and, if the copy was `made` now, the day by which it has to be deleted.

    A copy is good even if something cannot be found out about it: stderr says so.
    """
    found = _found(settings, url)
    result: dict[str, Any] = {
        "at": began,
        "copied": [one.model_dump(mode="json") for one in copied],
        "revision": found.revision,
        "keys_needed": found.needed,
        "keys_missing": found.missing,
    }
    lines = [f"{one.file}: {one.size:,} bytes" for one in copied]
    if made:
        result["gone_by"] = (began + found.kept.span).date() if found.kept is not None else None
    if made and found.kept is not None:
        lines.append(f"has to be deleted by {result['gone_by']} (retention.backups: {_days(found.kept)}): until then an erasure has not happened in it")
    if found.needed:
        lines.append(f"opens with: {', '.join(found.needed)}; keep these keys as long as this copy, and apart from it")
    if found.missing:
        raise Refused(*lines, f"the keyring lacks {', '.join(found.missing)}: what they sealed cannot be read", result=result)
    answer(result, lines, as_json=as_json)
    if found.unknown is not None:
        aside(f"notice: copied, but it could not be said which keys the copy opens with: {found.unknown}")


class _Found(NamedTuple):
    """What is known about a copy: the keys that it needs, those that the keyring lacks, and the shortest time for which its programmes keep a backup.

    None means not known; `unknown` says why.
    """

    revision: str | None = None
    needed: list[str] | None = None
    missing: list[str] | None = None
    kept: Duration | None = None
    unknown: str | None = None


def _found(settings: Settings, url: str) -> _Found:
    revision = None
    try:
        revision = migrate.current(url)
        if revision is not None:
            refuse_newer(revision)
        if revision != REVISION:
            stands = f"it stands at revision {revision}" if revision is not None else "it has no tables"
            why = f"{stands}, this release needs {REVISION}; `mentorship doctor --fix` brings records there"
            return _Found(revision, unknown=why)
        return asyncio.run(_read(settings, url))
    except (KeyringUnusable, RecordsError) as error:
        return _Found(revision, unknown=str(error))


async def _read(settings: Settings, url: str) -> _Found:
    keyring = settings.keyring()
    records = await Records.open(url, keyring)
    try:
        needed = list(await records.rewrap.usage())
        missing = [key_id for key_id in needed if key_id not in keyring.key_ids]
        return _Found(REVISION, needed, missing, None if missing else await _kept(records))
    finally:
        await records.close()


async def _kept(records: Records) -> Duration:
    spans = [
        (await records.programmes.get(programme, version)).retention.backups
        for programme, version in {(cohort.programme, cohort.version) for cohort in await records.cohorts.all()}
    ]
    return min(spans, key=lambda duration: duration.span, default=Retention().backups)


def _days(span: Duration) -> str:
    """In days, as the documents count them. Anything but a whole number of days is shown as written."""
    return str(span) if span.seconds or not span.days else f"{span.days} day{'s' if span.days > 1 else ''}"
