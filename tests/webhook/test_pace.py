"""A bucket's own arithmetic, and what it remembers: senders come and go, and memory does not grow with them."""

from __future__ import annotations

import pytest

from webhook.pace import Pace
from webhook.problems import Problem


class Ticks:
    """A clock in seconds, which tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks():
    return Ticks()


def taken(pace, sender, times):
    """How many of so many requests fitted."""
    fitted = 0
    for _ in range(times):
        try:
            pace.take(sender)
        except Problem:
            continue
        fitted += 1
    return fitted


def wait(pace, sender):
    with pytest.raises(Problem) as refused:
        pace.take(sender)
    return int(refused.value.headers["Retry-After"])


def test_the_burst_at_once_then_the_rate(ticks):
    pace = Pace(0.5, 120, ticks)
    assert taken(pace, "ben", 500) == 120
    assert wait(pace, "ben") == 120
    ticks.now += 119
    assert wait(pace, "ben") == 1
    ticks.now += 1
    assert taken(pace, "ben", 2) == 1
    assert taken(pace, "ana", 1) == 1, "another one's bucket is their own"


def test_what_stands_for_many_counts_as_many_and_always_fits_into_a_full_bucket(ticks):
    pace = Pace(0.5, 20, ticks)
    pace.take("ben", 12)
    with pytest.raises(Problem) as refused:
        pace.take("ben", 12)
    assert int(refused.value.headers["Retry-After"]) == 4 * 120
    ticks.now += 4 * 120
    pace.take("ben", 12)
    assert taken(pace, "ben", 1) == 0
    pace.take("ana", 500)
    assert taken(pace, "ana", 1) == 0


def test_a_day_of_asking_without_end_is_what_the_decision_says(ticks):
    """Decision 35: 840 a day and person, 1,680 a pair."""
    pace, fitted = Pace(0.5, 120, ticks), 0
    for _ in range(24 * 60 * 2):
        ticks.now += 30
        fitted += taken(pace, "ben", 3)
    assert 838 <= fitted <= 840


def test_nobody_is_remembered_whose_bucket_is_full_again(ticks):
    pace = Pace(60, 10, ticks)
    for number in range(1000):
        pace.take(number)
    assert len(pace) == 1000
    ticks.now += 1
    pace.take("ben")
    assert len(pace) == 1, "one second fills what one request took"


def test_who_still_owes_something_is_remembered_and_who_came_last_goes_last(ticks):
    pace = Pace(60, 10, ticks)
    assert taken(pace, "ben", 10) == 10
    pace.take("ana")
    ticks.now += 5
    assert taken(pace, "ben", 10) == 5, "ana's is full and gone, ben's is not"
    assert len(pace) == 1
    ticks.now += 9.5
    pace.take("ana")
    assert taken(pace, "ben", 20) == 9, "half a second short of full"
    ticks.now += 3600
    pace.take("cleo")
    assert len(pace) == 1


def test_memory_is_bounded_by_who_came_while_a_bucket_fills(ticks):
    pace = Pace(60, 10, ticks)
    most = 0
    for number in range(20_000):
        ticks.now += 0.1
        taken(pace, number, 12)  # each empties theirs, which fills in ten seconds
        most = max(most, len(pace))
    assert most <= 101


def test_forgetting_gives_nobody_more(ticks):
    """One sender gets the same with and without others who trigger a sweep."""
    alone, among = Pace(6, 3, ticks), Pace(6, 3, ticks)
    for step in range(400):
        ticks.now += (step * 7) % 13
        among.take(("somebody", step))
        assert taken(alone, "ben", step % 4) == taken(among, "ben", step % 4)
