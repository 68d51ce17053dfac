"""Which of a cohort's figures may be read. Groups under five are left out, and so is whatever would give them away by a difference.

None means a number that is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mentorship.visibility import SMALLEST
from starter.report_figures import LINES, Figures, Item

_UNDECIDED, _DECIDED = ("aligning", "active", "paused"), ("completed", "ended")
"""Phases before and after certificates are decided. A mentorship passes from the one to the other while it is closing."""


def cells(counts: Mapping[str, int], unshown: Iterable[str] = ()) -> dict[str, int | None]:
    """The parts of a whole that the reader knows. Hidden parts are at least two and add up to five or more, so that neither one of them nor all
    of them together are a small group. A part of zero is no group. `unshown` parts are hidden in any case.
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
    """`count` out of `whole`, unless it or the rest is a small group."""
    return cells({"these": count, "the rest": whole - count})["these"]


def within(inner: int, outer: int, whole: int) -> tuple[int | None, int | None]:
    """(`outer` out of `whole`, `inner` out of `outer`), where `inner` is a part of `outer`. If both are shown, their difference is no small group."""
    known = of(outer, whole)
    return known, of(inner, whole if known is None else outer)


def shown(found: Figures) -> dict[str, Any]:
    """The figures as a report has them. For fewer than five pairs, it shows only their number."""
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
    """The number issued tells how many certified pairs have only one certificate. If those are a small group, it is hidden.

    The number decided tells how many pairs are in the phases before the decision, and in those after it. If a hidden phase is all that is
    hidden on its side, or the hidden ones there are a small group, the number decided is hidden too.
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
    """Most planned meetings that were not held were cancelled by one of the two. If the others are a small group, `not_held` is hidden."""
    parts = {name: of(count, counts["held"]) if name == "extra" else _sum(count) for name, count in counts.items()}
    return parts | ({"not_held": None} if _sum(abs(counts["not_held"] - counts["cancelled"])) is None else {})


def _months(found: Figures) -> dict[str, dict[str, int | None]]:
    """Months are parts of a total that the reader knows."""
    kinds = list(next(iter(found.months.values()), {}))
    parts = {kind: cells({month: counts[kind] for month, counts in found.months.items()}) for kind in kinds}
    return {month: {kind: parts[kind][month] for kind in kinds} for month in found.months}


def _attention(found: Figures) -> dict[str, dict[str, int | None]]:
    """Pairs that have a line now are among those that had it: the difference is those whose line was taken care of."""
    parts = {line: within(counts["has"], counts["had"], found.pairs) for line, counts in found.attention.items()}
    return {line: {"had": had, "has": has} for line, (had, has) in parts.items()}


def _goals(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Achieved goals are among the progressed ones, and goals that are neither achieved nor dropped are open."""
    whole = counts["set"]
    progressed, achieved = within(counts["achieved"], counts["progressed"], whole)
    still = achieved is None or _sum(whole - counts["achieved"] - counts["dropped"]) is not None
    return {"set": _sum(whole), "progressed": progressed, "achieved": achieved, "dropped": of(counts["dropped"], whole) if still else None}


def _item(one: Item) -> dict[str, Any]:
    return {"item": one.item, "answers": one.answers, "mean": None if one.mean is None else round(one.mean, 2)}


def _sum(count: int) -> int | None:
    """How often something happened over all pairs; None for one to four times, which would be about somebody."""
    return None if 0 < count < SMALLEST else count


def _band(count: int, whole: int) -> str:
    """The number as a word, for when the number itself would say too much."""
    if of(count, whole) is not None:
        return "all" if count == whole else "none" if not count else "some"
    return "most" if 2 * count > whole else "few"
