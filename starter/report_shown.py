"""What of a cohort's figures may be read: groups under five are left out, and what would give them away by a difference.

None stands for a number that is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mentorship.visibility import SMALLEST
from starter.report_figures import LINES, Figures, Item

_UNDECIDED, _DECIDED = ("aligning", "active", "paused"), ("completed", "ended")
"""Phases in which no certificate was decided yet, and in which it was: while it closes, a mentorship comes from the one to the other."""


def cells(counts: Mapping[str, int], unshown: Iterable[str] = ()) -> dict[str, int | None]:
    """The parts of a whole, which the reader knows. What is hidden adds up to five or more, in at least two parts, so that
    neither one part nor the hidden ones together are a small group; nothing at all is no group. `unshown` ones are hidden in any case.
    """
    hidden = {*unshown, *(name for name, count in counts.items() if 0 < count < SMALLEST)}
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


def within(inner: int, outer: int, whole: int) -> tuple[int | None, int | None]:
    """(`outer` of `whole`, `inner` of `outer`), the one among the other: where both are shown, what lies between them is no small group."""
    known = of(outer, whole)
    return known, of(inner, whole if known is None else outer)


def shown(found: Figures) -> dict[str, Any]:
    """The figures as a report has them. Of fewer than five pairs nothing but their number is shown."""
    enough = found.pairs >= SMALLEST
    return {
        "pairs": found.pairs,
        "enough": enough,
        "phases": cells(found.phases) if enough else dict.fromkeys(found.phases),
        "certificates": _certificates(found) if enough else dict.fromkeys(found.certificates),
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
        "meetings": _meetings(found.meetings) if enough else dict.fromkeys(found.meetings),
        "months": _months(found) if enough else {},
        "attention": _attention(found) if enough else {line: {"had": None, "has": None} for line in LINES},
        "goals": _goals(found.goals) if enough else dict.fromkeys(found.goals),
        "survey": [_item(one) if enough else {"item": one.item, "answers": None, "mean": None} for one in found.survey],
    }


def _certificates(found: Figures) -> dict[str, int | None]:
    """How many were issued tells how many of the certified pairs have one certificate only: a few of them would be somebody.

    How many were decided tells how many pairs are in the phases before that, and in those after it: where a phase is hidden, and is all that is
    hidden on its side, that is not told either.
    """
    pairs = {name: count for name, count in found.certificates.items() if name != "issued"}
    phases = cells(found.phases)
    hidden = [[found.phases[name] for name in side if name in phases and phases[name] is None] for side in (_UNDECIDED, _DECIDED)]
    telling = any(side and (len(side) == 1 or sum(side) < SMALLEST) for side in hidden)
    parts = cells(pairs, ("not_certified", "not_decided") if telling else ())
    issued = found.certificates["issued"]
    alone = 2 * pairs["certified"] - issued
    return {**parts, "issued": issued if parts["certified"] is not None and not 0 < alone < SMALLEST else None}


def _meetings(counts: Mapping[str, int]) -> dict[str, int | None]:
    """What was planned and not held was mostly cancelled by one of the two: the few besides are a small group as well."""
    parts = {name: of(count, counts["held"]) if name == "extra" else _sum(count) for name, count in counts.items()}
    return parts | ({"not_held": None} if _sum(abs(counts["not_held"] - counts["cancelled"])) is None else {})


def _months(found: Figures) -> dict[str, dict[str, int | None]]:
    """The months are the parts of a total that the reader knows."""
    kinds = list(next(iter(found.months.values()), {}))
    parts = {kind: cells({month: counts[kind] for month, counts in found.months.items()}) for kind in kinds}
    return {month: {kind: parts[kind][month] for kind in kinds} for month in found.months}


def _attention(found: Figures) -> dict[str, dict[str, int | None]]:
    """Whoever has a line now has had it: the difference of the two is those whose line was taken care of."""
    parts = {line: within(counts["has"], counts["had"], found.pairs) for line, counts in found.attention.items()}
    return {line: {"had": had, "has": has} for line, (had, has) in parts.items()}


def _goals(counts: Mapping[str, int]) -> dict[str, int | None]:
    """A goal that was achieved was progressed, and what is neither achieved nor dropped is open."""
    whole = counts["set"]
    progressed, achieved = within(counts["achieved"], counts["progressed"], whole)
    still = achieved is None or _sum(whole - counts["achieved"] - counts["dropped"]) is not None
    return {"set": _sum(whole), "progressed": progressed, "achieved": achieved, "dropped": of(counts["dropped"], whole) if still else None}


def _item(one: Item) -> dict[str, Any]:
    return {"item": one.item, "answers": one.answers, "mean": None if one.mean is None else round(one.mean, 2)}


def _sum(count: int) -> int | None:
    """What happened so often, over all pairs; fewer than five times would be about somebody."""
    return None if 0 < count < SMALLEST else count


def _band(count: int, whole: int) -> str:
    """In a word, where the number would say too much."""
    if of(count, whole) is not None:
        return "all" if count == whole else "none" if not count else "some"
    return "most" if 2 * count > whole else "few"
