"""What pairing reads and writes: the people with the columns that the criteria name, earlier pairs, and the new pairs file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mentorship.programme import Condition, Programme
from starter.faults import Findings, Notice, one_of, perhaps, shown
from starter.pairing_rules import Panel, Party
from starter.pairs_file import REQUIRED as PAIRS_COLUMNS
from starter.people_file import OPTIONAL, REQUIRED, PeopleFile, away, read_people
from starter.programme_file import ProgrammeFile, read_programme
from starter.roster import check_circles
from starter.table import read_table
from starter.yaml_document import KeyPath

EXCLUDE = "exclude"
"""An optional column: ids, separated by `|`, of people with whom somebody is never paired. It is enough if one of the two names the other."""


@dataclass(frozen=True)
class Earlier:
    """Earlier pairs: who they were (mentor, mentee), and the ids that are taken."""

    couples: tuple[tuple[str, str], ...] = ()
    pair_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Given:
    """All that pairing starts from, free of faults. `left_out` says why a mentor or mentee in the file is not paired."""

    panel: Panel
    left_out: dict[str, str]
    earlier: Earlier


def read_all(people: Path, programme: Path, earlier: Sequence[Path], findings: Findings) -> Given | None:
    """What the files give, or None with every fault of all of them in `findings`. Raises OSError when one is not there."""
    programme_file = read_programme(programme, findings)
    fields = _fields(programme_file.programme)
    people_file = read_people(people, findings, more=[name for name in (*fields, EXCLUDE) if name not in (*REQUIRED, *OPTIONAL)])
    check_circles(people_file, findings)
    before = _read_earlier(earlier, findings)
    if programme_file.programme is not None and people_file.people:
        _check_columns(programme_file, people_file, fields, findings)
    if findings.faults or programme_file.programme is None:
        return None
    known = programme_file.programme
    panel, left_out = _panel(known, people_file, fields, before, _exclusions(people_file, findings))
    return None if findings.faults else Given(panel, left_out, before)


def pairs_csv(pairs: Iterable[tuple[str, str, str]]) -> str:
    """The text of a pairs file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PAIRS_COLUMNS)
    writer.writerows(pairs)
    return text.getvalue()


def _fields(programme: Programme | None) -> list[str]:
    """The columns that requirements and criteria name, in lower case as headers are read."""
    return list(dict.fromkeys(name for when in _conditions(programme).values() for name in when.fields))


def _check_columns(programme: ProgrammeFile, people: PeopleFile, fields: Sequence[str], findings: Findings) -> None:
    """A condition on a missing column can never be met. A misspelt column is a fault; an optional one that was left out is a notice."""
    there = next(iter(people.people.values())).row.cells
    conditions = _conditions(programme.programme)
    for name in fields:
        if name in there:
            continue
        path = next(path for path, when in conditions.items() if name in when.fields)
        if name in OPTIONAL and path[1] == "criteria":
            place = programme.document.place(path)
            findings.notices.append(Notice(programme.document.path, *place, "pairing.criteria", f"{people.path} has no column {name}: never met"))
        else:
            findings.faults.append(programme.document.fault(path, f"{people.path} has no column {shown(name)}", perhaps(name, there, one_of(there))))


def _conditions(programme: Programme | None) -> dict[KeyPath, Condition]:
    """Requirements and criteria, by their place in the programme file."""
    if programme is None:
        return {}
    pairing = programme.pairing
    required: dict[KeyPath, Condition] = {("pairing", "require", place, "when"): part.when for place, part in enumerate(pairing.require)}
    return required | {("pairing", "criteria", place, "when"): part.when for place, part in enumerate(pairing.criteria)}


def _panel(programme: Programme, people: PeopleFile, fields: Sequence[str], earlier: Earlier, excluded: list[tuple[str, str]]) -> tuple[Panel, dict[str, str]]:
    left_out: dict[str, str] = {}
    mentees: list[Party] = []
    mentors: list[Party] = []
    for name, person in sorted(people.people.items()):
        role = person.profile.role
        if role not in {None, "mentor", "mentee", "both"}:
            continue
        if role is None:
            left_out[name] = "no role in the file"
        elif person.profile.status != "active":
            left_out[name] = away(person.profile)
        else:
            cells = {field: person.row[field].entries for field in fields}
            room = person.profile.capacity if person.profile.capacity is not None else programme.pairing.mentees_per_mentor
            mentees += [Party(name, 1, cells)] if role in {"mentee", "both"} else []
            mentors += [Party(name, room, cells)] if role in {"mentor", "both"} else []
    managers = {name: person.profile.manager_id for name, person in people.people.items()}
    return Panel(mentees, mentors, programme.pairing, managers, programme.reporting_line, earlier.couples, tuple(excluded)), left_out


def _exclusions(people: PeopleFile, findings: Findings) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, person in people.people.items():
        cell = person.row[EXCLUDE]
        for other in cell.entries:
            if other not in people.people:
                findings.notices.append(Notice(people.path, cell.line, cell.column, EXCLUDE, f"nobody with the id {shown(other)} in this file"))
            found.append((name, other))
    return found


def _read_earlier(paths: Sequence[Path], findings: Findings) -> Earlier:
    """Reads earlier pairs. Their people need not be in the people file any more."""
    couples: list[tuple[str, str]] = []
    pair_ids: set[str] = set()
    for path in paths:
        for row in read_table(path, PAIRS_COLUMNS, (), findings):
            couples.append((row["mentor_id"].text, row["mentee_id"].text))
            pair_ids.add(row["pair_id"].text)
    return Earlier(tuple(couples), frozenset(pair_ids))
