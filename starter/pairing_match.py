"""Matches mentees with mentors: as many people as possible, then the best total. The result is exact, even if not every possible pair is looked at.

Needs numpy and scipy (the extra `pairing`). With many people, scipy gets only some candidates of each mentee. Prices of the mentors,
computed from its answer, then show which pairs that were left out could improve it. Those are added and scipy is asked again, until
there are none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Ints = NDArray[np.int64]
NOBODY = -1
_ALL = 400_000
"""Up to this many possible pairs, all are looked at."""
_FEW, _MORE = 24, 12
"""How many candidates each mentee has at first, and how many are added at a time."""
_ROWS = 256


class Graph(NamedTuple):
    """Possible pairs as parallel arrays, sorted by mentee, then mentor."""

    mentees: Ints
    mentors: Ints


def match(scores: NDArray[np.int32], allowed: NDArray[np.bool_], capacity: Ints) -> Ints:
    """The mentor (column) of each mentee (row), or NOBODY. `capacity` is how many mentees each mentor takes.

    The same arrays give the same answer. Of several best ones it is scipy's, which gets rows and columns in order.
    """
    rows, columns = scores.shape
    if not rows or not columns:
        return np.full(rows, NOBODY)
    allowed = allowed & (capacity > 0)
    worth = np.int64(scores.max(initial=0) + 1) * (rows + 1)  # more than all scores together: one more person is always better
    if int(np.count_nonzero(allowed)) <= _ALL:
        return _solve(_graph(allowed), scores, capacity, worth)
    graph = _candidates(scores, allowed)
    while True:
        matched = _solve(graph, scores, capacity, worth)
        missing = _better(matched, graph, scores, allowed, worth)
        if not len(missing.mentees):
            return matched
        graph = _sorted([graph, missing], columns)


def _graph(chosen: NDArray[np.bool_]) -> Graph:
    mentees, mentors = np.nonzero(chosen)
    return Graph(mentees.astype(np.int64), mentors.astype(np.int64))


def _candidates(scores: NDArray[np.int32], allowed: NDArray[np.bool_]) -> Graph:
    """The best few of each mentee. Ties are broken from a different place for each mentee, so that not all want the same mentors."""
    rows, columns = scores.shape
    few = min(_FEW, columns)
    found: list[Graph] = []
    narrow = int(scores.max(initial=0) + 1) * columns < np.iinfo(np.int32).max
    number: Any = np.int32 if narrow else np.int64
    places = np.arange(columns, dtype=number)
    for start in range(0, rows, _ROWS):
        index = np.arange(start, min(start + _ROWS, rows))
        turn = np.array([np.roll(places, int(row * columns // rows)) for row in index])
        rank = np.where(allowed[index], scores[index].astype(number) * number(columns) + (number(columns - 1) - turn), number(-1))
        best = np.argpartition(rank, columns - few, axis=1)[:, columns - few :]
        keep = np.take_along_axis(rank, best, axis=1) >= 0
        found.append(Graph(np.repeat(index, few)[keep.ravel()], best.ravel()[keep.ravel()]))
    return _sorted(found, columns)


def _solve(graph: Graph, scores: NDArray[np.int32], capacity: Ints, worth: np.int64) -> Ints:
    """The cheapest matching of every mentee to a mentor's place, or to a place that is nobody's and costs more than all others."""
    rows, columns = scores.shape
    wanted = np.bincount(graph.mentors, minlength=columns)
    places = np.minimum(capacity, wanted)
    first = np.concatenate(([0], np.cumsum(places)))
    copies = places[graph.mentors]
    mentees = np.repeat(graph.mentees, copies)
    ends = np.cumsum(copies)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - copies, copies)
    place = np.repeat(first[graph.mentors], copies) + within
    most = np.int64(scores.max(initial=0))
    cost = np.repeat(most - scores[graph.mentees, graph.mentors] + 1, copies)
    everyone = np.arange(rows)
    weights: Any = csr_array(
        (
            np.concatenate((cost, np.full(rows, worth))).astype(np.float64),
            (np.concatenate((mentees, everyone)), np.concatenate((place, first[-1] + everyone))),
        ),
        shape=(rows, int(first[-1]) + rows),
    )
    row, column = min_weight_full_bipartite_matching(weights)
    owner = np.concatenate((np.repeat(np.arange(columns), places), np.full(rows, NOBODY)))
    matched = np.full(rows, NOBODY, dtype=np.int64)
    matched[row] = owner[column]
    return matched


def _better(matched: Ints, graph: Graph, scores: NDArray[np.int32], allowed: NDArray[np.bool_], worth: np.int64) -> Graph:
    """Possible pairs outside `graph` that could still improve the matching. If there are none, it is proved best (duality)."""
    rows, columns = scores.shape
    most = np.int64(scores.max(initial=0))
    gain = worth - (most - scores[graph.mentees, graph.mentors] + 1)
    own = np.zeros(rows, dtype=np.int64)
    has = matched != NOBODY
    own[has] = worth - (most - scores[has, matched[has]] + 1)
    price = np.zeros(columns, dtype=np.int64)
    while True:  # prices rise until nobody would rather have another mentor of the graph
        left = own - np.where(has, price[matched], 0)
        raised = price.copy()
        np.maximum.at(raised, graph.mentors, gain - left[graph.mentees])
        if np.array_equal(raised, price):
            break
        price = raised
    found: list[Graph] = []
    more = min(_MORE, columns)
    base = worth - most - 1
    for start in range(0, rows, _ROWS):
        index = np.arange(start, min(start + _ROWS, rows))
        surplus = scores[index] - price[None, :]
        wanting = ((surplus > (left[index] - base)[:, None]) & allowed[index]).any(axis=1)
        index, surplus = index[wanting], surplus[wanting]
        surplus = np.where(allowed[index], surplus + base - left[index, None], 0)
        best = np.argpartition(surplus, columns - more, axis=1)[:, columns - more :]
        keep = (np.take_along_axis(surplus, best, axis=1) > 0).ravel()
        found.append(Graph(np.repeat(index, more)[keep], best.ravel()[keep]))
    return _sorted(found, columns)


def _sorted(found: list[Graph], columns: int) -> Graph:
    """All of these pairs, each once."""
    keys = np.unique(np.concatenate([part.mentees * columns + part.mentors for part in found]))
    return Graph(keys // columns, keys % columns)
