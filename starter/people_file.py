"""The people file: turns a CSV into profiles, and reports every fault in it at once, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mentorship.blank import is_blank
from records.address import is_address, normal_form
from records.profile import Profile
from schedule.calendar import zone_names
from schedule.working_days import country_codes
from starter.faults import Fault, Findings, Notice, one_of, perhaps, shown
from starter.programme_file import language_fault, zone_expected
from starter.table import Cell, Row, is_whole, read_table

REQUIRED = ("person_id", "name", "email")
OPTIONAL = ("role", "time_zone", "language", "country", "manager_id", "department", "skills", "goals", "capacity", "status")
ROLES = ("mentor", "mentee", "both", "coordinator", "owner", "contact")
STATUSES = ("active", "leave", "gone")
_MOST = 1000
_UNCOMPUTED = re.compile(r"=.*|#(?:NV|\w/\w+|[¡¿]?[^\W\d_]+(?:/0)?[!?])")
"""A formula, or the error of a spreadsheet's formula: `#N/A`, `#REF!`, `#NAME?`; each language has its own."""


@dataclass(frozen=True)
class Person:
    """One person, and their row. A faulty cell gets its default, so that the rest can be checked."""

    profile: Profile
    row: Row


@dataclass(frozen=True)
class PeopleFile:
    path: str
    people: Mapping[str, Person]
    whole: bool = True
    """Whether it was read to its end; if not, nobody can be said to be missing from it."""

    def fault(self, cell: Cell, field: str, wrong: str, expected: str) -> Fault:
        return Fault(self.path, cell.line, cell.column, field, wrong, expected)

    def nobody(self, person_id: str) -> tuple[str, str]:
        """(what is wrong, what was expected) for an id that is nobody's here."""
        return f"nobody with the id {shown(person_id)} in {self.path}", perhaps(person_id, self.people, "a person_id of that file")


def read_people(path: Path, findings: Findings, more: Sequence[str] = ()) -> PeopleFile:
    """The people in that file, by person_id; its faults go to `findings`. Raises OSError when there is no such file.

    `more` are the operator's own columns, in lower case, which the rows keep: pairing's criteria may name any.
    """
    people: dict[str, Person] = {}
    file = PeopleFile(str(path), people)
    by_address: dict[str, int] = {}
    before = len(findings.faults)
    for row in read_table(path, REQUIRED, (*OPTIONAL, *more), findings):
        known = _Reader(file, row, findings).profile()
        address = normal_form(row["email"].text)
        if address and (line := by_address.setdefault(address, row["email"].line)) != row["email"].line:
            findings.faults.append(file.fault(row["email"], "email", f"the same address as on line {line}", "each address once, since mail is private"))
        if known is None:
            continue
        if (first := people.get(known.person_id)) is not None:
            wrong = f"{shown(known.person_id)} stands on line {first.row['person_id'].line} already"
            findings.faults.append(file.fault(row["person_id"], "person_id", wrong, "each person once"))
        people.setdefault(known.person_id, Person(known, row))
    if not people and len(findings.faults) == before:
        findings.faults.append(Fault(file.path, 1, 1, "file", "nobody in it", "at least one person"))
    findings.faults += _misnamed_managers(file)
    findings.notices += _unparted_lists(file)
    return replace(file, whole=is_whole(file.path, findings))


def id_expected(text: str) -> str | None:
    """What was expected instead of this id of the company's; None if it will do. Ids become parts of web addresses."""
    if len(text) > 100 or re.search(r"[\s|/?#%\\]", text):
        return "at most 100 characters without blanks and without | / ? # % \\"
    return None


def away(profile: Profile) -> str:
    """How somebody is who is not active."""
    return "on leave" if profile.status == "leave" else "gone"


def _misnamed_managers(file: PeopleFile) -> Iterator[Fault]:
    """Managers who are named by something other than their id.

    Managers need not be in the file, so a name, an address or an id in other case would pass as somebody outside it. Then a manager could be
    paired with somebody who reports to them, as if they were strangers (H4).
    """
    profiles = [person.profile for person in file.people.values()]
    meant = {key: profile.person_id for profile in profiles for key in (profile.name.casefold(), normal_form(profile.email), profile.person_id.casefold())}
    for person in file.people.values():
        manager, cell = person.profile.manager_id, person.row["manager_id"]
        if manager is None or manager in file.people:
            continue
        if (known := meant.get(manager.casefold()) or meant.get(normal_form(manager))) is not None:
            yield file.fault(cell, "manager_id", f"{shown(manager)} is nobody's person_id", f"{known} perhaps")
        elif (expected := id_expected(manager)) is not None:
            yield file.fault(cell, "manager_id", shown(manager), f"a person_id: {expected}")


def _unparted_lists(file: PeopleFile) -> Iterator[Notice]:
    """Lists whose entries are separated by `,` or `;`: each counts as one long entry, which has nothing in common with anybody's."""
    for column in ("skills", "goals"):
        cells = [cell for person in file.people.values() if re.search("[,;]", (cell := person.row[column]).text) and "|" not in cell.text]
        if cells:
            more = f", with {len(cells) - 1} more like it" if cells[1:] else ""
            yield Notice(file.path, cells[0].line, cells[0].column, column, f"{shown(cells[0].text)} is one entry{more}; entries have | between them")


class _Reader:
    """Reads one row; each faulty cell is reported and becomes None."""

    def __init__(self, file: PeopleFile, row: Row, findings: Findings) -> None:
        self._file = file
        self._row = row
        self._findings = findings
        self._uncomputed = {column for column, cell in row.cells.items() if _UNCOMPUTED.fullmatch(cell.text)}

    def profile(self) -> Profile | None:
        for column in self._uncomputed:
            self._tell(column, f"{shown(self._row[column].text)} is a spreadsheet's formula or its error", "a value, or nothing")
        person_id = self._row["person_id"].text
        if person_id and "person_id" not in self._uncomputed and (expected := id_expected(person_id)) is not None:
            self._tell("person_id", shown(person_id), expected)
        values: dict[str, Any] = {
            "person_id": person_id,
            "name": self._read("name", _name),
            "email": self._read("email", _email),
            "role": self._read("role", _choice(ROLES)),
            "time_zone": self._read("time_zone", _zone),
            "language": self._read("language", _language),
            "country": self._read("country", _country),
            "manager_id": self._read("manager_id", str),
            "department": self._read("department", str),
            "skills": self._row["skills"].entries,
            "goals": self._row["goals"].entries,
            "capacity": self._read("capacity", _capacity),
            "status": self._read("status", _choice(STATUSES)) or "active",
        }
        for column in OPTIONAL:
            if column not in self._row.cells:
                del values[column]  # a file without this column says nothing of it
        if not person_id:
            return None
        if person_id == values.get("manager_id"):
            self._tell("manager_id", "the person's own id", "somebody else's, or nothing")
            values["manager_id"] = None
        return Profile.model_validate(values | {name: values[name] or "" for name in ("name", "email")})

    def _read(self, column: str, read: Callable[[str], Any]) -> Any:
        text = self._row[column].text
        if not text or column in self._uncomputed:
            return None
        try:
            return read(text)
        except _Expected as expected:
            self._tell(column, expected.wrong, expected.words)
            return None

    def _tell(self, column: str, wrong: str, expected: str) -> None:
        self._findings.faults.append(self._file.fault(self._row[column], column, wrong, expected))


class _Expected(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, words: str, wrong: str) -> None:
        super().__init__(words)
        self.words = words
        self.wrong = wrong


def _name(text: str) -> str:
    if is_blank(text):
        raise _Expected("a name that can be seen", f"{shown(text)} shows nothing")
    if len(text) > 200:
        raise _Expected("at most 200 characters", f"{len(text)} characters")
    return text


def _email(text: str) -> str:
    if not is_address(text):
        raise _Expected("an e-mail address such as ana@example.com, in ASCII before the @", f"{shown(text)} is not an e-mail address")
    return text


def _choice(names: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.casefold() not in names:
            raise _Expected(one_of(names), f"{shown(text)} is not one of them")
        return text.casefold()

    return read


def _zone(text: str) -> str:
    if text not in zone_names():
        raise _Expected(zone_expected(text), f"unknown time zone {shown(text)}")
    return text


def _language(text: str) -> str:
    if (expected := language_fault(text)) is not None:
        raise _Expected(expected, f"{shown(text)} is not a language")
    return text


def _country(text: str) -> str:
    if text.upper() not in country_codes():
        country = text.upper().partition("-")[0]
        parts = [code for code in country_codes() if code.startswith(f"{country}-")] if country in country_codes() else []
        raise _Expected(perhaps(text, parts, "an ISO 3166 code such as DE or DE-BY"), f"unknown country {shown(text)}")
    return text.upper()


def _capacity(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise _Expected(f"a whole number from 0 to {_MOST}, or nothing", f"{shown(text)} is not a whole number")
    if int(text) > _MOST:
        raise _Expected(f"at most {_MOST}", f"{shown(text)} is too big")
    return int(text)
