"""Reads all files of a cohort at once: programme, people and pairs, and checks what must hold between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mentorship.commands import Plan
from mentorship.programme import Programme
from mentorship.reporting_line import circles
from records.profile import Profile
from schedule.plan import Plans
from schedule.working_days import Home
from starter.faults import Fault, Findings, shown
from starter.pairs_file import RosterPair, read_pairs
from starter.people_file import PeopleFile, Person, away, read_people
from starter.programme_file import ProgrammeFile, read_programme
from starter.yaml_document import KeyPath


@dataclass(frozen=True)
class Roster:
    """What a cohort starts with, free of faults."""

    programme: Programme
    people: Mapping[str, Profile]
    pairs: tuple[RosterPair, ...]

    def profiles(self) -> list[Profile]:
        """Everybody in the file. Whoever has no role gets it from the pairs."""
        mentors = {pair.mentor_id for pair in self.pairs}
        mentees = {pair.mentee_id for pair in self.pairs}
        return [
            profile if profile.role else profile.model_copy(update={"role": _role(person_id in mentors, person_id in mentees)})
            for person_id, profile in self.people.items()
        ]

    def home(self, person_id: str) -> Home:
        return Home.of(self.people[person_id], self.programme)

    def plans(self, pairs: Iterable[RosterPair], starts: datetime) -> dict[str, Plan]:
        """The calendar of each pair, by pair_id."""
        plans = Plans(self.programme, starts)
        return {pair.pair_id: plans.of(self.home(pair.mentee_id), self.home(pair.mentor_id)) for pair in pairs}


def read_roster(programme: Path, people: Path, pairs: Path, findings: Findings, *, enrolled: Collection[str] = ()) -> Roster | None:
    """What the three files say, or None with every fault of all of them in `findings`. Raises OSError when one is not there.

    `enrolled` as in `read_pairs`.
    """
    programme_file = read_programme(programme, findings)
    people_file = read_people(people, findings)
    of_file = read_pairs(pairs, people_file, programme_file.reporting_line, findings, enrolled=enrolled)
    check_circles(people_file, findings)
    if people_file.people:
        _check_contacts(programme_file, people_file, findings)
    if findings.faults or programme_file.programme is None:
        return None
    profiles = {person_id: person.profile for person_id, person in people_file.people.items()}
    return Roster(programme_file.programme, profiles, of_file)


def _role(mentor: bool, mentee: bool) -> str | None:
    if mentor and mentee:
        return "both"
    if mentor:
        return "mentor"
    return "mentee" if mentee else None


def check_circles(people: PeopleFile, findings: Findings) -> None:
    """Finds reporting lines that lead back to themselves: in them nobody could say who is above whom (H4)."""
    managers = {person_id: person.profile.manager_id for person_id, person in people.people.items()}
    for circle in circles(managers):
        cell = people.people[circle[0]].row["manager_id"]
        line = " → ".join((*circle, circle[0]))
        findings.faults.append(people.fault(cell, "manager_id", f"the reporting line leads back to itself: {line}", "a line that ends"))


def _check_contacts(programme: ProgrammeFile, people: PeopleFile, findings: Findings) -> None:
    named = [*_named(programme, "coordinators", "coordinator"), *_named(programme, "owner", "owner"), *_named(programme, "outside", "contact")]
    team = {person_id for path, person_id, _ in named if path[1] != "outside"}
    for path, person_id, role in named:
        person = people.people.get(person_id)
        if person is None and not people.whole:
            continue
        if person is None:
            findings.faults.append(programme.document.fault(path, *people.nobody(person_id)))
        elif path[1] != "outside" or person_id not in team:  # else the programme file says so itself
            findings.faults += _unfit(programme, path, person, role)


def _named(programme: ProgrammeFile, key: str, role: str) -> list[tuple[KeyPath, str, str]]:
    """(path, person_id, role that is needed) of the contacts under `key`, even if the file is faulty elsewhere."""
    value = programme.document.value(("contacts", key))
    if isinstance(value, str):
        return [(("contacts", key), value, role)]
    return [(("contacts", key, index), entry, role) for index, entry in enumerate(value if isinstance(value, list) else ()) if isinstance(entry, str)]


def _unfit(programme: ProgrammeFile, path: KeyPath, person: Person, role: str) -> list[Fault]:
    name = shown(person.profile.person_id)
    faults = []
    if person.profile.role != role:
        wrong = f"has the role {person.profile.role}" if person.profile.role else "has no role"
        faults.append(programme.document.fault(path, f"{name} {wrong}", f"the role {role}"))
    if person.profile.status != "active":
        faults.append(programme.document.fault(path, f"{name} is {away(person.profile)}", "somebody active"))
    return faults
