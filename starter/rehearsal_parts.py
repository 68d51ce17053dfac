"""Splits a cohort into independent parts, so that more than one core can rehearse it.

Pairs that share a person are in one part, so that a person's mails still count over all their pairs. Coordinators are in every part, since
their mails are exempt from any budget.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from starter import rehearsal_fast
from starter.rehearsal_request import Couple, Rehearsed, Request, groups

WORTH_IT = 200
"""With fewer pairs than this, a rehearsal by the rules alone is done before one more process has started."""

LONG = 500
"""How many pairs a part has if there are many, so that progress can be shown. Not fewer, since each part plans its calendars anew."""


def rehearse_fast(request: Request, progress: Callable[[int], None] = lambda _: None) -> Rehearsed:
    """Rehearses by the rules alone, on all cores if there are many pairs. `progress` gets how many are through."""
    parts = split(request, max(1, min(len(cores()), len(request.pairs) // WORTH_IT), len(request.pairs) // LONG))
    through, found = 0, list[Rehearsed]()
    with rehearsal_fast.no_collection():
        for part, result in zip(parts, _results(parts), strict=True):
            found.append(result)
            through += len(part.pairs)
            progress(through)
        return joined(request, found)


def _results(parts: Sequence[Request]) -> Iterator[Rehearsed]:
    if len(parts) == 1 or len(cores()) == 1:
        yield from map(_result, parts)
        return
    with ProcessPoolExecutor(min(len(cores()), len(parts)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(_result, parts)


def _result(part: Request) -> Rehearsed:
    return rehearsal_fast.rehearse(part, keep=False).result


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))


def split(request: Request, most: int) -> tuple[Request, ...]:
    """Up to `most` parts of nearly the same size, none empty. The largest groups of pairs that share people are dealt out first."""
    dealt: list[list[Couple]] = [[] for _ in range(most)]
    for couples in sorted(groups(request.pairs), key=len, reverse=True):
        min(dealt, key=len).extend(couples)
    return tuple(_part(request, couples) for couples in dealt if couples)


def _part(request: Request, couples: Sequence[Couple]) -> Request:
    """A part with the people who act in it, and those who act nowhere: coordinators and others whom the programme names."""
    here = {name for couple in couples for name in (couple.mentor_id, couple.mentee_id)}
    people = tuple(profile for profile in request.people if profile.person_id in here or profile.person_id not in request.personas)
    return request.model_copy(update={"pairs": tuple(couples), "people": people})


def joined(request: Request, parts: Sequence[Rehearsed]) -> Rehearsed:
    """The results of all parts together: mails and lines by date; pairs, histories and unsent mails by the request's order of pairs."""
    order = {couple.pair_id: place for place, couple in enumerate(request.pairs)}
    return Rehearsed(
        mode=parts[0].mode,
        mails=tuple(sorted(mail for part in parts for mail in part.mails)),
        unsent=tuple(sorted((one for part in parts for one in part.unsent), key=lambda one: (order[one.pair_id], one.at))),
        lines=tuple(sorted((line for part in parts for line in part.lines), key=lambda line: (line.opened_at, order[line.pair_id]))),
        pairs=tuple(sorted((pair for part in parts for pair in part.pairs), key=lambda pair: order[pair.pair_id])),
        histories=tuple(sorted((history for part in parts for history in part.histories), key=lambda history: order[history.pair_id])),
    )
