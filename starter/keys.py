"""`mentorship keys status|rotate|rewrap|drop`: a new key for what is sealed from now on, and the end of an old one (docs/operations.md)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from temporalio.service import RPCError

from gateway import key_file
from gateway.connect import TemporalUnavailable
from gateway.settings import Settings
from starter.answer import Json, Refused, answer, answer_only, aside, counted
from starter.key_use import running_workflows_by_key
from starter.out_file import not_replaced
from starter.out_of_order import explained
from starter.reach import open_records, reach_temporal


def status(json: Json = False) -> None:
    """Every key: how many rows of records, and how many running workflows, cannot be read without it."""
    asyncio.run(_status(Settings.load(), json))


def rotate(
    prepare: Annotated[bool, typer.Option("--prepare", help="Only add a key; the next `rotate` makes it the active one.")] = False, json: Json = False
) -> None:
    """Makes a new key the active one. Where processes are restarted one by one: `--prepare`, restart all, `rotate`, restart all."""
    settings = Settings.load()
    path = _file(settings)
    before = settings.keyring().active
    try:
        fresh = key_file.newest(path)
        added = fresh == before
        if added:
            fresh = key_file.add(path)
        if not prepare:
            key_file.activate(path, fresh)
    except OSError as error:
        raise not_replaced(path, error, "MENTORSHIP_KEY_FILE") from error
    result = {"key": fresh, "added": added, "active": before if prepare else fresh, "before": before}
    if prepare:
        lines = [f"{fresh}: {'added' if added else 'was added before'}, not active yet; restart everything that reads the keys, then `mentorship keys rotate`"]
    else:
        lines = [
            f"{fresh} is the active key; restart worker, web hook and codec door now, then `mentorship keys rewrap`",
            f"keep {before} until `mentorship keys drop` takes it",
        ]
    answer(result, lines, as_json=json)


def rewrap(json: Json = False) -> None:
    """Seals with the active key what still lies under older ones. Safe while everything runs, once all of it has the active key."""
    asyncio.run(_rewrap(Settings.load(), json))


def drop(key: Annotated[str, typer.Argument(help="The id of an older key.")], json: Json = False) -> None:
    """Deletes a key that nothing needs any more. Backups under it become unreadable, which may be what you want."""
    asyncio.run(_drop(Settings.load(), key, json))


async def _status(settings: Settings, as_json: bool) -> None:
    keyring = settings.keyring()
    async with open_records(settings) as records:
        usage = await records.rewrap.usage()
    workflows = await _workflows(settings)
    keys = [
        {
            "key": key_id,
            "active": key_id == keyring.active,
            "there": key_id in keyring.key_ids,
            "records": usage.get(key_id, {}),
            "running_workflows": None if workflows is None else workflows.get(key_id, 0),
        }
        for key_id in dict.fromkeys([*keyring.key_ids, *usage, *(workflows or {})])
    ]
    lacking = [str(key["key"]) for key in keys if not key["there"]]
    lines = [_shown(key) for key in keys]
    if lacking:
        raise Refused(*lines, f"the keyring lacks {', '.join(lacking)}; give {'it' if len(lacking) == 1 else 'them'} back", result={"ok": False, "keys": keys})
    answer_only({"ok": True, "keys": keys}, lines, as_json=as_json)


def _shown(key: dict[str, Any]) -> str:
    needs = [f"{count} in {table}" for table, count in key["records"].items()]
    if key["running_workflows"] is None:
        needs.append("Temporal was not asked")
    elif key["running_workflows"]:
        needs.append(counted(key["running_workflows"], "running workflow"))
    state = "active" if key["active"] else "not active" if key["there"] else "missing"
    return f"{key['key']}  {state}  {', '.join(needs) or 'nothing needs it'}"


async def _rewrap(settings: Settings, as_json: bool) -> None:
    async with open_records(settings) as records:
        done = await records.rewrap.everything()
        usage = await records.rewrap.usage()
    active = settings.keyring().active
    older = {key_id: counts for key_id, counts in usage.items() if key_id != active}
    result = {"active": active, **done.model_dump(mode="json"), "still_older": older}
    lines = [f"under {active} now: {counted(done.values, 'value')}, {counted(done.rows, 'row')} of closed journals"]
    lines += [f"under {key_id} still: {', '.join(f'{count} in {table}' for table, count in counts.items())}" for key_id, counts in older.items()]
    if older:
        lines.append("journals of running mentorships come along once they are over: rewrap again then")
    if done.left:
        raise Refused(*lines, *(f"{name}: does not verify, so it stays as it is; see `mentorship journal verify`" for name in done.left), result=result)
    answer(result, lines, as_json=as_json)


async def _drop(settings: Settings, key: str, as_json: bool) -> None:
    path = _file(settings)
    keyring = settings.keyring()
    if key not in keyring.key_ids:
        raise Refused(f"there is no key {key} in {path}")
    if key == keyring.active:
        raise Refused(f"{key} is the active key; `mentorship keys rotate` first")
    async with open_records(settings) as records:
        needed = (await records.rewrap.usage()).get(key, {})
    workflows = await _workflows(settings)
    needs = {**needed, **({"running_workflows": workflows[key]} if workflows is not None and workflows.get(key) else {})}
    result = {"key": key, "dropped": False, "needed_by": needs}
    if workflows is None:
        raise Refused(f"{key} stays: Temporal could not be asked whether a running workflow needs it", result=result)
    if needs:
        told = ", ".join(f"{count} in {what}" if what != "running_workflows" else counted(count, "running workflow") for what, count in needs.items())
        raise Refused(f"{key} stays: needed by {told}", "`mentorship keys rewrap`, and wait until these mentorships are over", result=result)
    try:
        key_file.drop(path, key)
    except OSError as error:
        raise not_replaced(path, error, "MENTORSHIP_KEY_FILE") from error
    answer({**result, "dropped": True}, [f"{key}: deleted; restart worker, web hook and codec door at your leisure"], as_json=as_json)


async def _workflows(settings: Settings) -> dict[str, int] | None:
    """How many running workflows need each key, by key id; None when Temporal cannot be asked."""
    try:
        return dict(await running_workflows_by_key(await reach_temporal(settings)))
    except (TemporalUnavailable, RPCError) as error:
        aside(f"notice: running workflows were not asked: {explained(error)}")
        return None


def _file(settings: Settings) -> Path:
    if settings.keys is not None:
        raise Refused("the keys come from MENTORSHIP_KEYS: change them where they are kept; docs/operations.md says how")
    return settings.key_file
