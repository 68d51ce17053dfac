"""Wrong keys often mean that this is the wrong place: `doctor --fix` makes nothing there, and still says how Temporal is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


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


def test_a_database_that_does_not_answer_is_named_once(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/records")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    told = run("doctor")

    assert "wrong  records: the database at 127.0.0.1:1/records cannot be reached; see MENTORSHIP_DATABASE_URL" in told.err
    assert "secret" not in told.err
