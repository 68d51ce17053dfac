"""Changes a copy of the workflows, and shows that the tests which guard the real ones then fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio import workflow

from tests.replay import fingerprint

ROOT = Path(__file__).parents[2]
REPLAY = """
import asyncio, json
from tests.replay.record import FOLDER, read
from tests.replay.replaying import replayed
for path in sorted(FOLDER.glob("*.json.gz")):
    print(json.dumps([path.name.split(".")[1], asyncio.run(replayed(read(path)))]))
"""


class Copy:
    """A copy of the workflows, with a change."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        shutil.copytree(ROOT / "workflows", folder / "workflows", ignore=shutil.ignore_patterns("__pycache__"))

    def change(self, module: str, was: str, becomes: str) -> None:
        path = self._folder / "workflows" / f"{module}.py"
        text = path.read_text()
        assert text.count(was) == 1, f"the change needs another place in {module}.py"
        path.write_text(text.replace(was, becomes))

    def replays(self) -> dict[str, str]:
        """What the replay of each stored history reports."""
        env = {**os.environ, "PYTHONPATH": f"{self._folder}{os.pathsep}{ROOT}"}
        done = subprocess.run([sys.executable, "-c", REPLAY], env=env, cwd=self._folder, capture_output=True, text=True, timeout=120, check=True)
        return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))  # the engine's warnings are printed in between

    def fingerprint(self) -> dict[str, list[str]]:
        self._monkeypatch.setattr(fingerprint, "ROOT", self._folder)
        return fingerprint.fingerprint()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    return Copy(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("module", "was", "becomes", "broken", "found"),
    [
        pytest.param(
            "mentorship",
            "                await execute(JournalActivities.seal_journal",
            "                await workflow.sleep(1)\n                await execute(JournalActivities.seal_journal",
            {"in-full", "silent", "ended-early"},
            "Timer machine does not handle this event",
            id="a-moment-of-rest-before-the-end",
        ),
        pytest.param(
            "certificate",
            "CertificateActivities.reissue_certificate",
            "CertificateActivities.issue_certificates",
            {"certificate"},
            "does not match activity type",
            id="an-activity-in-anothers-place",
        ),
        pytest.param(
            "pending",
            "        for pending in self._pending:\n            if pending.in_vain",
            "        for pending in reversed(self._pending):\n            if pending.in_vain",
            {"in-full", "silent"},
            "send_notice was asked something else",
            id="the-mentees-mail-before-the-mentors",
        ),
    ],
)
def test_an_incompatible_change_does_not_replay(copy, module, was, becomes, broken, found):
    copy.change(module, was, becomes)
    said = copy.replays()

    assert {name for name, what in said.items() if found in what} >= broken
    assert "replays" in said.values()  # and those without the changed part still replay


def test_what_no_history_holds_only_the_fingerprint_sees(copy):
    """No stored history holds thousands of signals at once, so a longer pause between two batches of them replays everywhere."""
    copy.change("mentorship", 'timedelta(milliseconds=1), "More to take in"', 'timedelta(milliseconds=50), "More to take in"')

    assert set(copy.replays().values()) == {"replays"}
    assert copy.fingerprint() != json.loads(fingerprint.STORED.read_text())


@pytest.mark.parametrize("asks", [name for name in dir(workflow) if name.startswith(("execute_", "start_"))])
def test_whichever_way_an_activity_is_asked_for_the_fingerprint_sees_it(copy, asks):
    copy.change(
        "case", "            self._stirred = False\n", f"            self._stirred = False\n            workflow.{asks}(CaseActivities.tend_case, start)\n"
    )

    assert copy.fingerprint() != json.loads(fingerprint.STORED.read_text())


def test_a_change_that_is_guarded_replays_and_is_known_by_its_name(copy):
    """What docs/extending.md shows: running mentorships behave as before, and later ones do the new thing."""
    rest = 'if workflow.patched("rest-before-the-end"):\n                    await workflow.sleep(1)'
    copy.change(
        "mentorship",
        "                await execute(JournalActivities.seal_journal",
        f"                {rest}\n                await execute(JournalActivities.seal_journal",
    )

    assert set(copy.replays().values()) == {"replays"}
    assert "rest-before-the-end" in fingerprint.patches(copy.fingerprint())


def test_another_word_for_a_person_is_no_change(copy):
    copy.change("mentorship", '"""The last 20 entries, newest last."""', '"""Newest last."""')

    assert copy.fingerprint() == json.loads(fingerprint.STORED.read_text())
