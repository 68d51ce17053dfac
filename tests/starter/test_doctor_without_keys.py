"""Wrong keys often mean the wrong place: `doctor --fix` changes nothing there, and still reports on Temporal."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode


@pytest.mark.parametrize("fix", [[], ["--fix"]])
def test_no_database_is_made_and_temporal_is_looked_at(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fix: list[str]) -> None:
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", f"sqlite:///{tmp_path}/new/records.db")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    told = run("doctor", *fix)

    assert told.code == 1
    assert "see MENTORSHIP_KEY_FILE" in told.err
    assert "wrong  temporal: Temporal cannot be reached at 127.0.0.1:1" in told.err
    assert not (tmp_path / "new").exists()


def test_search_attributes_are_not_registered_where_the_keys_are_wrong(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The namespace may belong to somebody else, too."""
    registered: list[Any] = []

    async def there(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(namespace="another", workflow_service=SimpleNamespace(describe_namespace=there))

    async def missing(_: Any) -> list[str]:
        return ["MentorshipCohort"]

    async def register(client: Any) -> None:
        registered.append(client)

    async def nothing(*_: Any) -> list[Any]:
        return []

    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", f"sqlite:///{tmp_path}/new/records.db")
    for name, stand_in in (("connect", there), ("workers", nothing), ("builds", nothing)):
        monkeypatch.setattr(f"starter.doctor.{name}", stand_in)
    for name, stand_in in (("missing", missing), ("register", register)):
        monkeypatch.setattr(f"starter.doctor.search_attributes.{name}", stand_in)

    told = run("doctor", "--fix")

    assert (told.code, registered) == (1, [])
    assert "wrong  search attributes: missing: MentorshipCohort" in told.err


def test_a_database_that_does_not_answer_is_named_once(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/records")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    told = run("doctor")

    assert "wrong  records: the database at 127.0.0.1:1/records cannot be reached; see MENTORSHIP_DATABASE_URL" in told.err
    assert "secret" not in told.err


def test_a_mistyped_setting_is_named_with_the_one_that_was_meant(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No process fails on it, since it may belong to a newer release; unread it would silently mean the default."""
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_SMPT_HOST", "mail.example.org")
    monkeypatch.setenv("MENTORSHIP_QQQ", "1")

    told = run("doctor")

    assert [line for line in told.err.splitlines() if " settings: " in line] == [
        "wrong  settings: MENTORSHIP_QQQ is no setting of this release",
        "wrong  settings: MENTORSHIP_SMPT_HOST is no setting of this release; MENTORSHIP_SMTP_HOST perhaps",
    ]
    assert "mail.example.org" not in told.err


def test_who_may_not_ask_for_the_namespace_is_not_told_that_it_is_wrong(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The web hook's readiness and every other command agree: a login may be allowed to start and signal, but not to describe."""

    async def not_told(*_: Any, **__: Any) -> Any:
        raise RPCError("ask somebody else", RPCStatusCode.PERMISSION_DENIED, b"")

    async def connected(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(namespace="ours", workflow_service=SimpleNamespace(describe_namespace=not_told))

    async def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    for name, stand_in in (
        ("connect", connected),
        ("workers", nothing),
        ("builds", nothing),
        ("mentorships", nothing),
        ("search_attributes.missing", nothing),
    ):
        monkeypatch.setattr(f"starter.doctor.{name}", stand_in)

    assert "ok     namespace: ours" in run("doctor").out


@pytest.mark.parametrize("wrong", ["keys", "records"])
def test_where_keys_or_records_are_wrong_no_mentorship_is_called_lost(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """Somebody who looks in the wrong place would revive what runs. What records say about their tables is true without keys, too."""
    with contextlib.closing(sqlite3.connect(past.settings.key_file.parent / "records.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    if wrong == "keys":
        past.settings.key_file.unlink()

    async def well(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(namespace="ours", workflow_service=SimpleNamespace(describe_namespace=well))

    async def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    async def looked(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError

    for name, stand_in in (("connect", well), ("workers", nothing), ("builds", nothing), ("search_attributes.missing", nothing), ("mentorships", looked)):
        monkeypatch.setattr(f"starter.doctor.{name}", stand_in)
    told = run("doctor")
    lines = [line.partition(";")[0] for line in told.err.splitlines()]
    assert told.code == 1
    assert lines[0].startswith(f"wrong  keys: {past.settings.key_file}: there is no such key file" if wrong == "keys" else "ok     keys: active key ")
    assert lines[1].startswith("wrong  records: records stand at revision 0001, this release needs ")
    assert lines[2:] == ["ok     temporal: reachable", "ok     namespace: ours", "ok     search attributes: all registered"]
