"""A programme file that is right, to be spoilt by each test, and what is told of it."""

from __future__ import annotations

from pathlib import Path

from starter.faults import Findings
from starter.programme_file import read_programme

REQUIRED = {
    "programme": "{id: x, version: 1, title: X, length: P26W, time_zone: UTC}",
    "contacts": "{coordinators: [a], owner: b, outside: [c]}",
    "meetings": "{count: 2, first_after: P7D, interval: P14D, duration: PT1H}",
    "sessions": "[{topic: A, expectations: true}]",
    "milestones": "[{id: m, title: M, when: goal_set}]",
}
HEAD = "{{id: x, version: 1, title: X, length: P26W, time_zone: UTC, {}}}"
MEETINGS = "{{count: 2, first_after: P7D, interval: P14D, duration: PT1H, {}}}"


def checked(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    read_programme(path, findings)
    strip = f"{tmp_path}/"
    return [str(f).removeprefix(strip) for f in findings.sorted_faults()], [str(n).removeprefix(strip) for n in findings.sorted_notices()]


def faults_of(tmp_path: Path, **keys: str | None) -> list[str]:
    """The faults of a file whose keys each stand on one line, with these put in or (None) left out."""
    lines = REQUIRED | keys
    return checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in lines.items() if value is not None) + "\n")[0]
