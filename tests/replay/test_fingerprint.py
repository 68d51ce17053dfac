"""The commands that the workflows can issue are written down, so that a change of them is a decision and not an accident."""

from __future__ import annotations

import json

from tests.replay import fingerprint


def test_the_workflows_issue_the_commands_that_are_written_down():
    """If the change is meant: guard what running workflows would do differently (docs/extending.md), record a history that goes through it
    (`python tests/replay/record.py RELEASE NAME`), and write the fingerprint again (`python tests/replay/fingerprint.py`).
    """
    assert fingerprint.fingerprint() == json.loads(fingerprint.STORED.read_text())


def test_an_extra_timer_changes_the_fingerprint(tmp_path, monkeypatch):
    """The check can fail: it notices a copy of the workflows with one more sleep."""
    copy = tmp_path / "workflows"
    copy.mkdir()
    for path in (fingerprint.ROOT / "workflows").glob("*.py"):
        copy.joinpath(path.name).write_text(path.read_text())
    cohort = copy / "cohort.py"
    cohort.write_text(cohort.read_text().replace("self._due = None", "self._due = None\n        await workflow.sleep(1)"))
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    assert fingerprint.fingerprint() != json.loads(fingerprint.STORED.read_text())
