"""The way between two people of one reporting line (H4), from who reports to whom alone."""

from __future__ import annotations

from collections.abc import Mapping


def way_between(one: str, other: str, managers: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """The shortest line from one of the two up to the other, both included; None when neither stands above the other.

    A manager outside `managers` ends the line there. Lines that lead back to themselves are followed once.
    """
    ways = [way for low, high in ((one, other), (other, one)) if (way := _way(low, high, managers)) is not None]
    return min(ways, key=len, default=None)


def _way(low: str, high: str, managers: Mapping[str, str | None]) -> tuple[str, ...] | None:
    way = [low]
    at = managers.get(low)
    while at is not None and at not in way:
        way.append(at)
        if at == high:
            return tuple(way)
        at = managers.get(at)
    return None
