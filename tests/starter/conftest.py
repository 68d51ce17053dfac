"""A small programme and roster that are right, to be spoilt by each test; and the command line as it is called."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from starter import cli
from starter.faults import Findings
from starter.programme_file import read_programme
from starter.roster import Roster, read_roster

PROGRAMME = """\
programme:
  id: spring
  version: 1
  title: Spring
  length: P26W
  time_zone: Europe/Berlin
  languages: [en, de]
contacts:
  coordinators: [ana]
  owner: lee
  outside: [sam]
meetings:
  count: 12
  first_after: P7D
  interval: P14D
  duration: PT1H
  time_of_day: "10:00"
sessions:
  - {topic: Getting started, expectations: true}
  - {topic: Career stories}
  - {topic: Looking back, closing: true}
milestones:
  - {id: aligned, title: Expectations agreed, when: expectations_confirmed}
  - {id: goal, title: A goal, when: goal_set}
  - {id: shadowing, title: A day of shadowing}
"""
PEOPLE = """\
person_id,name,email,role,time_zone,language,country,manager_id,skills,goals,capacity,status
ana,Ana,ana@example.com,coordinator,,,,,,,,
lee,Lee,lee@example.com,owner,,,,,,,,
sam,Sam,sam@example.com,contact,,,,,,,,
m1,Mia,mia@example.com,mentor,Europe/Berlin,de,DE,boss,a|b,,1,active
m2,Max,max@example.com,both,,,,m1,,,,
e1,Eve,eve@example.com,mentee,America/New_York,en,US,other,,a,,
e2,Eli,eli@example.com,,,,,,,,,
"""
PAIRS = """\
pair_id,mentor_id,mentee_id
p1,m1,e1
p2,m2,e2
"""


@dataclass
class Files:
    """The three files of a cohort in a folder of their own; each test writes what it needs into them."""

    folder: Path

    @property
    def programme(self) -> Path:
        return self.folder / "programme.yaml"

    @property
    def people(self) -> Path:
        return self.folder / "people.csv"

    @property
    def pairs(self) -> Path:
        return self.folder / "pairs.csv"

    def write(self, programme: str = PROGRAMME, people: str | bytes = PEOPLE, pairs: str | bytes = PAIRS) -> Files:
        for path, content in ((self.programme, programme), (self.people, people), (self.pairs, pairs)):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def options(self, cohort: str = "spring-27", starts: str = "2099-03-02") -> list[str]:
        named = ["--programme", str(self.programme), "--people", str(self.people), "--pairs", str(self.pairs)]
        return [*named, "--cohort", cohort, "--starts", starts]

    def read(self) -> tuple[Roster | None, list[str], list[str]]:
        """(roster, faults, notices), the lines without their folder."""
        findings = Findings()
        roster = read_roster(self.programme, self.people, self.pairs, findings)
        return roster, self._short(findings.sorted_faults()), self._short(findings.sorted_notices())

    def faults(self) -> list[str]:
        return self.read()[1]

    def check(self) -> tuple[list[str], list[str]]:
        """(faults, notices) of the programme file alone."""
        findings = Findings()
        read_programme(self.programme, findings)
        return self._short(findings.sorted_faults()), self._short(findings.sorted_notices())

    def _short(self, found: list[Any]) -> list[str]:
        return [str(one).removeprefix(f"{self.folder}/").replace(f"{self.folder}/", "") for one in found]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path).write()


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The command line in this process, through the same door as the installed command."""

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mentorship", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        told = capsys.readouterr()
        return Ran(int(left.value.code or 0), told.out, told.err)

    return call
