"""Who may meet whom, and how well they would fit: the hard rules of pairing and the programme's criteria (H4, H9).

Computed for many pairs at once. Needs numpy (the extra `pairing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mentorship.programme import Condition, Pairing

Mask = NDArray[np.bool_]
Rule = Literal["capacity", "self", "earlier", "excluded", "reporting_line"] | int
"""A rule that bars a pair; a number is its place in `pairing.require`, from 0."""

_ROWS = 256


@dataclass(frozen=True)
class Party:
    """One person on one side. `cells` has the entries of each field that the criteria name, as written."""

    person_id: str
    capacity: int = 1
    cells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def entries(self, name: str) -> tuple[str, ...]:
        return self.cells.get(name, ())


@dataclass(frozen=True)
class Panel:
    """Everybody to be paired, in the order of their ids.

    `managers` has everybody's manager in the whole file; `earlier` and `excluded` are couples of ids, in any order.
    """

    mentees: Sequence[Party]
    mentors: Sequence[Party]
    pairing: Pairing
    managers: Mapping[str, str | None]
    reporting_line: int | Literal["all"]
    earlier: Collection[tuple[str, str]] = ()
    excluded: Collection[tuple[str, str]] = ()

    def allowed(self) -> Mask:
        """Which mentee (row) may have which mentor (column)."""
        return np.vstack([self._allowed(rows) for rows in _blocks(len(self.mentees))]) if self.mentees else np.zeros((0, len(self.mentors)), dtype=bool)

    def scores(self) -> NDArray[np.int32]:
        """What each pair would score by the criteria, whether it is allowed or not."""
        scores = np.zeros((len(self.mentees), len(self.mentors)), dtype=np.int32)
        for rows in _blocks(len(self.mentees)):
            for criterion, met in zip(self.pairing.criteria, self._criteria, strict=True):
                scores[rows] += met.block(rows).astype(np.int32) * np.int32(criterion.score)
        return scores

    def barred(self, mentee: int) -> list[tuple[Rule, Mask]]:
        """For one mentee, every rule with the mentors that it bars."""
        rows = slice(mentee, mentee + 1)
        return [(rule, mask[0]) for rule, mask in self._rules(rows)]

    def met(self, mentee: int, mentor: int) -> list[int]:
        """The places in `pairing.criteria` of the criteria that this pair meets."""
        rows = slice(mentee, mentee + 1)
        return [place for place, met in enumerate(self._criteria) if met.block(rows)[0, mentor]]

    def _allowed(self, rows: slice) -> Mask:
        allowed = np.ones((len(self.mentees[rows]), len(self.mentors)), dtype=bool)
        for _, mask in self._rules(rows):
            allowed &= ~mask
        return allowed

    def _rules(self, rows: slice) -> Iterable[tuple[Rule, Mask]]:
        shape = (len(self.mentees[rows]), len(self.mentors))
        yield "capacity", np.broadcast_to(self._full, shape)
        couples: tuple[tuple[Rule, Mapping[int, list[int]]], ...] = (
            ("self", self._selves),
            ("earlier", self._earlier),
            ("excluded", self._excluded),
            ("reporting_line", self._in_line),
        )
        start, stop = rows.start, rows.start + shape[0]
        for name, found in couples:
            mask = np.zeros(shape, dtype=bool)
            for mentee in range(start, stop):
                if mentors := found.get(mentee):
                    mask[mentee - start, mentors] = True
            yield name, mask
        for place, met in enumerate(self._requirements):
            yield place, ~met.block(rows)

    @cached_property
    def _full(self) -> Mask:
        return np.array([mentor.capacity <= 0 for mentor in self.mentors], dtype=bool)

    @cached_property
    def _mentee_at(self) -> dict[str, int]:
        return {party.person_id: place for place, party in enumerate(self.mentees)}

    @cached_property
    def _mentor_at(self) -> dict[str, int]:
        return {party.person_id: place for place, party in enumerate(self.mentors)}

    @cached_property
    def _selves(self) -> dict[int, list[int]]:
        return {place: [self._mentor_at[name]] for name, place in self._mentee_at.items() if name in self._mentor_at}

    @cached_property
    def _earlier(self) -> dict[int, list[int]]:
        return self._places(self.earlier)

    @cached_property
    def _excluded(self) -> dict[int, list[int]]:
        return self._places(self.excluded)

    @cached_property
    def _in_line(self) -> dict[int, list[int]]:
        """The mentors barred for being above or below a mentee, up to the programme's number of levels. A circle is followed once."""
        found: list[tuple[str, str]] = []
        for name in {*self._mentee_at, *self._mentor_at}:
            at, level, seen = self.managers.get(name), 1, {name}
            while at is not None and at not in seen and (self.reporting_line == "all" or level <= self.reporting_line):
                found.append((name, at))
                seen.add(at)
                at, level = self.managers.get(at), level + 1
        return self._places(found)

    def _places(self, couples: Iterable[tuple[str, str]]) -> dict[int, list[int]]:
        """The mentors that these couples bar for each mentee; a couple's order does not matter."""
        found: dict[int, list[int]] = {}
        for one, other in couples:
            for low, high in ((one, other), (other, one)):
                if low in self._mentee_at and high in self._mentor_at:
                    found.setdefault(self._mentee_at[low], []).append(self._mentor_at[high])
        return found

    @cached_property
    def _criteria(self) -> list[_Met]:
        return [_met(criterion.when, self.mentees, self.mentors) for criterion in self.pairing.criteria]

    @cached_property
    def _requirements(self) -> list[_Met]:
        return [_met(requirement.when, self.mentees, self.mentors) for requirement in self.pairing.require]


class _Met(Protocol):
    """Whether a condition holds, for some mentees and all mentors."""

    def block(self, rows: slice) -> Mask: ...


class _Same(_Met):
    def __init__(self, mentees: Sequence[frozenset[str]], mentors: Sequence[frozenset[str]]) -> None:
        codes = {entries: code for code, entries in enumerate(dict.fromkeys([*mentees, *mentors])) if entries}
        self._mentees = np.array([codes.get(entries, -1) for entries in mentees])
        self._mentors = np.array([codes.get(entries, -2) for entries in mentors])

    def block(self, rows: slice) -> Mask:
        equal: Mask = np.equal.outer(self._mentees[rows], self._mentors)
        return equal


class _InCommon(_Met):
    """If `wanted`, the two have an entry in common; if not, they have none although both have entries."""

    def __init__(self, mentees: Sequence[frozenset[str]], mentors: Sequence[frozenset[str]], *, wanted: bool) -> None:
        self._wanted = wanted
        self._mentees = mentees
        self._count = len(mentors)
        self._having: dict[str, list[int]] = {}
        for place, entries in enumerate(mentors):
            for entry in entries:
                self._having.setdefault(entry, []).append(place)
        self._says = np.array([bool(entries) for entries in mentors], dtype=bool)

    def block(self, rows: slice) -> Mask:
        chosen = self._mentees[rows]
        common = np.zeros((len(chosen), self._count), dtype=bool)
        for row, entries in enumerate(chosen):
            for entry in entries:
                common[row, self._having.get(entry, [])] = True
        if self._wanted:
            return common
        says = np.array([bool(entries) for entries in chosen], dtype=bool)
        different: Mask = ~common & says[:, None] & self._says[None, :]
        return different


class _Above(_Met):
    def __init__(self, mentees: Sequence[float], mentors: Sequence[float], least: float, most: float) -> None:
        self._mentees, self._mentors = np.array(mentees, dtype=float), np.array(mentors, dtype=float)
        self._least, self._most = least, most

    def block(self, rows: slice) -> Mask:
        steps = self._mentors[None, :] - self._mentees[rows, None]
        return np.array((steps >= self._least) & (steps <= self._most), dtype=bool)  # a nan is neither


def _met(condition: Condition, mentees: Sequence[Party], mentors: Sequence[Party]) -> _Met:
    theirs, ours = condition.fields
    if condition.above is not None:
        order = {step.casefold(): float(place) for place, step in enumerate(condition.above.order)}
        most = float("inf") if condition.above.most is None else condition.above.most
        return _Above([_step(p, theirs, order) for p in mentees], [_step(p, ours, order) for p in mentors], condition.above.least, most)
    low = [_folded(party, theirs) for party in mentees]
    high = [_folded(party, ours) for party in mentors]
    if condition.same is not None:
        return _Same(low, high)
    return _InCommon(low, high, wanted=condition.shares is not None)


def _folded(party: Party, name: str) -> frozenset[str]:
    return frozenset(entry.casefold() for entry in party.entries(name))


def _step(party: Party, name: str, order: Mapping[str, float]) -> float:
    """Somebody's step on the scale; nan for a blank, for several entries, or for what is not on the scale."""
    entries = party.entries(name)
    if len(entries) != 1:
        return float("nan")
    if order:
        return order.get(entries[0].casefold(), float("nan"))
    try:
        return float(entries[0])
    except ValueError:
        return float("nan")


def _blocks(count: int) -> list[slice]:
    return [slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS)]
