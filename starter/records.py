"""`mentorship records backup|restore|sweep`: copies of what outlives Temporal, and the end of keeping (docs/operations.md)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.settings import Settings
from mentorship.duration import Duration
from mentorship.programme import Retention
from records import migrate
from records.backup import Copied, InTheWay, NoFile, NotABackup, copy, file_of
from records.database import parse
from records.schema import REVISION
from records.store import Records
from starter.answer import Json, Misused, Refused, answer
from starter.reach import open_records

app = typer.Typer(no_args_is_help=True, help="Copies of records, and the end of keeping.")

RECORDS, TEMPORAL = "records.db", "temporal.db"

Folder = Annotated[Path, typer.Argument(help="A folder of its own for each backup.")]
Store = Annotated[Path | None, typer.Option(help="The file of an embedded Temporal server, such as .mentorship/run/temporal.db, to go along.")]


@app.command()
def backup(folder: Folder, temporal: Store = None, json: Json = False) -> None:
    """Copies records, while everything runs, into FOLDER; Temporal's store first, so that records never lack what a workflow knows to be written."""
    settings = Settings.load()
    began = datetime.now(UTC)
    wanted = [(temporal, folder / TEMPORAL)] if temporal is not None else []
    copied = _copied([*wanted, (_file(settings, "pg_dump --format=custom --file=FOLDER/records.dump"), folder / RECORDS)])
    _told(settings, began, copied, f"sqlite:///{folder / RECORDS}", json, made=True)


@app.command()
def restore(folder: Folder, temporal: Store = None, json: Json = False) -> None:
    """Puts a backup where nothing is yet: move what is there away first, and stop everything."""
    settings = Settings.load()
    began = datetime.now(UTC)
    wanted = [(folder / TEMPORAL, temporal)] if temporal is not None else []
    copied = _copied([*wanted, (folder / RECORDS, _file(settings, "pg_restore --clean --if-exists --dbname=DATABASE FOLDER/records.dump"))])
    _told(settings, began, copied, settings.database_url, json)


@app.command()
def sweep(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False, json: Json = False) -> None:
    """Deletes what is kept longer than its programme says: words, and later the journal. Every worker does it once a day by itself."""
    asyncio.run(_sweep(dry_run, json))


async def _sweep(dry_run: bool, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        swept = await records.retention.sweep(datetime.now(UTC), dry_run=dry_run)
    result = {"dry_run": dry_run, **swept.model_dump(mode="json")}
    verb = "would go" if dry_run else "deleted"
    lines = [
        f"{verb}: {swept.notes} notes, the words of {swept.cases} concerns, {swept.closed_cases} closed cases, {swept.journals} journals of {swept.rows} rows"
    ]
    if swept.damaged:
        raise Refused(*lines, *(f"{name}: its journal does not verify, so it stays; see `mentorship journal verify`" for name in swept.damaged), result=result)
    answer(result, lines, as_json=as_json)


def _file(settings: Settings, instead: str) -> Path:
    """Raises Refused for a database that is no file, with what to do instead."""
    found = file_of(settings.database_url)
    if found is None:
        where = parse(settings.database_url).set(drivername="postgresql").render_as_string(hide_password=True)
        raise Refused(f"records live in a database server ({where}), which makes its own copies, such as: {instead}; see docs/operations.md")
    return found


def _copied(wanted: list[tuple[Path, Path]]) -> list[Copied]:
    for source, target in wanted:
        if not source.is_file():
            raise Misused(f"{source}: no such file")
        if target.exists():
            raise Refused(f"{target} is there already; nothing is overwritten, and nothing was copied")
    try:
        return [copy(source, target) for source, target in wanted]
    except (InTheWay, NoFile, NotABackup) as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(f"{error.filename or 'the copy'}: {error.strerror or 'cannot be written'}") from error


def _told(settings: Settings, began: datetime, copied: list[Copied], url: str, as_json: bool, *, made: bool = False) -> None:
    """What was copied, and the keys without which it says nothing; of a copy that was `made` now, the day by which it has to go."""
    revision = migrate.current(url)
    needed, missing, kept = asyncio.run(_read(settings, url)) if revision == REVISION else ([], [], None)
    result: dict[str, Any] = {
        "at": began,
        "copied": [one.model_dump(mode="json") for one in copied],
        "revision": revision,
        "keys_needed": needed,
        "keys_missing": missing,
    }
    lines = [f"{one.file}: {one.size:,} bytes" for one in copied]
    if made:
        result["gone_by"] = (began + kept.span).date() if kept is not None else None
    if made and kept is not None:
        lines.append(f"has to be deleted by {result['gone_by']} (retention.backups: {kept}): until then an erasure has not happened in it")
    if needed:
        lines.append(f"opens with: {', '.join(needed)}; keep these keys as long as this copy, and apart from it")
    if revision != REVISION:
        lines.append(f"it stands at revision {revision}, this release needs {REVISION}; `mentorship doctor --fix` brings it there")
    if missing:
        raise Refused(*lines, f"the keyring lacks {', '.join(missing)}: what they sealed cannot be read", result=result)
    answer(result, lines, as_json=as_json)


async def _read(settings: Settings, url: str) -> tuple[list[str], list[str], Duration | None]:
    """The keys that it needs, those that the keyring lacks, and how long its programmes keep a backup: the shortest; unknown without their keys."""
    keyring = settings.keyring()
    records = await Records.open(url, keyring)
    try:
        needed = list(await records.rewrap.usage())
        missing = [key_id for key_id in needed if key_id not in keyring.key_ids]
        kept = None if missing else await _kept(records)
    finally:
        await records.close()
    return needed, missing, kept


async def _kept(records: Records) -> Duration:
    spans = [
        (await records.programmes.get(programme, version)).retention.backups
        for programme, version in {(cohort.programme, cohort.version) for cohort in await records.cohorts.all()}
    ]
    return min(spans, key=lambda duration: duration.span, default=Retention().backups)
