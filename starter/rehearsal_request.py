"""What is rehearsed and what came of it. These values travel between the operators' command and the process that runs the workflows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from mentorship.instant import Instant
from mentorship.people import Pair, Side
from mentorship.programme import Programme
from records.profile import Profile
from records.value import Value
from starter.rehearsal_personas import Persona


class Couple(Value):
    """One line of the pairs file; the company's own ids."""

    pair_id: str
    mentor_id: str
    mentee_id: str

    def person(self, side: Side) -> str:
        return self.mentor_id if side == "mentor" else self.mentee_id

    @property
    def pair(self) -> Pair:
        return Pair(mentor=self.mentor_id, mentee=self.mentee_id)


def groups(pairs: Iterable[Couple]) -> list[list[Couple]]:
    """Groups of pairs that share people, directly or through others. Pairs keep the given order; groups are in the order of their first pair."""
    group: dict[str, str] = {}

    def find(name: str) -> str:
        while group.setdefault(name, name) != name:
            group[name] = name = group[group[name]]
        return name

    listed = list(pairs)
    for couple in listed:
        group[find(couple.mentor_id)] = find(couple.mentee_id)
    found: dict[str, list[Couple]] = {}
    for couple in listed:
        found.setdefault(find(couple.mentee_id), []).append(couple)
    return list(found.values())


class Request(Value):
    """A whole cohort on paper. `personas` says how each person of a pair behaves; `seed` decides everything else."""

    programme: Programme
    people: tuple[Profile, ...]
    pairs: tuple[Couple, ...]
    starts: Instant
    personas: dict[str, Persona]
    seed: int = 0


class Mail(NamedTuple):
    """One mail that was sent. `exempt` ones (changes, the certificate) do not count against the budget. Mails sort by instant.

    It is a tuple, since ten thousand pairs get half a million.
    """

    at: Instant
    person_id: str
    kind: str
    pair_id: str
    exempt: bool = False


class Unsent(Value):
    """One mail that was not sent, and why: over_budget, too_late, superseded."""

    at: Instant
    kind: str
    to: str
    pair_id: str
    why: str


class Line(Value):
    """One line of the coordinators' list, and from when to when it was open."""

    pair_id: str
    line: str
    opened_at: Instant
    closed_at: Instant | None = None


class PairResult(Value):
    pair_id: str
    phase: str
    milestones_done: int
    milestones_total: int
    meetings_held: int
    certificates: int
    ended: str | None = None
    over_at: Instant | None = None


class History(Value):
    """What one mentorship cost Temporal; only the real run knows it. `actions` are what Temporal Cloud bills."""

    pair_id: str
    events: int
    bytes: int
    actions: int


class Rehearsed(Value):
    mode: Literal["fast", "real"]
    mails: tuple[Mail, ...]
    unsent: tuple[Unsent, ...]
    lines: tuple[Line, ...]
    pairs: tuple[PairResult, ...]
    histories: tuple[History, ...] = ()
