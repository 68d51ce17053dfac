"""The pairs file: who meets whom, checked against the people and the programme (H4, H9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mentorship.reporting_line import levels_between
from starter.answer import counted
from starter.faults import Fault, Findings, Notice, shown
from starter.people_file import PeopleFile, Person, away, id_expected
from starter.table import Cell, Row, read_table

REQUIRED = ("pair_id", "mentor_id", "mentee_id")


@dataclass(frozen=True)
class RosterPair:
    """One line of the pairs file; all three are the company's ids."""

    pair_id: str
    mentor_id: str
    mentee_id: str


def read_pairs(
    path: Path, people: PeopleFile, reporting_line: int | Literal["all"], findings: Findings, *, enrolled: Collection[str] = ()
) -> tuple[RosterPair, ...]:
    """The pairs in that file; their faults go to `findings`. Raises OSError when there is no such file.

    `enrolled` are pair ids that run already. They are not judged again: their people may be away or gone by now, or be in one reporting line.
    """
    reader = _Reader(str(path), people, reporting_line, findings, enrolled)
    before = len(findings.faults)
    for row in read_table(path, REQUIRED, (), findings):
        reader.take(row)
    if not reader.pairs and len(findings.faults) == before:
        findings.faults.append(Fault(str(path), 1, 1, "file", "no pair in it", "at least one pair"))
    reader.notice_capacities()
    return tuple(reader.pairs)


def too_near(mentor: str, mentee: str, managers: Mapping[str, str | None], limit: int | Literal["all"]) -> tuple[str, str] | None:
    """(what is wrong with pairing these two, what was expected), or None."""
    levels = levels_between(mentor, mentee, managers)
    if levels is None or (limit != "all" and levels > limit):
        return None
    expected = "nobody of the mentee's own line" if limit == "all" else f"more than {limit} levels, or another line"
    return f"mentor and mentee are {counted(levels, 'level')} apart in the reporting line", expected


class _Reader:
    def __init__(self, path: str, people: PeopleFile, reporting_line: int | Literal["all"], findings: Findings, enrolled: Collection[str]) -> None:
        self._path = path
        self._people = people
        self._distance = reporting_line
        self._findings = findings
        self._enrolled = enrolled
        self._managers = {person_id: person.profile.manager_id for person_id, person in people.people.items()}
        self._lines: dict[str, int] = {}
        self._couples: dict[tuple[str, str], int] = {}
        self.pairs: list[RosterPair] = []

    def take(self, row: Row) -> None:
        pair_id, mentor_id, mentee_id = (row[column].text for column in REQUIRED)
        self._check_id(row["pair_id"])
        runs = pair_id in self._enrolled
        mentor = self._person(row["mentor_id"], "mentor_id", "mentor", runs=runs)
        mentee = self._person(row["mentee_id"], "mentee_id", "mentee", runs=runs)
        if mentor_id and mentor_id == mentee_id:
            self._tell(row["mentee_id"], "mentee_id", "the mentor of this pair", "somebody else")
        elif mentor is not None and mentee is not None:
            self._check_couple(row, mentor, mentee, runs=runs)
        if pair_id and mentor_id and mentee_id:
            self.pairs.append(RosterPair(pair_id, mentor_id, mentee_id))

    def notice_capacities(self) -> None:
        """Notices more pairs than a mentor's own capacity. They are allowed, since somebody paired them by hand."""
        pairs = Counter(pair.mentor_id for pair in self.pairs)
        for mentor_id, count in pairs.items():
            person = self._people.people.get(mentor_id)
            capacity = person.profile.capacity if person else None
            if person is not None and capacity is not None and count > capacity:
                cell = person.row["capacity"]
                self._findings.notices.append(Notice(self._people.path, cell.line, cell.column, "capacity", f"{capacity}, and {count} pairs in {self._path}"))

    def _check_id(self, cell: Cell) -> None:
        if not cell.text:
            return
        if (expected := id_expected(cell.text)) is not None:
            self._tell(cell, "pair_id", shown(cell.text), expected)
        elif cell.text in self._lines:
            self._tell(cell, "pair_id", f"{shown(cell.text)} stands on line {self._lines[cell.text]} already", "each pair id once")
        self._lines.setdefault(cell.text, cell.line)

    def _person(self, cell: Cell, field: str, side: str, *, runs: bool) -> Person | None:
        if not cell.text or not self._people.people:  # a people file without anybody is a fault of its own
            return None
        person = self._people.people.get(cell.text)
        if person is None and not self._people.whole:
            return None
        if person is None:
            self._tell(cell, field, *self._people.nobody(cell.text))
            return None
        if runs:
            return person
        if person.profile.role not in {None, side, "both"}:
            self._tell(cell, field, f"{shown(cell.text)} has the role {person.profile.role}", f"{side} or both")
        if person.profile.status != "active":
            self._tell(cell, field, f"{shown(cell.text)} is {away(person.profile)}", "somebody active")
        return person

    def _check_couple(self, row: Row, mentor: Person, mentee: Person, *, runs: bool) -> None:
        couple = (mentor.profile.person_id, mentee.profile.person_id)
        if couple in self._couples:
            self._tell(row["mentor_id"], "mentor_id", f"the same pair as on line {self._couples[couple]}", "each pair once")
            return
        self._couples[couple] = row.line
        if runs:
            return
        if (near := too_near(*couple, self._managers, self._distance)) is not None:
            self._tell(row["mentor_id"], "mentor_id", *near)

    def _tell(self, cell: Cell, field: str, wrong: str, expected: str) -> None:
        self._findings.faults.append(Fault(self._path, cell.line, cell.column, field, wrong, expected))
