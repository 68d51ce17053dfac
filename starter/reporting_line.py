"""Who reports to whom: how far two people are apart in one line, and lines that lead back to themselves (H4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from records.way import way_between
from starter.answer import counted


def levels_between(one: str, other: str, managers: Mapping[str, str | None]) -> int | None:
    """How many levels one of the two stands above the other, whichever it is; None when neither does.

    A manager outside `managers` ends the line there. Lines that lead back to themselves are followed once.
    """
    way = way_between(one, other, managers)
    return None if way is None else len(way) - 1


def too_near(mentor: str, mentee: str, managers: Mapping[str, str | None], limit: int | Literal["all"]) -> tuple[str, str] | None:
    """What is wrong with pairing these two, and what was expected; None when nothing is."""
    levels = levels_between(mentor, mentee, managers)
    if levels is None or (limit != "all" and levels > limit):
        return None
    expected = "nobody of the mentee's own line" if limit == "all" else f"more than {limit} levels, or another line"
    return f"mentor and mentee are {counted(levels, 'level')} apart in the reporting line", expected


def circles(managers: Mapping[str, str | None]) -> list[tuple[str, ...]]:
    """The lines that lead back to themselves, each once, from its first person in the order of `managers`."""
    settled: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in managers:
        trail: dict[str, int] = {}
        at: str | None = start
        while at is not None and at in managers and at not in settled and at not in trail:
            trail[at] = len(trail)
            at = managers[at]
        if at is not None and at in trail:
            members = set(list(trail)[trail[at] :])
            first = next(name for name in managers if name in members)
            circle, name = [first], managers[first]
            while name is not None and name != first:
                circle.append(name)
                name = managers[name]
            found.append(tuple(circle))
        settled |= trail.keys()
    return found
