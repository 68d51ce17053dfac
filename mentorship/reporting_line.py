"""Reporting lines (H4): who stands above whom and by how many levels, worked out from who reports to whom."""

from __future__ import annotations

from collections.abc import Mapping


def way_between(one: str, other: str, managers: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """The shortest line from one of the two up to the other, both included; None when neither stands above the other.

    A manager outside `managers` ends the line there. Lines that lead back to themselves are followed once.
    """
    ways = [way for low, high in ((one, other), (other, one)) if (way := _way(low, high, managers)) is not None]
    return min(ways, key=len, default=None)


def levels_between(one: str, other: str, managers: Mapping[str, str | None]) -> int | None:
    """How many levels one of the two stands above the other, whichever it is; None when neither does."""
    way = way_between(one, other, managers)
    return None if way is None else len(way) - 1


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


def _way(low: str, high: str, managers: Mapping[str, str | None]) -> tuple[str, ...] | None:
    way = [low]
    at = managers.get(low)
    while at is not None and at not in way:
        way.append(at)
        if at == high:
            return tuple(way)
        at = managers.get(at)
    return None
