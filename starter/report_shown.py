"""What of a cohort's figures may be read: groups under five are left out, and what would give them away by a difference.

None stands for a number that is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starter.report_figures import SMALLEST, Figures


def cells(counts: Mapping[str, int]) -> dict[str, int | None]:
    """The parts of a whole, which the reader knows. What is hidden adds up to five or more, in at least two parts, so that
    neither one part nor the hidden ones together are a small group; nothing at all is no group.
    """
    hidden = {name for name, count in counts.items() if 0 < count < SMALLEST}
    if not hidden:
        return dict(counts)
    for name in sorted(counts, key=lambda name: (counts[name] == 0, counts[name])):
        if len(hidden) >= 2 and sum(counts[other] for other in hidden) >= SMALLEST:
            break
        hidden.add(name)
    return {name: None if name in hidden else count for name, count in counts.items()}


def of(count: int, whole: int) -> int | None:
    """`count` of `whole`: neither may be a small group, nor the rest."""
    return cells({"these": count, "the rest": whole - count})["these"]


def shown(found: Figures) -> dict[str, Any]:
    """The figures as a report has them. Of fewer than five pairs nothing but their number is shown."""
    enough = found.pairs >= SMALLEST
    return {
        "pairs": found.pairs,
        "enough": enough,
        "phases": cells(found.phases) if enough else dict.fromkeys(found.phases),
        "certificates": _certificates(found, enough=enough),
        "milestones": [
            {
                "id": one.id,
                "title": one.title,
                "done": of(one.done, found.pairs) if enough else None,
                "band": _band(one.done, found.pairs) if enough else None,
                "waived": of(one.waived, one.done) if enough and of(one.done, found.pairs) is not None else None,
            }
            for one in found.milestones
        ],
        "meetings": {
            name: (of(count, found.meetings["held"]) if name == "extra" else _sum(count)) if enough else None for name, count in found.meetings.items()
        },
        "months": _months(found, enough=enough),
        "attention": {line: _attention(counts, found.pairs) if enough else dict.fromkeys(counts) for line, counts in found.attention.items()},
        "goals": {name: (_sum(count) if name == "set" else of(count, found.goals["set"])) if enough else None for name, count in found.goals.items()},
        "survey": [
            {
                "item": one.item,
                "answers": one.answers if enough else None,
                "mean": round(one.mean, 2) if enough and one.mean is not None else None,
            }
            for one in found.survey
        ],
    }


def _attention(counts: Mapping[str, int], pairs: int) -> dict[str, int | None]:
    """Pairs that had a line, and those of them that have it now: neither may be a small group, nor the difference."""
    had, has = of(counts["had"], pairs), of(counts["has"], pairs)
    return {"had": had, "has": has if had is not None and of(counts["has"], counts["had"]) is not None else None}


def _certificates(found: Figures, *, enough: bool) -> dict[str, int | None]:
    """How many were issued tells how many of the certified pairs have one certificate only: a few of them would be somebody."""
    pairs = {name: count for name, count in found.certificates.items() if name != "issued"}
    parts = cells(pairs) if enough else dict.fromkeys(pairs)
    issued = found.certificates["issued"]
    alone = 2 * pairs["certified"] - issued
    return {**parts, "issued": issued if enough and parts["certified"] is not None and not 0 < alone < SMALLEST else None}


def _months(found: Figures, *, enough: bool) -> dict[str, dict[str, int | None]]:
    """The months are the parts of a total that the reader knows."""
    kinds = list(next(iter(found.months.values()), {}))
    parts = {kind: cells({month: counts[kind] for month, counts in found.months.items()}) for kind in kinds}
    return {month: {kind: parts[kind][month] if enough else None for kind in kinds} for month in found.months}


def _sum(count: int) -> int | None:
    """What happened so often, over all pairs; fewer than five times would be about somebody."""
    return None if 0 < count < SMALLEST else count


def _band(count: int, whole: int) -> str:
    """In a word, where the number would say too much."""
    if of(count, whole) is not None:
        return "all" if count == whole else "none" if not count else "some"
    return "most" if 2 * count > whole else "few"
